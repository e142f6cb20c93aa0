/**
 * The list of executions, newest first.
 *
 * The rule: each row reads its own signal, so that one change draws one row.
 */
import { formatCost, formatCount } from "../format.ts";
import type { ExecutionRow } from "../protocol.ts";
import { isEnded } from "../store.ts";
import { select, useView } from "../view.ts";
import { KillButton, KillProblem } from "./kill.tsx";
import { Duration, StatusBadge } from "./status.tsx";

export function ExecutionList() {
  const { store } = useView().app;
  const ids = store.ids.value;
  const known = store.welcome.value !== null;
  return (
    <div class="cw-list" role="region" aria-label="Executions">
      <h3 class="cw-title">
        Executions {ids.length > 0 && <span class="cw-meta">{ids.length}</span>}
      </h3>
      {ids.length === 0 && (
        <p class="cw-empty">{known ? "No executions yet." : "Asking the kernel…"}</p>
      )}
      <div role="list" class="cw-rows">
        {ids.map((id) => (
          <Row key={id} executionId={id} />
        ))}
      </div>
    </div>
  );
}

function Row({ executionId }: { executionId: string }) {
  const view = useView();
  const row = view.app.store.row(executionId)?.value;
  if (!row) return null;
  const selected = view.selected.value === executionId;
  const title = row.query.trim() || "(no query)";
  return (
    <div
      role="listitem"
      class={selected ? "cw-row cw-selected" : "cw-row"}
      aria-label={row.name ? `${row.name}: ${title}` : title}
      aria-current={selected}
    >
      <div class="cw-row-head">
        <StatusBadge status={row.status} />
        <Duration row={row} />
        {row.recorded && <span class="cw-tag">recorded</span>}
        <span class="cw-buttons">
          <KillButton row={row} />
          <button
            type="button"
            class="cw-button"
            aria-pressed={selected}
            onClick={() => select(view, executionId)}
          >
            View
          </button>
        </span>
      </div>
      <div class="cw-query">
        {row.name && <b class="cw-name">{row.name}</b>}
        {title}
      </div>
      <QueuePlace row={row} />
      <RowFigures row={row} />
      <RowActivity row={row} />
      <KillProblem row={row} />
    </div>
  );
}

function QueuePlace({ row }: { row: ExecutionRow }) {
  const place = useView().app.store.places.value.get(row.executionId);
  if (row.status !== "pending") return null;
  const text = row.held ? "held: its kernel is gone" : place && `place ${place} in the queue`;
  return text ? <div class="cw-activity">{text}</div> : null;
}

export function RowFigures({ row }: { row: ExecutionRow }) {
  const figures = [
    row.model,
    row.costUsd !== null && formatCost(row.costUsd),
    row.numTurns !== null && formatCount(row.numTurns, "turn"),
    row.toolCount > 0 && formatCount(row.toolCount, "tool call"),
    row.denialCount > 0 && formatCount(row.denialCount, "denial"),
  ].filter(Boolean);
  return figures.length > 0 ? <div class="cw-meta">{figures.join(" · ")}</div> : null;
}

/** What it does, or once it has ended, why. */
export function RowActivity({ row }: { row: ExecutionRow }) {
  if (!isEnded(row.status)) {
    return row.activity ? <div class="cw-activity">{row.activity}</div> : null;
  }
  const telling = row.reason !== null && row.reason !== "success" ? REASONS[row.reason] : "";
  if (!telling && (!row.error || row.status === "completed")) return null;
  return (
    <div class={row.status === "failed" ? "cw-reason cw-bad" : "cw-reason"}>
      {[telling, row.status === "completed" ? "" : row.error].filter(Boolean).join(": ")}
    </div>
  );
}

const REASONS: Readonly<Record<NonNullable<ExecutionRow["reason"]>, string>> = {
  success: "",
  denied: "Some tool calls were denied",
  interrupted: "Interrupted",
  api_error: "API error",
  rate_limit: "Rate limit",
  authentication: "Not logged in",
  budget: "Budget spent",
  max_turns: "Turn limit reached",
  schema: "Result does not fit its schema",
  startup: "Could not start",
  dependency: "An execution that it waits for did not complete",
  lost: "Lost: its supervisor is gone",
  crashed: "Crashed",
  timeout: "Time limit reached",
  idle: "Silent for too long",
  memory: "Memory limit reached",
  cpu: "CPU limit reached",
  processes: "Process limit reached",
  disk: "Disk limit reached",
  user: "Killed by the user",
  batch: "Killed with its batch",
  budget_scope: "Killed by a budget",
  close: "Killed when the manager was closed",
  sweep: "Killed as a left-over",
};
