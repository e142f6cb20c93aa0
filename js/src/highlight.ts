/**
 * Source text to spans of one kind each, for the languages that agents write most.
 *
 * The rule: pure; the spans joined are the text, and what is too long, unknown or fails is one plain
 * span. The highlighter's own HTML is never looked at: its tree is private to it, so the version is
 * pinned and a test holds the tree to what is read here.
 */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

export interface Span {
  readonly text: string;
  /** What it is (`keyword`, `string`), or empty; its class is `cw-hl-` and this. */
  readonly scope: string;
}

/** A longer one stays plain. */
export const MOST_CHARACTERS = 200_000;
/** A longer line is data, not source, and slow to read. */
const LONGEST_LINE = 10_000;

const LANGUAGES = {
  bash,
  cpp,
  css,
  diff,
  go,
  java,
  json,
  markdown,
  python,
  rust,
  sql,
  typescript,
  xml,
  yaml,
};
const engine = hljs.newInstance();
for (const [name, language] of Object.entries(LANGUAGES)) engine.registerLanguage(name, language);

/** Names and file endings that the languages do not bring along; JavaScript reads as TypeScript. */
const ALSO: Readonly<Record<string, string>> = {
  c: "cpp",
  cjs: "typescript",
  console: "bash",
  h: "cpp",
  htm: "xml",
  ipynb: "json",
  javascript: "typescript",
  js: "typescript",
  jsx: "typescript",
  jsonl: "json",
  mdx: "markdown",
  mjs: "typescript",
  patch: "diff",
  pyi: "python",
  "shell-session": "bash",
  shell: "bash",
  toml: "yaml",
  vue: "xml",
};
const FILES: Readonly<Record<string, string>> = { dockerfile: "bash", makefile: "bash" };

/** The language that a name, an alias or a file's ending means, or empty. */
export function findLanguage(name: string): string {
  const asked = name.trim().toLowerCase();
  const known = Object.hasOwn(ALSO, asked) ? (ALSO[asked] ?? "") : asked;
  if (Object.hasOwn(LANGUAGES, known)) return known;
  const found = known === "" ? undefined : engine.getLanguage(known);
  const entry = Object.keys(LANGUAGES).find((language) => engine.getLanguage(language) === found);
  return found && entry ? entry : "";
}

/** The language of a file, by its name, or empty. */
export function languageOfPath(path: string): string {
  const file = (path.split(/[\\/]/).at(-1) ?? "").toLowerCase();
  if (Object.hasOwn(FILES, file)) return FILES[file] ?? "";
  const dot = file.lastIndexOf(".");
  return dot < 0 ? "" : findLanguage(file.slice(dot + 1));
}

/** A node of the highlighter's tree, as far as it is read. */
interface Node {
  readonly scope?: string;
  readonly children: readonly (Node | string)[];
}

export function highlight(text: string, language: string): readonly Span[] {
  const plain = [{ text, scope: "" }];
  const known = findLanguage(language);
  if (known === "" || text === "" || text.length > MOST_CHARACTERS) return plain;
  if (text.split("\n").some((line) => line.length > LONGEST_LINE)) return plain;
  try {
    const result = engine.highlight(text, { language: known, ignoreIllegals: true });
    const { rootNode } = result._emitter as unknown as { rootNode: Node };
    const spans: Span[] = [];
    collect(rootNode, "", spans);
    return spans.map((span) => span.text).join("") === text ? spans : plain;
  } catch {
    return plain;
  }
}

function collect(node: Node, outer: string, spans: Span[]): void {
  const scope = scopeOf(node, outer);
  for (const child of node.children) {
    if (typeof child !== "string") collect(child, scope, spans);
    else if (child !== "") spans.push({ text: child, scope });
  }
}

/** The innermost one that is drawn; `language:` marks another language inside, which is not. */
function scopeOf({ scope = "" }: Node, outer: string): string {
  if (scope === "" || scope.startsWith("language:")) return outer;
  const name = scope.split(".", 1)[0] ?? "";
  return /^[a-z_-]{1,30}$/.test(name) ? name : outer;
}

/** The same, cut at each new line, which itself is in none of them: one entry for each line. */
export function highlightLines(text: string, language: string): readonly (readonly Span[])[] {
  const lines: Span[][] = [[]];
  for (const { text: whole, scope } of highlight(text, language)) {
    whole.split("\n").forEach((piece, index) => {
      if (index > 0) lines.push([]);
      if (piece !== "") lines.at(-1)?.push({ text: piece, scope });
    });
  }
  return lines;
}
