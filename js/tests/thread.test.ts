/** The thread of an execution: those that it continues or tries again, read as they are come to. */
import { beforeEach, describe, expect, test } from "vitest";
import { pace } from "../src/pane/pace.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { bytes, row } from "./fakes.ts";
import { layOut } from "./layout.ts";
import { dashboard, el, item, model, pass, press, region, say, show, usePage } from "./stage.ts";

usePage();
beforeEach(() => layOut({ height: 2000, row: () => 28 }));

const chain: ExecutionRow[] = [
  row({ executionId: "c", query: "Third", status: "completed", createdTime: 3, continues: "b" }),
  row({ executionId: "b", query: "Second", status: "failed", createdTime: 2, continues: "a" }),
  row({ executionId: "a", query: "First", status: "completed", createdTime: 1 }),
];
const opened = () => model.all("claude:open-pane") as { executionId: string; paneId: string }[];

async function give(executionId: string, text: string, times = 1): Promise<void> {
  const paneId = opened().findLast((open) => open.executionId === executionId)?.paneId ?? "";
  const frame = (index: number) => {
    const content = [{ type: "text", text }];
    const message = { id: `${executionId}${index}`, content };
    return `0.1 out ${JSON.stringify({ type: "assistant", message })}\n`;
  };
  const whole = bytes(Array.from({ length: times }, (_, index) => frame(index)).join(""));
  const data = { executionId, paneId, offset: 0, nextOffset: whole.length, ended: true };
  await say({ type: "claude:pane-data", ...data }, [new DataView(whole.slice().buffer)]);
  await pass(0, () => pace.finish());
  await pass(200);
}

const headings = () =>
  [...el.querySelectorAll<HTMLElement>(".cw-part .cw-part-query")].map((one) => one.textContent);

describe("a thread", () => {
  test("has its executions in order, each under its heading", async () => {
    await dashboard({ executions: chain });
    await press("View", item("Third"));
    for (const [id, text] of [
      ["c", "Third said."],
      ["b", "Second said."],
      ["a", "First said."],
    ] as const) {
      await give(id, text);
    }
    expect(headings()).toEqual(["First", "Second", "Third"]);
    expect(region("Blocks").textContent).toMatch(/First said.*failed.*Second said.*Third said/);
  });

  test("has the first attempt above a further one, and what that one continues above both", async () => {
    const again = { name: "again", attempt: 2, attemptOf: "b", continues: "a", createdTime: 4 };
    const retried = row({ executionId: "d", query: "Second", status: "completed", ...again });
    await dashboard({ executions: [retried, ...chain.slice(1)] });
    await press("View", item("again: Second"));
    await give("d", "It worked.");
    await give("b", "It failed.");
    await give("a", "First said.");
    expect(headings()).toEqual(["First", "Second", "Second"]);
    expect(region("Blocks").textContent).toMatch(/It failed.*attempt 2.*It worked/);
  });

  test("reads nothing of what is not in sight", async () => {
    layOut({ height: 60, row: () => 28 });
    await dashboard({ executions: chain });
    await press("View", item("Third"));
    await give("c", "Third said.");
    await give("b", "Second said.", 100);
    expect(opened().map(({ executionId }) => executionId)).toEqual(["c", "b"]);
  });

  test("gives all panes back with the view", async () => {
    await dashboard({ executions: [...chain, row({ executionId: "x", query: "Other" })] });
    await press("View", item("Third"));
    for (const id of ["c", "b", "a"]) await give(id, "Said.");
    await press("View", item("Other"));
    expect(headings()).toEqual([]);
    await press("View", item("Third"));
    expect(opened().filter(({ executionId }) => executionId === "c")).toHaveLength(2);
  });

  test("ends where it turns in a circle, or is not known", async () => {
    const circle = [
      row({ executionId: "a", query: "One", createdTime: 2, continues: "b" }),
      row({ executionId: "b", query: "Two", createdTime: 1, continues: "a" }),
      row({ executionId: "d", query: "Lost", createdTime: 0, continues: "gone" }),
    ];
    await dashboard({ executions: circle });
    await press("View", item("One"));
    await give("a", "One said.");
    expect(headings()).toEqual(["Two", "One"]);
    await press("View", item("Lost"));
    await give("d", "Lost said.");
    expect(model.last("claude:get-execution").executionId).toBe("gone");
    expect(headings()).toEqual([]);
  });

  test("in a cell asks for the rows that it does not have, once it is opened", async () => {
    const [third, second] = chain;
    show({ kind: "execution", execution_id: "c", row: third });
    await give("c", "Third said.");
    expect(headings()).toEqual([]);
    const { requestId, executionId } = model.last("claude:get-execution");
    expect(executionId).toBe("b");
    await say({ type: "claude:get-execution", requestId, execution: second as ExecutionRow });
    await press("Show all");
    await pass(200);
    expect(headings()).toContain("Second");
    await give("b", "Second said.");
    expect(region("Blocks").textContent).toMatch(/Second said.*Third said/);
  });
});
