/**
 * Opens one of many executions: its output is shown, and its row is asked for.
 *
 * The rule: no list need have it, so the kernel is asked even if it is known here.
 */
import { actionKey } from "../conversation/conversation.ts";
import { select, type View } from "../view.ts";

/** Under which a refusal is said. */
export const openKey = (executionId: string): string => actionKey("open", executionId);

export async function openExecution(view: View, executionId: string): Promise<void> {
  select(view, executionId);
  await view.app.actions.ask(openKey(executionId), { type: "claude:get-execution", executionId });
}
