/**
 * The Kill button of one execution.
 *
 * The rule: it answers to its own click only, at once with "Killing…", and is there only while
 * there is something to kill. While it cannot be pressed it keeps the focus.
 */
import { useComputed } from "@preact/signals";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";

export interface KillButtonProps {
  readonly row: ExecutionRow;
  /** -1 to leave it out of the way of the Tab key. */
  readonly tabIndex?: number;
}

export function KillButton({ row, tabIndex = 0 }: KillButtonProps) {
  const { app } = useView();
  const killing = useComputed(() => app.ui.killing.value.has(row.executionId)).value;
  if (isEnded(row.status)) return null;
  const idle = killing || app.connection.state.value === "disconnected";
  return (
    <button
      type="button"
      class="cw-button cw-danger"
      tabIndex={tabIndex}
      aria-disabled={idle}
      onClick={() => {
        if (!idle) void app.kill(row.executionId);
      }}
    >
      {killing ? "Killing…" : "Kill"}
    </button>
  );
}

export function KillProblem({ row }: { row: ExecutionRow }) {
  const { ui } = useView().app;
  const problem = useComputed(() => ui.killProblems.value.get(row.executionId)).value;
  return problem && !isEnded(row.status) ? <ProblemAlert problem={problem} /> : null;
}
