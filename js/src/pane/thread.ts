/**
 * The thread that an execution belongs to: the executions that it continues, or that it is a
 * further attempt of, oldest first.
 *
 * The rule: an earlier one's output costs nothing until the reader comes to it. A chain that turns
 * in a circle, or whose earlier part the kernel does not know, ends there.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { App } from "../app.ts";
import type { ExecutionRow } from "../protocol.ts";
import type { Pane } from "./pane.ts";

/** A longer chain is cut: its older part is opened as an execution of its own. */
const LONGEST = 100;

export interface Part {
  readonly executionId: string;
  /** Null until the reader comes to it. */
  readonly pane: Pane | null;
  /** What there is to see of it: the pane, or its tail while that is all. */
  readonly shown: Pane | null;
}

/** A tail in which nothing can be seen says less than what has come of the rest. */
function shownOf(pane: Pane): Pane {
  const tail = pane.tail.value;
  return tail && (!tail.loaded.value || tail.hasBlocks.value) ? tail : pane;
}

export class Thread {
  private readonly opened: Signal<ReadonlyMap<string, Pane>>;
  private readonly releases: (() => void)[] = [];
  private readonly asked = new Set<string>();
  /** Of the execution itself. */
  readonly pane: Pane;
  /** Oldest first; the last is the execution itself. */
  readonly parts: ReadonlySignal<readonly Part[]>;

  constructor(
    private readonly app: App,
    readonly executionId: string,
  ) {
    this.opened = signal(new Map());
    this.pane = this.hold(executionId);
    const ids = computed(() => this.chain().join(" "));
    this.parts = computed(() =>
      ids.value.split(" ").map((id) => {
        const pane = id === executionId ? this.pane : (this.opened.value.get(id) ?? null);
        return { executionId: id, pane, shown: pane && shownOf(pane) };
      }),
    );
  }

  /** Asks for the output of an earlier one; nothing happens if it is there. */
  open(executionId: string): void {
    if (executionId === this.executionId || this.opened.peek().has(executionId)) return;
    const pane = this.hold(executionId);
    this.opened.value = new Map(this.opened.peek()).set(executionId, pane);
  }

  row(executionId: string): ExecutionRow | undefined {
    return this.app.row(executionId)?.value;
  }

  close(): void {
    for (const release of this.releases) release();
    this.releases.length = 0;
  }

  private hold(executionId: string): Pane {
    const { pane, release } = this.app.panes.use(executionId);
    this.releases.push(release);
    return pane;
  }

  private chain(): string[] {
    const ids = [this.executionId];
    // Read so that a row which comes later is found.
    void this.app.store.ids.value;
    for (;;) {
      const row = this.row(ids[0] as string);
      // What a further attempt continues, its first one does, too.
      const earlier = row?.attemptOf ?? row?.continues;
      if (!earlier || ids.includes(earlier) || ids.length === LONGEST) return ids;
      if (!this.row(earlier)) {
        this.ask(earlier);
        return ids;
      }
      ids.unshift(earlier);
    }
  }

  /** The view of one execution has no list: the row of an earlier one is asked for. */
  private ask(executionId: string): void {
    if (this.asked.has(executionId)) return;
    this.asked.add(executionId);
    this.app.connection.request({ type: "claude:get-execution", executionId }).catch(() => {});
  }
}
