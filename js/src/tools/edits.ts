/**
 * What a call of a tool that edits changes: from its input before, from its result after.
 *
 * The rule: pure; the CLI's own patch where there is one, else what the input tells, and then the
 * line numbers are not known. Fields of any type, or none, give no hunks and no error.
 */

import { asList, asObject, asText, type Json } from "../json.ts";
import { type Hunk, hunksBetween, readHunks, splitLines } from "./diff.ts";

export interface Edit {
  readonly path: string;
  readonly hunks: readonly Hunk[];
  /** The lines are those of the file, and not only of the part that the input names. */
  readonly numbered: boolean;
  /** The file was not there before. */
  readonly created: boolean;
}

/** Null for a tool that edits no file; `data` is the `tool_use_result`, null before it is there. */
export function editOf(name: string, input: Json, data: Json | null = null): Edit | null {
  return EDITORS.get(name)?.(input, data ?? {}) ?? null;
}

type Editor = (input: Json, data: Json) => Edit;

const EDITORS: ReadonlyMap<string, Editor> = new Map([
  ["Edit", edited],
  ["MultiEdit", edited],
  ["Write", written],
  ["NotebookEdit", cellEdited],
]);

function edited(input: Json, data: Json): Edit {
  const path = asText(input.file_path) || asText(data.filePath);
  const patch = readHunks(data.structuredPatch);
  const known = { path, created: false };
  if (patch.length > 0) return { ...known, hunks: patch, numbered: true };
  const edits = Array.isArray(input.edits) ? asList(input.edits).map(asObject) : [input];
  const hunks = edits.flatMap((edit) =>
    hunksBetween(asText(edit.old_string), asText(edit.new_string)),
  );
  return { ...known, hunks, numbered: false };
}

function written(input: Json, data: Json): Edit {
  const path = asText(input.file_path) || asText(data.filePath);
  const created = data.type === "create";
  const patch = readHunks(data.structuredPatch);
  if (patch.length > 0) return { path, hunks: patch, numbered: true, created };
  const content = asText(input.content) || asText(data.content);
  const before = data.originalFile;
  const hunks = typeof before === "string" ? hunksBetween(before, content) : allAdded(content);
  return { path, hunks, numbered: true, created };
}

function cellEdited(input: Json, data: Json): Edit {
  const path = asText(input.notebook_path) || asText(data.notebook_path);
  const after = input.edit_mode === "delete" ? "" : asText(input.new_source);
  const before = asText(data.old_source);
  const hunks = before === "" ? allAdded(after) : hunksBetween(before, after);
  return { path, hunks, numbered: true, created: false };
}

function allAdded(text: string): readonly Hunk[] {
  const lines = splitLines(text).map((line) => `+${line}`);
  return lines.length === 0 ? [] : [{ oldStart: 1, newStart: 1, lines }];
}
