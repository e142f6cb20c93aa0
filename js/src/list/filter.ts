/**
 * Which executions are shown, in which order, and how many there are of each kind.
 *
 * The rule: pure, and kept up to date by single changes: one row that changes costs a search in
 * what is sorted already, never a pass over all rows. Only another choice (filter, words, order)
 * looks at every row. Knows nothing of signals or pages.
 */
import type { ExecutionRow, ExecutionStatus } from "../protocol.ts";

export const FILTERS = ["all", "needs", "running", "queued", "failed", "done"] as const;
export type Filter = (typeof FILTERS)[number];

export const ORDERS = ["newest", "status", "queue", "cost", "duration"] as const;
export type Order = (typeof ORDERS)[number];

export interface Choice {
  readonly filter: Filter;
  readonly order: Order;
  /** Each word must be found; none for all. */
  readonly search: string;
}

export const ALL: Choice = { filter: "all", order: "newest", search: "" };

export type Counts = Readonly<Record<Filter, number>>;

/** Done is what ended and did not fail: each row is one of the four. */
const KINDS: Readonly<Record<ExecutionStatus, "running" | "queued" | "failed" | "done">> = {
  pending: "queued",
  running: "running",
  completed: "done",
  failed: "failed",
  killed: "done",
};

export const needsUser = (row: ExecutionRow): boolean => row.requestCount > 0;

function belongs(row: ExecutionRow, filter: Filter): boolean {
  if (filter === "all") return true;
  return filter === "needs" ? needsUser(row) : KINDS[row.status] === filter;
}

/** Higher is earlier; of equals the one that was made later. */
function rankOf(row: ExecutionRow, order: Order): number {
  switch (order) {
    case "newest":
      return 0;
    case "status":
      return needsUser(row) ? 10 : row.awaitsInput ? 9 : STATUS_RANKS[row.status];
    case "queue":
      return row.status === "pending" ? row.priority : Number.NEGATIVE_INFINITY;
    case "cost":
      return row.costUsd ?? -1;
    case "duration":
      return durationRank(row);
  }
}

/** Of equals in the queue the one that starts first; those that another kernel starts have no rank. */
function startOf(row: ExecutionRow, order: Order): number {
  if (order !== "queue" || row.status !== "pending") return 0;
  return row.queueRank ?? row.createdTime ?? 0;
}

const STATUS_RANKS: Readonly<Record<ExecutionStatus, number>> = {
  running: 5,
  pending: 4,
  failed: 3,
  killed: 2,
  completed: 1,
};

/** What runs comes first, the earliest start before others: it is still getting longer. */
function durationRank({ startTime, endTime }: ExecutionRow): number {
  if (startTime === null) return -1;
  return endTime === null ? Number.MAX_SAFE_INTEGER - startTime : endTime - startTime;
}

interface Entry {
  row: ExecutionRow;
  /** What is searched, of `row`. */
  text: string;
  /** Of two made at once the one that was heard of later comes first. */
  readonly number: number;
  rank: number;
  start: number;
  shown: boolean;
}

export class ExecutionIndex {
  private readonly entries = new Map<string, Entry>();
  private readonly shown: Entry[] = [];
  private readonly countsNow: Record<Filter, number> = {
    all: 0,
    needs: 0,
    running: 0,
    queued: 0,
    failed: 0,
    done: 0,
  };
  private choiceNow = ALL;
  private words: readonly string[] = [];
  private heard = 0;

  get choice(): Choice {
    return this.choiceNow;
  }
  /** Of all executions, whatever is searched for. */
  get counts(): Counts {
    return { ...this.countsNow };
  }
  /** How many are shown. */
  get count(): number {
    return this.shown.length;
  }

  /** The execution at a place among the shown ones. */
  at(place: number): string | undefined {
    return this.shown[place]?.row.executionId;
  }

  /** The place of an execution among the shown ones, or -1. */
  indexOf(executionId: string): number {
    const entry = this.entries.get(executionId);
    return entry?.shown ? this.placeOf(entry) : -1;
  }

  /** Takes in a row that is new or changed; tells whether other rows are shown, or elsewhere. */
  set(row: ExecutionRow): boolean {
    const entry = this.entries.get(row.executionId) ?? this.enter(row);
    this.tally(entry.row, -1);
    this.tally(row, 1);
    const rank = rankOf(row, this.choiceNow.order);
    const start = startOf(row, this.choiceNow.order);
    const before = entry.row;
    const text = sameText(before, row) ? entry.text : textOf(row);
    const shown = belongs(row, this.choiceNow.filter) && this.found(text);
    const placed = rank !== entry.rank || start !== entry.start;
    const moved = placed || row.createdTime !== before.createdTime;
    const changed = shown !== entry.shown || (shown && moved);
    if (entry.shown && changed) this.shown.splice(this.placeOf(entry), 1);
    Object.assign(entry, { row, text, rank, start, shown });
    if (shown && changed) this.shown.splice(this.placeOf(entry), 0, entry);
    return changed;
  }

  delete(executionId: string): boolean {
    const entry = this.entries.get(executionId);
    if (!entry) return false;
    this.tally(entry.row, -1);
    this.entries.delete(executionId);
    if (entry.shown) this.shown.splice(this.placeOf(entry), 1);
    return entry.shown;
  }

  /** Another choice: looks at every row once. */
  choose(choice: Choice): void {
    this.choiceNow = choice;
    this.words = choice.search.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown.length = 0;
    for (const entry of this.entries.values()) {
      entry.rank = rankOf(entry.row, choice.order);
      entry.start = startOf(entry.row, choice.order);
      entry.shown = belongs(entry.row, choice.filter) && this.found(entry.text);
      if (entry.shown) this.shown.push(entry);
    }
    this.shown.sort(compare);
  }

  private enter(row: ExecutionRow): Entry {
    this.heard += 1;
    const entry = { row, text: textOf(row), number: this.heard, rank: 0, start: 0, shown: false };
    this.entries.set(row.executionId, entry);
    this.tally(row, 1);
    return entry;
  }

  private tally(row: ExecutionRow, by: number): void {
    this.countsNow.all += by;
    this.countsNow[KINDS[row.status]] += by;
    if (needsUser(row)) this.countsNow.needs += by;
  }

  private found(text: string): boolean {
    return this.words.every((word) => text.includes(word));
  }

  /** Where it is, or would come to stand: found by halves. */
  private placeOf(entry: Entry): number {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.shown[middle];
      if (other && compare(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: Entry, b: Entry): number {
  return (
    b.rank - a.rank ||
    a.start - b.start ||
    (b.row.createdTime ?? 0) - (a.row.createdTime ?? 0) ||
    b.number - a.number
  );
}

const SEARCHED = ["query", "name", "projectPath", "executionId", "model", "error"] as const;

const textOf = (row: ExecutionRow): string =>
  SEARCHED.map((field) => row[field] ?? "")
    .join("\n")
    .toLowerCase();

const sameText = (a: ExecutionRow, b: ExecutionRow): boolean =>
  SEARCHED.every((field) => a[field] === b[field]);
