/**
 * The rows of a batch, as one view asks for them and shows them.
 *
 * The rule: of ten thousand rows only those are asked for that are on the page, and again only once
 * they may be others; one request is under way at a time, and at most two go out in a second while
 * a batch runs. A place is where a row stands in what is shown, not its number in the input.
 */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { App } from "../app.ts";
import type { Rows } from "../list/listview.ts";
import { type Problem, problemOf } from "../problem.ts";
import type { BatchRow, BatchRowsAnswer, GetBatchRows } from "../protocol.ts";
import { knownOf } from "./figures.ts";

export type BatchFilter = NonNullable<GetBatchRows["filter"]>;
export type BatchSort = NonNullable<GetBatchRows["sort"]>;
type Reason = NonNullable<GetBatchRows["reason"]>;

export interface BatchChoice {
  readonly filter: BatchFilter;
  readonly reason: Reason | null;
  readonly sort: BatchSort;
  readonly descending: boolean;
}

export const ALL_ROWS: BatchChoice = {
  filter: "all",
  reason: null,
  sort: "row",
  descending: false,
};

/** Rows of one request. */
const MOST = 200;
const PAGE = 50;
/** Milliseconds between two requests for what was there before; of what is new, after a scroll. */
const AGAIN = 500;
const SOON = 20;
/** Places that are farther apart are asked for apart. */
const NEAR = 20;
/** Pixels of a row, until it was measured. */
const HEIGHT = 32;

/** The kernel leaves out of a row what is null. */
const NOTHING_KNOWN = {
  label: null,
  reason: null,
  costUsd: null,
  duration: null,
  executionId: null,
} as const;

interface Known {
  readonly row: Signal<BatchRow | null>;
  /** Of the batch, when it was asked for; less than any for what was never heard of. */
  revision: number;
}

export class BatchTable {
  private readonly known = new Map<number, Known>();
  private readonly seen = new Map<number, number>();
  private readonly rowsNow: Signal<Rows>;
  private readonly choiceNow = signal(ALL_ROWS);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = 0;
  private asking = false;
  private askedAt = 0;
  /** Counts the choices: what was asked for an earlier one is not shown. */
  private generation = 0;
  /** Of the batch, when the number of rows was heard of. */
  private counted = -1;
  readonly choice: ReadonlySignal<BatchChoice> = this.choiceNow;
  /** Another object whenever there are more or fewer, or others. */
  readonly rows: ReadonlySignal<Rows>;
  /** How many there are of what is shown; null until that is known. */
  readonly total = signal<number | null>(null);
  readonly columns = signal<readonly string[]>([]);
  readonly problem = signal<Problem | null>(null);

  constructor(private readonly app: App) {
    const progress = app.batch.peek();
    this.rowsNow = signal(rowsOf(progress ? knownOf(progress) : 0, 0));
    this.rows = this.rowsNow;
  }

  /** Asks, and follows the batch until the returned function is called. */
  follow(): () => void {
    const stop = this.app.batch.subscribe(() => this.plan());
    const unwatch = this.app.connection.state.subscribe((state) => {
      if (state === "connected" && this.problem.peek()) this.renew();
    });
    return () => {
      stop();
      unwatch();
      clearTimeout(this.timer);
      this.timer = undefined;
    };
  }

  /** The row at a place; null until it was heard of. */
  at(place: number): ReadonlySignal<BatchRow | null> {
    return this.entry(place).row;
  }

  /** It is on the page until the returned function is called. */
  look(place: number): () => void {
    this.seen.set(place, (this.seen.get(place) ?? 0) + 1);
    this.plan();
    return () => {
      const left = (this.seen.get(place) ?? 1) - 1;
      if (left > 0) this.seen.set(place, left);
      else this.seen.delete(place);
    };
  }

