/**
 * A line that comes in pieces, however long it is.
 *
 * The rule: bytes in, bytes out; the same for any pieces. Of a string in it that is longer than any
 * that could be drawn (8 MB) the beginning is kept, with a word on the rest, so that the line is
 * still JSON and costs no more than what is kept of it.
 */

/** Bytes before a line is looked into. */
export const SHORT_LINE = 1 << 20;
/** Of one string; an image that the API takes is shorter. */
const MAX_STRING = 8 << 20;
/** What is kept of a longer one. */
const KEPT_STRING = 256 << 10;
/** A longer line is cut: it could not be drawn, and a string has a largest length. */
const MAX_LINE = 32 << 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

const encoder = new TextEncoder();

export class LongLine {
  private parts: Uint8Array[] = [];
  private cutter: StringCutter | null = null;
  /** Bytes that it has had. */
  length = 0;

  /** The bytes are copied, where they are kept. */
  add(piece: Uint8Array): void {
    this.length += piece.length;
    if (this.cutter) return this.cutter.add(piece, true);
    this.parts.push(piece.slice());
    if (this.length <= SHORT_LINE) return;
    this.cutter = new StringCutter();
    for (const part of this.parts) this.cutter.add(part, false);
    this.parts = [];
  }

  /** The line, and how many bytes of it were left out; then it is empty. */
  take(): { line: Uint8Array; elided: number } {
    const parts = this.cutter?.parts ?? this.parts;
    const elided = this.cutter?.elided ?? 0;
    this.parts = [];
    this.cutter = null;
    this.length = 0;
    return { line: join(parts), elided };
  }
}

/** What is kept of a line that is here as a whole. */
export function cutLine(line: Uint8Array): { line: Uint8Array; elided: number } {
  const long = new LongLine();
  long.add(line);
  return long.take();
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

class StringCutter {
  readonly parts: Uint8Array[] = [];
  elided = 0;
  private kept = 0;
  private inString = false;
  private escaped = false;
  /** Hexadecimal digits of an escape that are still to come. */
  private digits = 0;
  /** Bytes of the string so far. */
  private length = 0;
  /** How many parts, and bytes in them, there were where the string would be cut. */
  private cut: { parts: number; kept: number } | null = null;
  private dropping = 0;

  add(piece: Uint8Array, copy: boolean): void {
    let start = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] as number;
      if (!this.inString) {
        if (byte === QUOTE) this.open();
        continue;
      }
      const whole = !this.escaped && this.digits === 0 && (byte & 0xc0) !== 0x80;
      if (whole && byte === QUOTE) {
        if (this.dropping > 0) start = at;
        this.close();
        continue;
      }
      if (whole && this.cut === null && this.length >= KEPT_STRING) {
        this.keep(piece, start, at, copy);
        this.cut = { parts: this.parts.length, kept: this.kept };
        start = at;
      }
      this.step(byte);
      if (this.dropping > 0) this.dropping += 1;
      else if (this.length > MAX_STRING && this.cut) this.drop(at + 1 - start);
    }
    if (this.dropping === 0) this.keep(piece, start, piece.length, copy);
  }

  private open(): void {
    this.inString = true;
    this.length = 0;
    this.cut = null;
  }

  private step(byte: number): void {
    this.length += 1;
    if (this.escaped) {
      this.escaped = false;
      if (byte === LETTER_U) this.digits = 4;
    } else if (this.digits > 0) this.digits -= 1;
    else if (byte === BACKSLASH) this.escaped = true;
  }

  /** Back to where the string is cut; `pending` bytes of it were not kept yet. */
  private drop(pending: number): void {
    const { parts, kept } = this.cut ?? { parts: this.parts.length, kept: this.kept };
    this.dropping = this.kept - kept + pending;
    this.parts.length = parts;
    this.kept = kept;
  }

  private close(): void {
    this.inString = false;
    if (this.dropping === 0) return;
    this.parts.push(encoder.encode(`… [${this.dropping} bytes left out]`));
    this.elided += this.dropping;
    this.dropping = 0;
  }

  private keep(piece: Uint8Array, from: number, to: number, copy: boolean): void {
    const end = Math.min(to, from + MAX_LINE - this.kept);
    this.elided += to - Math.max(end, from);
    if (end <= from) return;
    this.parts.push(copy ? piece.slice(from, end) : piece.subarray(from, end));
    this.kept += end - from;
  }
}
