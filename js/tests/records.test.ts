/** The rows of the raw view: what of them is told to be the same. */
import { expect, test } from "vitest";
import type { Stream, TranscriptRecord } from "../src/fold/transcript.ts";
import { RecordRows } from "../src/pane/records.ts";

const NONE: ReadonlySet<Stream> = new Set();
const records = (from: number, to: number): TranscriptRecord[] =>
  Array.from({ length: to - from }, (_, at) => {
    const stream = at % 2 === 0 ? "out" : "err";
    return { from: from + at, stream } as TranscriptRecord;
  });

test("Records that are followed by others are the same, those after one that went are not", () => {
  const all = records(0, 100);
  const before = new RecordRows(all.slice(0, 90), NONE);
  expect(new RecordRows(all, NONE).same(before)).toBe(90);
  expect(new RecordRows(all.slice(1), NONE).same(before)).toBe(0);
  expect(new RecordRows(all.slice(0, 80), NONE).same(before)).toBe(0);
  expect(before.same(new RecordRows([], NONE))).toBe(0);
});

test("Records of other streams are not the same", () => {
  const all = records(0, 100);
  const hidden = new Set<Stream>(["err"]);
  const before = new RecordRows(all, hidden);
  expect([before.count, before.key(1)]).toEqual([50, "2"]);
  expect(new RecordRows([...all, ...records(100, 110)], hidden).same(before)).toBe(50);
  expect(new RecordRows(all, NONE).same(before)).toBe(0);
  expect(new RecordRows(all, NONE).same({ count: 1, key: String, estimate: () => 1 })).toBe(0);
});