  choose(choice: Partial<BatchChoice>): void {
    batch(() => {
      this.choiceNow.value = { ...this.choiceNow.peek(), ...choice };
      this.generation += 1;
      for (const known of this.known.values()) known.row.value = null;
      this.total.value = null;
    });
    this.renew();
  }

  private renew(): void {
    this.counted = -1;
    for (const known of this.known.values()) known.revision = -1;
    this.plan();
  }

  private entry(place: number): Known {
    let known = this.known.get(place);
    if (!known) {
      known = { row: signal<BatchRow | null>(null), revision: -1 };
      this.known.set(place, known);
    }
    return known;
  }

  private get revision(): number {
    return this.app.batch.peek()?.revision ?? 0;
  }

  /** Has the next request go out when it may. */
  private plan(): void {
    if (this.asking || !this.isStale()) return;
    const fresh =
      this.counted < 0 || [...this.seen.keys()].some((at) => this.entry(at).revision < 0);
    const now = Date.now();
    const due = fresh ? now + SOON : Math.max(now + SOON, this.askedAt + AGAIN);
    if (this.timer !== undefined && this.due <= due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.ask();
    }, due - now);
  }

  private isStale(): boolean {
    return this.counted < this.revision || this.stale().length > 0;
  }

  private stale(): number[] {
    const { revision } = this;
    const { count } = this.rowsNow.peek();
    const places = [...this.seen.keys()].filter(
      (place) => place < count && this.entry(place).revision < revision,
    );
    return places.sort((a, b) => a - b);
  }

  /** The first rows that lie together, of those that are to be asked for. */
  private wanted(): { offset: number; limit: number } {
    const [first = 0, ...others] = this.stale();
    let last = first;
    for (const place of others) {
      if (place - last > NEAR || place - first >= MOST) break;
      last = place;
    }
    const limit = this.seen.size > 0 ? last - first + 1 : PAGE;
    return { offset: first, limit: this.total.peek() === null ? Math.max(limit, PAGE) : limit };
  }

  private async ask(): Promise<void> {
    const progress = this.app.batch.peek();
    if (!progress) return;
    const { generation, revision } = this;
    const { filter, reason, sort, descending } = this.choiceNow.peek();
    const asked = { filter, sort, descending, ...(reason && { reason }), ...this.wanted() };
    this.asking = true;
    this.askedAt = Date.now();
    try {
      const { batchId } = progress;
      const type = "claude:get-batch-rows";
      const answer = await this.app.connection.request({ type, batchId, ...asked });
      if (answer.type === type && generation === this.generation) this.take(answer, revision);
    } catch (error) {
      this.problem.value = problemOf(error);
      this.counted = revision; // it is asked again once there is news, or the kernel is back
      for (const place of this.seen.keys()) this.entry(place).revision = revision;
    }
    this.asking = false;
    this.plan();
  }

  private take({ offset, total, rows, columns }: BatchRowsAnswer, revision: number): void {
    batch(() => {
      this.problem.value = null;
      if (columns.length > 0) this.columns.value = columns;
      rows.forEach((row, index) => {
        const known = this.entry(offset + index);
        known.row.value = { ...NOTHING_KNOWN, ...row };
        known.revision = revision;
      });
      this.counted = revision;
      this.total.value = total;
      if (total !== this.rowsNow.peek().count) this.rowsNow.value = rowsOf(total, this.generation);
      this.forget(total);
    });
  }

  /** What is far from the page is asked for again, should somebody come back to it. */
  private forget(total: number): void {
    for (const place of this.known.keys()) {
      if (place >= total || (this.known.size > 4 * MOST && !this.seen.has(place))) {
        this.known.delete(place);
      }
    }
  }
}

function rowsOf(count: number, generation: number): Rows {
  return {
    count,
    key: (place) => `${generation} ${place}`,
    indexOf: (key) => {
      const [of, place] = key.split(" ");
      return Number(of) === generation && Number(place) < count ? Number(place) : -1;
    },
    estimate: () => HEIGHT,
  };
}
