/**
 * The frames of the conversation to blocks: assistant, stream_event and user.
 *
 * The rule: a content block is known by session, parent tool call, message id and its place in the
 * message. Deltas build it up; the full frame, which carries one content block and no place, takes
 * over the first unsettled one of its type and supersedes what the deltas said.
 */
import type { BlockFold, Part, ToolBlock } from "./blocks.ts";
import { asList, asNumber, asObject, asText, type Json, pretty } from "./json.ts";

const parentOf = (frame: Json): string | null => asText(frame.parent_tool_use_id) || null;
const laneOf = (frame: Json): string => `${asText(frame.session_id)}/${parentOf(frame) ?? ""}`;

function partsOf(fold: BlockFold, message: string): Part[] {
  let parts = fold.memory.parts.get(message);
  if (!parts) {
    parts = [];
    fold.memory.parts.set(message, parts);
  }
  return parts;
}

function newPart(message: string, parts: Part[], index: number, content: Json): Part {
  const type = asText(content.type);
  const key = `${message}/${index}`;
  const part: Part = { key, index, type, settled: false };
  parts.push(part);
  return part;
}

export function foldStreamEvent(fold: BlockFold, frame: Json): void {
  const event = asObject(frame.event);
  const lane = laneOf(frame);
  if (event.type === "message_start") {
    abortOpenParts(fold, fold.memory.message.get(lane));
    const id = asText(asObject(event.message).id) || asText(frame.api_message_id);
    fold.memory.message.set(lane, `${lane}/${id}`);
    return;
  }
  const message = fold.memory.message.get(lane) ?? `${lane}/${asText(frame.api_message_id)}`;
  const parts = partsOf(fold, message);
  const index = asNumber(event.index) ?? 0;
  const known = parts.find((part) => part.index === index);
  if (event.type === "content_block_start" && !known) {
    const content = asObject(event.content_block);
    const part = newPart(message, parts, index, content);
    putContent(fold, part.key, frame, content, true);
  } else if (event.type === "content_block_delta" && known && !known.settled) {
    applyDelta(fold, known, asObject(event.delta));
  } else if (event.type === "content_block_stop" && known && !known.settled) {
    setStreaming(fold, known.key, false);
  } else if (event.type === "error") {
    const error = asObject(event.error);
    fold.notice("error", `API error: ${asText(error.message) || asText(error.type)}`);
  }
}

function applyDelta(fold: BlockFold, part: Part, delta: Json): void {
  const block = fold.get(part.key);
  if (!block) return;
  const more = asText(delta.text) || asText(delta.thinking);
  if (block.kind === "text" || block.kind === "thinking") {
    if (more !== "") fold.put({ ...block, text: block.text + more });
  } else if (block.kind === "tool" && typeof delta.partial_json === "string") {
    fold.put({ ...block, inputText: block.inputText + delta.partial_json });
  }
}

function setStreaming(fold: BlockFold, key: string, streaming: boolean, aborted = false): void {
  const block = fold.get(key);
  if (block?.kind !== "text" && block?.kind !== "thinking") return;
  if (block.streaming !== streaming || block.aborted !== aborted) {
    fold.put({ ...block, streaming, aborted });
  }
}

/** A message that was begun again leaves what came of it; the reader is told that it broke off. */
function abortOpenParts(fold: BlockFold, message: string | undefined): void {
  for (const part of message === undefined ? [] : (fold.memory.parts.get(message) ?? [])) {
    if (!part.settled) setStreaming(fold, part.key, false, true);
  }
}

/** The execution ended: no block streams any more, and no tool runs. */
export function endStreams(fold: BlockFold): void {
  for (const message of fold.memory.message.values()) abortOpenParts(fold, message);
  for (const id of fold.memory.tools.keys()) {
    const tool = findTool(fold, id);
    if (tool && tool.result === null) fold.put({ ...tool, over: true });
  }
}

export function foldAssistant(fold: BlockFold, frame: Json): void {
  for (const uuid of asList(frame.supersedes)) {
    for (const key of fold.memory.frames.get(asText(uuid)) ?? []) fold.remove(key);
  }
  const body = asObject(frame.message);
  const message = `${laneOf(frame)}/${asText(body.id)}`;
  const parts = partsOf(fold, message);
  const keys = asList(body.content).map((item) => {
    const content = asObject(item);
    const index = parts.reduce((highest, part) => Math.max(highest, part.index), -1) + 1;
    const part = findUnsettled(fold, parts, content) ?? newPart(message, parts, index, content);
    part.settled = true;
    putContent(fold, part.key, frame, content, false);
    return part.key;
  });
  const uuid = asText(frame.uuid);
  if (uuid) fold.memory.frames.set(uuid, keys);
}

