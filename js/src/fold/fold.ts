/**
 * Records to blocks: which fold takes which record.
 *
 * The rule: pure, one record at a time; the same records give the same blocks, however they arrived.
 * Whatever is not understood becomes a `raw` block: nothing is lost and nothing throws.
 */

import { isTooDeep, type Json, parseObject } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import { foldControlResponse, foldSentRequest, learnSession } from "./facts.ts";
import { foldAssistant, foldStreamEvent } from "./frames.ts";
import { foldLifecycle } from "./lifecycle.ts";
import { foldRateLimit, foldResult, foldSystem } from "./notices.ts";
import { foldCommandLifecycle, foldUser } from "./prompts.ts";
import { foldAnswer, foldCancel, foldRequest } from "./requests.ts";
import { foldToolProgress } from "./tools.ts";
import type { TranscriptRecord } from "./transcript.ts";

export function foldRecord(fold: BlockFold, record: TranscriptRecord): void {
  const { stream, text } = record;
  const { epoch } = fold.memory;
  fold.memory.record = record;
  fold.memory.now = epoch === null ? null : epoch + record.seconds;
  if (stream === "err") return fold.pushStderr(text);
  if (stream === "unreadable") return fold.raw("unreadable record", text);
  if (stream === "out" && text.trim() === "") return;
  const frame = parseObject(text);
  if (frame === null) return fold.raw(record.torn ? "unfinished line" : "not JSON", text);
  if (isTooDeep(frame)) return fold.raw("nested too deep", text);
  if (stream === "meta") return foldLifecycle(fold, frame);
  if (stream === "in") return foldInput(fold, frame);
  foldFrame(fold, frame, text);
}

function foldFrame(fold: BlockFold, frame: Json, text: string): void {
  const type = asType(frame.type);
  if (type !== "system" || frame.subtype !== "api_retry") fold.memory.retry = "";
  const known = Object.hasOwn(FRAMES, type) ? FRAMES[type] : undefined;
  if (known) known(fold, frame, text);
  else if (!QUIET.has(type)) fold.raw(type || "unknown frame", text);
}

const asType = (value: unknown): string => (typeof value === "string" ? value : "");

const FRAMES: Readonly<Record<string, (fold: BlockFold, frame: Json, text: string) => void>> = {
  assistant: foldAssistant,
  stream_event: foldStreamEvent,
  user: (fold, frame) => foldUser(fold, frame),
  result: foldResult,
  system: foldSystem,
  control_request: foldRequest,
  control_cancel_request: foldCancel,
  control_response: foldControlResponse,
  command_lifecycle: foldCommandLifecycle,
  tool_progress: foldToolProgress,
  rate_limit_event: foldRateLimit,
  conversation_reset: (fold, frame) => {
    learnSession(fold, frame.new_conversation_id);
    fold.notice("info", "A new conversation began.");
  },
};

/** What was sent to the CLI: prompts, answers to what it asked, and what we asked of it. */
function foldInput(fold: BlockFold, frame: Json): void {
  if (frame.type === "user") foldUser(fold, frame, true);
  else if (frame.type === "control_response") foldAnswer(fold, frame);
  else if (frame.type === "control_request") foldSentRequest(fold, frame);
}

/** Frames that say nothing to a reader of the output. */
const QUIET: ReadonlySet<string> = new Set([
  "keep_alive",
  "transcript_mirror",
  "prompt_suggestion",
  "tool_use_summary",
  "active_goal",
  "auth_status",
]);
