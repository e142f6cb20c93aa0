/**
 * What went wrong, and what can be done about it.
 *
 * The rule: the message as it came, as text; the hint after it.
 */
import type { Problem } from "../problem.ts";

export function ProblemAlert({ problem }: { problem: Problem }) {
  return (
    <div class="cw-problem" role="alert">
      <span>{problem.message}</span>
      {problem.hint && <span class="cw-hint"> {problem.hint}</span>}
    </div>
  );
}
