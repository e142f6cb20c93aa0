/**
 * The frames about the conversation to blocks: result, system, limits.
 *
 * The rule: a frame that a reader should know of becomes a notice in plain words; the known quiet
 * ones draw nothing; the rest is kept as it came.
 */

import { asList, asNumber, asObject, asText, type Json, pretty } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import { learnFromInit, learnMode, learnSession } from "./facts.ts";
import { foldTurn } from "./prompts.ts";
import { endTurnRequests } from "./requests.ts";
import {
  foldTaskList,
  foldTaskNotification,
  foldTaskProgress,
  foldTaskStarted,
  foldTaskUpdated,
} from "./tasks.ts";

export function foldResult(fold: BlockFold, frame: Json): void {
  const earlier = fold.get(fold.memory.result);
  if (earlier?.kind === "result") fold.put({ ...earlier, replaced: true });
  const key = fold.newKey("result");
  fold.memory.result = key;
  fold.memory.inTurn = (asNumber(frame.queued_turn_count) ?? 0) > 0;
  // A result without an `init` may name a session that is nowhere.
  if (fold.memory.session !== "") learnSession(fold, frame.session_id);
  endTurnRequests(fold);
  const text = asText(frame.result);
  fold.put({
    kind: "result",
    key,
    parent: null,
    subtype: asText(frame.subtype),
    isError: frame.is_error === true,
    text,
    repeats: text !== "" && text.trim() === fold.memory.lastText.trim(),
    errors: asList(frame.errors).map((error) => asText(error) || pretty(error)),
    costUsd: asNumber(frame.total_cost_usd),
    durationMs: asNumber(frame.duration_ms),
    turns: asNumber(frame.num_turns),
    denials: asList(frame.permission_denials).length,
    structured: frame.structured_output ?? null,
    replaced: false,
  });
}

export function foldSystem(fold: BlockFold, frame: Json, text: string): void {
  const subtype = asText(frame.subtype);
  const known = Object.hasOwn(SYSTEM, subtype) ? SYSTEM[subtype] : undefined;
  if (known) known(fold, frame);
  else if (!QUIET_SYSTEM.has(subtype)) fold.raw(`system/${subtype}`, text);
}

const SYSTEM: Readonly<Record<string, (fold: BlockFold, frame: Json) => void>> = {
  init: foldInit,
  api_retry: foldRetry,
  permission_denied: foldDenied,
  compact_boundary: (fold) => void fold.notice("info", "The conversation was compacted."),
  status: (fold, frame) => {
    learnMode(fold, frame);
    if (frame.status === "compacting") fold.notice("info", "Compacting the conversation…");
  },
  task_started: foldTaskStarted,
  task_progress: foldTaskProgress,
  task_updated: foldTaskUpdated,
  task_notification: foldTaskNotification,
  background_tasks_changed: foldTaskList,
  notification: foldPlain,
  informational: foldPlain,
  local_command_output: foldPlain,
};

const QUIET_SYSTEM: ReadonlySet<string> = new Set([
  "session_state_changed",
  "thinking_tokens",
  "hook_started",
  "hook_progress",
  "hook_response",
  "commands_changed",
  "files_persisted",
  "memory_recall",
  "elicitation_complete",
]);

/** Each turn begins with an `init`: only the first of a session is told. */
function foldInit(fold: BlockFold, frame: Json): void {
  foldTurn(fold);
  learnFromInit(fold, frame);
  const session = asText(frame.session_id);
  const servers = asList(frame.mcp_servers).map(asObject);
  const failed = servers.filter((server) => server.status === "failed");
  for (const server of failed) fold.notice("warning", `MCP server failed: ${asText(server.name)}`);
  for (const error of asList(frame.mcp_server_errors)) {
    fold.notice("warning", "MCP server left out", asText(error) || pretty(error));
  }
  if (session === fold.memory.session) return;
  fold.memory.session = session;
  const parts = [
    `Session ${session}`,
    asText(frame.model),
    asText(frame.permissionMode) && `permission mode ${asText(frame.permissionMode)}`,
    servers.length > 0 && `MCP ${servers.map((server) => asText(server.name)).join(", ")}`,
    asText(frame.cwd),
  ];
  fold.notice("info", parts.filter(Boolean).join(" · "));
}

/** Retries in a row are one notice. */
function foldRetry(fold: BlockFold, frame: Json): void {
  const what = [asNumber(frame.error_status), asText(frame.error)].filter(Boolean).join(" ");
  const delay = ((asNumber(frame.retry_delay_ms) ?? 0) / 1000).toFixed(1);
  const count = `${asNumber(frame.attempt) ?? "?"} of ${asNumber(frame.max_retries) ?? "?"}`;
  const text = `The API answered ${what || "with an error"}: retry ${count}, in ${delay} s`;
  const wait = asNumber(frame.retry_delay_ms);
  const { now } = fold.memory;
  const until = now === null || wait === null ? null : now + wait / 1000;
  const known = fold.get(fold.memory.retry);
  if (known?.kind === "notice") fold.put({ ...known, text, until });
  else fold.memory.retry = fold.notice("warning", text, "", until);
}

function foldDenied(fold: BlockFold, frame: Json): void {
  const reason = asText(frame.message) || asText(frame.decision_reason) || asText(frame.reason);
  const tool = fold.tool(asText(frame.tool_use_id));
  const deniedBy = tool?.deniedBy || "rules";
  if (tool) fold.put({ ...tool, permission: "denied", denial: reason, deniedBy });
  else fold.notice("warning", `Permission denied: ${asText(frame.tool_name)}`, reason);
}

function foldPlain(fold: BlockFold, frame: Json): void {
  const said = asText(frame.content) || asText(frame.message) || asText(frame.text);
  fold.notice("info", said || pretty(frame));
}

/** What is said again of a limit takes the place of what was said before. */
export function foldRateLimit(fold: BlockFold, frame: Json): void {
  const info = asObject(frame.rate_limit_info);
  const status = asText(info.status);
  if (status === "" || status === "allowed") return;
  const type = asText(info.rateLimitType);
  const until = asNumber(info.resetsAt);
  const text = `Rate limit ${type}: ${status}`;
  const known = fold.get(fold.memory.limits.get(text));
  if (known?.kind === "notice") return fold.put({ ...known, detail: resetsAt(until), until });
  const level = status === "rejected" ? "error" : "warning";
  fold.memory.limits.set(text, fold.notice(level, text, resetsAt(until), until));
}

/** The largest number of seconds that a date can have. */
const LAST_DATE = 8.64e12;

const resetsAt = (seconds: number | null): string =>
  seconds === null || Math.abs(seconds) > LAST_DATE
    ? ""
    : `Resets at ${new Date(seconds * 1000).toISOString()}`;
