/**
 * A background task or subagent: what it is, what it does, what came of it.
 *
 * The rule: drawn below the call that started it, or alone where no call did. It can be stopped
 * while it lives and its execution runs.
 */

import { actionKey } from "../../conversation/conversation.ts";
import type { Task } from "../../fold/blocks.ts";
import { formatCount } from "../../format.ts";
import { usePane, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";

export function TaskView({ task }: { task: Task }) {
  const { app } = useView();
  const { executionId } = usePane();
  const live = task.status === "pending" || task.status === "running" || task.status === "paused";
  const running = app.row(executionId)?.value.status === "running";
  return (
    <div class={`cw-task cw-task-${task.status}`} role="group" aria-label={nameOf(task)}>
      <div class="cw-task-head">
        <span class="cw-tag">{task.status}</span>
        <b>
          <Visible text={task.description || task.id} as="line" />
        </b>
        <span class="cw-meta">{statsOf(task)}</span>
        {live && running && <StopButton task={task} executionId={executionId} />}
      </div>
      {task.summary && (
        <div class="cw-words cw-meta">
          <Visible text={task.summary} as="prose" />
        </div>
      )}
    </div>
  );
}

const nameOf = ({ type }: Task): string =>
  type.includes("agent") ? "Subagent" : "Background task";

function statsOf({ lastTool, toolCount, tokens }: Task): string {
  const parts = [
    lastTool && `last used ${lastTool}`,
    toolCount !== null && formatCount(toolCount, "tool call"),
    tokens !== null && formatCount(tokens, "token"),
  ];
  return parts.filter(Boolean).join(" · ");
}

function StopButton({ task, executionId }: { task: Task; executionId: string }) {
  const { app } = useView();
  const key = actionKey("stop-task", executionId, task.id);
  const { sending, problem } = app.actions.state(key).value;
  const asked = app.ui.kept(`asked ${key}`, false);
  const off = sending || asked.value || app.connection.state.value === "disconnected";
  const stop = async () => {
    if (!off) asked.value = await app.conversation.stopTask(executionId, task.id);
  };
  return (
    <>
      <button
        type="button"
        class="cw-button cw-small"
        aria-label={`Stop ${nameOf(task).toLowerCase()}`}
        aria-disabled={off}
        onClick={() => void stop()}
      >
        {sending || asked.value ? "Stopping…" : "Stop"}
      </button>
      {problem && <ProblemAlert problem={problem} />}
    </>
  );
}
