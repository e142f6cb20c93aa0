/**
 * Bytes of a transcript to records.
 *
 * The rule: any bytes in, split anywhere, give the same records and never throw. A record without
 * its newline is held back; `out+` and `err+` pieces are joined as bytes before they are decoded,
 * so that a character may lie across two pieces; `out-` and `err-` end a line that got no newline.
 * Knows nothing of what a record means.
 */

import { parseObject } from "../json.ts";
import type { ByteRange } from "./blocks.ts";
import { cutLine, join, LongLine, SHORT_LINE } from "./longline.ts";

export type Stream = "meta" | "in" | "out" | "err" | "unreadable";

const decoder = new TextDecoder("utf-8");

/** One line of a stream, as it lies in the bytes that were pushed. */
export class TranscriptRecord {
  constructor(
    /** Seconds since the transcript's epoch. */
    readonly seconds: number,
    readonly stream: Stream,
    /** The line is from `start` to `end` of these. */
    readonly source: Uint8Array,
    readonly start: number,
    readonly end: number,
    /** The byte of the transcript at which it begins, and the one behind it. */
    readonly from: number,
    readonly to: number,
    /** The line ended without a newline: its writer is gone. */
    readonly torn = false,
    /** Bytes of the line that were left out, since nothing could draw them. */
    readonly elided = 0,
  ) {}

  get text(): string {
    return decoder.decode(this.source.subarray(this.start, this.end));
  }
  /** Bytes of the line that are here. */
  get length(): number {
    return this.end - this.start;
  }
  get range(): ByteRange {
    return { offset: this.from, length: this.to - this.from };
  }
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const POINT = 0x2e;
const ZERO = 0x30;

type Kind = "line" | "piece" | "torn";
/** By the name in the record; only output comes in pieces. */
const KINDS: Readonly<Record<string, readonly [Stream, Kind]>> = Object.assign(
  Object.create(null),
  {
    meta: ["meta", "line"],
    in: ["in", "line"],
    out: ["out", "line"],
    "out+": ["out", "piece"],
    "out-": ["out", "torn"],
    err: ["err", "line"],
    "err+": ["err", "piece"],
    "err-": ["err", "torn"],
  },
);
const UNREADABLE: readonly [Stream, Kind] = ["unreadable", "line"];

type Output = "out" | "err";
interface Line {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
interface Open {
  readonly line: LongLine;
  seconds: number;
  from: number;
  pieces: number;
}
const newOpen = (): Open => ({ line: new LongLine(), seconds: 0, from: 0, pieces: 0 });

export class TranscriptReader {
  /** Pieces of the record that has no newline yet. */
  private tail: Uint8Array[] = [];
  private readonly open = { out: newOpen(), err: newOpen() };

  /** `offset` is the byte of the transcript at which the first bytes begin. */
  constructor(private offset = 0) {}

  /** The records that are complete with these bytes, which follow the ones pushed before. */
  push(bytes: Uint8Array): TranscriptRecord[] {
    const records: TranscriptRecord[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      if (this.tail.length === 0) this.read({ bytes, start, end }, records);
      else this.read(this.withTail(bytes.subarray(start, end)), records);
      start = end + 1;
    }
    // Copied, since the buffer belongs to whoever received the message.
    if (start < bytes.length) this.tail.push(bytes.slice(start));
    return records;
  }

  private withTail(rest: Uint8Array): Line {
    const bytes = join([...this.tail, rest]);
    this.tail = [];
    return { bytes, start: 0, end: bytes.length };
  }

  private read(line: Line, records: TranscriptRecord[]): void {
    const { bytes, start, end } = line;
    const from = this.offset;
    this.offset += end - start + 1;
    const first = spaceIn(bytes, start, end);
    const second = first < 0 ? -1 : spaceIn(bytes, first + 1, end);
    const seconds = second < 0 ? Number.NaN : secondsOf(bytes, start, first);
    const known = Number.isFinite(seconds) ? KINDS[nameOf(bytes, first + 1, second)] : undefined;
    const [stream, kind] = known ?? UNREADABLE;
    const body = { bytes, start: known ? second + 1 : start, end };
    if (stream === "out" || stream === "err") {
      const open = this.open[stream];
      if (kind === "piece") return add(open, body, seconds, from);
      if (open.pieces > 0) {
        add(open, body, seconds, from);
        return this.close(stream, seconds, kind === "torn", records);
      }
    }
    const record = newRecord(known ? seconds : 0, stream, body, from, this.offset, kind === "torn");
    if (stream === "meta" && isEnding(record.text)) this.flush(records);
    records.push(record);
  }

  /** The line that came in pieces has its last one. */
  private close(stream: Output, seconds: number, torn: boolean, records: TranscriptRecord[]): void {
    const open = this.open[stream];
    const { line, elided } = open.line.take();
    const { from } = open;
    open.pieces = 0;
    records.push(
      new TranscriptRecord(seconds, stream, line, 0, line.length, from, this.offset, torn, elided),
    );
  }

  /** Nothing follows the ending record: what is open is a line whose writer died. */
  private flush(records: TranscriptRecord[]): void {
    for (const stream of ["out", "err"] as const) {
      const { pieces, seconds } = this.open[stream];
      if (pieces > 0) this.close(stream, seconds, true, records);
    }
  }
}

function add(open: Open, { bytes, start, end }: Line, seconds: number, from: number): void {
  if (open.pieces === 0) Object.assign(open, { seconds, from });
  open.pieces += 1;
  open.line.add(bytes.subarray(start, end));
}

function newRecord(
  seconds: number,
  stream: Stream,
  { bytes, start, end }: Line,
  from: number,
  to: number,
  torn: boolean,
): TranscriptRecord {
  if (end - start <= SHORT_LINE) {
    return new TranscriptRecord(seconds, stream, bytes, start, end, from, to, torn);
  }
  const { line, elided } = cutLine(bytes.subarray(start, end));
  return new TranscriptRecord(seconds, stream, line, 0, line.length, from, to, torn, elided);
}

function spaceIn(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) if (bytes[at] === SPACE) return at;
  return -1;
}

/** The name of a stream; most are `out`, which costs no decoding. */
function nameOf(bytes: Uint8Array, from: number, to: number): string {
  const isOut =
    to - from === 3 && bytes[from] === 0x6f && bytes[from + 1] === 0x75 && bytes[from + 2] === 0x74;
  return isOut ? "out" : decoder.decode(bytes.subarray(from, to));
}

/** The number before the first space: most are plain digits with a point. */
function secondsOf(bytes: Uint8Array, start: number, end: number): number {
  let digits = 0;
  let scale = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      scale *= 10;
    } else if (byte === POINT && scale === 0 && at > start) scale = 1;
    else return Number(decoder.decode(bytes.subarray(start, end)));
  }
  return start === end ? Number.NaN : digits / (scale || 1);
}

function isEnding(text: string): boolean {
  const event = parseObject(text)?.event;
  return event === "ended" || event === "lost";
}
