/**
 * Records to blocks: which fold takes which record.
 *
 * The rule: pure, one record at a time; the same records give the same blocks, however they arrived.
 * Whatever is not understood becomes a `raw` block: nothing is lost and nothing throws.
 */
import type { BlockFold } from "./blocks.ts";
import { foldAssistant, foldStreamEvent, foldUser } from "./frames.ts";
import { type Json, parseObject } from "./json.ts";
import { foldLifecycle } from "./lifecycle.ts";
import { foldControl, foldRateLimit, foldResult, foldSystem, foldToolProgress } from "./notices.ts";
import type { TranscriptRecord } from "./transcript.ts";

export function foldRecord(fold: BlockFold, record: TranscriptRecord): void {
  const { stream, text } = record;
  if (stream === "err") return fold.pushStderr(text);
  if (stream === "unreadable") return fold.raw("unreadable record", text);
  if (stream === "out" && text.trim() === "") return;
  const frame = parseObject(text);
  if (frame === null) return fold.raw(record.torn ? "unfinished line" : "not JSON", text);
  if (stream === "meta") return foldLifecycle(fold, frame);
  if (stream === "in") return foldInput(fold, frame);
  foldFrame(fold, frame, text);
}

function foldFrame(fold: BlockFold, frame: Json, text: string): void {
  const type = String(frame.type ?? "");
  if (type !== "system" || frame.subtype !== "api_retry") fold.memory.retry = "";
  switch (type) {
    case "assistant":
      return foldAssistant(fold, frame);
    case "stream_event":
      return foldStreamEvent(fold, frame);
    case "user":
      return foldUser(fold, frame);
    case "result":
      return foldResult(fold, frame);
    case "system":
      return foldSystem(fold, frame, text);
    case "control_request":
    case "control_cancel_request":
      return foldControl(fold, frame);
    case "tool_progress":
      return foldToolProgress(fold, frame);
    case "rate_limit_event":
      return foldRateLimit(fold, frame);
    case "conversation_reset":
      return void fold.notice("info", "A new conversation began.");
    default:
      if (!QUIET.has(type)) fold.raw(type || "unknown frame", text);
  }
}

/** What was sent to the CLI: the prompts, and the answers to what it asked. */
function foldInput(fold: BlockFold, frame: Json): void {
  if (frame.type === "user") foldUser(fold, frame, true);
  else foldControl(fold, frame);
}

/** Frames that say nothing to a reader of the output. */
const QUIET: ReadonlySet<string> = new Set([
  "keep_alive",
  "control_response",
  "transcript_mirror",
  "prompt_suggestion",
  "tool_use_summary",
  "active_goal",
  "auth_status",
  "command_lifecycle",
]);
