/**
 * What can be said to an execution: answers, follow-ups, interrupt, end, changes of its session.
 *
 * The rule: each is a request to the kernel under a key of its own, which says how it stands; what
 * follows from it is seen in the row and the transcript, never guessed here.
 */

import type { Unsent } from "../connection.ts";
import type { Allow, ChangeSession, Deny, MCPConfigChoice, MCPServer } from "../protocol.ts";
import type { Actions } from "./actions.ts";

export type Decision = Allow | Deny;
export type SessionChange = Partial<Pick<ChangeSession, "model" | "effort" | "permissionMode">>;

/** Names of what is asked of one execution, for `Actions.state`. */
export const actionKey = (what: string, executionId: string, part = ""): string =>
  `${what} ${executionId} ${part}`;

export const allow = (fields: Partial<Omit<Allow, "behavior">> = {}): Allow => ({
  behavior: "allow",
  updatedInput: null,
  updatedPermissions: [],
  ...fields,
});

export const deny = (message: string, interrupt = false): Deny => ({
  behavior: "deny",
  message,
  interrupt,
});

export class Conversation {
  constructor(private readonly actions: Actions) {}

  /** Resolves with whether the kernel took it. */
  answer(executionId: string, controlId: string, decision: Decision): Promise<boolean> {
    const key = actionKey("answer", executionId, controlId);
    return this.done(key, { type: "claude:answer-request", executionId, controlId, decision });
  }

  /** Resolves with the id of the execution that has it: the same one, a new one, or null. */
  async sendPrompt(executionId: string, query: string, fork: boolean): Promise<string | null> {
    const key = actionKey("send", executionId);
    const answer = await this.actions.ask(key, {
      type: "claude:send-prompt",
      executionId,
      query,
      fork,
    });
    return answer?.type === "claude:send-prompt" ? answer.executionId : null;
  }

  /** Resolves with the id of the new execution, or null. */
  async rerun(executionId: string): Promise<string | null> {
    const key = actionKey("rerun", executionId);
    const answer = await this.actions.ask(key, { type: "claude:rerun-execution", executionId });
    return answer?.type === "claude:rerun-execution" ? answer.executionId : null;
  }

  interrupt(executionId: string): Promise<boolean> {
    const key = actionKey("interrupt", executionId);
    return this.done(key, { type: "claude:interrupt-execution", executionId });
  }

  end(executionId: string): Promise<boolean> {
    return this.done(actionKey("end", executionId), { type: "claude:end-execution", executionId });
  }

  change(executionId: string, change: SessionChange): Promise<boolean> {
    const key = actionKey("change", executionId);
    return this.done(key, { type: "claude:change-session", executionId, ...change });
  }

  stopTask(executionId: string, taskId: string): Promise<boolean> {
    const key = actionKey("stop-task", executionId, taskId);
    return this.done(key, { type: "claude:stop-task", executionId, taskId });
  }

  reconnect(executionId: string, server: string): Promise<boolean> {
    const key = actionKey("reconnect", executionId, server);
    return this.done(key, { type: "claude:reconnect-mcp-server", executionId, server });
  }

  async mcpStatus(executionId: string): Promise<readonly MCPServer[] | null> {
    const key = actionKey("mcp-status", executionId);
    const answer = await this.actions.ask(key, { type: "claude:get-mcp-status", executionId });
    return answer?.type === "claude:get-mcp-status" ? answer.servers : null;
  }

  async mcpConfigs(projectPath: string): Promise<readonly MCPConfigChoice[] | null> {
    const request = { type: "claude:get-mcp-configs", projectPath } as const;
    const answer = await this.actions.ask(actionKey("mcp-configs", projectPath), request);
    return answer?.type === "claude:get-mcp-configs" ? answer.configs : null;
  }

  private async done(key: string, unsent: Unsent): Promise<boolean> {
    return (await this.actions.ask(key, unsent)) !== null;
  }
}
