/**
 * What one view of a thread holds: its rows, where it is scrolled to, what the reader folded.
 *
 * The rule: it lives as long as the view of the execution, whichever tab is in front; nothing in it
 * draws. Rows are made anew only from where they differ.
 */
import { type Signal, signal } from "@preact/signals";
import type { App } from "../../app.ts";
import type { Block } from "../../fold/blocks.ts";
import { ListView } from "../../list/listview.ts";
import type { Pane } from "../../pane/pane.ts";
import { PaneRows, type Section, type TranscriptRow, TranscriptRows } from "../../pane/rows.ts";
import { type Part, Thread } from "../../pane/thread.ts";
import { Finder } from "./finder.ts";

const NONE: ReadonlySet<string> = new Set();

export class Transcript {
  readonly list = new ListView({ follow: true });
  readonly finder = new Finder(this);
  readonly thread: Thread;
  private readonly paneRows = new WeakMap<Pane, PaneRows>();
  private readonly folded: Signal<ReadonlySet<string>> = signal(NONE);
  private readonly foldedOf = new WeakMap<Pane, ReadonlySet<string>>();
  /** Whether the earlier executions of the thread are shown as well. */
  readonly whole: Signal<boolean> = signal(true);
  rows: TranscriptRows;

  constructor(
    app: App,
    readonly executionId: string,
  ) {
    this.thread = new Thread(app, executionId);
    this.rows = new TranscriptRows([], () => 0);
  }

  get pane(): Pane {
    return this.thread.pane;
  }

  partOf(executionId: string): Part | undefined {
    return this.thread.parts.value.find((one) => one.executionId === executionId);
  }

  /** Whose blocks are shown. */
  paneOf(executionId: string): Pane | null {
    return this.partOf(executionId)?.shown ?? null;
  }

  /** The rows as they are now; the same object as long as they are the same. */
  update(): TranscriptRows {
    let changed = false;
    const parts = this.thread.parts.value;
    const shown = this.whole.value ? parts : parts.slice(-1);
    const sections = shown.map(({ executionId, shown: pane }): Section => {
      if (!pane) return { executionId, rows: null };
      const rows = this.paneRows.get(pane) ?? new PaneRows(pane);
      this.paneRows.set(pane, rows);
      if (rows.update(this.foldedIn(pane, executionId))) changed = true;
      return { executionId, rows };
    });
    if (changed || !sameSections(sections, this.rows.sections)) {
      this.rows = new TranscriptRows(sections, (row) => this.estimate(row));
    }
    return this.rows;
  }

  isFolded(name: string): boolean {
    return this.folded.value.has(name);
  }

  fold(name: string, folded: boolean): void {
    const names = new Set(this.folded.peek());
    if (folded) names.add(name);
    else names.delete(name);
    this.folded.value = names;
  }

  /** The block, or the blocks, that a row draws. */
  blocksOf(row: TranscriptRow): Block[] {
    if (row.kind === "heading") return [];
    const pane = this.paneOf(row.section.executionId);
    const keys = row.row.kind === "notices" ? row.row.keys : [row.row.key];
    return keys.map((key) => pane?.block(key)?.peek()).filter((block) => block !== undefined);
  }

  /** Scrolls to a block, whatever it is folded in. */
  reveal(executionId: string, key: string): void {
    const pane = this.paneOf(executionId);
    if (!pane) return;
    this.unfoldAround(pane, executionId, key);
    this.update();
    const index = this.rows.indexOfBlock(executionId, pane.keys.peek().indexOf(key));
    if (index >= 0) this.list.scrollToIndex(index, "center");
  }

  /** The key of the row that draws a block. */
  rowNameOf(executionId: string, key: string): string | null {
    const place = this.paneOf(executionId)?.keys.peek().indexOf(key) ?? -1;
    const index = this.rows.indexOfBlock(executionId, place);
    return index < 0 ? null : this.rows.key(index);
  }

  /** The index of the first row that is drawn. */
  firstInSight(): number {
    return this.list.draw().rows[0]?.index ?? 0;
  }

  /** The rows of blocks, in their order; -1 where a block has none. */
  placesOf(blocks: readonly { executionId: string; key: string }[]): number[] {
    const places = new Map<string, ReadonlyMap<string, number>>();
    return blocks.map(({ executionId, key }) => {
      const known = places.get(executionId) ?? placesByKey(this.paneOf(executionId));
      places.set(executionId, known);
      return this.rows.indexOfBlock(executionId, known.get(key) ?? -1);
    });
  }

  close(): void {
    this.finder.close();
    this.thread.close();
  }

  private unfoldAround(pane: Pane, executionId: string, key: string): void {
    const keys = pane.keys.peek();
    let depth = pane.depth(key);
    for (let at = keys.indexOf(key); at >= 0 && depth > 0; at -= 1) {
      const above = keys[at] as string;
      if (pane.depth(above) >= depth) continue;
      depth = pane.depth(above);
      const name = executionId === this.executionId ? above : `${executionId}:${above}`;
      if (this.folded.peek().has(name)) this.fold(name, false);
    }
  }

  /** Keys of the blocks of that pane whose lanes are folded; the same set while it is the same. */
  private foldedIn(pane: Pane, executionId: string): ReadonlySet<string> {
    const prefix = executionId === this.executionId ? "" : `${executionId}:`;
    const names = [...this.folded.value].filter((name) =>
      prefix ? name.startsWith(prefix) : pane.block(name),
    );
    const now = new Set(names.map((name) => name.slice(prefix.length)));
    const before = this.foldedOf.get(pane) ?? NONE;
    if (before.size === now.size && [...now].every((name) => before.has(name))) return before;
    this.foldedOf.set(pane, now);
    return now;
  }

  private estimate(row: TranscriptRow): number {
    if (row.kind === "heading") return 40;
    if (row.row.kind === "notices") return 46;
    const block = this.paneOf(row.section.executionId)?.block(row.row.key)?.peek();
    return block ? estimateBlock(block) : 0;
  }
}

const placesByKey = (pane: Pane | null): ReadonlyMap<string, number> =>
  new Map(pane?.keys.peek().map((key, index) => [key, index]));

function sameSections(some: readonly Section[], others: readonly Section[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, at) => {
      const other = others[at];
      return one.executionId === other?.executionId && one.rows === other.rows;
    })
  );
}

const LINE = 20;
const CHARACTERS_A_LINE = 95;
const MOST_LINES = 60;
const GAP = 8;

/** Pixels that a block is likely to take; what it takes is measured once it is drawn. */
function estimateBlock(block: Block): number {
  switch (block.kind) {
    case "text": {
      const lines = Math.ceil(block.text.length / CHARACTERS_A_LINE);
      return Math.min(lines, MOST_LINES) * LINE + GAP;
    }
    case "thinking":
    case "notice":
    case "raw":
      return LINE + GAP;
    case "prompt":
      return 2 * LINE + GAP;
    default:
      return 3 * LINE + GAP;
  }
}
