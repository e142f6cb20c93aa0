/**
 * Where the blocks of one transcript are kept while they are folded, and what changed of them.
 *
 * The rule: it keeps and orders blocks, and decides nothing about what a record makes of them; that
 * is `fold.ts` and what lies below it, who also keep their memory here.
 */

import type { Json } from "../json.ts";
import {
  type Block,
  type ByteRange,
  NO_FACTS,
  type NoticeBlock,
  type SessionFacts,
  type ToolBlock,
} from "./blocks.ts";
import { clipText } from "./clip.ts";
import { Lanes } from "./lanes.ts";

export interface Changes {
  readonly keys: ReadonlySet<string>;
  /** Blocks were added, removed or moved. */
  readonly order: boolean;
  readonly stderr: boolean;
  readonly facts: boolean;
}

const MAX_STDERR_LINES = 2000;
const MAX_STDERR_LINE = 10_000;

export class BlockFold {
  private readonly blocks = new Map<string, Block>();
  private readonly lanes = new Lanes();
  private changed = new Set<string>();
  private shown: readonly string[] = [];
  private stderrChanged = false;
  private factsChanged = false;
  private serial = 0;

  /** The last lines of stderr, and how many there were. */
  readonly stderr: string[] = [];
  stderrCount = 0;

  /** What the CLI has told of itself. */
  facts: SessionFacts = NO_FACTS;

  /** What the folds remember; nobody else looks at it. */
  readonly memory = newMemory();

  pushStderr(line: string): void {
    this.stderrCount += 1;
    this.stderr.push(line.length > MAX_STDERR_LINE ? `${line.slice(0, MAX_STDERR_LINE)}…` : line);
    // In steps, so that a flood does not move the whole array for each line.
    if (this.stderr.length > MAX_STDERR_LINES * 1.5) {
      this.stderr.splice(0, this.stderr.length - MAX_STDERR_LINES);
    }
    this.stderrChanged = true;
  }

  learn(facts: Partial<SessionFacts>): void {
    const names = Object.keys(facts) as (keyof SessionFacts)[];
    // Each turn tells most of them again.
    const known = names.map((name) => this.facts[name]);
    if (JSON.stringify(known) === JSON.stringify(names.map((name) => facts[name]))) return;
    this.facts = { ...this.facts, ...facts };
    this.factsChanged = true;
  }

  get(key: string | undefined): Block | undefined {
    return key === undefined ? undefined : this.blocks.get(key);
  }

  /** The call of that id. */
  tool(id: string): ToolBlock | undefined {
    const block = this.get(this.memory.tools.get(id));
    return block?.kind === "tool" ? block : undefined;
  }

  /** Adds the block at the end of its lane, or replaces the one of its key where it stands. */
  put(block: Block): void {
    if (!this.blocks.has(block.key)) {
      this.lanes.add(block.key, block.parent, (id) => this.memory.tools.get(id));
    }
    this.blocks.set(block.key, block);
    this.changed.add(block.key);
  }

  /** The block of that key is this tool call's: what its subagent does is drawn below it. */
  own(toolUseId: string, key: string): void {
    this.lanes.attach(toolUseId, key);
  }

  remove(key: string): void {
    if (!this.blocks.delete(key)) return;
    this.lanes.remove(key);
    this.changed.add(key);
  }

  newKey(kind: string): string {
    this.serial += 1;
    return `${kind}:${this.serial}`;
  }

  notice(
    level: NoticeBlock["level"],
    text: string,
    detail = "",
    until: number | null = null,
  ): string {
    const key = this.newKey("notice");
    this.put({ kind: "notice", key, parent: null, level, text, detail, until });
    return key;
  }

  raw(label: string, text: string, parent: string | null = null, key = this.newKey("raw")): void {
    this.put({ kind: "raw", key, parent, label, ...this.clipped(text) });
  }

