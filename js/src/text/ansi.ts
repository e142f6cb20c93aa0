/**
 * Text of a terminal to runs of one look each.
 *
 * The rule: pure. Only looks are taken from the codes: what moves the cursor, sets titles, links or
 * asks the terminal something is dropped. A colour is one of the terminal's eight, or the one of them
 * that is nearest, so that the theme decides how it is drawn and can be read. What a terminal would
 * hide is shown.
 */
import { type Coloured, highlighter } from "./highlight.ts";

export interface Run {
  readonly text: string;
  /** Names of looks, such as `red`, `on-blue`, `bold`; the classes are `cw-ansi-` and these. */
  readonly looks: readonly string[];
}

/** Beyond so many codes the rest is plain. */
const MOST_CODES = 2000;

const ESC = "\\u001b";
const STRING_END = `(?:\\u0007|${ESC}\\\\|\\u009c)`;
/** Titles, links and other strings for the terminal; one that never ends is its introducer alone. */
const STRINGS = `(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])(?:[^\\u0007\\u001b\\u009c\\n]{0,4096}${STRING_END})?`;
const CSI = `(?:${ESC}\\[|\\u009b)`;
const OTHER_CSI = `${CSI}(?![\\d;:]*m)[\\u0020-\\u003f]*[\\u0040-\\u007e]?`;
const OTHER = `${ESC}(?!\\[)[\\u0020-\\u002f]*[\\u0030-\\u007e]?`;
const DROPPED = new RegExp(`${STRINGS}|${OTHER_CSI}|${OTHER}|[\\u0000\\u0007\\u000e\\u000f]`, "g");
const LOOK = new RegExp(`${CSI}([\\d;:]*)m`, "g");
const CONTROL = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f";
const CODES = new RegExp(`[${CONTROL}]`);

/** Whether there are looks to be read. */
export const hasLooks = (text: string): boolean => text.search(LOOK) >= 0;

/** Without looks until the highlighter is there, which reads them. */
export function readAnsi(text: string): readonly Run[] {
  if (!CODES.test(text)) return [{ text, looks: [] }];
  const reader = highlighter.value;
  const kept = foldLines(text.replace(DROPPED, ""));
  const { coloured, rest } = limitCodes(kept);
  if (!reader) return [{ text: kept.replace(LOOK, ""), looks: [] }];
  const runs = reader.readColours(coloured).map((entry) => ({
    text: entry.content,
    looks: looksOf(entry),
  }));
  return rest === "" ? runs : [...runs, { text: rest.replace(LOOK, ""), looks: [] }];
}

function limitCodes(text: string): { coloured: string; rest: string } {
  let codes = 0;
  for (const match of text.matchAll(LOOK)) {
    codes += 1;
    if (codes > MOST_CODES) return split(text, match.index);
  }
  return split(text, text.length);
}

const split = (text: string, at: number) => ({
  // Colons part the numbers of newer codes; the parser knows semicolons.
  coloured: text
    .slice(0, at)
    .replace(LOOK, (_, numbers) => `\u001b[${numbers.replaceAll(":", ";")}m`),
  rest: text.slice(at),
});

/** Progress that is written over itself is what stood there last. */
function foldLines(text: string): string {
  const lines = text.replace(/\r+\n/g, "\n");
  if (!/[\r\b]/.test(lines)) return lines;
  return lines.split("\n").map(foldLine).join("\n");
}

function foldLine(line: string): string {
  const written = line.includes("\b") ? eraseBack(line) : line;
  const pieces = written.split("\r");
  const last = pieces.findLastIndex((piece) => piece.replace(LOOK, "") !== "");
  if (last < 0) return written.replaceAll("\r", "");
  const before = pieces.slice(0, last).join("").match(LOOK) ?? [];
  const after =
    pieces
      .slice(last + 1)
      .join("")
      .match(LOOK) ?? [];
  return [...before, pieces[last], ...after].join("");
}

function eraseBack(line: string): string {
  const kept: string[] = [];
  for (const character of line) {
    if (character === "\b") kept.pop();
    else kept.push(character);
  }
  return kept.join("");
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const PLAIN_DECORATIONS = new Set(["bold", "dim", "italic", "underline", "strikethrough"]);

function looksOf(entry: Coloured): string[] {
  const looks: string[] = entry.decorations.filter((name) => PLAIN_DECORATIONS.has(name));
  // The parser has turned the two round already, with white and black for those that are not set.
  const inverse = entry.isInverted;
  const [front, back] = [inverse ? "" : nearest(entry.fg), nearest(entry.bg)];
  if (front !== "") looks.push(front);
  if (back !== "") looks.push(inverse && back === "white" ? "inverse" : `on-${back}`);
  return [...new Set(looks)];
}

/** The name for "red, green, blue" of 0 to 255 each: grey by its light, the others by their hue. */
function nearest(colour: string | null): string {
  if (!colour) return "";
  const channels = colour.split(",").map(Number);
  const [least, most] = [Math.min(...channels), Math.max(...channels)];
  if (!Number.isFinite(most)) return "";
  if (most - least < 40) return greyOf((most + least) / 2);
  // Each channel that is in the upper half of the span counts: one bit for each of the eight names.
  const index = channels.reduce(
    (sum, value, bit) => sum + (value > (most + least) / 2 ? 1 << bit : 0),
    0,
  );
  return NAMES[index] ?? "";
}

const greyOf = (light: number): string => (light < 64 ? "black" : light < 160 ? "grey" : "white");
