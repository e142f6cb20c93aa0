/**
 * Bytes of a transcript to records.
 *
 * The rule: any bytes in, split anywhere, give the same records and never throw. A record without
 * its newline is held back; `out+` and `err+` pieces are joined as bytes before they are decoded,
 * so that a character may lie across two pieces; `out-` and `err-` end a line that got no newline.
 * Knows nothing of what a record means.
 */
import { parseObject } from "./json.ts";

export type Stream = "meta" | "in" | "out" | "err" | "unreadable";

export interface TranscriptRecord {
  /** Seconds since the transcript's epoch. */
  readonly seconds: number;
  readonly stream: Stream;
  readonly text: string;
  /** The line ended without a newline: its writer is gone. */
  readonly torn: boolean;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const STREAMS: ReadonlySet<string> = new Set(["meta", "in", "out", "err"]);
/** A longer line is cut: it could not be drawn, and a string has a largest length. */
const MAX_LINE = 32 * 1024 * 1024;

class Pieces {
  private parts: Uint8Array[] = [];
  length = 0;

  add(part: Uint8Array): void {
    const room = MAX_LINE - this.length;
    if (room <= 0) return;
    this.parts.push(part.length > room ? part.subarray(0, room) : part);
    this.length += Math.min(room, part.length);
  }

  take(last?: Uint8Array): Uint8Array {
    if (last) this.add(last);
    const first = this.parts[0];
    let joined = first ?? new Uint8Array(0);
    if (this.parts.length > 1) {
      joined = new Uint8Array(this.length);
      let at = 0;
      for (const part of this.parts) {
        joined.set(part, at);
        at += part.length;
      }
    }
    this.parts = [];
    this.length = 0;
    return joined;
  }
}

export class TranscriptReader {
  private readonly decoder = new TextDecoder("utf-8");
  private readonly tail = new Pieces();
  private readonly open = { out: new Pieces(), err: new Pieces() };
  private readonly openSince = { out: 0, err: 0 };

  /** The records that are complete with these bytes, which follow the ones pushed before. */
  push(bytes: Uint8Array): TranscriptRecord[] {
    const records: TranscriptRecord[] = [];
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      const piece = bytes.subarray(start, end);
      this.read(this.tail.length === 0 ? piece : this.tail.take(piece), records);
      start = end + 1;
    }
    // Copied, since the buffer belongs to whoever received the message.
    if (start < bytes.length) this.tail.add(bytes.slice(start));
    return records;
  }

  private read(line: Uint8Array, records: TranscriptRecord[]): void {
    const first = line.indexOf(SPACE);
    const second = first < 0 ? -1 : line.indexOf(SPACE, first + 1);
    const seconds = first > 0 ? Number(this.decoder.decode(line.subarray(0, first))) : Number.NaN;
    const name = second > 0 ? this.decoder.decode(line.subarray(first + 1, second)) : "";
    const body = line.subarray(second + 1);
    if (!Number.isFinite(seconds)) return void records.push(this.unreadable(line));
    const [, output, kind] = /^(out|err)([+-]?)$/.exec(name) ?? [];
    const stream = output as "out" | "err" | undefined;
    if (stream && kind === "+") {
      if (this.open[stream].length === 0) this.openSince[stream] = seconds;
      this.open[stream].add(body.slice());
    } else if (stream) {
      const whole = this.open[stream].length === 0 ? body : this.open[stream].take(body);
      records.push({ seconds, stream, text: this.decoder.decode(whole), torn: kind === "-" });
    } else if (STREAMS.has(name)) {
      const text = this.decoder.decode(body);
      if (name === "meta" && isEnding(text)) this.flush(records);
      records.push({ seconds, stream: name as Stream, text, torn: false });
    } else {
      records.push(this.unreadable(line));
    }
  }

  /** Nothing follows the ending record: what is open is a line whose writer died. */
  private flush(records: TranscriptRecord[]): void {
    for (const stream of ["out", "err"] as const) {
      if (this.open[stream].length === 0) continue;
      const text = this.decoder.decode(this.open[stream].take());
      records.push({ seconds: this.openSince[stream], stream, text, torn: true });
    }
  }

  private unreadable(line: Uint8Array): TranscriptRecord {
    return { seconds: 0, stream: "unreadable", text: this.decoder.decode(line), torn: false };
  }
}

function isEnding(text: string): boolean {
  const event = parseObject(text)?.event;
  return event === "ended" || event === "lost";
}
