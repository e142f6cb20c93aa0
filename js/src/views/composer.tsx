/**
 * What can be said to an execution: a follow-up, a fork, interrupt, end.
 *
 * The rule: what was typed stays until the kernel has taken it; what is wrong is said beside it.
 */
import type { Pane } from "../pane.ts";
import type { ExecutionRow } from "../protocol.ts";

export function Composer(_: { row: ExecutionRow; pane: Pane }) {
  return null;
}
