/**
 * The Kill button of one execution.
 *
 * The rule: it answers to its own click only, at once with "Killing…", and is there only while
 * there is something to kill.
 */
import type { ExecutionRow } from "../protocol.ts";
import { isEnded } from "../store.ts";
import { useView } from "../view.ts";
import { ProblemAlert } from "./problem.tsx";

export function KillButton({ row }: { row: ExecutionRow }) {
  const { app } = useView();
  if (isEnded(row.status)) return null;
  const killing = app.ui.killing.value.has(row.executionId);
  const gone = app.connection.state.value === "disconnected";
  return (
    <button
      type="button"
      class="cw-button cw-danger"
      disabled={killing || gone}
      onClick={() => void app.kill(row.executionId)}
    >
      {killing ? "Killing…" : "Kill"}
    </button>
  );
}

export function KillProblem({ row }: { row: ExecutionRow }) {
  const problem = useView().app.ui.killProblems.value.get(row.executionId);
  return problem && !isEnded(row.status) ? <ProblemAlert problem={problem} /> : null;
}
