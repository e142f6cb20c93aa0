/**
 * The frames about the conversation to blocks: result, system, control requests, limits.
 *
 * The rule: a frame that a reader should know of becomes a notice in plain words; the known quiet
 * ones draw nothing; the rest is kept as it came.
 */
import type { BlockFold } from "./blocks.ts";
import { findTool } from "./frames.ts";
import { asList, asNumber, asObject, asText, type Json, pretty } from "./json.ts";

export function foldResult(fold: BlockFold, frame: Json): void {
  const earlier = fold.get(fold.memory.result);
  if (earlier?.kind === "result") fold.put({ ...earlier, replaced: true });
  const key = fold.newKey("result");
  fold.memory.result = key;
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
  const known = SYSTEM[subtype];
  if (known) known(fold, frame);
  else if (!QUIET_SYSTEM.has(subtype)) fold.raw(`system/${subtype}`, text);
}

const SYSTEM: Readonly<Record<string, (fold: BlockFold, frame: Json) => void>> = {
  init: foldInit,
  api_retry: foldRetry,
  permission_denied: foldDenied,
  compact_boundary: (fold) => void fold.notice("info", "The conversation was compacted."),
  status: (fold, frame) => {
    if (frame.status === "compacting") fold.notice("info", "Compacting the conversation…");
  },
  task_started: (fold, frame) =>
    void fold.notice("info", `Background task started: ${asText(frame.description)}`),
  task_notification: (fold, frame) => {
    const status = asText(frame.status) || "ended";
    const level = status === "failed" ? "error" : "info";
    fold.notice(level, `Background task ${status}: ${asText(frame.summary)}`);
  },
  notification: foldPlain,
  informational: foldPlain,
  local_command_output: foldPlain,
};

const QUIET_SYSTEM: ReadonlySet<string> = new Set([
  "background_tasks_changed",
  "session_state_changed",
  "task_progress",
  "task_updated",
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
  const known = fold.get(fold.memory.retry);
  if (known?.kind === "notice") fold.put({ ...known, text });
  else fold.memory.retry = fold.notice("warning", text);
}

function foldDenied(fold: BlockFold, frame: Json): void {
  const reason = asText(frame.message) || asText(frame.decision_reason) || asText(frame.reason);
  const tool = findTool(fold, asText(frame.tool_use_id));
  if (tool) fold.put({ ...tool, permission: "denied", denial: reason });
  else fold.notice("warning", `Permission denied: ${asText(frame.tool_name)}`, reason);
}

function foldPlain(fold: BlockFold, frame: Json): void {
  const said = asText(frame.content) || asText(frame.message) || asText(frame.text);
  fold.notice("info", said || pretty(frame));
}

/** A question for permission, and the answer to it that was sent. */
export function foldControl(fold: BlockFold, frame: Json): void {
  const request = asObject(frame.request);
  if (frame.type === "control_request" && request.subtype === "can_use_tool") {
    const id = asText(request.tool_use_id);
    fold.memory.asked.set(asText(frame.request_id), id);
    const tool = findTool(fold, id);
    if (tool) fold.put({ ...tool, permission: "asked" });
    else fold.notice("warning", `Asks for permission: ${asText(request.tool_name)}`);
  } else if (frame.type === "control_request" && request.subtype === "interrupt") {
    fold.notice("info", "Interrupt asked for");
  } else if (frame.type === "control_response") {
    const response = asObject(frame.response);
    const answer = asObject(response.response);
    const tool = findTool(fold, fold.memory.asked.get(asText(response.request_id)) ?? "");
    if (!tool || (answer.behavior !== "allow" && answer.behavior !== "deny")) return;
    const permission = answer.behavior === "allow" ? "allowed" : "denied";
    fold.put({ ...tool, permission, denial: asText(answer.message) });
  }
}

export function foldToolProgress(fold: BlockFold, frame: Json): void {
  const tool = findTool(fold, asText(frame.tool_use_id));
  const seconds = asNumber(frame.elapsed_time_seconds);
  if (tool && seconds !== null) fold.put({ ...tool, seconds });
}

export function foldRateLimit(fold: BlockFold, frame: Json): void {
  const info = asObject(frame.rate_limit_info);
  const status = asText(info.status);
  if (status === "" || status === "allowed") return;
  const resets = asNumber(info.resetsAt);
  const until = resets === null ? "" : `Resets at ${new Date(resets * 1000).toISOString()}`;
  const level = status === "rejected" ? "error" : "warning";
  fold.notice(level, `Rate limit ${asText(info.rateLimitType)}: ${status}`, until);
}
