/** Records as they lie in a transcript: bounded, of a range, and asked for only while looked at. */
import { beforeEach, describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import type { ByteRange } from "../src/fold/blocks.ts";
import { pace } from "../src/pane/pace.ts";
import { Panes } from "../src/pane/pane.ts";
import { RawPane } from "../src/pane/rawpane.ts";
import { bytes, FakeModel } from "./fakes.ts";

let model: FakeModel;
let panes: Panes;

beforeEach(() => {
  model = new FakeModel();
  panes = new Panes(new Connection(model, new AbortController().signal));
});

const useRaw = (executionId: string, range?: ByteRange) =>
  panes.useOwn((connection) => new RawPane(executionId, connection, range));

function give(pane: RawPane, whole: Uint8Array, from: number, to: number, ended = false): void {
  const { executionId } = pane;
  const message = { executionId, paneId: pane.feed.id, offset: from, nextOffset: to, ended };
  const data = new DataView(whole.slice(from, to).buffer);
  panes.receive({ type: "claude:pane-data", ...message }, data);
  pace.finish();
}

const line = (index: number) => `${index}.5 out {"index":${index}}\n`;
const WHOLE = bytes(Array.from({ length: 10 }, (_, index) => line(index)).join(""));
const seen = (pane: RawPane) => pane.shown.value.records.map(({ text }) => JSON.parse(text).index);

describe("RawPane", () => {
  test("has the records of a transcript, as it grows", () => {
    const { pane } = useRaw("a");
    expect(model.last("claude:open-pane")).toMatchObject({ executionId: "a", offset: 0 });
    give(pane, WHOLE, 0, 50);
    expect(seen(pane)).toEqual([0, 1]);
    expect(pane.ended.value).toBe(false);
    give(pane, WHOLE, 50, WHOLE.length, true);
    expect(seen(pane)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(pane.shown.value.records[1]).toMatchObject({ seconds: 1.5, stream: "out" });
    expect(pane.ended.value).toBe(true);
  });

  test("of a range asks for that, and closes behind it", () => {
    const [offset, length] = [line(0).length * 2, line(0).length * 3];
    const { pane } = useRaw("a", { offset, length });
    expect(model.last("claude:open-pane")).toMatchObject({ offset });
    give(pane, WHOLE, offset, WHOLE.length);
    expect(seen(pane)).toEqual([2, 3, 4]);
    expect(pane.ended.value).toBe(true);
    expect(model.last("claude:close-pane")).toMatchObject({ paneId: pane.feed.id });
    expect(panes.ids()).toEqual([]);
  });

  test("names itself to the kernel while it wants bytes, beside the pane of the blocks", () => {
    const { pane } = panes.use("a");
    const raw = useRaw("a");
    expect(panes.ids()).toEqual([pane.id, raw.pane.feed.id]);
    panes.reopenClosed([raw.pane.feed.id]);
    raw.release();
    expect(panes.ids()).toEqual([pane.id]);
    expect(model.last("claude:close-pane")).toMatchObject({ paneId: raw.pane.feed.id });
  });

  test("keeps the last records up to a bound, and says where they begin", () => {
    const many = bytes(Array.from({ length: 60_000 }, (_, index) => line(index)).join(""));
    const { pane } = useRaw("a");
    give(pane, many, 0, many.length, true);
    const { records, dropped, offset } = pane.shown.value;
    expect([records.length, dropped]).toEqual([50_000, 10_000]);
    expect(new TextDecoder().decode(many.slice(offset, offset + 30))).toMatch(/^10000\.5 out/);
  });

  test("keeps no more bytes than it may, and always the last record", () => {
    const long = bytes(`1.0 err ${"x".repeat(700_000)}\n`.repeat(40));
    const { pane } = useRaw("a");
    give(pane, long, 0, long.length);
    const kept = pane.shown.value.records.reduce((sum, { length }) => sum + length, 0);
    expect(kept).toBeLessThanOrEqual(16 << 20);
    expect(pane.shown.value.records.length + pane.shown.value.dropped).toBe(40);
  });
});
