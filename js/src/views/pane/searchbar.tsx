/**
 * The search of one transcript: a field, how many matches there are, and the way between them.
 *
 * The rule: it searches as one types; Enter is the next match, Shift+Enter the one before, Escape
 * ends it. What is found is marked on the page whenever that changes, before it is painted.
 */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { useView } from "../../view.ts";
import type { Finder } from "./finder.ts";
import { Highlights } from "./highlights.ts";
import { OPEN } from "./kept.tsx";
import type { Transcript } from "./transcript.ts";

const TYPED = 150;

export function SearchBar({ transcript }: { transcript: Transcript }) {
  const { finder } = transcript;
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const begun = finder.begun.value;
  useEffect(() => {
    if (begun === 0) return;
    field.current?.focus();
    field.current?.select();
  }, [begun]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onInput = (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => finder.search(value), TYPED);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") finder.close();
    else if (event.key === "Enter") finder.step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="cw-search" role="search" onKeyDown={onKeyDown}>
      <input
        ref={field}
        type="search"
        aria-label="Search the output"
        placeholder="Search the output"
        defaultValue={finder.query.peek()}
        onInput={onInput}
      />
      <span class="cw-meta cw-search-count" role="status">
        {told(finder)}
      </span>
      <button type="button" class="cw-button" title="Shift+Enter" onClick={() => finder.step(-1)}>
        Previous
      </button>
      <button type="button" class="cw-button" title="Enter" onClick={() => finder.step(1)}>
        Next
      </button>
      <button type="button" class="cw-button" title="Escape" onClick={() => finder.close()}>
        Close
      </button>
    </div>
  );
}

function told(finder: Finder): string {
  const { total, done } = finder.results.value;
  if (finder.query.value.trim() === "") return "";
  if (!done) return "Searching…";
  if (total === 0) return "No match";
  const at = finder.at.value;
  return `${at < 0 ? "–" : (at + 1).toLocaleString("en")} of ${formatNumber(total)}`;
}

/** Marks what is found below `root`, and brings the current match into sight. */
export function useHighlights(transcript: Transcript, root: RefObject<HTMLElement | null>): void {
  const { ui } = useView().app;
  const highlights = useRef(new Highlights());
  const shown = useRef("");
  const { finder, list } = transcript;
  const current = finder.current();
  void finder.results.value;
  void list.changed.value;
  const mark = () => {
    const { wanted } = finder;
    if (!wanted || !root.current) return highlights.current.clear();
    const row = current && transcript.rowNameOf(current.found.executionId, current.found.key);
    const place = current && row ? { row, nth: current.nth } : null;
    const range = highlights.current.show(root.current, wanted, place);
    const name = place ? `${place.row} ${place.nth}` : "";
    if (name === shown.current || (place && !isDrawn(root.current, place.row))) return;
    shown.current = name;
    if (range) bringIntoSight(range, root.current);
    // What is folded away is drawn once its block is opened, and is marked then.
    else if (current) ui.kept(`${current.found.executionId} ${row} ${OPEN}`, false).value = true;
  };
  // Once the list in it has drawn the same change, which still is before anything is painted.
  useLayoutEffect(() => queueMicrotask(mark));
  useEffect(() => () => highlights.current.clear(), []);
}

const isDrawn = (root: HTMLElement, row: string): boolean =>
  [...root.querySelectorAll<HTMLElement>("[data-key]")].some((one) => one.dataset.key === row);

function bringIntoSight(range: Range, root: HTMLElement): void {
  let above: HTMLElement | null = range.startContainer.parentElement;
  for (; above && above !== root; above = above.parentElement) {
    if (above instanceof HTMLDetailsElement) above.open = true;
  }
  const box = root.querySelector<HTMLElement>(".cw-scroll");
  const [around, place] = [box?.getBoundingClientRect(), range.getBoundingClientRect()];
  if (!box || !around || place.height === 0) return;
  if (place.top >= around.top && place.bottom <= around.bottom) return;
  box.scrollTop += place.top - around.top - around.height / 3;
}
