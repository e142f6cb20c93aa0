/**
 * What came of a call, and what it was about, tool by tool.
 *
 * The rule: pure; what the CLI says of it is taken as it is, and counted here where it does not say.
 */

import { formatBytes, formatCount, formatNumber } from "../format.ts";
import { asList, asNumber, asObject, asText } from "../json.ts";
import { countChanges } from "./diff.ts";
import { editOf } from "./edits.ts";
import { countMatches, readMatches, readPaths } from "./matches.ts";
import { type Call, relativePath } from "./toolcall.ts";
import { readCommandResult, readFileText } from "./tooldata.ts";

/** The first of these fields that is text. */
export const field =
  (...names: string[]) =>
  ({ input }: Call): string =>
    names.map((name) => asText(input[name])).find((text) => text !== "") ?? "";

/** The same as a path, told from the working folder. */
export const pathField =
  (...names: string[]) =>
  (call: Call): string =>
    relativePath(field(...names)(call), call.cwd);

export const quoted = (text: string): string => (text === "" ? "" : `"${text}"`);

export function tellRead(call: Call): string {
  const file = asObject(call.data.file);
  const size = asNumber(file.originalSize);
  switch (call.data.type) {
    case "image":
      return size === null ? "an image" : `an image of ${formatBytes(size)}`;
    case "notebook":
      return formatCount(asList(file.cells).length, "cell");
    case "pdf":
      return size === null ? "a PDF" : `a PDF of ${formatBytes(size)}`;
    case "parts":
      return `${formatCount(asNumber(file.count) ?? 0, "page")} of a PDF`;
    default:
      return tellLines(call);
  }
}

export function tellLines(call: Call): string {
  const read = readFileText(call);
  if (!read) return "";
  const { lines, firstLine, totalLines } = read;
  if (firstLine === 1 && totalLines === null) return formatCount(lines.length, "line");
  const place = `lines ${firstLine}–${firstLine + Math.max(lines.length, 1) - 1}`;
  return totalLines === null ? place : `${place} of ${formatNumber(totalLines)}`;
}

export function tellChanges({ name, input, data }: Call): string {
  const { added, removed } = countChanges(editOf(name, input, data)?.hunks ?? []);
  return `+${added} −${removed}`;
}

export function tellWritten(call: Call): string {
  const written = editOf(call.name, call.input, call.data);
  if (call.data.type === "update") return tellChanges(call);
  return formatCount(countChanges(written?.hunks ?? []).added, "line");
}

export function tellExit(call: Call): string {
  const { exitCode, interrupted, background, meaning } = readCommandResult(call);
  if (interrupted) return "interrupted";
  if (exitCode !== null) return `exit code ${exitCode}`;
  return background === "" ? meaning : `it goes on ${background}`;
}

export function tellSearch(call: Call): string {
  const path = pathField("path")(call);
  return [quoted(asText(call.input.pattern)), path !== "" && `in ${path}`]
    .filter(Boolean)
    .join(" ");
}

export function tellMatches(call: Call): string {
  const [count, word] = countMatches(call, readMatches(call));
  return formatCount(count, word, word === "match" ? "matches" : "files");
}

export function countPaths(call: Call): number {
  return asNumber(call.data.totalMatches) ?? asNumber(call.data.numFiles) ?? readPaths(call).length;
}

export function tellTaskChange({ data, input }: Call): string {
  const to = asText(asObject(data.statusChange).to) || asText(input.status);
  return to.replace("_", " ");
}

export function tellFetched({ data }: Call): string {
  const code = asNumber(data.code);
  return code === null || code === 200 ? "" : `${code} ${asText(data.codeText)}`.trim();
}

/** Of an address that can be read as one; else all of it. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host || url;
  } catch {
    return url;
  }
}
