/**
 * The output of executions that are looked at: bytes from the kernel to signals of blocks.
 *
 * The rule: bytes are taken once and in order. What was had already is cut off; at a gap the pane
 * opens itself again from the byte that it has. Only the blocks that changed get a new value. Panes
 * are shared by the views of one model and closed when the last of them looks away.
 */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { BlockFold } from "./blockfold.ts";
import { type Block, NO_FACTS, type SessionFacts } from "./blocks.ts";
import type { Connection } from "./connection.ts";
import { newId, type RequestError } from "./connection.ts";
import { foldRecord } from "./fold.ts";
import type { PaneData } from "./protocol.ts";
import { TranscriptReader } from "./transcript.ts";

export class Pane {
  readonly id = newId();
  private readonly reader = new TranscriptReader();
  private readonly fold = new BlockFold();
  private readonly blocks = new Map<string, Signal<Block>>();
  private readonly keysNow = signal<readonly string[]>([]);
  private readonly errorNow = signal("");
  private readonly endedNow = signal(false);
  private readonly loadedNow = signal(false);
  private readonly stderrNow = signal<{ count: number; text: string }>({ count: 0, text: "" });
  private readonly factsNow = signal<SessionFacts>(NO_FACTS);
  private have = 0;
  /** Opening again: until that is answered, bytes from beyond the gap are still on their way. */
  private opening = 0;
  private closed = false;

  readonly keys: ReadonlySignal<readonly string[]> = this.keysNow;
  readonly error: ReadonlySignal<string> = this.errorNow;
  readonly ended: ReadonlySignal<boolean> = this.endedNow;
  /** Some bytes, or the word that there are none, have come. */
  readonly loaded: ReadonlySignal<boolean> = this.loadedNow;
  readonly facts: ReadonlySignal<SessionFacts> = this.factsNow;
  readonly stderr: ReadonlySignal<{ count: number; text: string }> = this.stderrNow;

  constructor(
    readonly executionId: string,
    private readonly connection: Connection,
  ) {}

  block(key: string): ReadonlySignal<Block> | undefined {
    return this.blocks.get(key);
  }

  /** How deep a block is nested: 0 in the main lane, 1 in the lane of a subagent. */
  depth(key: string): number {
    return this.fold.depth(key);
  }

  /** Asks for the bytes from the one that it has. */
  open(): void {
    if (this.endedNow.value || this.closed) return;
    const { id: paneId, executionId, have: offset } = this;
    this.opening += 1;
    this.connection
      .request({ type: "claude:open-pane", paneId, executionId, offset })
      .then(() => {
        this.errorNow.value = "";
        this.loadedNow.value = true;
      })
      .catch((error: RequestError) => {
        if (error.answered) this.errorNow.value = error.message;
      })
      .finally(() => {
        this.opening -= 1;
      });
  }

  openAgain(): void {
    if (this.opening === 0) this.open();
  }

  close(): void {
    this.closed = true;
    if (!this.endedNow.value) this.connection.tell({ type: "claude:close-pane", paneId: this.id });
  }

  receive(message: PaneData, buffer: DataView | undefined): void {
    const { offset } = message;
    if (offset > this.have) {
      this.openAgain();
      return;
    }
    const bytes = buffer
      ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      : new Uint8Array(0);
    const fresh = bytes.subarray(Math.min(this.have - offset, bytes.length));
    this.have += fresh.length;
    for (const record of this.reader.push(fresh)) foldRecord(this.fold, record);
    const ended = message.ended && this.have === message.nextOffset;
    batch(() => {
      this.publish();
      this.loadedNow.value = true;
      if (ended) this.endedNow.value = true;
    });
  }

  private publish(): void {
    const changes = this.fold.takeChanges();
    for (const key of changes.keys) {
      const block = this.fold.get(key);
      const known = this.blocks.get(key);
      if (!block) this.blocks.delete(key);
      else if (known) known.value = block;
      else this.blocks.set(key, signal(block));
    }
    if (changes.order) this.keysNow.value = this.fold.keys();
    if (changes.facts) this.factsNow.value = this.fold.facts;
    if (changes.stderr) {
      this.stderrNow.value = { count: this.fold.stderrCount, text: this.fold.stderr.join("\n") };
    }
  }
}

const MAX_NAMED = 100;

export class Panes {
  private readonly open = new Map<string, { pane: Pane; users: number }>();

  constructor(private readonly connection: Connection) {}

  /** The execution's pane, and the function that gives it back. */
  use(executionId: string): { pane: Pane; release: () => void } {
    let entry = this.open.get(executionId);
    if (!entry) {
      entry = { pane: new Pane(executionId, this.connection), users: 0 };
      this.open.set(executionId, entry);
      entry.pane.open();
    }
    const held = entry;
    held.users += 1;
    const release = () => {
      held.users -= 1;
      if (held.users > 0 || this.open.get(executionId) !== held) return;
      this.open.delete(executionId);
      held.pane.close();
    };
    return { pane: held.pane, release };
  }

  receive(message: PaneData, buffer: DataView | undefined): void {
    const entry = this.open.get(message.executionId);
    if (entry?.pane.id === message.paneId) entry.pane.receive(message, buffer);
  }

  reopen(): void {
    for (const { pane } of this.open.values()) pane.open();
  }

  /** Of those that still want bytes: the kernel forgets a pane that no page names. */
  ids(): string[] {
    const wanting = [...this.open.values()].filter(({ pane }) => !pane.ended.peek());
    return wanting.map(({ pane }) => pane.id).slice(0, MAX_NAMED);
  }

  /** The kernel does not have these, if they are of this page. */
  reopenClosed(paneIds: readonly string[]): void {
    for (const { pane } of this.open.values()) if (paneIds.includes(pane.id)) pane.openAgain();
  }

  /** The kernel says that it has ended, so the rest of its output is written: was it lost? */
  catchUp(executionId: string): void {
    this.open.get(executionId)?.pane.open();
  }
}
