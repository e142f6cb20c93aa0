/**
 * One row of the list: status, query, duration and cost in a line, and a second one for what it
 * does or what went wrong.
 *
 * The rule: it reads its own signals only, so that one change draws one row. Its name is the
 * query's, and the rest describes it.
 */
import { formatCost, formatCount, LIST_PRICES } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { select, useFieldId, useView } from "../../view.ts";
import { Fetched } from "../fetched.tsx";
import { RowActivity } from "./activity.tsx";
import { Cell, GridRow, type RowProps, type RowState } from "./grid.tsx";
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
          <RowText row={row} id={id} tabIndex={tabIndex} />
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

interface RowTextProps extends Pick<RowState, "tabIndex"> {
  readonly row: ExecutionRow;
  readonly id: string;
}

function RowText({ row, id, tabIndex }: RowTextProps) {
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
      {row.status === "pending" && (
        <Fetched quiet draw={({ QueuePlace }) => <QueuePlace row={row} tabIndex={tabIndex} />} />
      )}
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

export const figuresOf = (row: ExecutionRow): string =>
  [
    row.model,
    row.numTurns !== null && formatCount(row.numTurns, "turn"),
    row.toolCount > 0 && formatCount(row.toolCount, "tool call"),
    row.denialCount > 0 && formatCount(row.denialCount, "denial"),
    isEnded(row.status) && usedText(row),
    row.recorded && "cost as recorded",
    row.costUsd !== null && `cost: ${LIST_PRICES}`,
  ]
    .filter(Boolean)
    .join(" · ");
