/**
 * Characters that hide or reorder text, made visible.
 *
 * The rule: pure; text in, parts out, and the parts joined are the text. `name` is for what a person
 * decides on (commands, paths, titles, names): all that is not seen is shown. `prose` leaves what
 * languages and emoji need (joiners, marks of direction), and shows what only deceives.
 */
import { formatNumber } from "../format.ts";

export type Strictness = "name" | "line" | "prose";

export interface Part {
  readonly text: string;
  /** Its code point and what it does, or empty for ordinary text. */
  readonly label: string;
}

const NAMES: Readonly<Record<number, string>> = {
  0: "null",
  7: "bell",
  8: "backspace",
  9: "tab",
  10: "new line",
  13: "carriage return",
  27: "escape",
  127: "delete",
  155: "escape sequence",
  173: "soft hyphen",
  1564: "Arabic letter mark",
  8203: "zero width space",
  8204: "zero width non-joiner",
  8205: "zero width joiner",
  8206: "left-to-right mark",
  8207: "right-to-left mark",
  8232: "line separator",
  8233: "paragraph separator",
  8234: "left-to-right embedding",
  8235: "right-to-left embedding",
  8236: "end of direction",
  8237: "left-to-right override",
  8238: "right-to-left override",
  8288: "word joiner",
  8294: "left-to-right isolate",
  8295: "right-to-left isolate",
  8296: "first strong isolate",
  8297: "end of isolate",
  65279: "byte order mark",
};

/* Written as code points: the characters themselves could not be read here. */
const CONTROL = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f";
const DIRECTION = "\\u202a-\\u202e\\u2066-\\u2069";
const HIDDEN = "\\u2028\\u2029\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\ud800-\\udfff";
const BLANK =
  "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200e\\u200f\\u2060-\\u2065" +
  "\\u206a-\\u206f\\u2800\\u3164\\ufe00-\\ufe0e\\ufeff\\uffa0\\u{1d173}-\\u{1d17a}\\u{e0100}-\\u{e01ef}";
/** Joiners are ordinary beside emoji and letters of scripts that join; elsewhere they hide. */
const JOINER =
  "(?<![\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f\\p{M}\\p{Lo}])[\\u200c\\u200d]|[\\u200c\\u200d](?![\\p{Extended_Pictographic}\\p{Lo}])";

const PROSE = `[${CONTROL}${DIRECTION}${HIDDEN}]`;
const NAME = `[${CONTROL}${DIRECTION}${HIDDEN}${BLANK}]|${JOINER}`;
const PATTERNS: Readonly<Record<Strictness, RegExp>> = {
  prose: new RegExp(`(?:${PROSE})+`, "gu"),
  name: new RegExp(`(?:${NAME})+`, "gu"),
  line: new RegExp(`(?:[\\n\\t]|${NAME})+`, "gu"),
};
/** So many in a row are counted, not shown one by one: text can hide in thousands of them. */
const MOST_IN_A_ROW = 4;

const codePoint = (code: number): string => `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;

/** What a reader is told of a character that is not seen. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = code >= 0xe0000 && code <= 0xe007f ? "hidden tag" : NAMES[code];
  return name ? `${codePoint(code)} ${name}` : codePoint(code);
}

function labelled(run: string): Part[] {
  const characters = [...run];
  if (characters.length <= MOST_IN_A_ROW) {
    return characters.map((character) => ({ text: character, label: nameOf(character) }));
  }
  const [first = ""] = characters;
  const count = formatNumber(characters.length);
  return [{ text: run, label: `${nameOf(first)} … ${count} hidden characters` }];
}

/** Ordinary text and hidden characters in turn; `line` is for where a new line is one of these. */
export function visible(text: string, strictness: Strictness = "name"): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(PATTERNS[strictness])) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index), label: "" });
    parts.push(...labelled(match[0]));
    at = match.index + match[0].length;
  }
  if (at < text.length || parts.length === 0) parts.push({ text: text.slice(at), label: "" });
  return parts;
}

/** The same as plain text, for an attribute or a title: hidden characters as `[U+202E]`. */
export function visibleText(text: string, strictness: Strictness = "line"): string {
  return visible(text, strictness)
    .map((part) => (part.label === "" ? part.text : `[${part.label.split(" ", 1)[0]}]`))
    .join("");
}
