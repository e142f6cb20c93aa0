/**
 * What is done with several executions at once, after it was asked whether it shall be.
 *
 * The rule: what is asked names how many it is about, and just those are meant, whatever is selected
 * or ends in the meantime.
 */
import { signal } from "@preact/signals";
import type { App } from "../app.ts";
import { actionKey } from "../conversation/conversation.ts";
import type { Problem } from "../problem.ts";
import type { ExecutionRow } from "../protocol.ts";
import { isEnded } from "../store.ts";

export type BulkAction = "kill" | "rerun" | "delete";

export interface Asked {
  readonly action: BulkAction;
  readonly rows: readonly ExecutionRow[];
  /** How many of the chosen ones it is not about. */
  readonly others: number;
}

/** Requests under way at a time: hundreds at once would hold up all else. */
const AT_ONCE = 8;

export class Bulk {
  readonly asked = signal<Asked | null>(null);
  readonly problem = signal<Problem | null>(null);

  constructor(protected readonly app: App) {}

  /** Asks for a confirmation; nothing to do is nothing to ask. */
  ask(action: BulkAction, chosen: readonly ExecutionRow[]): void {
    const rows = chosen.filter((row) => this.isFor(action, row));
    const others = chosen.length - rows.length;
    if (rows.length > 0) this.asked.value = { action, rows, others };
  }

  cancel(): void {
    this.asked.value = null;
  }

  /** Does what was asked; resolves with the ids of the executions that were started by it. */
  async confirm(): Promise<string[]> {
    const asked = this.asked.peek();
    this.asked.value = null;
    this.problem.value = null;
    if (!asked) return [];
    const ids = asked.rows.map((row) => row.executionId);
    if (asked.action === "rerun") return this.rerun(ids);
    await inTurns(ids, AT_ONCE, (id) => this.end(asked.action, id));
    return [];
  }

  protected isFor(action: BulkAction, row: ExecutionRow): boolean {
    return action !== "kill" || !isEnded(row.status);
  }

  protected async end(_action: BulkAction, executionId: string): Promise<void> {
    const row = this.app.row(executionId)?.peek();
    if (row && !isEnded(row.status)) await this.app.kill(executionId);
  }

  /** One after the other, the oldest first: so the new ones come to stand in the same order. */
  private async rerun(ids: readonly string[]): Promise<string[]> {
    const started: string[] = [];
    const problems: Problem[] = [];
    for (const id of [...ids].reverse()) {
      const newId = await this.app.conversation.rerun(id);
      const { problem } = this.app.actions.state(actionKey("rerun", id)).peek();
      if (newId !== null) started.push(newId);
      else if (problem) problems.push(problem);
    }
    this.problem.value = summaryOf(problems, ids.length, "run again");
    return started;
  }
}

export function summaryOf(problems: readonly Problem[], of: number, done: string): Problem | null {
  const [first] = problems;
  if (!first) return null;
  const message = `${problems.length} of ${of} were not ${done}: ${first.message}`;
  return of === 1 ? first : { ...first, message };
}

export async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const work = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
