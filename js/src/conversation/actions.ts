/**
 * What the reader asked of the kernel, one thing at a time: under way, refused, or taken.
 *
 * The rule: an action that got no answer is asked again under the same id when its content is the
 * same, so that nothing is done twice; what was refused says why until it is asked again. Knows
 * nothing of what is asked.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Connection, newId, RequestError, type Unsent } from "../connection.ts";
import { type Problem, problemOf } from "../problem.ts";
import type { KernelMessage } from "../protocol.ts";

export interface ActionState {
  readonly sending: boolean;
  readonly problem: Problem | null;
}

const IDLE: ActionState = { sending: false, problem: null };

interface Action {
  readonly state: Signal<ActionState>;
  /** Of the attempt that has got no answer yet. */
  attempt: { readonly body: string; readonly requestId: string } | null;
}

export class Actions {
  private readonly actions = new Map<string, Action>();

  constructor(private readonly connection: Connection) {}

  state(key: string): ReadonlySignal<ActionState> {
    return this.action(key).state;
  }

  /** Says what is wrong without asking the kernel; null takes it back. */
  setProblem(key: string, problem: Problem | null): void {
    this.action(key).state.value = { sending: false, problem };
  }

  /** Resolves with the answer, or with null when it was refused or is under way already. */
  async ask(key: string, unsent: Unsent): Promise<KernelMessage | null> {
    const action = this.action(key);
    if (action.state.peek().sending) return null;
    const body = JSON.stringify(unsent);
    const requestId = action.attempt?.body === body ? action.attempt.requestId : newId();
    action.attempt = { body, requestId };
    action.state.value = { sending: true, problem: null };
    try {
      const answer = await this.connection.request(unsent, requestId);
      action.attempt = null;
      action.state.value = IDLE;
      return answer;
    } catch (error) {
      if (error instanceof RequestError && error.answered) action.attempt = null;
      action.state.value = { sending: false, problem: problemOf(error) };
      return null;
    }
  }

  private action(key: string): Action {
    let action = this.actions.get(key);
    if (!action) {
      action = { state: signal(IDLE), attempt: null };
      this.actions.set(key, action);
    }
    return action;
  }
}
