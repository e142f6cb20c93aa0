/** One execution in a cell: small at first, whole when asked; and the records as they lie there. */
import { beforeEach, describe, expect, test } from "vitest";
import { pace } from "../src/pane/pace.ts";
import { bytes, row } from "./fakes.ts";
import { layOut, resized } from "./layout.ts";
import {
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  item,
  model,
  one,
  pass,
  press,
  region,
  say,
  show,
  usePage,
} from "./stage.ts";

usePage();
beforeEach(() => layOut({ height: 400, row: () => 22 }));

async function give(whole: Uint8Array): Promise<void> {
  const { requestId, paneId, executionId } = model.last("claude:open-pane");
  await say({ type: "claude:done", requestId });
  const data = { executionId, paneId, offset: 0, nextOffset: whole.length, ended: true };
  await say({ type: "claude:pane-data", ...data }, [new DataView(whole.slice().buffer)]);
  await pass(0, () => pace.finish());
  await pass(0, resized);
}

const SAID = '{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"Hello"}]}}';
const RECORDS = [
  '0.000000 meta {"event":"requested","request":{}}',
  '0.060000 in {"type":"user","message":{"content":"Do it"}}',
  `0.100000 out ${SAID}`,
  "0.200000 err a warning",
];
const TRANSCRIPT = bytes(`${RECORDS.join("\n")}\n`);

describe("one execution in a cell", () => {
  const own = row({ executionId: "own", query: "Mine", status: "running" });
  const tabs = () => el.querySelectorAll("[role=tab]");

  test("is its header and last lines, and the whole pane once it is opened", async () => {
    show({ kind: "execution", execution_id: "own", row: own });
    await give(TRANSCRIPT);
    expect(region("Blocks").textContent).toContain("Hello");
    expect(tabs()).toHaveLength(0);
    expect(all("button", "Search")).toEqual([]);
    await press("Show all");
    expect(tabs()).toHaveLength(3);
    button("Search");
    expect(region("Blocks").textContent).toContain("Hello");
    expect(model.all("claude:open-pane")).toHaveLength(1);
    const over = "spent $0.60 of $0.50, $0.10 over (estimate at list prices)";
    expect(el.textContent).not.toContain("Budget:");
    await pass(0, () => model.set("row", { ...own, overBudget: over }));
    expect(region("Output").textContent).toContain(`Budget: ${over}`);
    await press("Show less");
    expect(tabs()).toHaveLength(0);
  });
});

describe("raw frames", () => {
  const lines = () =>
    [...region("Records").querySelectorAll("button")].map((line) => line.textContent);

  test("are read while their tab is in front, and no longer", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    await give(TRANSCRIPT);
    const first = model.last("claude:open-pane").paneId;
    await pass(0, () => one<HTMLButtonElement>("[role=tab]", "Raw frames").click());
    const { paneId } = model.last("claude:open-pane");
    expect(paneId).not.toBe(first);
    await give(TRANSCRIPT);
    expect(lines()).toHaveLength(4);
    expect(lines()[3]).toBe("0.200erra warning");
    await pass(0, () => one<HTMLButtonElement>("[role=tab]", "Conversation").click());
    expect(el.querySelector(".cw-record")).toBeNull();
  });

  test("can be told apart by stream, and each is set out when it is opened", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    await pass(0, () => one<HTMLButtonElement>("[role=tab]", "Raw frames").click());
    await give(TRANSCRIPT);
    for (const stream of ["meta", "in", "err"]) await press(stream);
    expect(lines()).toHaveLength(1);
    await pass(0, () => region("Records").querySelector("button")?.click());
    const whole = region("Records").querySelector("pre")?.textContent ?? "";
    expect(whole).toContain('"text": "Hello"');
  });
});
