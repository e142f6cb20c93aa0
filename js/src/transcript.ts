/**
 * Bytes of a transcript to records.
 *
 * The rule: any bytes in, split anywhere, give the same records and never throw. A record without
 * its newline is held back; `out+` and `err+` pieces are joined as bytes before they are decoded,
 * so that a character may lie across two pieces; `out-` and `err-` end a line that got no newline.
 * Knows nothing of what a record means.
 */
import type { ByteRange } from "./blocks.ts";
import { parseObject } from "./json.ts";
import { cutLine, join, LongLine } from "./longline.ts";

export type Stream = "meta" | "in" | "out" | "err" | "unreadable";

const decoder = new TextDecoder("utf-8");

/** One line of a stream. Its bytes are those that were pushed: whoever keeps them copies them. */
export class TranscriptRecord {
  constructor(
    /** Seconds since the transcript's epoch. */
    readonly seconds: number,
    readonly stream: Stream,
    readonly bytes: Uint8Array,
    /** The byte of the transcript at which it begins, and the one behind it. */
    readonly from: number,
    readonly to: number,
    /** The line ended without a newline: its writer is gone. */
    readonly torn = false,
    /** Bytes of the line that were left out, since nothing could draw them. */
    readonly elided = 0,
  ) {}

  get text(): string {
    return decoder.decode(this.bytes);
  }
  get range(): ByteRange {
    return { offset: this.from, length: this.to - this.from };
  }
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const POINT = 0x2e;
const ZERO = 0x30;
const NOTHING = new Uint8Array(0);
/** Streams whose lines may come in pieces. */
const OUTPUTS: ReadonlySet<string> = new Set(["out", "err"]);
const OTHERS: ReadonlySet<string> = new Set(["meta", "in"]);

type Output = "out" | "err";
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
      this.read(this.withTail(bytes.subarray(start, end)), records);
      start = end + 1;
    }
    // Copied, since the buffer belongs to whoever received the message.
    if (start < bytes.length) this.tail.push(bytes.slice(start));
    return records;
  }

  private withTail(rest: Uint8Array): Uint8Array {
    if (this.tail.length === 0) return rest;
    const line = join([...this.tail, rest]);
    this.tail = [];
    return line;
  }

  private read(line: Uint8Array, records: TranscriptRecord[]): void {
    const from = this.offset;
    this.offset += line.length + 1;
    const first = line.indexOf(SPACE);
    const second = first < 0 ? -1 : line.indexOf(SPACE, first + 1);
    const seconds = second < 0 ? Number.NaN : secondsOf(line, first);
    if (!Number.isFinite(seconds)) return this.unreadable(line, from, records);
    const name = nameOf(line, first + 1, second);
    const stream = name.slice(0, 3);
    const body = line.subarray(second + 1);
    if (OUTPUTS.has(name)) this.end(name as Output, seconds, body, from, false, records);
    else if (!OUTPUTS.has(stream) || name.length > 4)
      this.other(name, seconds, line, body, records);
    else if (name.endsWith("+")) this.addPiece(stream as Output, seconds, body, from);
    else if (name.endsWith("-")) this.end(stream as Output, seconds, body, from, true, records);
    else this.other(name, seconds, line, body, records);
  }

  private addPiece(stream: Output, seconds: number, body: Uint8Array, from: number): void {
    const open = this.open[stream];
    if (open.pieces === 0) Object.assign(open, { seconds, from });
    open.pieces += 1;
    open.line.add(body);
  }

  private end(
    stream: Output,
    seconds: number,
    body: Uint8Array,
    from: number,
    torn: boolean,
    records: TranscriptRecord[],
  ): void {
    const open = this.open[stream];
    const began = open.pieces === 0 ? from : open.from;
    if (open.pieces > 0) open.line.add(body);
    const { line, elided } = open.pieces === 0 ? cutLine(body) : open.line.take();
    open.pieces = 0;
    records.push(new TranscriptRecord(seconds, stream, line, began, this.offset, torn, elided));
  }

  private other(
    name: string,
    seconds: number,
    whole: Uint8Array,
    body: Uint8Array,
    records: TranscriptRecord[],
  ): void {
    const from = this.offset - whole.length - 1;
    if (!OTHERS.has(name)) return this.unreadable(whole, from, records);
    const { line, elided } = cutLine(body);
    const record = new TranscriptRecord(
      seconds,
      name as "meta" | "in",
      line,
      from,
      this.offset,
      false,
      elided,
    );
    if (name === "meta" && isEnding(record.text)) this.flush(records);
    records.push(record);
  }

  /** Nothing follows the ending record: what is open is a line whose writer died. */
  private flush(records: TranscriptRecord[]): void {
    for (const stream of ["out", "err"] as const) {
      const { pieces, seconds, from } = this.open[stream];
      if (pieces > 0) this.end(stream, seconds, NOTHING, from, true, records);
    }
  }

  private unreadable(whole: Uint8Array, from: number, records: TranscriptRecord[]): void {
    const { line, elided } = cutLine(whole);
    records.push(new TranscriptRecord(0, "unreadable", line, from, this.offset, false, elided));
  }
}

/** The name of a stream; most are `out`, which costs no decoding. */
function nameOf(line: Uint8Array, from: number, to: number): string {
  const isOut =
    to - from === 3 && line[from] === 0x6f && line[from + 1] === 0x75 && line[from + 2] === 0x74;
  return isOut ? "out" : decoder.decode(line.subarray(from, to));
}

/** The number before the first space: most are plain digits with a point. */
function secondsOf(line: Uint8Array, end: number): number {
  let digits = 0;
  let scale = 0;
  for (let at = 0; at < end; at += 1) {
    const byte = line[at] as number;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      scale *= 10;
    } else if (byte === POINT && scale === 0) scale = 1;
    else return Number(decoder.decode(line.subarray(0, end)));
  }
  return end === 0 ? Number.NaN : digits / (scale || 1);
}

function isEnding(text: string): boolean {
  const event = parseObject(text)?.event;
  return event === "ended" || event === "lost";
}
