/**
 * The sizes of a box and of the rows in it, as the browser has them.
 *
 * The rule: it asks and is told, and decides nothing. Rows that are new are measured all at once,
 * since each question may have the page laid out; a box that is hidden has no sizes to tell.
 */

export type Measured = readonly [row: HTMLElement, height: number];

export class Measure {
  private box: HTMLElement | null = null;
  private observer: ResizeObserver | null = null;
  private readonly fresh = new Set<HTMLElement>();

  /** Is told of rows that have other heights, and of none when it was the box. */
  constructor(private readonly onChange: (rows: readonly Measured[]) => void) {}

  start(box: HTMLElement): void {
    this.box = box;
    this.observer = new ResizeObserver((entries) => this.tell(entries));
    for (const element of [box, ...this.fresh]) this.observer.observe(element);
  }

  stop(): void {
    this.observer?.disconnect();
    this.observer = this.box = null;
    this.fresh.clear();
  }

  add(row: HTMLElement): void {
    this.fresh.add(row);
    this.observer?.observe(row);
  }

  /** Pixels of the box; 0 where it is hidden, or in a cell that was taken out of the page. */
  get height(): number {
    return this.box?.clientHeight ?? 0;
  }

  get isHidden(): boolean {
    return this.height === 0 && !this.box?.clientWidth;
  }

  /** The rows that were added since. */
  takeNew(): readonly Measured[] {
    if (this.fresh.size === 0 || this.isHidden) return [];
    const rows = [...this.fresh].filter((row) => row.isConnected);
    this.fresh.clear();
    return rows.map((row) => [row, row.getBoundingClientRect().height]);
  }

  private tell(entries: readonly ResizeObserverEntry[]): void {
    const rows: Measured[] = [];
    for (const { target, borderBoxSize } of entries) {
      if (!this.box?.contains(target)) this.observer?.unobserve(target);
      else if (target !== this.box)
        rows.push([target as HTMLElement, borderBoxSize[0]?.blockSize ?? 0]);
    }
    this.onChange(rows);
  }
}
