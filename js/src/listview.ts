/**
 * Which rows of a long list are drawn, and where.
 *
 * The rule: the only module that knows the library which does the arithmetic, so that it can be
 * exchanged. It knows heights and places, never what a row shows. The reader stays where they are:
 * rows that come, go or grow above what they read move nothing; at the end of a list that follows
 * they stay at the end, and only their own way up ends that.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import {
  elementScroll,
  observeElementOffset,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core";

export interface Rows {
  readonly count: number;
  /** Names the row whose height is kept; the same for as long as it is the same row. */
  key(index: number): string;
  /** Pixels, until it was measured. */
  estimate(index: number): number;
  /** -1 for none. Without it rows are searched one by one. */
  indexOf?(key: string): number;
}

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

export type Align = "start" | "center" | "end" | "auto";

export interface ListViewOptions {
  /** Whether it starts at its end and stays there as it grows. */
  readonly follow?: boolean;
  /** How many rows beyond the visible ones are drawn on either side. */
  readonly overscan?: number;
}

/** From how near to the end, in pixels, a reader on the way down is taken to be at it. */
const NEAR = 24;

const NO_ROWS: Rows = { count: 0, key: String, estimate: () => 0 };

export class ListView {
  private readonly version = signal(0);
  private readonly followingNow;
  private readonly virtual: Virtualizer<HTMLElement, HTMLElement>;
  private rows = NO_ROWS;
  private box: HTMLElement | null = null;
  private sizer: HTMLElement | null = null;
  private readonly unmeasured = new Set<HTMLElement>();
  private measuring = false;
  private hidden = false;
  /** Where the list was scrolled to when that was last looked at. */
  private top = 0;
  private pinned: { key: string; index: number } | null = null;
  private report: (offset: number, scrolling: boolean) => void = () => {};

  /** Counts what asks for another drawing. */
  readonly changed: ReadonlySignal<number> = this.version;
  /** Whether it stays at its end. */
  readonly following: ReadonlySignal<boolean>;

  constructor(private readonly options: ListViewOptions = {}) {
    this.following = this.followingNow = signal(options.follow ?? false);
    this.virtual = new Virtualizer(this.libraryOptions());
  }

  /** Another object for other rows; for the same object nothing is done. */
  setRows(rows: Rows): void {
    if (rows === this.rows) return;
    this.rows = rows;
    this.virtual.setOptions(this.libraryOptions());
    if (this.pinned) this.pinned = this.findPinned(this.pinned);
  }

  draw(): Drawn {
    const items = this.virtual.getVirtualItems();
    const first = items[0];
    if (!first) return { rows: [], start: 0 };
    const place = ({ key, index }: VirtualItem, apart: number | null = null): DrawnRow => ({
      key: String(key),
      index,
      apart,
    });
    const rows = items.map((item) => place(item));
    const kept = this.pinned && this.virtual.measurementsCache[this.pinned.index];
    if (kept && kept.index < first.index) rows.unshift(place(kept, kept.start));
    else if (kept && kept.index >= first.index + items.length) rows.push(place(kept, kept.start));
    return { rows, start: first.start };
  }

  /** Keeps a row drawn wherever the list is scrolled to: the one that has the focus. */
  pin(key: string | null): void {
    this.pinned = key === null ? null : this.findPinned({ key, index: 0 });
  }

  scrollToKey(key: string, align: Align = "auto"): void {
    const index = this.indexOf(key);
    if (index >= 0) this.scrollToIndex(index, align);
  }

  scrollToIndex(index: number, align: Align = "auto"): void {
    this.followingNow.value = false;
    this.virtual.scrollToIndex(index, { align });
  }

  /** There is nothing to scroll. */
  get fits(): boolean {
    return !this.box || this.box.scrollHeight <= this.box.clientHeight;
  }

  scrollToStart(): void {
    this.followingNow.value = false;
    this.virtual.scrollToOffset(0);
  }

  /** To the end, to stay there if it is a list that follows. */
  scrollToEnd(): void {
    this.followingNow.value = this.options.follow ?? false;
    this.toEnd();
  }

  /** `box` scrolls, `sizer` in it gets the height of all rows. */
  mount(box: HTMLElement, sizer: HTMLElement): () => void {
    this.box = box;
    this.sizer = sizer;
    const unmount = this.virtual._didMount();
    this.commit();
    return () => {
      unmount();
      this.unmeasured.clear();
      this.box = null;
      this.sizer = null;
    };
  }

  /** The element of a row, which has its index as `data-index`. */
  readonly measure = (element: HTMLElement | null): void => {
    this.virtual.measureElement(element);
    if (element) this.unmeasured.add(element);
  };

  /** After each drawing: new rows are measured, all at once, before anything is painted. */
  commit(): void {
    this.resize();
    this.virtual._willUpdate();
    this.measureNew();
    if (this.followingNow.peek()) this.toEnd();
  }

