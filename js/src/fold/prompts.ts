/**
 * User frames to blocks: what was sent, what a subagent was told, and results of tool calls.
 *
 * The rule: a prompt is drawn from where it went in. One that was sent while a turn ran is queued
 * until the CLI says that it has begun, or, where it says nothing of its queue, until the next turn.
 */

import { asList, asObject, asText, type Json } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import { contentText, imageOf, parentOf } from "./content.ts";
import { foldToolResult } from "./tools.ts";

/** `sent` is true for the frames that went in. */
export function foldUser(fold: BlockFold, frame: Json, sent = false): void {
  if (frame.isReplay === true && !sent) return dequeue(fold, asText(frame.uuid));
  const content = asObject(frame.message).content;
  const items = typeof content === "string" ? [{ type: "text", text: content }] : asList(content);
  const results = items.map(asObject).filter((item) => asText(item.tool_use_id) !== "");
  // The frame has one `tool_use_result`: of two results it could be either's.
  const data = results.length === 1 ? (frame.tool_use_result ?? null) : null;
  const parent = parentOf(frame);
  for (const item of items.map(asObject)) {
    if (asText(item.tool_use_id)) foldToolResult(fold, item, parent, data);
    else putWords(fold, frame, item, sent);
  }
  if (sent) fold.memory.inTurn = true;
}

function putWords(fold: BlockFold, frame: Json, item: Json, sent: boolean): void {
  const parent = parentOf(frame);
  const image = imageOf(item);
  if (image) return fold.put({ kind: "image", key: fold.newKey("image"), parent, image });
  const text = contentText([item]);
  if (text === "") return;
  // The CLI's own words in the user's place.
  if (!sent && parent === null) return void fold.notice("info", text);
  const { inTurn, queued } = fold.memory;
  const key = fold.newKey("prompt");
  fold.put({ kind: "prompt", key, parent, text, queued: sent && inTurn });
  if (sent && inTurn) queued.set(key, asText(frame.uuid));
}

/** `command_lifecycle`: how far a message of ours has come. */
export function foldCommandLifecycle(fold: BlockFold, frame: Json): void {
  const uuid = asText(frame.command_uuid);
  fold.memory.tellsQueue = true;
  if (frame.state === "queued") return;
  if (frame.state !== "started" && frame.state !== "completed" && isQueued(fold, uuid)) {
    fold.notice("info", `A queued prompt was not taken: ${asText(frame.state)}`);
  }
  dequeue(fold, uuid);
}

/** A turn begins: where the CLI says nothing of its queue, all that waited is in it. */
export function foldTurn(fold: BlockFold): void {
  const { memory } = fold;
  if (!memory.inTurn && !memory.tellsQueue) {
    for (const uuid of new Set(memory.queued.values())) dequeue(fold, uuid);
  }
  memory.inTurn = true;
}

/** It has ended: nothing waits any more. Only of a CLI that tells of its queue it is known why. */
export function endPrompts(fold: BlockFold): void {
  const left = new Set(fold.memory.queued.values());
  if (left.size > 0 && fold.memory.tellsQueue) {
    const which = left.size === 1 ? "A queued prompt was" : `${left.size} queued prompts were`;
    fold.notice("warning", `${which} not taken: the execution has ended`);
  }
  for (const uuid of left) dequeue(fold, uuid);
}

const isQueued = (fold: BlockFold, uuid: string): boolean =>
  [...fold.memory.queued.values()].includes(uuid);

function dequeue(fold: BlockFold, uuid: string): void {
  for (const [key, of] of fold.memory.queued) {
    if (of !== uuid) continue;
    fold.memory.queued.delete(key);
    const block = fold.get(key);
    if (block?.kind === "prompt") fold.put({ ...block, queued: false });
  }
}
