/**
 * Long text cut to what a block keeps.
 *
 * The rule: pure; what is cut holds on to nothing of the rest. A string is cut at a character.
 */
import { isObject, type Json } from "../json.ts";

/** Characters of a result, or of what was not understood, that a block keeps. */
export const MAX_TEXT = 200_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function clipText(text: string): { kept: string; elided: number } {
  if (text.length <= MAX_TEXT) return { kept: text, elided: 0 };
  const last = text.charCodeAt(MAX_TEXT - 1);
  const end = last >= 0xd800 && last < 0xdc00 ? MAX_TEXT - 1 : MAX_TEXT;
  // Through bytes, because a slice of a string keeps the whole of it in memory.
  const kept = decoder.decode(encoder.encode(text.slice(0, end)));
  return { kept, elided: text.length - end };
}

/** The object with every long string in it cut; itself where there is none. */
export function clipStrings(data: Json): { kept: Json; elided: number } {
  let elided = 0;
  const clip = (value: unknown): unknown => {
    if (typeof value === "string") {
      const clipped = clipText(value);
      elided += clipped.elided;
      return clipped.kept;
    }
    if (Array.isArray(value)) return value.map(clip);
    return isObject(value) ? clipFields(value) : value;
  };
  const clipFields = (value: Json): Json =>
    Object.fromEntries(Object.entries(value).map(([name, field]) => [name, clip(field)]));
  if (!holdsLongString(data)) return { kept: data, elided: 0 };
  const kept = clipFields(data);
  return { kept, elided };
}

function holdsLongString(value: unknown): boolean {
  if (typeof value === "string") return value.length > MAX_TEXT;
  if (Array.isArray(value)) return value.some(holdsLongString);
  return isObject(value) && Object.values(value).some(holdsLongString);
}
