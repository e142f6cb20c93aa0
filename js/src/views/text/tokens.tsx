/**
 * Tokens of markdown as nodes.
 *
 * The rule: every string of a token becomes a text node or an address that `links.ts` has let
 * through; nothing here is chosen by the text but which of these elements it is drawn with.
 */
import type { Token, Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";
import { decodeReferences } from "../../text/references.ts";
import { Code } from "./code.tsx";
import { Limited } from "./limited.tsx";
import { SafeLink } from "./link.tsx";
import { Table } from "./table.tsx";
import { Visible } from "./visible.tsx";

/** Where a block stands. */
export interface Place {
  /** Depths of the headings that it is below, so that no level of ours is left out. */
  readonly levels: number[];
  /** It is still written. */
  readonly streaming: boolean;
}

export const startPlace = (): Place => ({ levels: [], streaming: false });

/** Above them are the page's own headings. */
const HEADINGS = ["h4", "h5", "h6"] as const;
const LISTED = 300;
const SHOWN_ADDRESS = 200;

export function drawBlock(token: Token, place: Place, key: number | string): VNode | null {
  const known = token as Tokens.Generic;
  switch (token.type) {
    case "space":
      return null;
    case "heading":
      return drawHeading(known as Tokens.Heading, place, key);
    case "code":
      return drawCode(known as Tokens.Code, place, key);
    case "blockquote":
      return <blockquote key={key}>{drawBlocks(known.tokens, place)}</blockquote>;
    case "list":
      return drawList(known as Tokens.List, place, key);
    case "table":
      return drawTable(known as Tokens.Table, key);
    case "hr":
      return <hr key={key} />;
    case "def":
      return drawDefinition(known as Tokens.Def, key);
    case "html":
      return (
        <p key={key} class="cw-markup">
          {plain(known.raw.trimEnd())}
        </p>
      );
    case "text":
      return <span key={key}>{known.tokens ? drawInline(known.tokens) : plain(known.text)}</span>;
    case "checkbox":
      return drawSpan(token, key);
    default:
      return <p key={key}>{known.tokens ? drawInline(known.tokens) : plain(known.raw)}</p>;
  }
}

const drawBlocks = (tokens: readonly Token[] = [], place: Place): ComponentChildren[] =>
  tokens.map((token, index) => drawBlock(token, place, index));

const plain = (text: string): VNode => <Visible text={text} as="prose" />;

function drawHeading(token: Tokens.Heading, { levels }: Place, key: number | string): VNode {
  while ((levels.at(-1) ?? 0) >= token.depth) levels.pop();
  levels.push(token.depth);
  const Heading = HEADINGS[Math.min(levels.length, HEADINGS.length) - 1] ?? "h6";
  return <Heading key={key}>{drawInline(token.tokens)}</Heading>;
}

function drawCode(token: Tokens.Code, place: Place, key: number | string): VNode {
  const [language = ""] = (token.lang ?? "").split(/[\s{:,]/, 1);
  return <Code key={key} text={token.text} language={language} streaming={place.streaming} />;
}

function drawList(token: Tokens.List, place: Place, key: number | string): VNode {
  const drawItem = (index: number) => {
    const item = token.items[index];
    return (
      <li key={index} class={item?.task ? "cw-task-item" : undefined}>
        {drawBlocks(item?.tokens, place)}
      </li>
    );
  };
  const { length } = token.items;
  const items = <Limited count={length} draw={drawItem} most={LISTED} what="items" box={listBox} />;
  if (!token.ordered) return <ul key={key}>{items}</ul>;
  const start = typeof token.start === "number" && token.start < 1e9 ? token.start : 1;
  return (
    <ol key={key} start={start}>
      {items}
    </ol>
  );
}

const listBox = (button: VNode) => (
  <li key="more" class="cw-more">
    {button}
  </li>
);

function drawTable({ header, rows, align }: Tokens.Table, key: number | string): VNode {
  const cells = (row: readonly Tokens.TableCell[]) =>
    row.map((cell) => () => drawInline(cell.tokens));
  return <Table key={key} header={cells(header)} rows={rows.map(cells)} align={align} />;
}

/** A footnote is something to read; where other names lead is seen where they are used. */
function drawDefinition({ tag, href, title }: Tokens.Def, key: number | string): VNode | null {
  if (!tag.startsWith("^")) return null;
  return <p key={key}>{plain(`[${tag}]: ${[href, title].filter(Boolean).join(" ")}`)}</p>;
}

function drawInline(tokens: readonly Token[], literal = false): ComponentChildren[] {
  return tokens.map((token, index) => drawSpan(token, index, literal));
}

function drawSpan(token: Token, key: number | string, literal = false): VNode | null {
  const known = token as Tokens.Generic;
  switch (token.type) {
    case "strong":
      return <strong key={key}>{drawInline(known.tokens ?? [], literal)}</strong>;
    case "em":
      return <em key={key}>{drawInline(known.tokens ?? [], literal)}</em>;
    case "del":
      return <del key={key}>{drawInline(known.tokens ?? [], literal)}</del>;
    case "codespan":
      return <code key={key}>{plain(known.text)}</code>;
    case "br":
      return <br key={key} />;
    case "link":
      return drawLink(known as Tokens.Link, key);
    case "image":
      return drawImage(known as Tokens.Image, key);
    case "checkbox":
      return <Checkbox key={key} checked={known.checked === true} />;
    case "text":
      if (known.tokens) return <span key={key}>{drawInline(known.tokens, literal)}</span>;
      return (
        <Visible key={key} text={literal ? known.text : decodeReferences(known.text)} as="prose" />
      );
    default:
      return <Visible key={key} text={String(known.text ?? known.raw)} as="prose" />;
  }
}

function drawLink(token: Tokens.Link, key: number | string): VNode {
  if (token.text.startsWith("^")) return <Visible key={key} text={token.raw} as="prose" />;
  const literal = token.autolink === true;
  const address = literal ? token.href : decodeReferences(token.href);
  return (
    <SafeLink key={key} address={address} words={wordsOf(token.tokens)}>
      {drawInline(token.tokens, literal)}
    </SafeLink>
  );
}

/** Never loaded: what it shows in words, and where it is. */
function drawImage(token: Tokens.Image, key: number | string): VNode {
  const address = decodeReferences(token.href);
  const words = wordsOf(token.tokens);
  return (
    <span key={key} class="cw-image-link">
      {"image: "}
      <SafeLink address={address} words={words}>
        <Visible text={words || address.slice(0, SHOWN_ADDRESS)} as="prose" />
      </SafeLink>
    </span>
  );
}

function wordsOf(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      const known = token as Tokens.Generic;
      return known.tokens ? wordsOf(known.tokens) : decodeReferences(String(known.text ?? ""));
    })
    .join("");
}

function Checkbox({ checked }: { checked: boolean }) {
  return (
    <span class="cw-checkbox" role="img" aria-label={checked ? "done" : "to do"}>
      {checked ? "☑ " : "☐ "}
    </span>
  );
}
