/**
 * The list of executions.
 *
 * The rule: a grid of which only what is seen is in the page. The Tab key stops once at it, on the
 * active row; the other keys are those of keys.ts.
 */
import type { RefObject } from "preact";
import { useCallback, useState } from "preact/hooks";
import { useView } from "../../view.ts";
import { VirtualList } from "../virtual.tsx";
import { SelectionBar } from "./bulk.tsx";
import { FilterBar } from "./filters.tsx";
import { type ListKeyboard, useListKeyboard } from "./keyboard.ts";
import { useListing } from "./listing.ts";
import { Row } from "./row.tsx";

export function ExecutionList({ search }: { search: RefObject<HTMLInputElement | null> }) {
  const { store } = useView().app;
  const listing = useListing();
  const keyboard = useListKeyboard();
  const known = store.welcome.value !== null;
  const { all } = listing.counts.value;
  const { count } = listing.rows.value;
  return (
    <div class="cw-list" role="region" aria-label="Executions">
      {all > 0 && <FilterBar search={search} onLeave={keyboard.enter} />}
      <SelectionBar />
      {all === 0 && <p class="cw-empty">{known ? "No executions yet." : "Asking the kernel…"}</p>}
      {all > 0 && count === 0 && <NoMatch />}
      {count > 0 && <Rows keyboard={keyboard} />}
    </div>
  );
}

function NoMatch() {
  const listing = useListing();
  const showAll = () => listing.choose({ filter: "all", search: "" });
  return (
    <p class="cw-empty">
      No execution matches.{" "}
      <button type="button" class="cw-link" onClick={showAll}>
        Show all
      </button>
    </p>
  );
}

function Rows({ keyboard }: { keyboard: ListKeyboard }) {
  const rows = useListing().rows.value;
  const [within, setWithin] = useState(false);
  const { wanted } = keyboard;
  const draw = useCallback(
    (id: string, index: number) => <Row executionId={id} index={index} wanted={wanted} />,
    [wanted],
  );
  return (
    <div
      class="cw-list-body"
      ref={keyboard.place}
      onFocusIn={(event) => {
        setWithin(true);
        keyboard.onFocusIn(event);
      }}
      onFocusOut={(event) => {
        const next = event.relatedTarget;
        if (next instanceof Node && !event.currentTarget.contains(next)) setWithin(false);
      }}
    >
      <VirtualList
        list={keyboard.list}
        rows={rows}
        draw={draw}
        box={{
          class: "cw-rows",
          role: "grid",
          "aria-label": "Executions",
          "aria-rowcount": rows.count,
          "aria-multiselectable": true,
          // One stop: the grid hands the focus on to its active row.
          tabIndex: within ? -1 : 0,
          onFocus: (event) => {
            if (event.target === event.currentTarget) keyboard.enter();
          },
          onKeyDown: keyboard.onKeyDown,
          // Shift and a click selects rows, not their text.
          onMouseDown: (event) => {
            if (event.shiftKey) event.preventDefault();
          },
          onClick: keyboard.onClick,
        }}
      />
    </div>
  );
}
