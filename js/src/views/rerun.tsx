/**
 * The Re-run button of one execution.
 *
 * The rule: the same request once more, as a new execution; the view then shows that one.
 */
import { actionKey } from "../conversation.ts";
import type { ExecutionRow } from "../protocol.ts";
import { select, useView } from "../view.ts";
import { ProblemAlert } from "./problem.tsx";

export function RerunButton({ row }: { row: ExecutionRow }) {
  const view = useView();
  const { app } = view;
  const { sending } = app.actions.state(actionKey("rerun", row.executionId)).value;
  const off = sending || app.connection.state.value === "disconnected";
  const rerun = async () => {
    const executionId = off ? null : await app.conversation.rerun(row.executionId);
    if (executionId !== null && app.kind === "dashboard") select(view, executionId);
  };
  return (
    <button type="button" class="cw-button" aria-disabled={off} onClick={() => void rerun()}>
      {sending ? "Starting…" : "Re-run"}
    </button>
  );
}

export function RerunProblem({ row }: { row: ExecutionRow }) {
  const { problem } = useView().app.actions.state(actionKey("rerun", row.executionId)).value;
  return problem && <ProblemAlert problem={problem} />;
}
