/**
 * The content of a message: its words, and its images.
 *
 * The rule: pure. An image is its bytes; one that is only an address is told in words, and never
 * fetched. What is neither is shown as the JSON that it is.
 */

import { asList, asObject, asText, type Json, pretty } from "../json.ts";
import type { Image } from "./blocks.ts";

/** The parent tool call of a frame: whose subagent it is of. */
export const parentOf = (frame: Json): string | null => asText(frame.parent_tool_use_id) || null;

/** One lane of the conversation: messages follow each other in it. */
export const laneOf = (frame: Json): string =>
  `${asText(frame.session_id)}/${parentOf(frame) ?? ""}`;

export function imageOf(content: Json): Image | null {
  if (content.type !== "image") return null;
  const source = asObject(content.source);
  const data = asText(source.data);
  return data === "" ? null : { mediaType: asText(source.media_type) || "image", data };
}

export const imagesOf = (content: unknown): Image[] =>
  asList(content).flatMap((item) => imageOf(asObject(item)) ?? []);

/** All that is no image, as text. */
export function contentText(content: unknown): string {
  const items = Array.isArray(content) ? content : content === undefined ? [] : [content];
  return items.flatMap((item) => itemText(item) ?? []).join("\n");
}

function itemText(value: unknown): string | null {
  if (typeof value === "string") return value;
  const item = asObject(value);
  if (item.type === "text") return asText(item.text);
  if (imageOf(item)) return null;
  const address = item.type === "image" ? asText(asObject(item.source).url) : "";
  return address === "" ? pretty(value) : `[image at ${address}]`;
}
