/** What is told outside of the widget: the title's number, and the browser's notifications. */
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { setWaiting } from "../src/page/badge.ts";
import { choose } from "../src/page/notifications.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { attach, render } from "../src/widget.ts";
import { FakeModel, row, welcome } from "./fakes.ts";
import {
  abort,
  button,
  change,
  dashboard,
  el,
  model,
  pass,
  press,
  say,
  show,
  tell,
  usePage,
} from "./stage.ts";

usePage();

class FakeNotification {
  static permission = "granted";
  static asked = 0;
  static shown: FakeNotification[] = [];
  static async requestPermission(): Promise<string> {
    FakeNotification.asked += 1;
    return FakeNotification.permission;
  }
  onclick: (() => void) | null = null;
  closed = false;
  constructor(
    readonly title: string,
    readonly options: { body: string; tag: string },
  ) {
    FakeNotification.shown.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

const shown = () => FakeNotification.shown.map(({ title, options }) => [title, options.body]);
let hidden: { mockReturnValue(state: string): unknown };

beforeEach(async () => {
  FakeNotification.permission = "granted";
  FakeNotification.shown = [];
  FakeNotification.asked = 0;
  vi.stubGlobal("Notification", FakeNotification);
  document.title = "Notebook";
  hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  await choose(true);
  FakeNotification.asked = 0;
});
afterEach(async () => {
  await choose(false);
  vi.unstubAllGlobals();
});

const start = (...executions: ExecutionRow[]) => dashboard({ executions });
const running = (executionId: string, fields: Partial<ExecutionRow> = {}) =>
  row({ executionId, query: `Query ${executionId}`, status: "running", ...fields });

describe("the title", () => {
  test("counts the executions that need an answer, and is given back", async () => {
    await start(running("a", { requestCount: 2 }), running("b"));
    expect(document.title).toBe("(1) Notebook");
    await tell(change("b", { requestCount: 1 }));
    expect(document.title).toBe("(2) Notebook");
    await tell(change("a", { requestCount: 0 }));
    await tell(change("b", { status: "killed" }));
    expect(document.title).toBe("Notebook");
  });

  test("follows the host, which names the page anew", async () => {
    vi.useRealTimers();
    setWaiting(el, new Set(["a"]));
    document.title = "Other";
    await vi.waitFor(() => expect(document.title).toBe("(1) Other"));
    setWaiting(el, new Set());
    expect(document.title).toBe("Other");
    vi.useFakeTimers();
  });

  test("counts an execution once, and no more once its view is gone", async () => {
    await start(running("a", { requestCount: 1 }));
    setWaiting(el, new Set(["a", "b"]));
    expect(document.title).toBe("(2) Notebook");
    setWaiting(el, new Set());
    expect(document.title).toBe("(1) Notebook");
    act(() => abort.abort());
    expect(document.title).toBe("Notebook");
  });
});

describe("a notification", () => {
  test("comes when one needs an answer, ends or fails, with its text as plain text", async () => {
    await start(running("a"), running("b", { name: `Deploy\u202e ${"x".repeat(500)}` }));
    await tell(change("a", { requestCount: 1 }));
    await tell(change("a", { status: "completed", requestCount: 0 }));
    await tell(change("b", { status: "failed", error: "It\u202e broke" }));
    expect(shown().slice(0, 2)).toEqual([
      ["Query a", "Needs your answer"],
      ["Query a", "Completed"],
    ]);
    const [title = "", body] = shown()[2] ?? [];
    expect(title).toMatch(/^Deploy\[U\+202E\] x+…$/);
    expect(title.length).toBeLessThan(140);
    expect(body).toBe("Failed: It[U+202E] broke");
  });

  test("does not come while the page is seen, nor for what was so when it was loaded", async () => {
    await start(running("a", { requestCount: 1 }), running("b", { status: "failed" }));
    expect(shown()).toEqual([]);
    await say(welcome("again", { executions: [running("a", { requestCount: 1 })] }));
    expect(shown(), "nor for what a welcome repeats").toEqual([]);
    hidden.mockReturnValue("visible");
    await tell(change("a", { requestCount: 2 }));
    expect(shown()).toEqual([]);
  });

  test("comes for what happened while the page was away", async () => {
    await start(running("a"));
    await say(welcome("again", { executions: [running("a", { status: "completed" })] }));
    expect(shown()).toEqual([["Query a", "Completed"]]);
  });

  test("comes once, however many views and models there are", async () => {
    await start(running("a"));
    const other = document.createElement("div");
    document.body.append(other);
    const { manager_id } = model.traits;
    const second = new FakeModel({ kind: "dashboard", manager_id });
    const own = new FakeModel({ kind: "execution", manager_id, row: running("a") });
    for (const each of [second, own]) {
      attach(each, [], abort.signal);
      act(() => render({ model: each, el: other, signal: abort.signal }));
    }
    const needs = { ...running("a"), requestCount: 1 };
    await tell(change("a", { requestCount: 1 }));
    const events = [
      { type: "claude:changed" as const, executionId: "a", changes: { requestCount: 1 } },
    ];
    await pass(0, () => second.say({ type: "claude:events", sequence: 1, events }));
    await pass(0, () => own.set("row", needs));
    expect(shown()).toEqual([["Query a", "Needs your answer"]]);
    expect(document.title).toBe("(1) Notebook");
    other.remove();
  });

  test("of many at once is one", async () => {
    const ids = ["a", "b", "c", "d", "e"];
    await start(...ids.map((id) => running(id)));
    const ended = ids.map((id) => running(id, { status: "completed" }));
    await say(welcome("again", { executions: ended }));
    expect(shown()).toEqual([["5 executions completed.", "Completed"]]);
  });

  test("leads to its execution", async () => {
    const focus = vi.spyOn(window, "focus").mockImplementation(() => {});
    await start(running("a"), running("b"));
    await tell(change("b", { requestCount: 1 }));
    await pass(0, () => FakeNotification.shown[0]?.onclick?.());
    expect(focus).toHaveBeenCalledOnce();
    expect(FakeNotification.shown[0]?.closed).toBe(true);
    expect(model.last("claude:open-pane").executionId).toBe("b");
  });

  test("comes from the view of one execution, where no dashboard is", async () => {
    show({ kind: "execution", execution_id: "own", row: running("own") });
    await pass(0, () => model.set("row", running("own", { requestCount: 1 })));
    expect(shown()).toEqual([["Query own", "Needs your answer"]]);
    expect(document.title).toBe("(1) Notebook");
  });

  test("comes from there also when the row is known otherwise", async () => {
    show({ kind: "execution", execution_id: "own", row: running("own") });
    const execution = running("own");
    await say({ type: "claude:get-execution", requestId: "r", execution });
    await pass(0, () => model.set("row", running("own", { requestCount: 1 })));
    expect(shown()).toEqual([["Query own", "Needs your answer"]]);
  });

  test("that the browser cannot make does no harm", async () => {
    await start(running("a"));
    vi.stubGlobal(
      "Notification",
      class {
        static permission = "granted";
        constructor() {
          throw new TypeError("Illegal constructor");
        }
      },
    );
    await tell(change("a", { requestCount: 1 }));
    expect(document.title).toBe("(1) Notebook");
  });
});

describe("the button", () => {
  test("asks the browser by a click only, and takes it back", async () => {
    await choose(false);
    await start(running("a"));
    await tell(change("a", { requestCount: 1 }));
    expect(shown()).toEqual([]);
    expect(FakeNotification.asked).toBe(0);
    FakeNotification.permission = "default";
    const asking = vi.spyOn(FakeNotification, "requestPermission").mockImplementation(async () => {
      FakeNotification.permission = "granted";
      return "granted";
    });
    await press("Notify me");
    expect(asking).toHaveBeenCalledOnce();
    expect(button("Notify me").getAttribute("aria-pressed")).toBe("true");
    await press("Notify me");
    expect(button("Notify me").getAttribute("aria-pressed")).toBe("false");
    await tell(change("a", { requestCount: 2 }));
    expect(shown()).toEqual([]);
  });

  test("says that the browser blocks them", async () => {
    FakeNotification.permission = "denied";
    await choose(false);
    await start();
    expect(button("Notifications blocked").getAttribute("aria-disabled")).toBe("true");
  });

  test("is not there where the browser has none", async () => {
    vi.stubGlobal("Notification", undefined);
    await start();
    expect(el.textContent).not.toContain("Notify me");
  });
});
