/**
 * Changes of a text as hunks, and which words of two lines differ.
 *
 * The rule: pure; what the CLI says is taken as it is, and what has to be compared here is compared
 * for a bounded time. Where that runs out, the whole of the one is told to become the whole of the
 * other: true, if not short.
 */
import { diffWordsWithSpace, structuredPatch } from "diff";
import { asList, asNumber, asObject } from "../json.ts";

export interface Hunk {
  /** Line numbers from 1. */
  readonly oldStart: number;
  readonly newStart: number;
  /** Each begins with " ", "-", "+", or "\" for a remark such as on a missing last newline. */
  readonly lines: readonly string[];
}
export interface ChangeCount {
  readonly added: number;
  readonly removed: number;
}
/** From one character to before another. */
export type Span = readonly [start: number, end: number];

const CONTEXT = 3;
const PATCH_MS = 150;
const WORDS_MS = 15;
const LONGEST_LINE = 2000;
/** Where less than this is kept, every word would be marked: that says nothing. */
const ALIKE = 0.3;

/** `structuredPatch` of a tool's result. */
export function readHunks(value: unknown): readonly Hunk[] {
  return asList(value).flatMap((item) => {
    const hunk = asObject(item);
    const lines = asList(hunk.lines).filter((line) => typeof line === "string");
    const [oldStart, newStart] = [asNumber(hunk.oldStart) ?? 1, asNumber(hunk.newStart) ?? 1];
    return lines.length === 0 ? [] : [{ oldStart, newStart, lines }];
  });
}

/** The change from one text to another; none where they are the same. */
export function hunksBetween(before: string, after: string): readonly Hunk[] {
  if (before === after) return [];
  const options = { context: CONTEXT, timeout: PATCH_MS };
  const hunks = structuredPatch("", "", before, after, "", "", options)?.hunks;
  const found = hunks ?? [replaceAll(before, after)];
  // A missing last newline is worth a remark where it came or went.
  const remarks = before.endsWith("\n") !== after.endsWith("\n");
  return found.map(({ oldStart, newStart, lines }) => ({
    oldStart,
    newStart,
    lines: remarks ? lines : lines.filter((line) => !line.startsWith("\\")),
  }));
}

function replaceAll(before: string, after: string): Hunk {
  const marked = (mark: string, text: string) => splitLines(text).map((line) => mark + line);
  return { oldStart: 1, newStart: 1, lines: [...marked("-", before), ...marked("+", after)] };
}

/** Lines without their ends; a newline at the end begins no further line. */
export function splitLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export function countChanges(hunks: readonly Hunk[]): ChangeCount {
  let [added, removed] = [0, 0];
  for (const { lines } of hunks) {
    for (const line of lines) {
      if (line.startsWith("+")) added += 1;
      else if (line.startsWith("-")) removed += 1;
    }
  }
  return { added, removed };
}

/** The spans of each line that the other one does not have; none where they have little in common. */
export function markWords(before: string, after: string): readonly [Span[], Span[]] {
  if (Math.max(before.length, after.length) > LONGEST_LINE) return [[], []];
  const changes = diffWordsWithSpace(before, after, { timeout: WORDS_MS });
  if (!changes) return [[], []];
  const spans: [Span[], Span[]] = [[], []];
  const at: [number, number] = [0, 0];
  let kept = 0;
  for (const { added, removed, value } of changes) {
    if (!added && !removed) kept += value.trim().length;
    for (const side of [0, 1] as const) {
      if (side === 0 ? added : removed) continue;
      const start = at[side];
      at[side] += value.length;
      if (added || removed) spans[side].push([start, at[side]]);
    }
  }
  const longest = Math.max(before.trim().length, after.trim().length);
  return kept >= longest * ALIKE ? spans : [[], []];
}
