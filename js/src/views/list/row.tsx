/**
 * One row of the list: status, query, duration and cost in a line, and a second one for what it
 * does or what went wrong.
 *
 * The rule: it reads its own signals only, so that one change draws one row. Its name is the
 * query's, and the rest describes it.
 */
import { useComputed } from "@preact/signals";
import { formatCost, formatCount } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { select, useFieldId, useView } from "../../view.ts";
import { RowActivity } from "./activity.tsx";
import { Cell, GridRow, type RowProps } from "./grid.tsx";
import { KillButton, KillProblem } from "./kill.tsx";
import { useListing } from "./listing.ts";
import { OriginMarks } from "./origin.tsx";
import { Duration, StatusBadge } from "./status.tsx";
import { UsageNow, usedText } from "./usage.tsx";

export function Row(props: RowProps) {
  const { executionId } = props;
  const view = useView();
  const listing = useListing();
  const id = useFieldId();
  const row = view.app.store.row(executionId)?.value;
  if (!row) return null;
  return (
    <GridRow {...props} listing={listing} label={nameOf(row)} describedBy={id}>
      {({ opened, tabIndex }) => (
        <>
          <RowText row={row} id={id} />
          <Cell class="cw-figures">
            <UsageNow row={row} />
            <Duration row={row} />
            {row.costUsd !== null && <span title={figuresOf(row)}>{formatCost(row.costUsd)}</span>}
          </Cell>
          <Cell class="cw-buttons">
            <KillButton row={row} tabIndex={tabIndex} />
            <button
              type="button"
              class="cw-button"
              tabIndex={tabIndex}
              aria-pressed={opened}
              onClick={() => select(view, executionId)}
            >
              View
            </button>
          </Cell>
        </>
      )}
    </GridRow>
  );
}

export const titleOf = (row: ExecutionRow): string => row.query.trim() || "(no query)";

export function nameOf(row: ExecutionRow): string {
  return row.name ? `${row.name}: ${titleOf(row)}` : titleOf(row);
}

function RowText({ row, id }: { row: ExecutionRow; id: string }) {
  return (
    <Cell class="cw-row-text">
      <div class="cw-row-line">
        <span class="cw-marks" id={id}>
          <StatusBadge status={row.status} compact />
          <Marks row={row} />
        </span>
        <span class="cw-title-text" title={titleOf(row)}>
          {row.name && <b class="cw-name">{row.name}</b>}
          {titleOf(row)}
        </span>
      </div>
      <QueuePlace row={row} />
      <RowActivity row={row} />
      <KillProblem row={row} />
    </Cell>
  );
}

function Marks({ row }: { row: ExecutionRow }) {
  const more = row.requestCount > 1 ? ` (${row.requestCount})` : "";
  return (
    <>
      {row.requestCount > 0 && <span class="cw-tag cw-needs">{`Needs you${more}`}</span>}
      {row.awaitsInput && <span class="cw-tag">waits for input</span>}
      <OriginMarks row={row} />
    </>
  );
}

function QueuePlace({ row }: { row: ExecutionRow }) {
  const { store } = useView().app;
  const pending = row.status === "pending";
  const place = useComputed(() => store.places.value.get(row.executionId));
  if (!pending) return null;
  const text = row.held
    ? "held: its kernel is gone"
    : place.value && `place ${place.value} in the queue`;
  return text ? <div class="cw-activity">{text}</div> : null;
}

export const figuresOf = (row: ExecutionRow): string =>
  [
    row.model,
    row.numTurns !== null && formatCount(row.numTurns, "turn"),
    row.toolCount > 0 && formatCount(row.toolCount, "tool call"),
    row.denialCount > 0 && formatCount(row.denialCount, "denial"),
    isEnded(row.status) && usedText(row),
    row.recorded && "cost as recorded",
  ]
    .filter(Boolean)
    .join(" · ");
