/**
 * The rows of a transcript: its blocks in their order, folded lanes left out, quiet notices in one.
 *
 * The rule: what stands before the first block that is new, gone or moved is not looked at again.
 * Which rows there are is decided here; what a row looks like is not.
 */
import type { Block } from "../fold/blocks.ts";
import type { Rows } from "../list/listview.ts";
import type { Pane } from "./pane.ts";

export interface BlockRow {
  readonly kind: "block";
  readonly key: string;
  readonly depth: number;
  /** The place of its first block among the pane's keys. */
  readonly from: number;
}
/** Notices in a row that say little each. */
export interface NoticesRow {
  readonly kind: "notices";
  readonly key: string;
  readonly depth: number;
  readonly from: number;
  /** Becomes longer as notices follow. */
  readonly keys: readonly string[];
}
export type PaneRow = BlockRow | NoticesRow;

/** So many in a row are drawn one by one. */
const FEW_NOTICES = 2;

export const isQuiet = (block: Block | undefined): boolean =>
  block?.kind === "notice" && block.level === "info" && block.until === null;

export class PaneRows {
  private keys: readonly string[] = [];
  private folded: ReadonlySet<string> = new Set();
  /** Counts the changes, and how many rows the last of them left as they were. */
  private changes = 0;
  private kept = 0;
  readonly rows: PaneRow[] = [];

  constructor(private readonly pane: Pane) {}

  /** With the pane's keys as they are now; whether any row changed. */
  update(folded: ReadonlySet<string>): boolean {
    const keys = this.pane.keys.value;
    if (keys === this.keys && folded === this.folded) return false;
    let same = 0;
    if (folded === this.folded) {
      const most = Math.min(keys.length, this.keys.length);
      while (same < most && keys[same] === this.keys[same]) same += 1;
    }
    this.keys = keys;
    this.folded = folded;
    const from = this.cut(same);
    this.changes += 1;
    this.kept = this.rows.length;
    this.build(from);
    return true;
  }

  /** What `sameSince` asks for later. */
  get version(): number {
    return this.changes;
  }

  /** At least so many of the first rows are those of that version. */
  sameSince(version: number): number {
    if (version === this.changes) return this.rows.length;
    return version === this.changes - 1 ? this.kept : 0;
  }

  /** Drops what is not the same any more; from where it is to be built. */
  private cut(same: number): number {
    const { rows } = this;
    let from = same;
    for (let last = rows.at(-1); last; last = rows.at(-1)) {
      const open = last.from < same && (last.kind === "notices" || this.isQuietKey(last.key));
      if (last.from < same && !open) break;
      // The run that the last notices belong to may become longer, or one row.
      from = Math.min(from, last.from);
      rows.pop();
    }
    return from;
  }

  private build(from: number): void {
    const { keys, rows } = this;
    let last = rows.at(-1);
    let run: string[] = [];
    for (let index = from; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const depth = this.pane.depth(key);
      if (last && this.folded.has(last.key) && depth > last.depth) continue;
      if (this.isQuietKey(key)) {
        if (last?.depth !== depth) run = [];
        run.push(key);
        last = this.putNotice(run, depth, index - run.length + 1);
        continue;
      }
      run = [];
      last = { kind: "block", key, depth, from: index };
      rows.push(last);
    }
  }

  /** The last of a run as a row of its own, or the run as one row. */
  private putNotice(run: readonly string[], depth: number, from: number): PaneRow {
    const { rows } = this;
    const last = rows.at(-1);
    if (last?.kind === "notices" && last.keys === run) return last;
    const key = run.at(-1) as string;
    let row: PaneRow = { kind: "block", key, depth, from: from + run.length - 1 };
    if (run.length > FEW_NOTICES) {
      rows.length -= FEW_NOTICES;
      row = { kind: "notices", key: `${run[0]}+`, depth, from, keys: run };
    }
    rows.push(row);
    return row;
  }

  private isQuietKey(key: string): boolean {
    return isQuiet(this.pane.block(key)?.peek());
  }
}

/** An execution's part of the transcript. */
export interface Section {
  readonly executionId: string;
  readonly rows: PaneRows | null;
}

export type TranscriptRow =
  | { readonly kind: "heading"; readonly key: string; readonly section: Section }
  | {
      readonly kind: "row";
      readonly key: string;
      readonly section: Section;
      readonly row: PaneRow;
    };

/** The rows of all sections, each under its heading; the first has none if it begins the thread. */
export class TranscriptRows implements Rows {
  readonly count: number;
  private readonly starts: readonly number[];
  private readonly versions: readonly number[];

  constructor(
    readonly sections: readonly Section[],
    /** The last section alone, which needs no heading. */
    private readonly estimateOf: (row: TranscriptRow) => number,
  ) {
    let count = 0;
    const starts: number[] = [];
    for (const section of sections) {
      starts.push(count);
      count += this.headings + (section.rows?.rows.length ?? 0);
    }
    this.starts = starts;
    this.count = count;
    this.versions = sections.map(({ rows }) => rows?.version ?? 0);
  }

  same(before: Rows): number {
    if (!(before instanceof TranscriptRows)) return 0;
    const { sections, starts, headings } = this;
    if (before.sections.length !== sections.length) return 0;
    for (const [place, { executionId, rows }] of sections.entries()) {
      const other = before.sections[place];
      if (executionId !== other?.executionId || rows !== other.rows) return starts[place] ?? 0;
      const same = rows?.sameSince(before.versions[place] ?? 0) ?? 0;
      if (rows && same < rows.rows.length) return (starts[place] ?? 0) + headings + same;
    }
    return this.count;
  }

  private get headings(): 0 | 1 {
    return this.sections.length > 1 ? 1 : 0;
  }

  at(index: number): TranscriptRow | undefined {
    let place = this.sections.length - 1;
    while (place > 0 && (this.starts[place] ?? 0) > index) place -= 1;
    const section = this.sections[place];
    if (!section) return undefined;
    const within = index - (this.starts[place] ?? 0) - this.headings;
    if (within < 0) return { kind: "heading", key: `${section.executionId}:`, section };
    const row = section.rows?.rows[within];
    return row && { kind: "row", key: this.nameOf(place, row.key), section, row };
  }

  /** The row of the block at that place among its pane's keys, or of what it is folded in. */
  indexOfBlock(executionId: string, place: number): number {
    const at = this.sections.findIndex((one) => one.executionId === executionId);
    const rows = this.sections[at]?.rows?.rows;
    if (!rows || place < 0) return -1;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.from ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -1 : (this.starts[at] ?? 0) + this.headings + low - 1;
  }

  key(index: number): string {
    return this.at(index)?.key ?? "";
  }

  estimate(index: number): number {
    const row = this.at(index);
    return row ? this.estimateOf(row) : 0;
  }

  /** Keys of different executions may be the same; those of the last one stand as they are. */
  private nameOf(place: number, key: string): string {
    return place === this.sections.length - 1 ? key : `${this.sections[place]?.executionId}:${key}`;
  }
}
