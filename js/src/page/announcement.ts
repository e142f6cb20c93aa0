/**
 * What a screen reader is told of changes: that executions ended or need an answer.
 *
 * The rule: pure; ends and requests in one sentence each, however many there were, and never what
 * an execution writes.
 */
import { clip, formatCount } from "../format.ts";
import type { ExecutionRow } from "../protocol.ts";
import { isEnded, type RowChange } from "../store.ts";

/** What happened to one execution, the last word of it. */
export type Happening = "needs you" | "waits for input" | "completed" | "failed" | "killed";

/** Null for changes that nobody is told of. */
export function happeningOf({ before, after }: RowChange): Happening | null {
  if (!before || !after) return null;
  if (isEnded(after.status)) {
    return isEnded(before.status) ? null : (after.status as Happening);
  }
  if (after.requestCount > before.requestCount) return "needs you";
  return after.awaitsInput && !before.awaitsInput ? "waits for input" : null;
}

export interface Heard {
  readonly row: ExecutionRow;
  readonly happening: Happening;
}

/** Requests first: they wait for somebody. */
const ORDER: readonly Happening[] = [
  "needs you",
  "failed",
  "killed",
  "completed",
  "waits for input",
];

const MANY: Readonly<Record<Happening, string>> = {
  "needs you": "need you",
  "waits for input": "wait for input",
  completed: "completed",
  failed: "failed",
  killed: "were killed",
};

export function announcementOf(heard: Iterable<Heard>): string {
  const all = [...heard];
  const sentences = ORDER.map((happening) => {
    const rows = all.filter((one) => one.happening === happening).map(({ row }) => row);
    const [only] = rows;
    if (!only) return "";
    if (rows.length > 1) return `${formatCount(rows.length, "execution")} ${MANY[happening]}.`;
    return `${clip(only.name || only.query.trim() || "An execution", 60)}: ${happening}.`;
  });
  return sentences.filter(Boolean).join(" ");
}
