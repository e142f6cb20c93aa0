/**
 * The output of executions that are looked at: bytes from the kernel to signals of blocks.
 *
 * The rule: bytes are folded in slices, and what came of them is shown at most once a frame. Only
 * the blocks that changed get a new value. Panes are shared by the views of one model and closed
 * when the last of them looks away.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Connection } from "../connection.ts";
import { BlockFold } from "../fold/blockfold.ts";
import { type Block, NO_FACTS, type SessionFacts } from "../fold/blocks.ts";
import { foldRecord } from "../fold/fold.ts";
import { Partials } from "../fold/partials.ts";
import { TranscriptReader } from "../fold/transcript.ts";
import { MAX_BATCH, type PaneData } from "../protocol.ts";
import { Feed } from "./feed.ts";
import { pace } from "./pace.ts";
import { readOutput } from "./rawexport.ts";

/** Bytes that are folded in one go: a millisecond or so. */
const STEP = 64 << 10;
const NEWLINE = 0x0a;

export class Pane {
  readonly feed: Feed;
  private reader = new TranscriptReader();
  private readonly fold = new BlockFold();
  private readonly partials = new Partials(this.fold);
  private readonly batches: Uint8Array[] = [];
  private readonly blocks = new Map<string, Signal<Block>>();
  private readonly keysNow = signal<readonly string[]>([]);
  private readonly endedNow = signal(false);
  private readonly begunNow = signal(false);
  private readonly stderrNow = signal<{ count: number; text: string }>({ count: 0, text: "" });
  private readonly factsNow = signal<SessionFacts>(NO_FACTS);
  private readonly tailNow = signal<Pane | null>(null);
  /** The first bytes are the rest of a record. */
  private skipping: boolean;
  private endTail: (() => void) | null = null;

  /** In the order in which they are drawn: what a subagent does, below the call that started it. */
  readonly keys: ReadonlySignal<readonly string[]> = this.keysNow;
  readonly hasBlocks: ReadonlySignal<boolean> = computed(() => this.keysNow.value.length > 0);
  readonly error: ReadonlySignal<string>;
  /** It has ended, and all of it is shown. */
  readonly ended: ReadonlySignal<boolean> = this.endedNow;
  /** Some bytes, or the word that there are none, have come. */
  readonly loaded: ReadonlySignal<boolean>;
  readonly facts: ReadonlySignal<SessionFacts> = this.factsNow;
  readonly stderr: ReadonlySignal<{ count: number; text: string }> = this.stderrNow;
  /** The end of the same transcript, while the way to it is long. */
  readonly tail: ReadonlySignal<Pane | null> = this.tailNow;

  /** `tailId` is of a pane that is open already: this one is the tail of another. */
  constructor(
    readonly executionId: string,
    connection: Connection,
    tailId?: string,
  ) {
    this.skipping = tailId !== undefined;
    const take = (bytes: Uint8Array) => this.take(bytes);
    // From the end: if it is not the whole, what a reader wants to see is there at once.
    this.feed = new Feed(executionId, connection, take, -MAX_BATCH, tailId);
    this.error = this.feed.error;
    this.loaded = computed(() => this.begunNow.value || this.feed.answered.value);
  }

  get id(): string {
    return this.feed.id;
  }

  block(key: string): ReadonlySignal<Block> | undefined {
    return this.blocks.get(key);
  }

  /** How deep a block is nested: 0 in the main lane, 1 in the lane of a subagent. */
  depth(key: string): number {
    return this.fold.depth(key);
  }

  /** Has a tail until all of what there is now is shown; `end` is called then, or at the close. */
  useTail(tail: Pane, end: () => void): void {
    this.tailNow.value = tail;
    this.endTail = end;
  }

  close(): void {
    this.feed.close();
    pace.stop(this);
    this.leaveTail();
  }

  private leaveTail(): void {
    this.endTail?.();
    this.endTail = null;
    this.tailNow.value = null;
  }

  private take(bytes: Uint8Array): void {
    const start = this.skipping ? bytes.indexOf(NEWLINE) + 1 : 0;
    if (start > 0) {
      this.skipping = false;
      this.reader = new TranscriptReader(this.feed.position - bytes.length + start);
    }
    if (bytes.length > 0 && !this.skipping) this.batches.push(bytes.subarray(start));
    pace.start(this);
  }

