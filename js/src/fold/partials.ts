/**
 * Deltas of partial messages, which wait as bytes until somebody has to see them.
 *
 * The rule: only a line in the CLI's own spelling is taken, looked at byte by byte, so that it is
 * certain what decoding it would have given; every other line is decoded at once. Most deltas are
 * superseded by the full message before anybody looks, and are never decoded. The blocks are the
 * same either way.
 */
import type { BlockFold, HeldDelta, Part } from "./blockfold.ts";
import type { TranscriptRecord } from "./transcript.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const HEAD = encode('{"type":"stream_event","event":{"type":"content_block_delta","index":');
/** What may follow the index, up to the text; an `input` is the beginning of JSON. */
const KINDS = [
  { start: encode(',"delta":{"type":"text_delta","text":"'), to: "text" },
  { start: encode(',"delta":{"type":"input_json_delta","partial_json":"'), to: "input" },
  { start: encode(',"delta":{"type":"thinking_delta","thinking":"'), to: "text" },
  { start: encode(',"delta":{"type":"signature_delta","signature":"'), to: "nothing" },
] as const;

/** What follows the text: the same for all deltas of a lane, up to the uuid. */
const TAIL =
  /^"\}\},"session_id":"([^"\\\p{Cc}]*)","parent_tool_use_id":(?:null|"([^"\\\p{Cc}]*)"),"uuid":"/u;
/** What may follow the uuid. */
const MESSAGE = encode('","api_message_id":"');
const END = encode('"}');
const UUID_LENGTH = 36;
const MAX_INDEX_DIGITS = 6;
const ZERO = 0x30;
const NINE = 0x39;
const DASH = 0x2d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_A = 0x61;
const LETTER_F = 0x66;
const LETTER_U = 0x75;
/** What may follow a backslash, `u` aside. */
const ESCAPED: ReadonlySet<number> = new Set(encode('"\\/bfnrt'));
/** Lanes that stream at once, of which the ends of lines are known. */
const KNOWN_TAILS = 8;

/** How the lines of a lane go on behind their text. */
interface Tail {
  readonly bytes: Uint8Array;
  readonly lane: string;
}

export class Partials {
  private tails: Tail[] = [];
  private readonly waiting = new Set<Part>();

  constructor(private readonly fold: BlockFold) {}

  /** Keeps the record, if it is such a delta; its bytes must stay as they are until `flush`. */
  take(record: TranscriptRecord): boolean {
    const { source: bytes, start, end } = record;
    // Nothing that is looked for has a newline, so no look goes beyond the end of a line.
    if (record.stream !== "out" || record.elided > 0 || !matches(bytes, HEAD, start)) return false;
    const digits = start + HEAD.length;
    const comma = endOfIndex(bytes, digits);
    const kind = KINDS.find((one) => matches(bytes, one.start, comma));
    if (!kind) return false;
    const from = comma + kind.start.length;
    const to = endOfString(bytes, from, end);
    const tail = to < 0 ? undefined : this.tailOf(bytes, to, end);
    const rest = tail ? endOfUuid(bytes, to + tail.bytes.length) : -1;
    if (!tail || rest < 0 || !isEnd(bytes, rest, end)) return false;
    this.fold.memory.retry = "";
    if (kind.to === "nothing") return true;
    const { message, parts } = this.fold.memory;
    const known = message.get(tail.lane) ?? `${tail.lane}/${messageIn(bytes, rest, end)}`;
    const part = parts.get(known)?.byIndex.get(indexIn(bytes, digits, comma));
    if (part && !part.settled) this.hold(part, { bytes, from, to, kind: kind.to });
    return true;
  }

  /** Decodes what still waits and was not superseded. */
  flush(): void {
    for (const part of this.waiting) applyHeld(this.fold, part);
    this.waiting.clear();
  }

  private hold(part: Part, delta: HeldDelta): void {
    part.held.push(delta);
    this.waiting.add(part);
  }

  private tailOf(bytes: Uint8Array, at: number, end: number): Tail | undefined {
    for (const tail of this.tails) if (matches(bytes, tail.bytes, at)) return tail;
    const found = TAIL.exec(decoder.decode(bytes.subarray(at, end)));
    if (!found) return undefined;
    const tail = { bytes: encode(found[0]), lane: `${found[1]}/${found[2] ?? ""}` };
    this.tails = [tail, ...this.tails.slice(0, KNOWN_TAILS - 1)];
    return tail;
  }
}

/** Adds the deltas that wait to their block, which has not been superseded. */
export function applyHeld(fold: BlockFold, part: Part): void {
  const block = part.settled || part.held.length === 0 ? undefined : fold.get(part.key);
  if (block?.kind === "text" || block?.kind === "thinking") {
    const more = joined(part.held, "text");
    if (more !== "") fold.put({ ...block, text: block.text + more });
  } else if (block?.kind === "tool" && block.input === null) {
    const more = joined(part.held, "input");
    if (more !== "") fold.put({ ...block, inputText: block.inputText + more });
  }
  part.held = [];
}

const joined = (held: readonly HeldDelta[], kind: HeldDelta["kind"]): string =>
  held.map((delta) => (delta.kind === kind ? textOf(delta) : "")).join("");

function textOf({ bytes, from, to }: HeldDelta): string {
  const text = decoder.decode(bytes.subarray(from, to));
  return text.includes("\\") ? JSON.parse(`"${text}"`) : text;
}

function matches(bytes: Uint8Array, expected: Uint8Array, at: number): boolean {
  if (at + expected.length > bytes.length) return false;
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

/** Behind the digits of a number as JSON writes it; the start where there is none. */
function endOfIndex(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at]) && at - start < MAX_INDEX_DIGITS) at += 1;
  return bytes[start] === ZERO ? Math.min(at, start + 1) : at;
}

