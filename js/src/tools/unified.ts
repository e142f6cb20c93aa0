/**
 * A unified diff, as git writes it, by file.
 *
 * The rule: pure; a hunk has as many lines as it says itself, so that no line of a file is taken for
 * the head of another one. What is cut off within a hunk is missing, and the rest of it is there.
 */
import type { Hunk } from "./diff.ts";

const HEAD = "diff --git ";
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
};

/** The hunks by the path of their file; a file without any is there, too. */
export function readUnified(text: string): ReadonlyMap<string, readonly Hunk[]> {
  const files = new Map<string, Hunk[]>();
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let hunks: Hunk[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    at += 1;
    if (line.startsWith(HEAD)) {
      const path = pathOf(line.slice(HEAD.length));
      hunks = files.get(path) ?? [];
      files.set(path, hunks);
    }
    const [, oldStart, oldCount = "1", newStart, newCount = "1"] = HUNK.exec(line) ?? [];
    if (oldStart === undefined) continue;
    const end = endOfHunk(lines, at, Number(oldCount), Number(newCount));
    hunks.push({
      oldStart: Number(oldStart),
      newStart: Number(newStart),
      lines: lines.slice(at, end),
    });
    at = end;
  }
  return files;
}

function endOfHunk(lines: readonly string[], from: number, old: number, added: number): number {
  let [at, oldLeft, addedLeft] = [from, old, added];
  for (; at < lines.length; at += 1) {
    const mark = lines[at]?.[0];
    if (mark === "\\") continue;
    if (oldLeft <= 0 && addedLeft <= 0) break;
    if (mark !== "+") oldLeft -= 1;
    if (mark !== "-") addedLeft -= 1;
  }
  return at;
}

/** Both names are the same and quoted alike, so that the second one begins in the middle. */
function pathOf(names: string): string {
  const name = names.slice((names.length + 1) / 2);
  return (name.startsWith('"') ? unquoted(name.slice(1, -1)) : name).slice(2);
}

/** Bytes that are no text are what the kernel has for them elsewhere. */
const unquoted = (name: string): string =>
  name.replace(/\\([0-7]{3}|.)/gs, (_, escaped: string) => {
    if (escaped.length === 1) return ESCAPES[escaped] ?? escaped;
    const code = Number.parseInt(escaped, 8);
    return code < 128 ? String.fromCharCode(code) : "\ufffd";
  });
