/**
 * What a search in files has found, by file.
 *
 * The rule: pure; read from the lines that the search printed, whose form is ripgrep's:
 * `path:12:text` for a match and `path-13-text` for a line beside one. Other lines are kept as text.
 */

import { asList, asNumber, asText } from "../json.ts";
import { splitLines } from "./diff.ts";
import type { Call } from "./toolcall.ts";

export interface FoundLine {
  readonly number: number | null;
  readonly text: string;
  /** And not only beside one. */
  readonly isMatch: boolean;
}
export interface FoundFile {
  /** Empty where one file was searched. */
  readonly path: string;
  readonly lines: readonly FoundLine[];
  /** How many, where only that is known. */
  readonly count: number | null;
}

/** Of a Grep. */
export function readMatches(call: Call): readonly FoundFile[] {
  const { data, input, text } = call;
  const mode = asText(data.mode) || asText(input.output_mode) || "files_with_matches";
  if (mode === "content") return byFile(splitLines(asText(data.content) || text));
  if (mode === "count") return splitLines(asText(data.content) || text).flatMap(readCount);
  return readPaths(call).map((path) => ({ path, lines: [], count: null }));
}

/** Of a Glob, or of a Grep for files. */
export function readPaths({ data, text }: Call): readonly string[] {
  const named = asList(data.filenames).map(asText).filter(Boolean);
  if (named.length > 0 || Array.isArray(data.filenames)) return named;
  return splitLines(text).filter((line) => line !== "" && !/^(?:Found \d|No files? )/.test(line));
}

/** Of how many matches or files the result tells, in words; the CLI may have cut off the list. */
export function countMatches(call: Call, found: readonly FoundFile[]): [number, string] {
  const mode = asText(call.data.mode) || asText(call.input.output_mode);
  if (mode !== "content" && mode !== "count") {
    return [asNumber(call.data.totalFiles) ?? found.length, "file"];
  }
  const told = asNumber(call.data.numMatches);
  const counted = found.reduce(
    (sum, file) => sum + (file.count ?? file.lines.filter((line) => line.isMatch).length),
    0,
  );
  return [told ?? counted, "match"];
}

function readCount(line: string): FoundFile[] {
  const match = /^(?:(.*):)?(\d+)$/.exec(line);
  return match ? [{ path: match[1] ?? "", lines: [], count: Number(match[2]) }] : [];
}

function byFile(lines: readonly string[]): readonly FoundFile[] {
  const files: { path: string; lines: FoundLine[]; count: null }[] = [];
  for (const whole of lines) {
    if (whole === "--" || whole === "") continue;
    const { path, ...line } = readLine(whole, files.at(-1)?.path);
    if (files.at(-1)?.path !== path) files.push({ path, lines: [], count: null });
    files.at(-1)?.lines.push(line);
  }
  return files;
}

function readLine(whole: string, lastPath: string | undefined): FoundLine & { path: string } {
  const match = /^(?:((?:[A-Za-z]:)?[^:]*):)?(\d+):(.*)$/s.exec(whole);
  if (match) {
    return { path: match[1] ?? "", number: Number(match[2]), text: match[3] ?? "", isMatch: true };
  }
  // A path may itself have what looks like a number between dashes: the last match says which it is.
  if (lastPath !== undefined && lastPath !== "" && whole.startsWith(`${lastPath}-`)) {
    const beside = /^(\d+)-(.*)$/s.exec(whole.slice(lastPath.length + 1));
    if (beside) return besideLine(lastPath, beside[1], beside[2]);
  }
  const beside = /^(?:(.*?)-)?(\d+)-(.*)$/s.exec(whole);
  if (beside) return { ...besideLine(beside[1] ?? "", beside[2], beside[3]) };
  return { path: lastPath ?? "", number: null, text: whole, isMatch: true };
}

const besideLine = (path: string, number: string | undefined, text: string | undefined) => ({
  path,
  number: Number(number),
  text: text ?? "",
  isMatch: false,
});
