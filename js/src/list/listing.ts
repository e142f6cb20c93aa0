/**
 * The list of executions as one view shows it: what is chosen, selected and active.
 *
 * The rule: UI-only, one a view. It hears each change of the store once a message and passes on
 * what follows from it; rows themselves are read from the store by those who draw them.
 */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ExecutionRow } from "../protocol.ts";
import type { RowChange, Store } from "../store.ts";
import { ALL, type Choice, type Counts, ExecutionIndex, needsUser } from "./filter.ts";
import type { Rows } from "./listview.ts";
import { Selecting } from "./selecting.ts";
import type { Places } from "./selection.ts";

/** Pixels of a row of one line, and of one that has a second. */
const LINE = 37;
const LINES = 55;

export class Listing extends Selecting {
  private readonly index = new ExecutionIndex();
  private readonly choiceNow = signal(ALL);
  private readonly countsNow: Signal<Counts> = signal(this.index.counts);
  private readonly rowsNow: Signal<Rows>;
  readonly choice: ReadonlySignal<Choice> = this.choiceNow;
  readonly counts: ReadonlySignal<Counts> = this.countsNow;
  /** The shown rows; another object whenever others are shown, or elsewhere. */
  readonly rows: ReadonlySignal<Rows>;
  readonly places: Places = this.index;

  constructor(private readonly store: Store) {
    super();
    for (const id of [...store.ids.peek()].reverse()) this.take(store.row(id)?.peek());
    this.countsNow.value = this.index.counts;
    this.rowsNow = signal(this.makeRows());
    this.rows = this.rowsNow;
  }

  /** Follows the store until the returned function is called. */
  follow(): () => void {
    return this.store.onChange((changes) => batch(() => this.onChange(changes)));
  }

  choose(choice: Partial<Choice>): void {
    batch(() => {
      this.index.choose({ ...this.index.choice, ...choice });
      this.choiceNow.value = this.index.choice;
      this.forgetHidden(this.selection.peek().selected);
      this.showRows(0);
    });
  }

  protected get(executionId: string): ExecutionRow | undefined {
    return this.store.row(executionId)?.peek();
  }

  private onChange(changes: readonly RowChange[]): void {
    const { active } = this.selection.peek();
    const place = active === null ? -1 : this.index.indexOf(active);
    let moved = false;
    for (const { executionId, after } of changes) {
      moved = (after ? this.take(after) : this.index.delete(executionId)) || moved;
    }
    if (changes.some(isCounted)) this.countsNow.value = this.index.counts;
    if (!moved) return;
    this.forgetHidden(changes.map((change) => change.executionId));
    this.showRows(place);
  }

  private take(row: ExecutionRow | undefined): boolean {
    return row !== undefined && this.index.set(row);
  }

  private showRows(place: number): void {
    this.keepActive(place);
    this.rowsNow.value = this.makeRows();
  }

  private makeRows(): Rows {
    const { index, store } = this;
    return {
      count: index.count,
      key: (place) => index.at(place) ?? "",
      indexOf: (id) => index.indexOf(id),
      estimate: (place) => {
        const row = store.row(index.at(place) ?? "")?.peek();
        return row && (row.activity || row.error || row.status === "pending") ? LINES : LINE;
      },
    };
  }
}

/** Whether a change can make other counts. */
function isCounted({ before, after }: RowChange): boolean {
  if (!before || !after) return true;
  return before.status !== after.status || needsUser(before) !== needsUser(after);
}
