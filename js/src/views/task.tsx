/**
 * A background task or subagent: what it is, what it does, what came of it.
 *
 * The rule: drawn below the call that started it, or alone where no call did.
 */
import type { Task } from "../blocks.ts";

export function TaskView({ task }: { task: Task }) {
  return (
    <div class="cw-task">
      {task.description} <span class="cw-tag">{task.status}</span>
    </div>
  );
}
