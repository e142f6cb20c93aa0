/**
 * Source text to spans of one kind each: what is highlighted, by which language, and when.
 *
 * The rule: pure but for the highlighter, which is a part of its own (`highlighter.ts`) and is
 * fetched when there is first something to highlight. Until it is there, and for what is too long,
 * unknown or fails, the text is one plain span.
 */
import type { ReadonlySignal } from "@preact/signals";
import { Part } from "../parts/part.ts";

export interface Span {
  readonly text: string;
  /** What it is (`keyword`, `string`), or empty; its class is `cw-hl-` and this. */
  readonly scope: string;
}

/** Text of one look, as the parser of a terminal's codes tells it. */
export interface Coloured {
  readonly content: string;
  /** "red, green, blue", each 0 to 255. */
  readonly fg: string;
  readonly bg: string;
  readonly decorations: readonly string[];
  readonly isInverted: boolean;
}

export interface Highlighter {
  /** Null where it fails. */
  highlight(text: string, language: string): readonly Span[] | null;
  /** A terminal's text, of which only the codes of looks are left. */
  readColours(text: string): readonly Coloured[];
}

/** A longer one stays plain. */
export const MOST_CHARACTERS = 200_000;
/** A longer line is data, not source, and slow to read. */
const LONGEST_LINE = 10_000;

/** Each language, and the names and file endings that mean it; JavaScript reads as TypeScript. */
const NAMES: Readonly<Record<string, string>> = {
  bash: "sh zsh console shell shell-session",
  cpp: "c h cc c++ h++ hpp hh hxx cxx",
  css: "",
  diff: "patch",
  go: "golang",
  java: "jsp",
  json: "jsonc json5 jsonl ipynb",
  markdown: "md mkdown mkd mdx",
  python: "py pyi gyp ipython",
  rust: "rs",
  sql: "",
  typescript: "ts tsx mts cts js jsx mjs cjs javascript",
  xml: "html htm xhtml rss atom xjb xsd xsl plist wsf svg vue",
  yaml: "yml toml",
};
const BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([language, names]) =>
    [language, ...names.split(" ").filter(Boolean)].map((name) => [name, language] as const),
  ),
);
const FILES: ReadonlyMap<string, string> = new Map([
  ["dockerfile", "bash"],
  ["makefile", "bash"],
]);

// -- the highlighter -----------------------------------------------------------------------------

const part = new Part<Highlighter>();

/** Null until it has been fetched. Until then text stays plain: no reason to alarm anybody. */
export const highlighter: ReadonlySignal<Highlighter | null> = part.value;

/** How it can be fetched, and of which kernel, until the signal is aborted. */
export function provideHighlighter(...way: Parameters<typeof part.provide>): void {
  part.provide(...way);
}

/** There is something to highlight. */
export const wantHighlighter = (): void => part.want();

// -- languages -----------------------------------------------------------------------------------

/** The language that a name, an alias or a file's ending means, or empty. */
export function findLanguage(name: string): string {
  return BY_NAME.get(name.trim().toLowerCase()) ?? "";
}

/** The language of a file, by its name, or empty. */
export function languageOfPath(path: string): string {
  const file = (path.split(/[\\/]/).at(-1) ?? "").toLowerCase();
  const known = FILES.get(file);
  if (known !== undefined) return known;
  const dot = file.lastIndexOf(".");
  return dot < 0 ? "" : findLanguage(file.slice(dot + 1));
}

// -- spans ---------------------------------------------------------------------------------------

export function highlight(text: string, language: string): readonly Span[] {
  return find(text, findLanguage(language)) ?? [{ text, scope: "" }];
}

function find(text: string, language: string): readonly Span[] | null {
  const engine = highlighter.peek();
  if (!engine || language === "" || text === "" || text.length > MOST_CHARACTERS) return null;
  if (text.split("\n").some((line) => line.length > LONGEST_LINE)) return null;
  return engine.highlight(text, language);
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
