/**
 * The keys and clicks of the list.
 *
 * The rule: they move, select, open and ask; nothing is killed or started by a key alone. Where a
 * row is not in the page yet it gets the focus as soon as it is.
 */
import { createRef, type RefObject } from "preact";
import { useState } from "preact/hooks";
import type { ListView } from "../../list/listview.ts";
import type { Selecting } from "../../list/selecting.ts";
import { keyTarget, moveTo, selectAll, toggle } from "../../list/selection.ts";
import { useListView } from "../virtual.tsx";

/** Rows of a page that has no height yet. */
const PAGE = 10;

export interface ListKeys {
  readonly open: (executionId: string) => void;
  /** Asks for what a further key means, about what is chosen; whether it means something. */
  readonly act: (key: string) => boolean;
}

export class ListKeyboard {
  /** The row that is to get the focus once it is in the page. */
  readonly wanted: { current: string | null } = { current: null };
  /** What the rows are in. */
  readonly place: RefObject<HTMLDivElement | null> = createRef();

  constructor(
    readonly list: ListView,
    private readonly listing: Selecting,
    private readonly keys: ListKeys,
  ) {}

  /** Gives the focus to the active row. */
  readonly enter = (): void => {
    const { selection, places } = this.listing;
    const { active } = selection.peek();
    const known = active !== null && places.indexOf(active) >= 0;
    const target = known ? active : places.at(0);
    if (target === undefined) return;
    if (!known) selection.value = moveTo(selection.peek(), target);
    this.focus(target);
  };

  readonly onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey) return;
    const combined = event.ctrlKey || event.metaKey;
    const done = combined ? this.onCombined(event) : this.onMove(event) || this.onAct(event);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  };

  readonly onClick = (event: MouseEvent): void => {
    const id = executionOf(event.target);
    if (id === null || isControl(event.target)) return;
    const { selection } = this.listing;
    if (event.shiftKey) {
      this.listing.extend(id);
      this.focus(id);
    } else if (event.ctrlKey || event.metaKey) {
      selection.value = toggle(selection.peek(), id);
    } else {
      this.listing.clearSelection();
      selection.value = moveTo(selection.peek(), id);
      this.keys.open(id);
    }
  };

  /** The row that has the focus is the active one, however it got it. */
  readonly onFocusIn = (event: FocusEvent): void => {
    const id = executionOf(event.target);
    if (id === null) return;
    this.wanted.current = null;
    const { selection } = this.listing;
    if (selection.peek().active !== id) selection.value = moveTo(selection.peek(), id);
  };

  private onMove(event: KeyboardEvent): boolean {
    const { selection, places } = this.listing;
    const target = keyTarget(event.key, selection.peek(), places, this.page());
    if (target === undefined) return false;
    if (event.shiftKey) this.listing.extend(target);
    else selection.value = moveTo(selection.peek(), target);
    this.focus(target);
    return true;
  }

  private onAct({ key, target }: KeyboardEvent): boolean {
    const { selection } = this.listing;
    const { active, selected } = selection.peek();
    if (key === "Escape" && selected.size > 0) {
      this.listing.clearSelection();
    } else if (this.keys.act(key)) {
      return true;
    } else if (active === null || isControl(target)) {
      return false;
    } else if (key === "Enter") {
      this.keys.open(active);
    } else if (key === " ") {
      selection.value = toggle(selection.peek(), active);
    } else {
      return false;
    }
    return true;
  }

  private onCombined({ key }: KeyboardEvent): boolean {
    if (key.toLowerCase() !== "a") return false;
    const { selection, places } = this.listing;
    selection.value = selectAll(selection.peek(), places);
    return true;
  }

  private focus(executionId: string): void {
    this.wanted.current = executionId;
    this.list.scrollToKey(executionId);
    for (const row of this.place.current?.querySelectorAll<HTMLElement>("[role=row]") ?? []) {
      if (row.dataset.execution === executionId) row.focus();
    }
  }

  private page(): number {
    const box = this.place.current?.firstElementChild;
    const row = box?.querySelector("[role=row]");
    const rows = box && row ? Math.floor(box.clientHeight / row.getBoundingClientRect().height) : 0;
    return rows > 1 ? rows - 1 : PAGE;
  }
}

/** `keys` are those of the first call: what they do must not change. */
export function useListKeyboard(listing: Selecting, keys: ListKeys): ListKeyboard {
  const list = useListView();
  const [keyboard] = useState(() => new ListKeyboard(list, listing, keys));
  return keyboard;
}

const isControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("button, a, input, select, textarea") !== null;

function executionOf(target: EventTarget | null): string | null {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-execution]") : null;
  return row?.dataset.execution ?? null;
}
