/**
 * A list of executions as a grid of which only what is seen is in the page.
 *
 * The rule: the Tab key stops once at it, on the active row; the other keys are those of keys.ts.
 * What a row shows is its drawer's.
 */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Rows } from "../../list/listview.ts";
import type { Selecting } from "../../list/selecting.ts";
import { useView } from "../../view.ts";
import { VirtualList } from "../virtual.tsx";
import type { ListKeyboard } from "./keyboard.ts";

export interface RowProps {
  readonly executionId: string;
  readonly index: number;
  /** The row that is to get the focus once it is in the page. */
  readonly wanted: { current: string | null };
}

interface ListGridProps {
  readonly label: string;
  readonly rows: Rows;
  readonly keyboard: ListKeyboard;
  /** The same one for as long as it draws the same. */
  readonly row: (props: RowProps) => ComponentChildren;
}

export function ListGrid({ label, rows, keyboard, row: Row }: ListGridProps) {
  const [within, setWithin] = useState(false);
  const { wanted } = keyboard;
  const draw = useCallback(
    (id: string, index: number) => <Row executionId={id} index={index} wanted={wanted} />,
    [Row, wanted],
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
          "aria-label": label,
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

interface GridRowProps extends RowProps {
  readonly listing: Selecting;
  readonly label: string;
  /** Id of what describes it. */
  readonly describedBy: string;
  readonly children: (state: RowState) => ComponentChildren;
}

export interface RowState {
  readonly active: boolean;
  /** Its output is shown. */
  readonly opened: boolean;
  /** Of what can be focused in it. */
  readonly tabIndex: 0 | -1;
}

export function GridRow(props: GridRowProps) {
  const { executionId, index, wanted, listing, label, describedBy, children } = props;
  const view = useView();
  const element = useRef<HTMLDivElement>(null);
  const opened = useComputed(() => view.selected.value === executionId).value;
  const selected = useComputed(() => listing.selection.value.selected.has(executionId)).value;
  const active = useComputed(() => listing.selection.value.active === executionId).value;
  useLayoutEffect(() => {
    if (!active || wanted.current !== executionId) return;
    wanted.current = null;
    element.current?.focus();
  }, [active, executionId, wanted]);
  const tabIndex = active ? 0 : -1;
  return (
    <div
      ref={element}
      role="row"
      class={`cw-row${opened ? " cw-opened" : ""}`}
      data-execution={executionId}
      tabIndex={tabIndex}
      aria-label={label}
      aria-describedby={describedBy}
      aria-rowindex={index + 1}
      aria-selected={selected}
      aria-current={opened}
    >
      {children({ active, opened, tabIndex })}
    </div>
  );
}

export function Cell({ class: name, children }: { class: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the focus is on rows, and on what is in a cell.
    <div role="gridcell" class={name}>
      {children}
    </div>
  );
}