function indexIn(bytes: Uint8Array, start: number, end: number): number {
  let index = 0;
  for (let at = start; at < end; at += 1) index = index * 10 + (bytes[at] as number) - ZERO;
  return index;
}

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= ZERO && byte <= NINE;
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= LETTER_A && (byte | 0x20) <= LETTER_F);

/** The quote that ends a JSON string; -1 where it is none. */
function endOfString(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte < 0x20) return -1;
    if (byte !== BACKSLASH) continue;
    at += 1;
    if (bytes[at] !== LETTER_U) {
      if (!ESCAPED.has(bytes[at] ?? 0)) return -1;
      continue;
    }
    for (let digit = 0; digit < 4; digit += 1) {
      at += 1;
      if (!isHex(bytes[at])) return -1;
    }
  }
  return -1;
}

/** Behind a uuid that begins there; -1 where none does. */
function endOfUuid(bytes: Uint8Array, start: number): number {
  for (let at = start; at < start + UUID_LENGTH; at += 1) {
    const byte = bytes[at] as number;
    if (byte !== DASH && !isDigit(byte) && !(byte >= LETTER_A && byte <= LETTER_F)) return -1;
  }
  return start + UUID_LENGTH;
}

/** Whether the line ends there, or with the id of its message. */
function isEnd(bytes: Uint8Array, at: number, end: number): boolean {
  if (!matches(bytes, END, end - END.length)) return false;
  if (at === end - END.length) return true;
  if (!matches(bytes, MESSAGE, at)) return false;
  for (let id = at + MESSAGE.length; id < end - END.length; id += 1) {
    const byte = bytes[id] as number;
    // An id is letters and digits; whatever else it may be is decoded in full.
    if (byte < 0x20 || byte >= 0x7f || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return at + MESSAGE.length <= end - END.length;
}

const messageIn = (bytes: Uint8Array, at: number, end: number): string =>
  decoder.decode(
    bytes.subarray(Math.min(at + MESSAGE.length, end), Math.max(at, end - END.length)),
  );
