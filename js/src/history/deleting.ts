/**
 * What is done with several executions of the history at once: run again, or deleted for good.
 *
 * The rule: what is pinned is not even asked about. What somebody else has deleted meanwhile is gone
 * as it was to be.
 */
import type { App } from "../app.ts";
import { actionKey } from "../conversation/conversation.ts";
import { Bulk, type BulkAction, summaryOf } from "../list/bulk.ts";
import { type Problem, problem } from "../problem.ts";
import type { ExecutionRow } from "../protocol.ts";

const ALL_PINNED = problem("What is pinned is not deleted.", "Take its pin away first.");

export class HistoryBulk extends Bulk {
  /** Of those that stay, by their ids. */
  private readonly problems = new Map<string, Problem>();

  /** `deleted` is called with the ids of those that are gone. */
  constructor(
    app: App,
    private readonly isPinned: (executionId: string) => boolean,
    private readonly deleted: (ids: readonly string[]) => void,
  ) {
    super(app);
  }

  override ask(action: BulkAction, chosen: readonly ExecutionRow[]): void {
    this.problem.value = null;
    super.ask(action, chosen);
    if (!this.asked.peek() && chosen.length > 0) this.problem.value = ALL_PINNED;
  }

  override async confirm(): Promise<string[]> {
    const asked = this.asked.peek();
    this.problems.clear();
    const started = await super.confirm();
    if (asked?.action !== "delete") return started;
    this.problem.value = summaryOf([...this.problems.values()], asked.rows.length, "deleted");
    const ids = asked.rows.map((row) => row.executionId);
    this.deleted(ids.filter((id) => !this.problems.has(id)));
    return started;
  }

  protected override isFor(action: BulkAction, row: ExecutionRow): boolean {
    return action !== "delete" || !this.isPinned(row.executionId);
  }

  protected override async end(_action: BulkAction, executionId: string): Promise<void> {
    const key = actionKey("delete", executionId);
    await this.app.actions.ask(key, { type: "claude:delete-execution", executionId });
    const why = this.app.actions.state(key).peek().problem;
    if (why && why.kind !== "ExecutionNotFound") this.problems.set(executionId, why);
  }
}
