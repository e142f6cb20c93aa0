/**
 * Which rows of a long list are drawn.
 *
 * The rule: the only module that has a list scrolled and its rows measured; it never knows what a
 * row shows. The reader stays where they are: rows that come, go or grow above what they read move
 * nothing; at the end of a list that follows they stay at the end, and only their own way up ends
 * that. The browser is asked for a layout only where there is something to measure or to scroll.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Edge, Span } from "./anchor.ts";
import { Extents, NO_ROWS, type Rows } from "./extents.ts";
import { Measure, type Measured } from "./measure.ts";
import { Reader } from "./reader.ts";
import { Scroller, same } from "./scroller.ts";

export type { Rows } from "./extents.ts";

export interface DrawnRow {
  readonly key: string;
  readonly index: number;
  /** Pixels from the start of the list, of a row that is kept though it is far from the others. */
  readonly apart: number | null;
}

export interface Drawn {
  readonly rows: readonly DrawnRow[];
  /** Pixels from the start of the list to the first row that is not apart. */
  readonly start: number;
}

export type Align = Edge | "auto";

export interface ListViewOptions {
  /** Whether it starts at its end and stays there as it grows. */
  readonly follow?: boolean;
  /** How many rows beyond the visible ones are drawn on either side, of those that are near. */
  readonly overscan?: number;
}

const OVERSCAN = 6;
/** Pixels: rows farther from what is visible are drawn once they come nearer, be they ever so few. */
const REACH = 400;
/** So many drawings in a row may follow from measuring alone: heights need not ever settle. */
const MOST_DRAWINGS = 20;
export class ListView {
  private readonly version = signal(0);
  private readonly extents = new Extents();
  private readonly reader: Reader;
  private readonly scroller: Scroller;
  private readonly overscan: number;
  private rows = NO_ROWS;
  private sizer: HTMLElement | null = null;
  private readonly sizes = new Measure((rows) => this.onResize(rows));
  private drawn: Drawn & Span = { rows: [], start: 0, from: 0, to: 0 };
  private drawings = 0;
  private pinned: { readonly key: string; readonly index: number } | null = null;
  /** Pixels that the sizer was given. */
  private sized = 0;

  /** Counts what asks for another drawing. */
  readonly changed: ReadonlySignal<number> = this.version;
  /** Whether it stays at its end. */
  readonly following: ReadonlySignal<boolean>;

  constructor(private readonly options: ListViewOptions = {}) {
    this.overscan = options.overscan ?? OVERSCAN;
    this.reader = new Reader(this.extents, options.follow ?? false);
    this.following = this.reader.following;
    const { reader, sizes } = this;
    this.scroller = new Scroller(
      reader,
      () => sizes.isHidden,
      () => this.onMove(),
    );
  }

  /** Another object for other rows; for the same object nothing is done. */
  setRows(rows: Rows): void {
    if (rows === this.rows) return;
    this.rows = rows;
    this.reader.setRows(rows, this.overscan);
    if (this.pinned) this.pinned = this.find(this.pinned.key, this.pinned.index);
    this.drawings = 0;
  }

  draw(): Drawn {
    const { extents, pinned } = this;
    const { from, to } = this.reader.rows(this.overscan, this.reach);
    const rows: DrawnRow[] = [];
    for (let index = from; index < to; index += 1) {
      rows.push({ key: extents.key(index) ?? "", index, apart: null });
    }
    if (pinned && rows.length > 0 && (pinned.index < from || pinned.index >= to)) {
      const row = { ...pinned, apart: extents.offset(pinned.index) };
      if (pinned.index < from) rows.unshift(row);
      else rows.push(row);
    }
    this.drawn = { rows, start: extents.offset(from), from, to };
    return this.drawn;
  }

  /** Keeps a row drawn wherever the list is scrolled to: the one that has the focus. */
  pin(key: string | null): void {
    this.pinned = key === null ? null : this.find(key);
  }

  scrollToKey(key: string, align: Align = "auto"): void {
    const index = this.rows.indexOf?.(key) ?? this.extents.indexOf(key);
    if (index >= 0) this.send(index, key, align);
  }

