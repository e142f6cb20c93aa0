/**
 * The beginning of a JSON object, read while the rest is on its way.
 *
 * The rule: what is whole is read as it is, a string that is cut off as far as it came, and nothing
 * throws. Only the beginning of a long text is looked at, so that each piece costs the same.
 */
import { isObject, type Json } from "../json.ts";

const LONGEST = 20_000;

/** The fields that can be told; what comes after a fault is left out. */
export function readPartial(text: string): Json {
  const head = text.slice(0, LONGEST);
  const whole = parse(head);
  if (whole) return whole;
  const { end, inString, open, safeEnd, safeOpen } = scan(head);
  const cutOff = `${head.slice(0, end)}${inString ? '"' : ""}${open}`;
  // A name without its value, or half a word: up to the last value that is whole.
  return parse(cutOff) ?? parse(head.slice(0, safeEnd) + safeOpen) ?? {};
}

function parse(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

class Scan {
  /** Before an escape of which only a part has come. */
  end = 0;
  inString = false;
  /** What would close all that is open. */
  open = "";
  /** Up to here all values are whole, and what would close that. */
  safeEnd = 0;
  safeOpen = "";

  mark(end: number): void {
    this.safeEnd = end;
    this.safeOpen = this.open;
  }
}

function scan(text: string): Scan {
  const found = new Scan();
  for (let at = 0; at < text.length; at = found.end) {
    const character = text[at] ?? "";
    const length = found.inString && character === "\\" ? (text[at + 1] === "u" ? 6 : 2) : 1;
    if (at + length > text.length) break;
    found.end = at + length;
    if (character === '"') found.inString = !found.inString;
    else if (!found.inString) scanPunctuation(found, character, at);
  }
  return found;
}

function scanPunctuation(found: Scan, character: string, at: number): void {
  if (character === "{" || character === "[") {
    found.open = (character === "{" ? "}" : "]") + found.open;
    found.mark(at + 1);
  } else if (character === "}" || character === "]") {
    found.open = found.open.slice(1);
    found.mark(at + 1);
  } else if (character === ",") {
    found.mark(at);
  }
}
