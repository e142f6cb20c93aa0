/**
 * Hunks as the rows of a table, unified or side by side.
 *
 * The rule: pure and in order; a removed line and the added one in its place know each other, so
 * that whoever draws them can mark the words that differ. Nothing is compared here.
 */
import { formatNumber } from "../format.ts";
import type { Hunk } from "./diff.ts";

export interface Line {
  readonly number: number;
  readonly text: string;
  /** Of the line that it replaces, or that replaces it. */
  readonly other: string | null;
}
export type Row =
  | { readonly kind: "same"; readonly old: Line; readonly new: Line }
  | { readonly kind: "changed"; readonly old: Line | null; readonly new: Line | null }
  /** Lines left out before a hunk, or a remark of the patch. */
  | { readonly kind: "remark"; readonly text: string };

export function unifiedRows(hunks: readonly Hunk[]): readonly Row[] {
  return rowsOf(hunks, (removed, added) => [
    ...removed.map((old) => ({ kind: "changed", old, new: null }) as const),
    ...added.map((line) => ({ kind: "changed", old: null, new: line }) as const),
  ]);
}

export function splitRows(hunks: readonly Hunk[]): readonly Row[] {
  return rowsOf(hunks, (removed, added) =>
    Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => ({
      kind: "changed",
      old: removed[index] ?? null,
      new: added[index] ?? null,
    })),
  );
}

type Change = (removed: readonly Line[], added: readonly Line[]) => readonly Row[];

function rowsOf(hunks: readonly Hunk[], change: Change): readonly Row[] {
  const rows: Row[] = [];
  let oldNext = 1;
  for (const hunk of hunks) {
    const skipped = hunk.oldStart - oldNext;
    if (rows.length > 0 || skipped > 0) rows.push({ kind: "remark", text: tellSkipped(skipped) });
    oldNext = pushHunk(rows, hunk, change);
  }
  return rows;
}

function tellSkipped(count: number): string {
  if (count <= 0) return "…";
  return `… ${formatNumber(count)} unchanged ${count === 1 ? "line" : "lines"}`;
}

function pushHunk(rows: Row[], hunk: Hunk, change: Change): number {
  const run = new Run(hunk.oldStart, hunk.newStart);
  for (const marked of hunk.lines) {
    const [mark, text] = [marked[0], marked.slice(1)];
    if (mark === "-") {
      if (run.added.length > 0) run.flush(rows, change);
      run.removed.push(text);
    } else if (mark === "+") {
      run.added.push(text);
    } else if (mark === "\\") {
      run.remarks.push(text.trim());
    } else {
      run.flush(rows, change);
      rows.push({ kind: "same", old: line(run.oldNext++, text), new: line(run.newNext++, text) });
    }
  }
  run.flush(rows, change);
  return run.oldNext;
}

/** Changed lines that touch: those that went, and those that came in their place. */
class Run {
  removed: string[] = [];
  added: string[] = [];
  remarks: string[] = [];

  constructor(
    public oldNext: number,
    public newNext: number,
  ) {}

  flush(rows: Row[], change: Change): void {
    const { removed, added } = this;
    const before = removed.map((text, index) => line(this.oldNext + index, text, added[index]));
    const after = added.map((text, index) => line(this.newNext + index, text, removed[index]));
    for (const row of change(before, after)) rows.push(row);
    for (const text of this.remarks) rows.push({ kind: "remark", text });
    this.oldNext += removed.length;
    this.newNext += added.length;
    this.removed = [];
    this.added = [];
    this.remarks = [];
  }
}

const line = (number: number, text: string, other: string | null = null): Line => ({
  number,
  text,
  other,
});