  private libraryOptions() {
    const { rows } = this;
    return {
      count: rows.count,
      getItemKey: (index: number) => rows.key(index),
      estimateSize: (index: number) => rows.estimate(index),
      overscan: this.options.overscan ?? 6,
      // At the very top of a list that does not follow, what comes in above is to be seen.
      anchorTo: this.options.follow || this.top > 0 ? ("end" as const) : ("start" as const),
      // Following is decided here: the library would judge it by the distance alone.
      scrollEndThreshold: -1,
      getScrollElement: () => this.box,
      scrollToFn: this.write,
      observeElementRect: this.observeRect,
      observeElementOffset: this.observeOffset,
      measureElement: this.heightOf,
      onChange: this.onChange,
    };
  }

  private readonly onChange = (): void => {
    if (this.measuring) return;
    this.resize();
    this.version.value += 1;
  };

  private resize(): void {
    // Not through drawing: a place beyond the old end cannot be scrolled to.
    if (this.sizer) this.sizer.style.height = `${this.virtual.getTotalSize()}px`;
  }

  private measureNew(): void {
    if (this.unmeasured.size === 0 || this.isHidden()) return;
    const sizes = [...this.unmeasured]
      .filter((element) => element.isConnected)
      .map((element) => [indexOfRow(element), element.getBoundingClientRect().height] as const);
    this.unmeasured.clear();
    const before = this.virtual.getTotalSize();
    this.measuring = true;
    for (const [index, size] of sizes) this.virtual.resizeItem(index, size);
    this.measuring = false;
    if (this.virtual.getTotalSize() !== before) this.onChange();
  }

  /** What the library asks for: a row's height without a look at the page, unless one is at hand. */
  private readonly heightOf = (element: HTMLElement, entry?: ResizeObserverEntry): number => {
    const measured = entry?.borderBoxSize[0];
    if (measured && !this.isHidden()) return measured.blockSize;
    const index = indexOfRow(element);
    return this.virtual.itemSizeCache.get(this.rows.key(index)) ?? this.rows.estimate(index);
  };

  private readonly write = (...parts: Parameters<typeof elementScroll<HTMLElement>>): void => {
    elementScroll(...parts);
    this.top = this.box?.scrollTop ?? 0;
  };

  private toEnd(): void {
    const { box } = this;
    if (!box || this.isHidden()) return;
    const end = box.scrollHeight - box.clientHeight;
    if (Math.abs(box.scrollTop - end) >= 1) box.scrollTop = end;
    this.top = box.scrollTop;
    // At once: its event comes only with the next frame, and until then the wrong rows are drawn.
    if (this.virtual.scrollOffset !== this.top) this.report(this.top, false);
  }

  /** A hidden list, or one in a cell that was taken out of the page, has no size. */
  private isHidden(): boolean {
    return !this.box || (this.box.clientWidth === 0 && this.box.clientHeight === 0);
  }

  private readonly observeRect = (
    _: unknown,
    report: (rect: { width: number; height: number }) => void,
  ): (() => void) | undefined => {
    const { box } = this;
    if (!box) return;
    const look = () => {
      this.hidden = this.isHidden();
      if (!this.hidden) report({ width: box.clientWidth, height: box.clientHeight });
    };
    look();
    const observer = new ResizeObserver(() => {
      const wasHidden = this.hidden;
      look();
      if (wasHidden && !this.hidden) this.restore(box);
      if (this.followingNow.peek()) this.toEnd();
    });
    observer.observe(box);
    return () => observer.disconnect();
  };

  /** What was taken out of the page comes back scrolled to its start. */
  private restore(box: HTMLElement): void {
    box.scrollTop = this.virtual.scrollOffset ?? 0;
    this.top = box.scrollTop;
    this.measureNew();
  }

  private readonly observeOffset = (
    library: Virtualizer<HTMLElement, HTMLElement>,
    report: (offset: number, scrolling: boolean) => void,
  ): (() => void) | undefined => {
    this.report = report;
    return observeElementOffset(library, (offset, scrolling) => {
      if (this.hidden || this.isHidden()) return;
      this.noteScroll();
      report(offset, scrolling);
    });
  };

  private noteScroll(): void {
    const { box, top } = this;
    if (!box) return;
    this.top = box.scrollTop;
    if (!this.options.follow) return;
    const rest = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (box.scrollTop < top - 1 && rest > 1) this.followingNow.value = false;
    else if (box.scrollTop >= top && rest <= NEAR) this.followingNow.value = true;
  }

  private indexOf(key: string): number {
    const { rows } = this;
    if (rows.indexOf) return rows.indexOf(key);
    for (let index = rows.count - 1; index >= 0; index--) if (rows.key(index) === key) return index;
    return -1;
  }

  private findPinned({ key, index }: { key: string; index: number }) {
    const same = index < this.rows.count && this.rows.key(index) === key;
    const found = same ? index : this.indexOf(key);
    return found < 0 ? null : { key, index: found };
  }
}

const indexOfRow = (row: HTMLElement): number => Number(row.dataset.index);
