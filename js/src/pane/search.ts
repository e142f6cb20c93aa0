/**
 * Searching a transcript: where the words stand, in every block, drawn or not.
 *
 * The rule: pure; text is looked at in slices, so that whoever searches can let the page breathe
 * between two. What is found is counted by block: the place within a block is the view's to show.
 */
import type { Block } from "../fold/blocks.ts";
import { isObject, type Json } from "../json.ts";

/** Characters that are looked at in one slice. */
const SLICE = 1_000_000;
/** Deeper than this nobody reads. */
const DEEPEST = 20;

/** The query as an expression, whatever the case; null if there is nothing to search for. */
export function expressionOf(query: string): RegExp | null {
  if (query.trim() === "") return null;
  return new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
}

/** Counts the matches; gives back control after each slice. */
export function* countMatches(
  texts: readonly string[],
  expression: RegExp,
  length: number,
): Generator<undefined, number> {
  let count = 0;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += SLICE) {
      // A match may lie across two slices, and counts where it begins.
      const slice = text.length <= SLICE ? text : text.slice(at, at + SLICE + length - 1);
      for (const match of slice.matchAll(expression)) if (match.index < SLICE) count += 1;
      if (text.length > SLICE) yield;
    }
  }
  return count;
}

/** What a reader can see of a block, folds opened. */
export function textsOf(block: Block): string[] {
  switch (block.kind) {
    case "text":
    case "thinking":
      return [block.text, block.error];
    case "prompt":
      return [block.text];
    case "image":
      return [];
    case "tool": {
      const { result } = block;
      const input = block.input === null ? [block.inputText] : stringsIn(block.input);
      return [block.name, ...input, block.denial, result?.text ?? ""];
    }
    case "task":
      return [block.task.description, block.task.summary];
    case "request":
      return [block.title, block.description, block.tool, ...stringsIn(block.input)];
    case "notice":
      return [block.text, block.detail];
    case "result":
      return [block.repeats ? "" : block.text, ...block.errors, ...stringsIn(block.structured)];
    case "raw":
      return [block.label, block.text];
  }
}

function stringsIn(value: unknown, depth = 0): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (depth > DEEPEST) return [];
  if (Array.isArray(value)) return value.flatMap((one) => stringsIn(one, depth + 1));
  if (!isObject(value)) return [];
  return Object.values(value as Json).flatMap((one) => stringsIn(one, depth + 1));
}
