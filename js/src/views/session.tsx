/**
 * The session of an execution: model, effort, permission mode, MCP servers.
 *
 * The rule: choices are those that the CLI has told; a change is asked for, and shown once the CLI
 * says that it holds.
 */
import type { Pane } from "../pane.ts";
import type { ExecutionRow } from "../protocol.ts";

export function SessionControls(_: { row: ExecutionRow; pane: Pane }) {
  return null;
}