  scrollToIndex(index: number, align: Align = "auto"): void {
    this.send(index, null, align);
  }

  scrollToStart(): void {
    this.scrollToIndex(0, "start");
  }

  /** To the end, to stay there if it is a list that follows. */
  scrollToEnd(): void {
    if (!this.options.follow) return this.scrollToIndex(this.rows.count - 1, "end");
    this.scroller.catchUp();
    this.reader.sendToEnd();
    this.scroller.scroll();
    this.redraw();
  }

  /** `box` scrolls, `sizer` in it gets the height of all rows. */
  mount(box: HTMLElement, sizer: HTMLElement): () => void {
    this.sizer = sizer;
    this.sized = Number.NaN;
    this.sizes.start(box);
    const leave = this.scroller.start(box);
    this.resizeSizer();
    this.look();
    this.commit();
    return () => {
      this.sizes.stop();
      leave();
      this.sizer = null;
    };
  }

  /** The element of a row, which has its key and its index as `data-key` and `data-index`. */
  readonly measure = (element: HTMLElement | null): void => {
    if (element) this.sizes.add(element);
  };

  /** After each drawing: new rows are measured, all at once, before anything is painted. */
  commit(): void {
    if (!this.sizer) return;
    this.reader.nameAim();
    this.resizeRows(this.sizes.takeNew());
    this.resizeSizer();
    if (this.reader.height === 0) this.look();
    this.scroller.scroll();
    this.settle();
  }

  // -- inside ------------------------------------------------------------------------------------

  private get reach(): number {
    return Math.max(REACH, this.reader.height);
  }

  private find(key: string, guess?: number) {
    const index = this.extents.indexOf(key, guess);
    return index < 0 ? null : { key, index };
  }

  private redraw(): void {
    this.version.value += 1;
  }

  private send(index: number, key: string | null, align: Align): void {
    const { reader, scroller } = this;
    scroller.catchUp();
    reader.send(index, key, align, reader.isAtEnd ? scroller.top : reader.top);
    scroller.scroll();
    this.redraw();
  }

  /** Asks for another drawing where rows are missing; else the reader is where they are to be. */
  private settle(): void {
    if (!this.isDrawn()) {
      this.drawings += 1;
      if (this.drawings <= MOST_DRAWINGS) this.redraw();
      return;
    }
    this.drawings = 0;
    this.scroller.settle();
  }

  private isDrawn(): boolean {
    const { extents, drawn, pinned, reader } = this;
    const needed = reader.rows(this.overscan >> 1, this.reach / 2);
    if (needed.from < drawn.from || needed.to > drawn.to) return false;
    if (!same(extents.offset(drawn.from), drawn.start)) return false;
    const apart = [drawn.rows[0], drawn.rows.at(-1)].find((row) => row?.key === pinned?.key);
    return !apart?.apart || same(extents.offset(apart.index), apart.apart);
  }

  private resizeSizer(): void {
    const { sizer, sized } = this;
    const { total } = this.extents;
    if (!sizer || same(total, sized)) return;
    this.scroller.catchUp();
    sizer.style.height = `${total}px`;
    this.sized = total;
    if (total < sized) this.scroller.shrunk();
  }

  private resizeRows(rows: readonly Measured[]): void {
    const { extents } = this;
    this.reader.whileResized(() => {
      for (const [{ dataset }, size] of rows) {
        extents.resize(extents.indexOf(dataset.key ?? "", Number(dataset.index)), size);
      }
    });
  }

  private look(): void {
    const { isHidden, height } = this.sizes;
    this.reader.setHidden(isHidden);
    if (!isHidden) this.reader.height = height;
  }

  private onResize(rows: readonly Measured[]): void {
    const { reader } = this;
    const { hidden, height } = reader;
    this.look();
    if (reader.hidden) return;
    this.resizeRows(this.sizes.takeNew());
    this.resizeRows(rows);
    // What was taken out of the page comes back scrolled to its start.
    if (hidden || reader.height !== height) this.scroller.forget();
    this.drawings = 0;
    this.resizeSizer();
    this.scroller.scroll();
    this.settle();
  }

  private onMove(): void {
    this.drawings = 0;
    this.settle();
  }
}
