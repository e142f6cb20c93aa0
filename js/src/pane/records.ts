/**
 * Records as the raw view shows them: which of them, and each in a line or in full.
 *
 * The rule: pure. A line is made from the beginning of a record, however long it is; JSON is set out
 * in lines only for a record that was opened.
 */

import type { Stream, TranscriptRecord } from "../fold/transcript.ts";
import type { Rows } from "../list/listview.ts";

export const STREAMS: readonly Stream[] = ["out", "in", "err", "meta", "unreadable"];
const LINE = 22;
const PREVIEW_BYTES = 400;
/** A longer one is shown as it came: to set it out would take seconds. */
const LONGEST_SET_OUT = 2_000_000;
const decoder = new TextDecoder("utf-8");

export class RecordRows implements Rows {
  readonly records: readonly TranscriptRecord[];

  constructor(
    all: readonly TranscriptRecord[],
    private readonly hidden: ReadonlySet<Stream>,
  ) {
    this.records = hidden.size === 0 ? all : all.filter(({ stream }) => !hidden.has(stream));
  }

  get count(): number {
    return this.records.length;
  }

  key(index: number): string {
    return String(this.records[index]?.from ?? -1);
  }

  estimate(): number {
    return LINE;
  }

  /** Records only ever come at the end and go at the beginning. */
  same(before: Rows): number {
    if (!(before instanceof RecordRows) || before.hidden !== this.hidden) return 0;
    const { count } = before;
    return count > 0 && this.records[count - 1] === before.records[count - 1] ? count : 0;
  }
}

/** What kind of frame it is, and how it begins. */
export function previewOf(record: TranscriptRecord): string {
  const { source, start, end } = record;
  const beginning = decoder.decode(source.subarray(start, Math.min(end, start + PREVIEW_BYTES)));
  return end - start > PREVIEW_BYTES ? `${beginning}…` : beginning;
}

/** The whole record, JSON set out in lines. */
export function setOut(record: TranscriptRecord): string {
  const { text } = record;
  if (text.length > LONGEST_SET_OUT) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
