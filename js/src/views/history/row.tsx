/**
 * One row of the history: what was asked, how it ended, when and where; and what can be done.
 *
 * The rule: it reads its own signals only. What can be done stands in the active row, so that the
 * others stay quiet; each of it has a key as well.
 */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { formatAge, formatCost } from "../../format.ts";
import type { Found } from "../../history/found.ts";
import type { Bulk } from "../../list/bulk.ts";
import type { HistoryRow } from "../../protocol.ts";
import { useFieldId, useView } from "../../view.ts";
import { RowActivity } from "../list/activity.tsx";
import { ActionButton } from "../list/bulk.tsx";
import { Cell, GridRow, type RowProps } from "../list/grid.tsx";
import { OriginMarks } from "../list/origin.tsx";
import { figuresOf, nameOf, titleOf } from "../list/row.tsx";
import { Duration, StatusBadge } from "../list/status.tsx";
import { Visible } from "../text/visible.tsx";

export interface HistoryState {
  readonly found: Found;
  readonly bulk: Bulk;
  readonly open: (executionId: string) => void;
  /** Opens it, and goes to where a follow-up is typed. */
  readonly resume: (executionId: string) => void;
  /** Pins it, or takes its pin away. */
  readonly pin: (executionId: string) => void;
}

export const HistoryContext = createContext<HistoryState | null>(null);

function useHistoryState(): HistoryState {
  const state = useContext(HistoryContext);
  if (!state) throw new Error("drawn outside of the history");
  return state;
}

export function HistoryRowLine(props: RowProps) {
  const { executionId } = props;
  const { found, open } = useHistoryState();
  const id = useFieldId();
  const row = found.row(executionId)?.value;
  if (!row) return null;
  return (
    <GridRow {...props} listing={found} label={nameOf(row)} describedBy={id}>
      {({ active, opened, tabIndex }) => (
        <>
          <Cell class="cw-row-text">
            <Title row={row} id={id} />
          </Cell>
          <Cell class="cw-history-where">
            <Where row={row} />
            <RowActivity row={row} />
          </Cell>
          <Cell class="cw-figures">
            <Duration row={row} />
            {row.costUsd !== null && <span title={figuresOf(row)}>{formatCost(row.costUsd)}</span>}
          </Cell>
          <Cell class="cw-buttons">
            <button
              type="button"
              class="cw-button"
              tabIndex={tabIndex}
              aria-pressed={opened}
              onClick={() => open(executionId)}
            >
              View
            </button>
          </Cell>
          {active && (
            <Cell class="cw-history-actions">
              <RowActions row={row} />
            </Cell>
          )}
        </>
      )}
    </GridRow>
  );
}

function Title({ row, id }: { row: HistoryRow; id: string }) {
  return (
    <div class="cw-row-line">
      <span class="cw-marks" id={id}>
        <StatusBadge status={row.status} compact />
        {row.pinned && <span class="cw-tag">pinned</span>}
        <OriginMarks row={row} />
      </span>
      <span class="cw-title-text" title={titleOf(row)}>
        {row.name && (
          <b class="cw-name">
            <Visible text={row.name} />
          </b>
        )}
        <Visible text={titleOf(row)} as="line" />
      </span>
    </div>
  );
}

function Where({ row }: { row: HistoryRow }) {
  const { store } = useView().app;
  const asked = row.createdTime ?? 0;
  const now = Date.now() / 1000 + store.clockOffset.value;
  const folder = row.projectPath.split("/").filter(Boolean).at(-1) ?? row.projectPath;
  return (
    <div class="cw-history-line">
      <time title={new Date(asked * 1000).toLocaleString()}>{formatAge(now - asked)}</time>
      {row.model && (
        <>
          {" · "}
          <Visible text={row.model} />
        </>
      )}
      {folder && (
        <>
          {" · "}
          <span title={row.projectPath}>
            <Visible text={folder} />
          </span>
        </>
      )}
    </div>
  );
}

function RowActions({ row }: { row: HistoryRow }) {
  const { found, bulk, resume, pin } = useHistoryState();
  const { executionId, pinned } = row;
  return (
    <>
      <ActionButton action="rerun" onPress={() => bulk.ask("rerun", [row])} />
      <button
        type="button"
        class="cw-button"
        title={pinned ? "Retention may remove it again" : "Keep it, whatever its age"}
        onClick={() => pin(executionId)}
      >
        {pinned ? "Unpin" : "Pin"}
      </button>
      {found.canResume(executionId) && (
        <button
          type="button"
          class="cw-button"
          title="Go on with its session"
          onClick={() => resume(executionId)}
        >
          Resume
        </button>
      )}
      <ActionButton action="delete" onPress={() => bulk.ask("delete", [row])} />
    </>
  );
}
