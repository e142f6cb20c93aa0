/** Bytes to a pane: in order, once, and asked for again where some are missing. */
import { beforeEach, describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import { pace } from "../src/pane/pace.ts";
import { type Pane, Panes } from "../src/pane/pane.ts";
import { MAX_BATCH, type PaneData } from "../src/protocol.ts";
import { bytes, FakeModel, framed, readRecording, refused } from "./fakes.ts";

const WHOLE = framed(readRecording("write_read_edit.jsonl"));

let model: FakeModel;
let connection: Connection;
let panes: Panes;

beforeEach(() => {
  model = new FakeModel();
  connection = new Connection(model, new AbortController().signal);
  panes = new Panes(connection);
});

async function answerOpen(): Promise<void> {
  connection.receive({ type: "claude:done", requestId: model.last("claude:open-pane").requestId });
  await new Promise(process.nextTick);
}

function give(pane: Pane, from: number, to: number, ended = false): void {
  const message: PaneData = {
    type: "claude:pane-data",
    executionId: pane.executionId,
    paneId: pane.id,
    offset: from,
    nextOffset: to,
    ended,
  };
  panes.receive(message, new DataView(WHOLE.slice(from, to).buffer));
}

function drawn(pane: Pane) {
  pace.finish();
  return pane.keys.value.map((key) => pane.block(key)?.value);
}

function reference() {
  const { pane } = panes.use("whole");
  give(pane, 0, WHOLE.length, true);
  return drawn(pane);
}

describe("Pane", () => {
  test("asks for the end, which is the whole of a short one, and draws what comes", async () => {
    const { pane } = panes.use("a");
    expect(model.last("claude:open-pane")).toMatchObject({ executionId: "a", offset: -MAX_BATCH });
    await answerOpen();
    give(pane, 0, 5000);
    give(pane, 5000, WHOLE.length, true);
    expect(drawn(pane)).toEqual(reference());
    expect(pane.ended.value).toBe(true);
  });

  test("cuts off what it has already", () => {
    const { pane } = panes.use("a");
    give(pane, 0, 3000);
    give(pane, 0, 3000);
    give(pane, 2000, 4000);
    give(pane, 1000, 2000);
    give(pane, 4000, WHOLE.length, true);
    expect(drawn(pane)).toEqual(reference());
  });

  test("opens again at a gap, once, from the byte that it has", async () => {
    const { pane } = panes.use("a");
    await answerOpen();
    give(pane, 0, 1000);
    give(pane, 2000, 3000);
    give(pane, 3000, 4000);
    expect(model.all("claude:open-pane")).toHaveLength(2);
    expect(model.last("claude:open-pane")).toMatchObject({ offset: 1000, paneId: pane.id });
    await answerOpen();
    give(pane, 1000, WHOLE.length, true);
    expect(drawn(pane)).toEqual(reference());
  });

  test("changes the value of those blocks only that differ", () => {
    const { pane } = panes.use("a");
    give(pane, 0, WHOLE.length - 400);
    const before = drawn(pane);
    give(pane, WHOLE.length - 400, WHOLE.length, true);
    const same = before.filter((block, index) => block === drawn(pane)[index]);
    expect(same.length).toBeGreaterThanOrEqual(before.length - 1);
  });

  test("is shared, and closed when the last one gives it back", () => {
    const [first, second] = [panes.use("a"), panes.use("a")];
    expect(second.pane).toBe(first.pane);
    first.release();
    expect(model.all("claude:close-pane")).toHaveLength(0);
    second.release();
    expect(model.last("claude:close-pane")).toMatchObject({ paneId: first.pane.id });
    expect(panes.use("a").pane).not.toBe(first.pane);
  });

  test("opens again after a reconnect, but not when it has all", async () => {
    const { pane } = panes.use("a");
    await answerOpen();
    give(pane, 0, 1000);
    panes.reopen();
    expect(model.last("claude:open-pane")).toMatchObject({ offset: 1000 });
    give(pane, 1000, WHOLE.length, true);
    panes.reopen();
    panes.catchUp("a");
    expect(model.all("claude:open-pane")).toHaveLength(2);
  });

  test("names itself to the kernel while it wants bytes, and opens again when it is unknown", async () => {
    const { pane } = panes.use("a");
    await answerOpen();
    expect(panes.ids()).toEqual([pane.id]);
    give(pane, 0, 1000);
    panes.reopenClosed(["another page's"]);
    expect(model.all("claude:open-pane")).toHaveLength(1);
    panes.reopenClosed([pane.id]);
    expect(model.last("claude:open-pane")).toMatchObject({ offset: 1000 });
    give(pane, 1000, WHOLE.length, true);
    expect(panes.ids()).toEqual([]);
  });

  test("says why it cannot be opened", async () => {
    const { pane } = panes.use("a");
    const { requestId } = model.last("claude:open-pane");
    connection.receive(
      refused(requestId, { kind: "ExecutionNotFound", message: "It was cleaned up." }),
    );
    await new Promise(process.nextTick);
    expect(pane.error.value).toBe("It was cleaned up.");
  });

  test("of the end of a transcript knows where in the whole its records lie", () => {
    const item = { type: "tool_result", tool_use_id: "t", content: "x".repeat(300_000) };
    const result = JSON.stringify({ type: "user", message: { content: [item] } });
    const before = `0.1 err ${"y".repeat(1000)}\n`.repeat(5);
    const whole = bytes(`${before}0.2 out ${result}\n`);
    const { pane } = panes.use("a");
    const data = { executionId: "a", paneId: pane.id, offset: 2500, nextOffset: whole.length };
    const buffer = new DataView(whole.slice(2500).buffer);
    panes.receive({ type: "claude:pane-data", ...data, ended: false }, buffer);
    const tail = pane.tail.value as Pane;
    const [tool] = drawn(tail);
    const range = { offset: before.length, length: whole.length - before.length };
    expect(tool).toMatchObject({ kind: "tool", result: { elided: 100_000, range } });
  });
});
