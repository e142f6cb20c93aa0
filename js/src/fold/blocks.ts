/**
 * Blocks: what the output of an execution looks like, as plain data.
 *
 * The rule: types only. A block is replaced, never changed, so that a view redraws only what
 * differs. What a record makes of the blocks is not decided here (`fold.ts`), and what a block looks
 * like neither. Status and cost of the execution come from the kernel.
 */
import type { Json } from "../json.ts";

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
  /** Sent while a turn ran, and not begun yet. */
  readonly queued: boolean;
}
/** Bytes of an image as they came; drawn from a Blob, never from an address of the agent's. */
export interface Image {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}
export interface ImageBlock extends Base {
  readonly kind: "image";
  readonly image: Image;
}
/** Bytes of the transcript. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}
/** What was too long to be kept in a block. */
interface Clipped {
  /** How many characters were left out, nearly; 0 where the block has all. */
  readonly elided: number;
  /** Where all of it lies, for `RawPane`; null where nothing was left out. */
  readonly range: ByteRange | null;
}
export interface ToolResult extends Clipped {
  /** At most 200,000 characters. Images are not in it. */
  readonly text: string;
  readonly isError: boolean;
  readonly images: readonly Image[];
  /** `tool_use_result` of the frame: what the CLI says of it beyond the text; clipped alike. */
  readonly data: Json | null;
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
  /** As `RequestAnswer.by`; "rules" where the CLI decided by itself, or empty. */
  readonly deniedBy: string;
  readonly seconds: number | null;
  /** The execution ended before a result came. */
  readonly over: boolean;
  /** The background task or subagent that the call started. */
  readonly task: Task | null;
}
export interface Task {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly status: "pending" | "running" | "paused" | "completed" | "failed" | "stopped";
  /** What it does, and in the end what came of it. */
  readonly summary: string;
  readonly lastTool: string;
  readonly tokens: number | null;
  readonly toolCount: number | null;
}
/** A task that no tool call here has started. */
export interface TaskBlock extends Base {
  readonly kind: "task";
  readonly task: Task;
}
/** Something that the CLI asks: a permission, questions, or the approval of a plan. */
export interface RequestBlock extends Base {
  readonly kind: "request";
  /** `request_id` of the CLI's control request: what an answer names. */
  readonly controlId: string;
  readonly asks: "permission" | "questions" | "plan" | "other";
  readonly toolUseId: string;
  readonly tool: string;
  readonly input: Json;
  /** The input is not all there: it cannot be sent back changed. */
  readonly inputClipped: boolean;
  /** The CLI's words for it: title, description, reason. */
  readonly title: string;
  readonly description: string;
  readonly why: string;
  readonly blockedPath: string;
  /** `permission_suggestions`: what "always" would mean, as the CLI proposes it. */
  readonly suggestions: readonly Json[];
  readonly defaultToNo: boolean;
  readonly agentId: string;
  readonly state: "open" | "allowed" | "denied" | "cancelled" | "over";
  /** What the answer said: a message, the changed input, who decided. */
  readonly answer: RequestAnswer | null;
}
export interface RequestAnswer {
  readonly message: string;
  readonly input: Json | null;
  readonly permissions: readonly Json[];
  /** "page", "callable", "policy", or empty where that is not recorded. */
  readonly by: string;
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
  /** Epoch seconds of the kernel's clock that it counts down to, such as of a retry. */
  readonly until: number | null;
}
export interface RawBlock extends Base, Clipped {
  readonly kind: "raw";
  readonly label: string;
  readonly text: string;
}
export type Block =
  | TextBlock
  | PromptBlock
  | ImageBlock
  | ToolBlock
  | TaskBlock
  | RequestBlock
  | ResultBlock
  | NoticeBlock
  | RawBlock;

/** What the CLI has told of itself in this transcript; empty until it has. */
export interface SessionFacts {
  readonly sessionId: string;
  readonly model: string;
  readonly effort: string;
  readonly permissionMode: string;
  readonly cwd: string;
  /** From its answer to `initialize`. */
  readonly models: readonly ModelFact[];
  readonly servers: readonly { readonly name: string; readonly status: string }[];
}
export interface ModelFact {
  readonly value: string;
  readonly name: string;
  readonly description: string;
  readonly efforts: readonly string[];
}

export const NO_FACTS: SessionFacts = {
  sessionId: "",
  model: "",
  effort: "",
  permissionMode: "",
  cwd: "",
  models: [],
  servers: [],
};
