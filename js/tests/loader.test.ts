/** The loader: asks for the bundle once a page, loses no message, and never blocks. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeModel } from "./fakes.ts";

interface Calls {
  attached: [FakeModel, unknown[]][];
  rendered: { model: FakeModel; el: HTMLElement; css: string }[];
}
const page = globalThis as unknown as { __claudeWidget: Record<string, unknown>; calls: Calls };
const HASH = "__BUNDLE_HASH__";
const BUNDLE = `
  export const attach = (model, queued) => globalThis.calls.attached.push([model, queued]);
  export const render = (view) => globalThis.calls.rendered.push(view);
`;

let abort: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  page.__claudeWidget = {};
  page.calls = { attached: [], rendered: [] };
  abort = new AbortController();
  // Node imports no blob URLs.
  vi.spyOn(URL, "createObjectURL").mockReturnValue(
    `data:text/javascript,${encodeURIComponent(BUNDLE)}`,
  );
});
afterEach(() => {
  abort.abort();
  document.head.replaceChildren();
  vi.useRealTimers();
});

async function start(model: FakeModel) {
  const { default: factory } = await import("../src/loader.ts");
  const widget = factory();
  widget.initialize({ model: model as never, signal: abort.signal });
  return widget;
}

const buffer = (text: string) => new DataView(new TextEncoder().encode(text).buffer);
const answer = (model: FakeModel, hash = HASH) => {
  const { requestId } = model.last("claude:bundle");
  const buffers = [buffer(BUNDLE), buffer(".claude-widget{}")];
  model.say({ type: "claude:bundle", requestId, hash }, buffers);
};
const settle = () => vi.advanceTimersByTimeAsync(100);

test("asks at once and again every 3 s under the same id, until it is answered", async () => {
  const model = new FakeModel({ manager_id: "m" });
  await start(model);
  expect(model.sent).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(6500);
  expect(model.sent).toHaveLength(3);
  expect(new Set(model.sent.map(({ requestId }) => requestId)).size).toBe(1);
  answer(model);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(model.sent).toHaveLength(3);
});

test("hands over the model and every message that came meanwhile, then listens no more", async () => {
  const model = new FakeModel({ manager_id: "m" });
  await start(model);
  model.emit("msg:custom", { type: "early" }, []);
  answer(model);
  await settle();
  expect(page.calls.attached).toHaveLength(1);
  const [attached, queued] = page.calls.attached[0] ?? [];
  expect(attached).toBe(model);
  expect(queued?.map((entry) => (entry as [{ type: string }])[0].type)).toEqual([
    "early",
    "claude:bundle",
  ]);
  expect(model.count()).toBe(0);
});

test("asks once for all models of a manager, and takes a bundle that is there", async () => {
  const first = new FakeModel({ manager_id: "m" });
  const second = new FakeModel({ manager_id: "m" });
  const other = new FakeModel({ manager_id: "other kernel" });
  for (const model of [first, second, other]) await start(model);
  expect([first, second, other].map(({ sent }) => sent.length)).toEqual([1, 0, 1]);
  answer(first);
  await settle();
  expect(page.calls.attached).toHaveLength(3);
  expect(document.head.querySelectorAll("style")).toHaveLength(1);
});

test("takes no bundle of another version", async () => {
  const model = new FakeModel({ manager_id: "m" });
  await start(model);
  answer(model, "another");
  await settle();
  expect(page.calls.attached).toEqual([]);
});

test("says that it loads, then that the kernel is busy, then draws", async () => {
  const model = new FakeModel({ manager_id: "m" });
  const el = document.createElement("div");
  const widget = await start(model);
  widget.render({ el, signal: abort.signal });
  expect(el.textContent).toBe("Loading…");
  await vi.advanceTimersByTimeAsync(2000);
  expect(el.textContent).toBe("Kernel busy: loads when the cell ends.");
  answer(model);
  await settle();
  expect(el.textContent).toBe("");
  expect(page.calls.rendered).toMatchObject([{ model, css: ".claude-widget{}" }]);
});

test("goes on asking when the kernel is away", async () => {
  const model = new FakeModel({ manager_id: "m" });
  model.gone = true;
  await start(model);
  model.gone = false;
  await vi.advanceTimersByTimeAsync(3100);
  answer(model);
  await settle();
  expect(page.calls.attached).toHaveLength(1);
});
