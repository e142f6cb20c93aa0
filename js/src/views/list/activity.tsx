/**
 * What an execution does, or once it has ended, why.
 *
 * The rule: one line of words; nothing for one that simply completed. Hidden characters
 * are shown as such; a new line is ordinary in an error.
 */

import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { errorText } from "../../tools/errortext.ts";
import { Visible } from "../text/visible.tsx";

export function RowActivity({ row }: { row: ExecutionRow }) {
  if (!isEnded(row.status)) {
    if (!row.activity) return null;
    return (
      <div class="cw-activity">
        <Visible text={row.activity} />
      </div>
    );
  }
  const telling = row.reason !== null && row.reason !== "success" ? REASONS[row.reason] : "";
  if (!telling && (!row.error || row.status === "completed")) return null;
  const words = [telling, row.status === "completed" ? "" : row.error].filter(Boolean).join(": ");
  return (
    <div class={row.status === "failed" ? "cw-reason cw-bad" : "cw-reason"}>
      <Visible text={errorText(words)} />
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
