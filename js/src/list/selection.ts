/**
 * Which rows of a list are selected, and on which of them the keyboard is.
 *
 * The rule: pure; a new state for each step. Moving selects nothing, selecting opens nothing. A
 * range reaches from where the last step without Shift was.
 */

/** The rows in their order. */
export interface Places {
  readonly count: number;
  at(place: number): string | undefined;
  indexOf(id: string): number;
}

export interface Selection {
  /** The row of the keyboard. */
  readonly active: string | null;
  /** Where a range begins. */
  readonly anchor: string | null;
  readonly selected: ReadonlySet<string>;
}

export const NOTHING: Selection = { active: null, anchor: null, selected: new Set() };

export const moveTo = (state: Selection, id: string): Selection => ({
  ...state,
  active: id,
  anchor: id,
});

export function toggle(state: Selection, id: string): Selection {
  const selected = new Set(state.selected);
  if (!selected.delete(id)) selected.add(id);
  return { active: id, anchor: id, selected };
}

/** Selects from the anchor to the row, and nothing else. */
export function extendTo(state: Selection, id: string, places: Places): Selection {
  const from = places.indexOf(state.anchor ?? id);
  const to = places.indexOf(id);
  if (to < 0) return state;
  const begin = from < 0 ? to : from;
  const selected = new Set<string>();
  for (let place = Math.min(begin, to); place <= Math.max(begin, to); place += 1) {
    const found = places.at(place);
    if (found !== undefined) selected.add(found);
  }
  return { active: id, anchor: state.anchor ?? id, selected };
}

export function selectAll(state: Selection, places: Places): Selection {
  const selected = new Set<string>();
  for (let place = 0; place < places.count; place += 1) {
    const found = places.at(place);
    if (found !== undefined) selected.add(found);
  }
  return { ...state, selected };
}

export const selectNone = (state: Selection): Selection => ({ ...state, selected: new Set() });

/** Rows that are shown no more are not selected either. */
export function forget(state: Selection, ids: readonly string[]): Selection {
  const gone = ids.filter((id) => state.selected.has(id));
  if (gone.length === 0) return state;
  const selected = new Set(state.selected);
  for (const id of gone) selected.delete(id);
  return { ...state, selected };
}

/** The row that a key moves to from the active one, or undefined for other keys. */
export function keyTarget(
  key: string,
  state: Selection,
  places: Places,
  page: number,
): string | undefined {
  const step = STEPS.get(key);
  if (!step || places.count === 0) return undefined;
  const at = state.active === null ? -1 : places.indexOf(state.active);
  const place = step(at, page, places.count);
  return places.at(Math.max(0, Math.min(places.count - 1, place)));
}

const STEPS = new Map<string, (at: number, page: number, count: number) => number>([
  ["ArrowDown", (at) => at + 1],
  ["ArrowUp", (at) => at - 1],
  ["PageDown", (at, page) => at + page],
  ["PageUp", (at, page) => at - page],
  ["Home", () => 0],
  ["End", (_at, _page, count) => count - 1],
]);
