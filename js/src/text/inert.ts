/**
 * Markdown of an agent's, written again so that it does nothing wherever it is opened.
 *
 * The rule: pure. The text is read to tokens and written from them, so that all structure in what
 * comes out is ours: markup stands as text, links lead to http, https and mailto only, images are
 * links, and no formula is typeset. What programs read differently is never left to them.
 */
import type { Token, Tokens } from "marked";
import { readAddress } from "./links.ts";
import { lex } from "./markdown.ts";
import { decodeReferences } from "./references.ts";
import { visibleText } from "./visible.ts";

/** Headings of an agent's are this much smaller, so that none looks like one of the document. */
const DEMOTED = 2;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\\": "&#92;",
  $: "&#36;",
  "|": "&#124;",
  "{": "&#123;",
  "}": "&#125;",
};

/** Plain text that markdown shows as it is. */
export const escapeMarkdown = (text: string): string => atLineStarts(escapeCharacters(text));

function escapeCharacters(text: string): string {
  return visibleText(text, "prose")
    .replace(/[&<>\\$|{}]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[`*_[\]~!]/g, "\\$&");
}

/** Characters that begin a heading, a list or an underline only where a line begins. */
function atLineStarts(text: string): string {
  return text
    .replace(/^[ \t]+/gm, "")
    .replace(/^(?=[#+=:-])/gm, "\\")
    .replace(/^(\d+)(?=[.)])/gm, "$1\\");
}

/** Text in one line, such as a heading. */
export const escapeLine = (text: string): string =>
  escapeMarkdown(text.replace(/\s+/g, " ").trim());

/** A block of code that nothing in it can end. */
export function fence(text: string, language = ""): string {
  const runs = text.match(/`+/g) ?? [];
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 2);
  const marks = "`".repeat(longest + 1);
  const name = /^[\w+#-]{1,30}/.exec(language)?.[0] ?? "";
  const body = visibleText(text, "prose");
  return `${marks}${name}\n${body}${body.endsWith("\n") ? "" : "\n"}${marks}`;
}

export function inertMarkdown(text: string): string {
  return writeBlocks(lex(text).tokens);
}

function writeBlocks(tokens: readonly Token[]): string {
  return tokens.map(writeBlock).filter(Boolean).join("\n\n");
}

function writeBlock(token: Token): string {
  switch (token.type) {
    case "space":
    case "def":
      return "";
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      const marks = "#".repeat(Math.min(6, depth + DEMOTED));
      return `${marks} ${writeInline(tokens).replace(/\s*\n\s*/g, " ")}`;
    }
    case "paragraph":
    case "text":
      return atLineStarts(writeInline((token as Tokens.Text).tokens ?? [token]));
    case "code":
      return fence((token as Tokens.Code).text, (token as Tokens.Code).lang);
    case "blockquote":
      return prefixed(writeBlocks((token as Tokens.Blockquote).tokens), "> ", "> ");
    case "list":
      return writeList(token as Tokens.List);
    case "table":
      return writeTable(token as Tokens.Table);
    case "hr":
      return "* * *";
    default:
      return escapeMarkdown(token.raw.trim());
  }
}

function writeList({ ordered, start, items }: Tokens.List): string {
  return items
    .map((item, index) => {
      const mark = ordered ? `${(Number(start) || 1) + index}. ` : "- ";
      const box = item.task ? `[${item.checked ? "x" : " "}] ` : "";
      return prefixed(box + writeBlocks(item.tokens), mark, " ".repeat(mark.length));
    })
    .join("\n");
}

function writeTable({ header, rows, align }: Tokens.Table): string {
  const line = (cells: readonly Tokens.TableCell[]) =>
    `| ${cells.map(({ tokens }) => writeInline(tokens, true).replace(/\s*\n\s*/g, " ")).join(" | ")} |`;
  const rule = align.map((one) => (one === "right" ? "---:" : one === "center" ? ":---:" : "---"));
  return [line(header), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

function prefixed(text: string, first: string, others: string): string {
  const lines = text.split("\n");
  return lines.map((line, index) => `${index === 0 ? first : others}${line}`.trimEnd()).join("\n");
}

function writeInline(tokens: readonly Token[], inTable = false): string {
  const write = (some: readonly Token[]) => writeInline(some, inTable);
  return tokens.map((token) => writeToken(token, write, inTable)).join("");
}

function writeToken(
  token: Token,
  write: (tokens: readonly Token[]) => string,
  inTable: boolean,
): string {
  const within = "tokens" in token && token.tokens ? token.tokens : null;
  switch (token.type) {
    case "strong":
      return within ? `**${write(within)}**` : "";
    case "em":
      return within ? `*${write(within)}*` : "";
    case "del":
      return within ? `~~${write(within)}~~` : "";
    case "codespan":
      return codeSpan((token as Tokens.Codespan).text, inTable);
    case "br":
      return inTable ? " " : "\\\n";
    case "link":
      return writeLink(write(within ?? []), (token as Tokens.Link).href);
    case "image": {
      const { text, href } = token as Tokens.Image;
      return writeLink(escapeLine(`Image: ${text}`), href);
    }
    case "escape":
      return escapeCharacters((token as Tokens.Escape).text);
    case "text":
      return within ? write(within) : escapeCharacters(decodeReferences(token.raw));
    default:
      return escapeCharacters(token.raw);
  }
}

function codeSpan(text: string, inTable: boolean): string {
  // One that needs more marks could be taken for the fence of a block.
  if (text.includes("``") || /^\s*$/.test(text)) return escapeCharacters(text);
  const line = visibleText(text.replace(/\s*\n\s*/g, " "), "prose");
  const body = inTable ? line.replaceAll("|", "\\|") : line;
  return body.includes("`") ? `\`\` ${body} \`\`` : `\`${body}\``;
}

function writeLink(words: string, href: string): string {
  const address = readAddress(href);
  if (!address) return `${words} (${escapeLine(href.slice(0, 300))})`;
  const target = address.href.replace(/[<>\\\s"`|$(){}]/g, (one) => encodeURIComponent(one));
  return `[${words.replace(/\s*\n\s*/g, " ")}](<${target}>)`;
}
