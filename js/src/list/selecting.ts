/**
 * A list of executions of which some are selected and one has the keyboard.
 *
 * The rule: what lists share, whatever their rows are of. Where the rows come from, and in which
 * order, each list says itself.
 */
import { type Signal, signal } from "@preact/signals";
import type { ExecutionRow } from "../protocol.ts";
import { extendTo, forget, NOTHING, type Places, type Selection, selectNone } from "./selection.ts";

export abstract class Selecting {
  readonly selection: Signal<Selection> = signal(NOTHING);
  /** The shown rows in their order, as they are now. */
  abstract readonly places: Places;

  protected abstract get(executionId: string): ExecutionRow | undefined;

  /** Selects from where it was selected last to that row. */
  extend(executionId: string): void {
    this.selection.value = extendTo(this.selection.peek(), executionId, this.places);
  }

  clearSelection(): void {
    this.selection.value = selectNone(this.selection.peek());
  }

  /** The selected executions, or the active one when none is, in the order of the list. */
  chosen(): readonly ExecutionRow[] {
    const { selected, active } = this.selection.peek();
    const ids = selected.size > 0 ? [...selected] : active === null ? [] : [active];
    return ids
      .sort((a, b) => this.places.indexOf(a) - this.places.indexOf(b))
      .map((id) => this.get(id))
      .filter((row) => row !== undefined);
  }

  /** Selects none of these that are not shown any more. */
  protected forgetHidden(ids: Iterable<string>): void {
    const hidden = [...ids].filter((id) => this.places.indexOf(id) < 0);
    this.selection.value = forget(this.selection.peek(), hidden);
  }

  /** Where the active row is gone its neighbour takes its place, which is that one. */
  protected keepActive(place: number): void {
    const { active } = this.selection.peek();
    if (active === null || this.places.indexOf(active) >= 0) return;
    const next = this.places.at(Math.min(Math.max(0, place), this.places.count - 1)) ?? null;
    this.selection.value = { ...this.selection.peek(), active: next, anchor: next };
  }
}
