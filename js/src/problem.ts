/**
 * What went wrong, as a reader is told of it.
 *
 * The rule: the kernel's own words where it has said some; no text is made up for it.
 */
import { RequestError } from "./connection.ts";
import type { MCPConfigChoice } from "./protocol.ts";

export interface Problem {
  readonly message: string;
  readonly hint: string;
  /** The kernel's name for it; empty for what the page found by itself. */
  readonly kind: string;
  /** The file that the user is to confirm first. */
  readonly mcpConfig: MCPConfigChoice | null;
}

export const problem = (message: string, hint = ""): Problem => ({
  message,
  hint,
  kind: "",
  mcpConfig: null,
});

export function problemOf(error: unknown): Problem {
  if (!(error instanceof RequestError)) return problem(String(error));
  const { kind, message, hint, refused } = error;
  return { kind, message, hint, mcpConfig: refused?.mcpConfig ?? null };
}