  work(): boolean {
    const next = this.batches.shift();
    if (!next) return false;
    if (next.length > STEP) this.batches.unshift(next.subarray(STEP));
    for (const record of this.reader.push(next.subarray(0, STEP))) {
      if (!this.partials.take(record)) foldRecord(this.fold, record);
    }
    return this.batches.length > 0;
  }

  show(): void {
    this.partials.flush();
    batch(() => {
      this.publish();
      this.begunNow.value = true;
      if (this.batches.length > 0) return;
      if (this.feed.complete) this.endedNow.value = true;
      const tail = this.tailNow.peek();
      if (tail && this.feed.position >= tail.feed.position) this.leaveTail();
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

interface OwnPane {
  readonly feed: Feed;
  close(): void;
}

export class Panes {
  private readonly open = new Map<string, { pane: Pane; users: number }>();
  /** By the id that the kernel has for each. */
  private readonly feeds = new Map<string, Feed>();

  constructor(private readonly connection: Connection) {}

  /** The execution's pane, and the function that gives it back. */
  use(executionId: string): { pane: Pane; release: () => void } {
    let entry = this.open.get(executionId);
    if (!entry) {
      entry = { pane: new Pane(executionId, this.connection), users: 0 };
      this.open.set(executionId, entry);
      this.begin(entry.pane.feed);
    }
    const held = entry;
    held.users += 1;
    const release = () => {
      held.users -= 1;
      if (held.users > 0 || this.open.get(executionId) !== held) return;
      this.open.delete(executionId);
      this.feeds.delete(held.pane.id);
      held.pane.close();
    };
    return { pane: held.pane, release };
  }

  /** A view of the caller's own with bytes of its own, until it is given back. */
  useOwn<T extends OwnPane>(make: (connection: Connection) => T): { pane: T; release: () => void } {
    const pane = make(this.connection);
    this.begin(pane.feed);
    const release = () => {
      this.feeds.delete(pane.feed.id);
      pane.close();
    };
    return { pane, release };
  }

  /** All that the CLI printed up to now; rejects if it cannot be read. */
  readOutput(executionId: string): Promise<Blob> {
    return readOutput(executionId, this.connection, (feed) => {
      this.begin(feed);
      return () => {
        this.feeds.delete(feed.id);
        feed.close();
      };
    });
  }

  private begin(feed: Feed): void {
    this.feeds.set(feed.id, feed);
    feed.open();
  }

  receive(message: PaneData, buffer: DataView | undefined): void {
    const feed = this.feeds.get(message.paneId);
    const pane = this.open.get(message.executionId)?.pane;
    const whole = message.offset === 0 || feed !== pane?.feed || feed?.hasBegun;
    if (pane && !whole) this.split(pane, message, buffer);
    else feed?.receive(message, buffer);
  }

  /** What was opened is only the end of something long: the rest comes behind it. */
  private split(pane: Pane, message: PaneData, buffer: DataView | undefined): void {
    const tail = new Pane(pane.executionId, this.connection, pane.feed.handOver());
    this.feeds.set(tail.id, tail.feed);
    pane.useTail(tail, () => {
      this.feeds.delete(tail.id);
      tail.close();
    });
    tail.feed.receive(message, buffer);
    this.begin(pane.feed);
  }

  reopen(): void {
    for (const feed of this.feeds.values()) feed.open();
  }

  /** Of those that still want bytes: the kernel forgets a pane that no page names. */
  ids(): string[] {
    const wanting = [...this.feeds.values()].filter((feed) => feed.wanting);
    return wanting.map(({ id }) => id).slice(0, MAX_NAMED);
  }

  /** The kernel does not have these, if they are of this page. */
  reopenClosed(paneIds: readonly string[]): void {
    for (const id of paneIds) this.feeds.get(id)?.openAgain();
  }

  /** The kernel says that it has ended, so the rest of its output is written: was it lost? */
  catchUp(executionId: string): void {
    for (const feed of this.feeds.values()) if (feed.executionId === executionId) feed.open();
  }
}
