/**
 * The tool calls of executions as the kernel tells them.
 *
 * The rule: asked for those that are drawn, and again only for what has changed since, or what an
 * answer had no room for. Whatever fails leaves what was known; what is drawn no more is forgotten.
 */
import { signal } from "@preact/signals";
import type { Connection } from "../connection.ts";
import type { ExecutionRow, ToolCallsAnswer } from "../protocol.ts";
import type { Call } from "./lanes.ts";
import { Paced } from "./paced.ts";

export interface KnownCalls {
  readonly calls: readonly Call[];
  readonly leftOut: number;
  /** The row's, when they were asked for. */
  readonly stamp: string;
}

const NONE: KnownCalls = { calls: [], leftOut: 0, stamp: "" };
/** Of one request; the kernel takes a hundred. */
const AT_ONCE = 50;

export class CallBook {
  private readonly known = signal<ReadonlyMap<string, KnownCalls>>(new Map());
  private readonly paced = new Paced(() => this.ask());
  private drawn: readonly ExecutionRow[] = [];

  constructor(private readonly connection: Pick<Connection, "request">) {}

  of(executionId: string): KnownCalls {
    return this.known.value.get(executionId) ?? NONE;
  }

  /** These are drawn now: asks for what of them is not known as it is, until all of it is. */
  follow(rows: readonly ExecutionRow[]): void {
    this.drawn = rows;
    if (this.due().length > 0) this.paced.want();
  }

  close(): void {
    this.paced.close();
  }

  private due(): readonly ExecutionRow[] {
    const known = this.known.peek();
    return this.drawn.filter(
      (row) => row.toolCount > 0 && known.get(row.executionId)?.stamp !== stampOf(row),
    );
  }

  private ask(): Promise<void> | null {
    const asked = this.due().slice(0, AT_ONCE);
    return asked.length === 0 ? null : this.request(asked);
  }

  private async request(asked: readonly ExecutionRow[]): Promise<void> {
    const executionIds = asked.map((row) => row.executionId);
    const answer = await this.connection.request({ type: "claude:get-tool-calls", executionIds });
    if (answer.type !== "claude:get-tool-calls") throw new Error("another answer");
    this.take(asked, answer.found);
    if (this.due().length > 0) this.paced.want();
  }

  private take(asked: readonly ExecutionRow[], found: ToolCallsAnswer["found"]): void {
    const stamps = new Map(asked.map((row) => [row.executionId, stampOf(row)]));
    const drawn = new Set(this.drawn.map((row) => row.executionId));
    const known = new Map([...this.known.peek()].filter(([id]) => drawn.has(id)));
    for (const { executionId, calls = [], leftOut = 0 } of found) {
      const stamp = stamps.get(executionId);
      if (stamp !== undefined && drawn.has(executionId)) {
        known.set(executionId, { calls, leftOut, stamp });
      }
    }
    this.known.value = known;
  }
}

const stampOf = (row: ExecutionRow): string => `${row.toolCount} ${row.status} ${row.activity}`;
