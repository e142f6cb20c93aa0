/**
 * The Re-run button of one execution.
 *
 * The rule: the same request once more, as a new execution; the view then shows that one.
 */
import { actionKey } from "../../conversation/conversation.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { selecting, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";

export function RerunButton({ row }: { row: ExecutionRow }) {
  const view = useView();
  const { app } = view;
  const { sending } = app.actions.state(actionKey("rerun", row.executionId)).value;
  const off = sending || app.connection.state.value === "disconnected";
  const started = app.ui.kept(actionKey("rerun-as", row.executionId), "");
  const rerun = async () => {
    const show = selecting(view);
    const executionId = off ? null : await app.conversation.rerun(row.executionId);
    if (executionId === null) return;
    if (app.kind === "dashboard") show(executionId);
    else started.value = executionId;
  };
  return (
    <button
      type="button"
      class="cw-button"
      aria-disabled={off}
      // The second click of two would run the new one again, which is shown by then.
      onClick={(event) => event.detail < 2 && void rerun()}
    >
      {sending ? "Starting…" : "Re-run"}
    </button>
  );
}

/** What came of it where that is not shown by itself. */
export function RerunOutcome({ row }: { row: ExecutionRow }) {
  const { actions, ui } = useView().app;
  const { problem } = actions.state(actionKey("rerun", row.executionId)).value;
  const started = ui.kept(actionKey("rerun-as", row.executionId), "").value;
  if (problem) return <ProblemAlert problem={problem} />;
  return started && <p class="cw-meta">{`It runs again as execution ${started}.`}</p>;
}