function findUnsettled(fold: BlockFold, parts: Part[], content: Json): Part | undefined {
  return parts.find((part) => {
    if (part.settled || part.type !== content.type) return false;
    const block = fold.get(part.key);
    return block?.kind !== "tool" || block.id === asText(content.id);
  });
}

function putContent(
  fold: BlockFold,
  key: string,
  frame: Json,
  content: Json,
  streaming: boolean,
): void {
  const parent = parentOf(frame);
  const type = asText(content.type);
  if (type === "text" || type === "thinking") {
    const text = asText(type === "text" ? content.text : content.thinking);
    if (!streaming && type === "text" && parent === null) fold.memory.lastText = text;
    const error = asText(frame.error);
    fold.put({ kind: type, key, parent, text, streaming, aborted: frame.aborted === true, error });
  } else if (type === "redacted_thinking") {
    const text = "(not shown by the API)";
    fold.put({ kind: "thinking", key, parent, text, streaming, aborted: false, error: "" });
  } else if (type === "tool_use" || type === "server_tool_use" || type === "mcp_tool_use") {
    putTool(fold, key, parent, content, streaming);
  } else if (asText(content.tool_use_id)) {
    foldToolResult(fold, content, parent);
  } else {
    fold.put({ kind: "raw", key, parent, label: type || "content", text: pretty(content) });
  }
}

function putTool(
  fold: BlockFold,
  key: string,
  parent: string | null,
  content: Json,
  streaming: boolean,
): void {
  const id = asText(content.id);
  const fields = { name: asText(content.name) || "tool", input: asObject(content.input) };
  const known = findTool(fold, id);
  if (known) {
    const whole = { ...fields, inputText: "" };
    fold.put(streaming ? { ...known, name: fields.name } : { ...known, ...whole });
    return;
  }
  fold.memory.tools.set(id, key);
  fold.put({
    ...emptyTool(key, parent, id),
    name: fields.name,
    input: streaming ? null : fields.input,
  });
}

function emptyTool(key: string, parent: string | null, id: string): ToolBlock {
  return {
    kind: "tool",
    key,
    parent,
    id,
    name: "tool",
    input: null,
    inputText: "",
    result: null,
    permission: "",
    denial: "",
    seconds: null,
    over: false,
    task: null,
  };
}

export function findTool(fold: BlockFold, id: string): ToolBlock | undefined {
  const block = fold.get(fold.memory.tools.get(id));
  return block?.kind === "tool" ? block : undefined;
}

/** User frames are prompts (`sent` is true for those that went in) and results of tool calls. */
export function foldUser(fold: BlockFold, frame: Json, sent = false): void {
  const content = asObject(frame.message).content;
  const parent = parentOf(frame);
  const items = typeof content === "string" ? [{ type: "text", text: content }] : asList(content);
  for (const item of items.map(asObject)) {
    if (asText(item.tool_use_id)) foldToolResult(fold, item, parent);
    else if (sent || parent !== null) putPrompt(fold, contentText([item]), parent);
    // The CLI's own words in the user's place. What was sent is drawn already, from where it went in.
    else if (frame.isReplay !== true) fold.notice("info", contentText([item]));
  }
}

function putPrompt(fold: BlockFold, text: string, parent: string | null): void {
  if (text !== "") {
    fold.put({ kind: "prompt", key: fold.newKey("prompt"), parent, text, queued: false });
  }
}

function foldToolResult(fold: BlockFold, item: Json, parent: string | null): void {
  const id = asText(item.tool_use_id);
  const known = findTool(fold, id) ?? emptyTool(fold.newKey("tool"), parent, id);
  fold.memory.tools.set(id, known.key);
  const text = typeof item.content === "string" ? item.content : contentText(item.content);
  fold.put({ ...known, result: { text, isError: item.is_error === true, images: [], data: null } });
}

function contentText(content: unknown): string {
  const items = Array.isArray(content) ? content : content === undefined ? [] : [content];
  return items
    .map((value) => {
      const item = asObject(value);
      if (item.type === "text") return asText(item.text);
      if (item.type !== "image") return typeof value === "string" ? value : pretty(value);
      const source = asObject(item.source);
      const kilobytes = Math.ceil((asText(source.data).length * 3) / 4 / 1024);
      return `[${asText(source.media_type) || "image"}, ${kilobytes} kB]`;
    })
    .join("\n");
}
