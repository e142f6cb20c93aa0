/**
 * Tool calls and what came back.
 *
 * The rule: a call is known by its id, whichever of its frames comes first. Its result is kept as
 * text, images and data, each as much as can be drawn.
 */

import { asNumber, asObject, asText, isObject, type Json } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import type { ToolBlock, ToolResult } from "./blocks.ts";
import { clipStrings } from "./clip.ts";
import { contentText, imagesOf } from "./content.ts";
import { closeRequestsOf } from "./requests.ts";
import { takeTask } from "./tasks.ts";

export function putTool(
  fold: BlockFold,
  key: string,
  parent: string | null,
  content: Json,
  streaming: boolean,
): void {
  const id = asText(content.id);
  const known = fold.tool(id);
  const name = asText(content.name) || "tool";
  const whole = streaming ? { name } : { name, input: inputOf(content), inputText: "" };
  if (known) return fold.put({ ...known, ...whole });
  addTool(fold, { ...emptyTool(key, parent, id), ...whole });
}

const inputOf = (content: Json): Json => clipStrings(asObject(content.input)).kept;

function addTool(fold: BlockFold, tool: ToolBlock): void {
  fold.memory.tools.set(tool.id, tool.key);
  fold.put(tool);
  fold.own(tool.id, tool.key);
  takeTask(fold, tool);
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
    deniedBy: "",
    seconds: null,
    over: false,
    task: null,
  };
}

/** `data` is what the frame says of the result beyond its content. */
export function foldToolResult(
  fold: BlockFold,
  item: Json,
  parent: string | null,
  data: unknown = null,
): void {
  const id = asText(item.tool_use_id);
  if (!fold.tool(id)) addTool(fold, emptyTool(fold.newKey("tool"), parent, id));
  const known = fold.tool(id);
  if (known) fold.put({ ...known, result: resultOf(fold, item, data) });
  closeRequestsOf(fold, id);
}

function resultOf(fold: BlockFold, item: Json, data: unknown): ToolResult {
  const { text, elided } = fold.clipped(contentText(item.content));
  const more = data === null ? null : clipStrings(isObject(data) ? data : { value: data });
  return {
    text,
    isError: item.is_error === true,
    images: imagesOf(item.content),
    data: more?.kept ?? null,
    // The same text may be in both: the larger part that is missing counts.
    ...fold.leftOut(Math.max(elided, more?.elided ?? 0)),
  };
}

export function foldToolProgress(fold: BlockFold, frame: Json): void {
  const tool = fold.tool(asText(frame.tool_use_id));
  const seconds = asNumber(frame.elapsed_time_seconds);
  if (tool && seconds !== null) fold.put({ ...tool, seconds });
}

/** The execution ended: no tool runs any more. */
export function endTools(fold: BlockFold): void {
  for (const id of fold.memory.tools.keys()) {
    const tool = fold.tool(id);
    if (tool && tool.result === null) fold.put({ ...tool, over: true });
  }
}
