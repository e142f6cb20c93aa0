/**
 * The highlighter: source text to spans, for the languages that agents write most, and a terminal's
 * text to runs of colours.
 *
 * The rule: a part of the front end of its own, fetched when there is something to highlight, since
 * its grammars are a fifth of all the code. Pure; the spans joined are the text. The highlighter's
 * own HTML is never looked at: its tree is private to it, so the version is pinned and a test holds
 * the tree to what is read here.
 */
import Anser from "anser";
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

import type { Coloured, Span } from "./highlight.ts";

export const LANGUAGES = {
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

/** A node of the highlighter's tree, as far as it is read. */
interface Node {
  readonly scope?: string;
  readonly children: readonly (Node | string)[];
}

/** Null where it fails, or where its spans are not the text. */
export function highlight(text: string, language: string): readonly Span[] | null {
  if (!Object.hasOwn(LANGUAGES, language)) return null;
  try {
    const result = engine.highlight(text, { language, ignoreIllegals: true });
    const { rootNode } = result._emitter as unknown as { rootNode: Node };
    const spans: Span[] = [];
    collect(rootNode, "", spans);
    return spans.map((span) => span.text).join("") === text ? spans : null;
  } catch {
    return null;
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

export function readColours(text: string): readonly Coloured[] {
  const options = { json: true, use_classes: false, remove_empty: true } as const;
  // The parser says that a look is inverted, its types do not.
  return Anser.ansiToJson(text, options) as unknown as readonly Coloured[];
}

/** Every name that a language brings along. */
export function aliases(): readonly (readonly [alias: string, language: string])[] {
  return Object.keys(LANGUAGES).flatMap((language) =>
    (engine.getLanguage(language)?.aliases ?? []).map((alias) => [alias, language] as const),
  );
}
