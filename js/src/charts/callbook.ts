/**
 * The tool calls of executions as the kernel tells them.
 *
 * The rule: asked for those that are drawn, one request at a time, and again only for what has
 * changed since. Whatever fails leaves what was known.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Connection } from "../connection.ts";
import type { ExecutionRow } from "../protocol.ts";
import type { Call } from "./lanes.ts";

export interface KnownCalls {
  readonly calls: readonly Call[];
  readonly leftOut: number;
}

const NONE: KnownCalls = { calls: [], leftOut: 0 };
/** Of one request; the kernel takes a hundred. */
const AT_ONCE = 50;
const AGAIN_AFTER = 5000;

export class CallBook {
  private readonly stamps = new Map<string, string>();
  private readonly known = signal<ReadonlyMap<string, KnownCalls>>(new Map());
  private asking = false;
  private failedAt = Number.NEGATIVE_INFINITY;
  readonly changes: ReadonlySignal<ReadonlyMap<string, KnownCalls>> = this.known;

  constructor(private readonly connection: Pick<Connection, "request">) {}

  of(executionId: string): KnownCalls {
    return this.known.value.get(executionId) ?? NONE;
  }

  /** Asks for what of these is not known as it is now. */
  async refresh(rows: readonly ExecutionRow[]): Promise<void> {
    if (this.asking || Date.now() - this.failedAt < AGAIN_AFTER) return;
    const due = rows.filter(
      (row) => row.toolCount > 0 && this.stamps.get(row.executionId) !== stampOf(row),
    );
    const asked = due.slice(0, AT_ONCE);
    if (asked.length === 0) return;
    this.asking = true;
    try {
      const executionIds = asked.map((row) => row.executionId);
      const answer = await this.connection.request({ type: "claude:get-tool-calls", executionIds });
      if (answer.type !== "claude:get-tool-calls") throw new Error("another answer");
      const known = new Map(this.known.value);
      answer.found.forEach(({ executionId, calls = [], leftOut = 0 }, index) => {
        known.set(executionId, { calls, leftOut });
        const row = asked[index];
        if (row) this.stamps.set(executionId, stampOf(row));
      });
      this.known.value = known;
    } catch {
      this.failedAt = Date.now();
    } finally {
      this.asking = false;
    }
  }
}

const stampOf = (row: ExecutionRow): string => `${row.toolCount} ${row.status} ${row.activity}`;
