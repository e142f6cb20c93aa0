/**
 * What the model writes, to blocks: assistant and stream_event frames.
 *
 * The rule: a content block is known by session, parent tool call, message id and its place in the
 * message. Deltas build it up; the full frame, which carries one content block and no place, takes
 * over the first unsettled one of its type and supersedes what the deltas said.
 */

import { asList, asNumber, asObject, asText, type Json, pretty } from "../json.ts";
import type { BlockFold, Part, Parts } from "./blockfold.ts";
import { imageOf, laneOf, parentOf } from "./content.ts";
import { applyHeld } from "./partials.ts";
import { foldToolResult, putTool } from "./tools.ts";

function partsOf(fold: BlockFold, message: string): Parts {
  let parts = fold.memory.parts.get(message);
  if (!parts) {
    parts = { byIndex: new Map(), open: new Set(), next: 0 };
    fold.memory.parts.set(message, parts);
  }
  return parts;
}

function newPart(message: string, parts: Parts, index: number, content: Json): Part {
  const key = `${message}/${index}`;
  const part: Part = { key, index, type: asText(content.type), settled: false, held: [] };
  parts.byIndex.set(index, part);
  parts.open.add(part);
  parts.next = Math.max(parts.next, index + 1);
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
  const known = parts.byIndex.get(index);
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
  applyHeld(fold, part);
  const block = fold.get(part.key);
  if (!block) return;
  const more = asText(delta.text) || asText(delta.thinking);
  if (block.kind === "text" || block.kind === "thinking") {
    if (more !== "") fold.put({ ...block, text: block.text + more });
  } else if (block.kind === "tool" && block.input === null) {
    const piece = asText(delta.partial_json);
    if (piece !== "") fold.put({ ...block, inputText: block.inputText + piece });
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
  const parts = message === undefined ? undefined : fold.memory.parts.get(message);
  for (const part of parts?.open ?? []) setStreaming(fold, part.key, false, true);
}

/** The execution ended: no block streams any more. */
export function endStreams(fold: BlockFold): void {
  for (const message of fold.memory.message.values()) abortOpenParts(fold, message);
}

export function foldAssistant(fold: BlockFold, frame: Json): void {
  for (const uuid of asList(frame.supersedes)) {
    for (const key of fold.memory.frames.get(asText(uuid)) ?? []) fold.remove(key);
  }
  if (parentOf(frame) === null) fold.memory.inTurn = true;
  const body = asObject(frame.message);
  const message = `${laneOf(frame)}/${asText(body.id)}`;
  const parts = partsOf(fold, message);
  const keys = asList(body.content).map((item) => {
    const content = asObject(item);
    const part = findOpen(fold, parts, content) ?? newPart(message, parts, parts.next, content);
    part.settled = true;
    part.held = [];
    parts.open.delete(part);
    putContent(fold, part.key, frame, content, false);
    return part.key;
  });
  const uuid = asText(frame.uuid);
  if (uuid) fold.memory.frames.set(uuid, keys);
}

function findOpen(fold: BlockFold, parts: Parts, content: Json): Part | undefined {
  for (const part of parts.open) {
    if (part.type !== content.type) continue;
    const block = fold.get(part.key);
    if (block?.kind !== "tool" || block.id === asText(content.id)) return part;
  }
  return undefined;
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
    const image = imageOf(content);
    if (image) fold.put({ kind: "image", key, parent, image });
    else fold.raw(type || "content", pretty(content), parent, key);
  }
}