  /** The text as a block keeps it, and where the rest is. */
  clipped(text: string): { text: string; elided: number; range: ByteRange | null } {
    const { kept, elided } = clipText(text);
    return { text: kept, ...this.leftOut(elided) };
  }

  /** So much was left out of a block, and what the reader had left out of the record before. */
  leftOut(elided: number): { elided: number; range: ByteRange | null } {
    const { record } = this.memory;
    const all = elided + (record?.elided ?? 0);
    return { elided: all, range: all > 0 ? (record?.range ?? null) : null };
  }

  /** The keys as they are drawn: the blocks of a subagent below the call that started it. */
  keys(): readonly string[] {
    return this.lanes.keys();
  }

  /** How deep a block is nested: 0 in the main lane. */
  depth(key: string): number {
    return this.lanes.depth(key);
  }

  list(): Block[] {
    return this.keys().flatMap((key) => this.blocks.get(key) ?? []);
  }

  /** What changed since the call before. */
  takeChanges(): Changes {
    const keys = this.keys();
    const changes = {
      keys: this.changed,
      order: keys !== this.shown,
      stderr: this.stderrChanged,
      facts: this.factsChanged,
    };
    this.shown = keys;
    this.changed = new Set();
    this.stderrChanged = false;
    this.factsChanged = false;
    return changes;
  }
}

/** A content block of a message that arrives, so that the full one can find its deltas. */
export interface Part {
  readonly key: string;
  readonly index: number;
  readonly type: string;
  settled: boolean;
  /** Deltas that nobody has decoded. */
  held: HeldDelta[];
}

/** Where the text of a delta lies, as it is between the quotes. */
export interface HeldDelta {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly kind: "text" | "input";
}

/** The content blocks of one message. */
export interface Parts {
  readonly byIndex: Map<number, Part>;
  readonly open: Set<Part>;
  next: number;
}

interface Memory {
  /** What is being folded now. */
  record: { readonly elided: number; readonly range: ByteRange } | null;
  /** Epoch seconds of the transcript's zero, and of the record. */
  epoch: number | null;
  now: number | null;
  /** The message that a lane is in. */
  readonly message: Map<string, string>;
  readonly parts: Map<string, Parts>;
  /** Keys of tool calls, by the call's id. */
  readonly tools: Map<string, string>;
  /** Keys by `request_id`, of all that the CLI asked; and of those that it waits for. */
  readonly requests: Map<string, string>;
  readonly openRequests: Set<string>;
  readonly requestsOfCall: Map<string, string[]>;
  /** Who has answered a request that has not been seen. */
  readonly answeredBy: Map<string, string>;
  /** Control requests of ours that have no answer yet. */
  readonly sent: Map<string, Json>;
  /** Keys of the blocks that show a task, by its id; and by the call that has not been seen. */
  readonly tasks: Map<string, string>;
  readonly taskOfCall: Map<string, string>;
  readonly listedTasks: Set<string>;
  /** Keys of the prompts that wait, by their uuid or key. */
  readonly queued: Map<string, string>;
  inTurn: boolean;
  /** This CLI tells of its queue. */
  tellsQueue: boolean;
  readonly frames: Map<string, string[]>;
  lastText: string;
  result: string;
  retry: string;
  readonly limits: Map<string, string>;
  session: string;
}

function newMemory(): Memory {
  return {
    record: null,
    epoch: null,
    now: null,
    message: new Map(),
    parts: new Map(),
    tools: new Map(),
    requests: new Map(),
    openRequests: new Set(),
    requestsOfCall: new Map(),
    answeredBy: new Map(),
    sent: new Map(),
    tasks: new Map(),
    taskOfCall: new Map(),
    listedTasks: new Set(),
    queued: new Map(),
    inTurn: false,
    tellsQueue: false,
    frames: new Map(),
    lastText: "",
    result: "",
    retry: "",
    limits: new Map(),
    session: "",
  };
}
