/**
 * The table of a batch: only what is seen of it is in the page, and is asked for.
 *
 * The rule: the Tab key stops once at it, on the active row; arrows, Page Up and Down, Home and End
 * move, Enter and a click open the row's execution, and close it again. A row that is not an execution yet opens
 * nothing.
 */
import { type Signal, useSignal } from "@preact/signals";
import { type ComponentChildren, createContext } from "preact";
import { useCallback, useContext, useLayoutEffect, useRef } from "preact/hooks";
import { openExecution } from "../../batch/opening.ts";
import type { BatchTable } from "../../batch/table.ts";
import { formatCost, formatDuration } from "../../format.ts";
import { keyTarget, NOTHING } from "../../list/selection.ts";
import type { BatchRow } from "../../protocol.ts";
import { select, useView, type View } from "../../view.ts";
import { StatusBadge } from "../list/status.tsx";
import { Visible } from "../text/visible.tsx";
import { useListView, VirtualList } from "../virtual.tsx";

interface LinesState {
  readonly table: BatchTable;
  /** The place that the keyboard is on. */
  readonly active: Signal<number>;
  /** It is to get the focus once it is in the page. */
  readonly wanted: { current: boolean };
}

const LinesContext = createContext<LinesState | null>(null);

/** Rows of a page of the keyboard. */
const PAGE = 10;

export function Lines({ table }: { table: BatchTable }) {
  const view = useView();
  const list = useListView();
  const active = useSignal(0);
  const wanted = useRef(false);
  const rows = table.rows.value;
  const columns = table.columns.value;
  const draw = useCallback((_: string, place: number) => <Line place={place} />, []);
  if (rows.count === 0) return null;
  const go = (place: number) => {
    active.value = place;
    wanted.current = true;
    list.scrollToIndex(place);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const places = {
      count: rows.count,
      at: String,
      indexOf: (place: string) => Number(place),
    };
    const at = { ...NOTHING, active: String(Math.min(active.peek(), rows.count - 1)) };
    const target = keyTarget(event.key, at, places, PAGE);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (target !== undefined) go(Number(target));
    else if (event.key === "Enter") open(view, table, active.peek());
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <LinesContext.Provider value={{ table, active, wanted }}>
      <div
        class="cw-batch-table"
        role="grid"
        aria-label="Rows"
        aria-rowcount={rows.count + 1}
        style={{ "--cw-cells": columns.length }}
      >
        <Titles columns={columns} />
        <VirtualList
          list={list}
          rows={rows}
          draw={draw}
          box={{ class: "cw-rows", role: "rowgroup", onKeyDown }}
        />
      </div>
    </LinesContext.Provider>
  );
}

function Titles({ columns }: { columns: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: there is nothing to press in it.
    <div role="row" class="cw-batch-row cw-batch-titles" aria-rowindex={1}>
      <Title kind="number" name="Row" />
      {columns.map((name, index) => (
        <Title key={index} kind="input" name={name} />
      ))}
      <Title kind="status" name="Status" />
      <Title kind="result" name="Result" />
      <Title kind="duration" name="Time" />
      <Title kind="cost" name="Est. cost" />
    </div>
  );
}

function Title({ kind, name }: { kind: Kind; name: string }) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the focus is on rows.
    <span role="columnheader" class={`cw-batch-cell cw-batch-${kind}`}>
      <Visible text={name} as="line" />
    </span>
  );
}

function Line({ place }: { place: number }) {
  const state = useContext(LinesContext);
  const view = useView();
  const element = useRef<HTMLDivElement>(null);
  const table = state?.table;
  useLayoutEffect(() => table?.look(place), [table, place]);
  const isActive = state?.active.value === place;
  useLayoutEffect(() => {
    if (!state?.wanted.current || !isActive) return;
    state.wanted.current = false;
    element.current?.focus({ preventScroll: true });
  });
  if (!state || !table) return null;
  const row = table.at(place).value;
  const opened = row?.executionId != null && row.executionId === view.selected.value;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the table's.
    <div
      ref={element}
      role="row"
      class={`cw-row cw-batch-row${opened ? " cw-opened" : ""}`}
      tabIndex={isActive ? 0 : -1}
      aria-rowindex={place + 2}
      aria-label={row ? `Row ${row.label ?? row.row}` : "Asking for it"}
      aria-current={opened}
      onFocusIn={() => {
        state.active.value = place;
      }}
      onClick={() => {
        state.active.value = place;
        open(view, table, place);
      }}
    >
      {row ? <Cells row={row} count={table.columns.value.length} /> : <Waiting />}
    </div>
  );
}

const Waiting = () => <Cell kind="number">…</Cell>;

function Cells({ row, count }: { row: BatchRow; count: number }) {
  const cells = Array.from({ length: count }, (_, index) => row.cells[index] ?? "");
  const { status, reason, attempts, requests, duration, costUsd } = row;
  const bad = status === "failed" || status === "killed";
  return (
    <>
      <Cell kind="number">
        <Visible text={row.label ?? String(row.row)} as="line" />
      </Cell>
      {cells.map((cell, index) => (
        <Cell key={index} kind="input" title={cell}>
          <Visible text={cell} as="line" />
        </Cell>
      ))}
      <Cell kind="status">
        <StatusBadge status={status} />
        {bad && reason && <span class="cw-meta">{reason}</span>}
        {requests > 0 && <span class="cw-tag cw-needs">Needs you</span>}
        {attempts > 1 && <span class="cw-tag">{`attempt ${attempts}`}</span>}
      </Cell>
      <Cell kind="result" bad={bad} title={row.result}>
        <Visible text={row.result} as="line" />
      </Cell>
      <Cell kind="duration">{duration === null ? "" : durationText(duration)}</Cell>
      <Cell kind="cost">{costUsd === null ? "" : formatCost(costUsd)}</Cell>
    </>
  );
}

const durationText = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);

type Kind = "number" | "input" | "status" | "result" | "duration" | "cost";

interface CellProps {
  readonly kind: Kind;
  readonly bad?: boolean;
  readonly title?: string;
  readonly children: ComponentChildren;
}

function Cell({ kind, bad = false, title, children }: CellProps) {
  const name = `cw-batch-cell cw-batch-${kind}${bad ? " cw-bad" : ""}`;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the focus is on rows.
    <span role="gridcell" class={name} title={title || undefined}>
      {children}
    </span>
  );
}

/** Shows the output of a row's latest attempt, or puts it away. */
function open(view: View, table: BatchTable, place: number): void {
  const executionId = table.at(place).peek()?.executionId;
  if (executionId == null) return;
  if (view.selected.peek() === executionId) select(view, null);
  else void openExecution(view, executionId);
}
