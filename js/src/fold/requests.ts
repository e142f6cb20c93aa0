/**
 * What the CLI asks of a person, and the answers that were sent.
 *
 * The rule: a request is open until an answer of ours, the CLI's own cancelling, the result of its
 * call, or the end. Who answered is only what our own record says.
 */

import { asList, asObject, asText, isObject, type Json, pretty } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import type { RequestAnswer, RequestBlock } from "./blocks.ts";

type Asks = RequestBlock["asks"];

const ASKS_BY_TOOL: Readonly<Record<string, Asks>> = {
  AskUserQuestion: "questions",
  ExitPlanMode: "plan",
};
const OTHERS: ReadonlySet<string> = new Set(["elicitation", "request_user_dialog"]);
/** Answered by the host itself. */
const QUIET: ReadonlySet<string> = new Set(["hook_callback", "mcp_message"]);

export function foldRequest(fold: BlockFold, frame: Json, text: string): void {
  const request = asObject(frame.request);
  const subtype = asText(request.subtype);
  if (subtype === "can_use_tool") {
    const tool = asText(request.tool_name);
    const asks = Object.hasOwn(ASKS_BY_TOOL, tool) ? ASKS_BY_TOOL[tool] : undefined;
    putRequest(fold, frame, asks ?? "permission");
  } else if (OTHERS.has(subtype)) putRequest(fold, frame, "other");
  else if (!QUIET.has(subtype)) fold.raw(`control_request/${subtype}`, text);
}

function putRequest(fold: BlockFold, frame: Json, asks: Asks): void {
  const { memory } = fold;
  const controlId = asText(frame.request_id);
  const request = asObject(frame.request);
  const known = memory.requests.get(controlId);
  if (known !== undefined && controlId !== "") return;
  const tool = fold.tool(asText(request.tool_use_id));
  const key = fold.newKey("request");
  memory.requests.set(controlId, key);
  memory.openRequests.add(key);
  const call = asText(request.tool_use_id);
  const others = memory.requestsOfCall.get(call);
  if (others) others.push(key);
  else memory.requestsOfCall.set(call, [key]);
  const parent = tool?.parent ?? null;
  const answer = answerBy(memory.answeredBy.get(controlId));
  fold.put({
    kind: "request",
    key,
    parent,
    controlId,
    asks,
    ...told(request, asks),
    ...asked(fold),
  });
  if (answer) change(fold, key, { answer });
  if (tool) fold.put({ ...tool, permission: "asked" });
}

function told(request: Json, asks: Asks) {
  return {
    toolUseId: asText(request.tool_use_id),
    tool: asText(request.tool_name) || asText(request.mcp_server_name),
    // Of the others, the views know what to read.
    input: asks === "other" ? request : asObject(request.input),
    title: asText(request.title) || (asks === "other" ? asText(request.message) : ""),
    description: asText(request.description),
    why: asText(request.decision_reason),
    blockedPath: asText(request.blocked_path),
    suggestions: asList(request.permission_suggestions).filter(isObject),
    defaultToNo: request.default_to_no === true,
    agentId: asText(request.agent_id),
  };
}

const asked = (fold: BlockFold) => ({
  inputClipped: (fold.memory.record?.elided ?? 0) > 0,
  state: "open" as const,
  answer: null,
});

const answerBy = (by: string | undefined): RequestAnswer | null =>
  by === undefined ? null : { message: "", input: null, permissions: [], by };

function find(fold: BlockFold, key: string | undefined): RequestBlock | undefined {
  const block = fold.get(key);
  return block?.kind === "request" ? block : undefined;
}

function change(fold: BlockFold, key: string | undefined, changes: Partial<RequestBlock>): void {
  const block = find(fold, key);
  if (block) fold.put({ ...block, ...changes });
}

/** Our record that somebody has decided; the answer itself is sent after it. */
export function foldAnswered(fold: BlockFold, meta: Json): void {
  const controlId = asText(meta.request_id);
  const by = asText(meta.by);
  const block = find(fold, fold.memory.requests.get(controlId));
  if (!block) fold.memory.answeredBy.set(controlId, by);
  else if (block.answer) change(fold, block.key, { answer: { ...block.answer, by } });
  else change(fold, block.key, { answer: answerBy(by) });
}

/** The answer that was sent. The CLI takes the first one. */
export function foldAnswer(fold: BlockFold, frame: Json): void {
  const response = asObject(frame.response);
  const block = find(fold, fold.memory.requests.get(asText(response.request_id)));
  if (!block || !fold.memory.openRequests.has(block.key)) return;
  const body = asObject(response.response);
  const refused =
    response.subtype === "error" || REFUSALS.has(asText(body.behavior ?? body.action));
  const state = refused ? "denied" : "allowed";
  const answer = { ...answerOf(block, response), by: block.answer?.by ?? "" };
  settle(fold, { ...block, state, answer });
}

const REFUSALS: ReadonlySet<string> = new Set(["deny", "decline", "cancel", "cancelled"]);

function answerOf(block: RequestBlock, response: Json): Omit<RequestAnswer, "by"> {
  const body = asObject(response.response);
  const input = isObject(body.updatedInput) ? body.updatedInput : null;
  return {
    message: asText(body.message) || asText(response.error),
    input: input && pretty(input) !== pretty(block.input) ? input : null,
    permissions: asList(body.updatedPermissions).filter(isObject),
  };
}

/** The CLI no longer wants an answer. */
export function foldCancel(fold: BlockFold, frame: Json): void {
  const block = find(fold, fold.memory.requests.get(asText(frame.request_id)));
  if (block?.state === "open") settle(fold, { ...block, state: "cancelled" });
}

/** The call has its result, so nobody waits for an answer about it. */
export function closeRequestsOf(fold: BlockFold, toolUseId: string): void {
  for (const key of fold.memory.requestsOfCall.get(toolUseId) ?? []) {
    const block = find(fold, key);
    if (block?.state === "open") settle(fold, { ...block, state: "over" });
  }
  fold.memory.requestsOfCall.delete(toolUseId);
}

/**
 * The turn is over; what subagents in the background ask stays open, and what names no call: it
 * may be theirs, and the CLI takes back what it gives up.
 */
export function endTurnRequests(fold: BlockFold): void {
  const namesNone = (block: RequestBlock) => block.asks === "other" && block.toolUseId === "";
  close(fold, (block) => block.parent === null && block.agentId === "" && !namesNone(block));
}

export function endRequests(fold: BlockFold): void {
  close(fold, () => true);
}

function close(fold: BlockFold, which: (block: RequestBlock) => boolean): void {
  for (const key of fold.memory.openRequests) {
    const block = find(fold, key);
    if (block && which(block)) settle(fold, { ...block, state: "over" });
  }
}

function settle(fold: BlockFold, block: RequestBlock): void {
  fold.memory.openRequests.delete(block.key);
  fold.put(block);
  const tool = fold.tool(block.toolUseId);
  if (!tool) return;
  const { message: denial = "", by: deniedBy = "" } = block.answer ?? {};
  if (block.state === "allowed") fold.put({ ...tool, permission: "allowed", denial });
  else if (block.state === "denied") fold.put({ ...tool, permission: "denied", denial, deniedBy });
  else if (tool.permission === "asked") fold.put({ ...tool, permission: "" });
}
