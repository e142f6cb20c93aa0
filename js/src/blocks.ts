/**
 * Blocks: what the output of an execution looks like, as plain data, and where they are kept.
 *
 * The rule: a block is replaced, never changed, so that a view redraws only what differs. What a
 * record makes of the blocks is not decided here (`fold.ts`), and what a block looks like neither.
 * Status and cost of the execution come from the kernel.
 */
import type { Json } from "./json.ts";

interface Base {
  readonly key: string;
  /** The tool call whose subagent this belongs to. */
  readonly parent: string | null;
}
export interface TextBlock extends Base {
  readonly kind: "text" | "thinking";
  readonly text: string;
  readonly streaming: boolean;
  /** It may end in the middle of a word. */
  readonly aborted: boolean;
  readonly error: string;
}
export interface PromptBlock extends Base {
  readonly kind: "prompt";
  readonly text: string;
}
export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}
export interface ToolBlock extends Base {
  readonly kind: "tool";
  readonly id: string;
  readonly name: string;
  /** Null while it streams; then `inputText` has what came of it. */
  readonly input: Json | null;
  readonly inputText: string;
  readonly result: ToolResult | null;
  readonly permission: "" | "asked" | "allowed" | "denied";
  readonly denial: string;
  readonly seconds: number | null;
  /** The execution ended before a result came. */
  readonly over: boolean;
}
export interface ResultBlock extends Base {
  readonly kind: "result";
  readonly subtype: string;
  readonly isError: boolean;
  readonly text: string;
  /** The text is that of the last text block, which is drawn already. */
  readonly repeats: boolean;
  readonly errors: readonly string[];
  readonly costUsd: number | null;
  readonly durationMs: number | null;
  readonly turns: number | null;
  readonly denials: number;
  readonly structured: unknown;
  /** A later result took its place. */
  readonly replaced: boolean;
}
export interface NoticeBlock extends Base {
  readonly kind: "notice";
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  readonly detail: string;
}
export interface RawBlock extends Base {
  readonly kind: "raw";
  readonly label: string;
  readonly text: string;
}
export type Block = TextBlock | PromptBlock | ToolBlock | ResultBlock | NoticeBlock | RawBlock;

export interface Changes {
  readonly keys: ReadonlySet<string>;
  /** Blocks were added or removed. */
  readonly order: boolean;
  readonly stderr: boolean;
}

/** A content block of a message that arrives, so that the full one can find its deltas. */
export interface Part {
  readonly key: string;
  readonly index: number;
  readonly type: string;
  settled: boolean;
}

const MAX_STDERR_LINES = 2000;
const MAX_STDERR_LINE = 10_000;

export class BlockFold {
  private readonly blocks = new Map<string, Block>();
  private changed = new Set<string>();
  private reordered = false;
  private stderrChanged = false;
  private serial = 0;

  /** The last lines of stderr, and how many there were. */
  readonly stderr: string[] = [];
  stderrCount = 0;

  /** What the folds below remember; nobody else looks at it. */
  readonly memory = {
    message: new Map<string, string>(),
    parts: new Map<string, Part[]>(),
    tools: new Map<string, string>(),
    asked: new Map<string, string>(),
    frames: new Map<string, string[]>(),
    lastText: "",
    result: "",
    retry: "",
    session: "",
  };

  pushStderr(line: string): void {
    this.stderrCount += 1;
    this.stderr.push(line.length > MAX_STDERR_LINE ? `${line.slice(0, MAX_STDERR_LINE)}…` : line);
    // In steps, so that a flood does not move the whole array for each line.
    if (this.stderr.length > MAX_STDERR_LINES * 1.5) {
      this.stderr.splice(0, this.stderr.length - MAX_STDERR_LINES);
    }
    this.stderrChanged = true;
  }

  get(key: string | undefined): Block | undefined {
    return key === undefined ? undefined : this.blocks.get(key);
  }

  /** Adds the block at the end, or replaces the one of its key where it stands. */
  put(block: Block): void {
    if (!this.blocks.has(block.key)) this.reordered = true;
    this.blocks.set(block.key, block);
    this.changed.add(block.key);
  }

  remove(key: string): void {
    if (this.blocks.delete(key)) this.reordered = true;
  }

  newKey(kind: string): string {
    this.serial += 1;
    return `${kind}:${this.serial}`;
  }

  notice(level: NoticeBlock["level"], text: string, detail = ""): string {
    const key = this.newKey("notice");
    this.put({ kind: "notice", key, parent: null, level, text, detail });
    return key;
  }

  raw(label: string, text: string): void {
    this.put({ kind: "raw", key: this.newKey("raw"), parent: null, label, text });
  }

  keys(): string[] {
    return [...this.blocks.keys()];
  }

  list(): Block[] {
    return [...this.blocks.values()];
  }

  /** What changed since the call before. */
  takeChanges(): Changes {
    const changes = { keys: this.changed, order: this.reordered, stderr: this.stderrChanged };
    this.changed = new Set();
    this.reordered = false;
    this.stderrChanged = false;
    return changes;
  }
}
