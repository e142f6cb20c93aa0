/**
 * Markdown to tokens, while it grows.
 *
 * The rule: what has settled is never read again; the tail is, and where the tail is long only once it
 * has grown by a part of itself, so that all of the work is of the order of the text. Read at the end,
 * the tokens are those of the whole text read at once. Whatever the text, this ends and does not
 * throw: depth and length are bounded, and beyond the bounds a text is one token of plain text.
 */
import { Lexer, type Links, type Token, Tokenizer, type Tokens, type TokensList } from "marked";

/** Deeper than this it is plain text. */
const DEEPEST = 24;
/** A longer paragraph or cell is plain text: emphasis and links are looked for back and forth. */
const LONGEST_INLINE = 8_000;
/** Up to this much is read again for each piece that comes. */
const SHORT_TAIL = 4_000;
/** A longer tail is read again when it has grown by this part of it. */
const GROWTH = 8;

/** Markup that a text opens and does not close says nothing of the paragraphs after it. */
class PlainTokenizer extends Tokenizer {
  override tag(src: string): Tokens.Tag | undefined {
    const { inLink, inRawBlock } = this.lexer.state;
    const token = super.tag(src);
    Object.assign(this.lexer.state, { inLink, inRawBlock });
    return token;
  }
}

class BoundedLexer extends Lexer {
  private depth = 0;

  constructor() {
    super({ gfm: true, tokenizer: new PlainTokenizer() });
  }

  override blockTokens(src: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], clipped?: boolean): Token[] {
    if (this.depth >= DEEPEST) return plainly(src, tokens);
    this.depth += 1;
    try {
      return super.blockTokens(src, tokens, clipped);
    } finally {
      this.depth -= 1;
    }
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (this.depth >= DEEPEST || src.length > LONGEST_INLINE) return plainly(src, tokens);
    this.depth += 1;
    try {
      return super.inlineTokens(src, tokens);
    } finally {
      this.depth -= 1;
    }
  }
}

function plainly(src: string, tokens: Token[]): Token[] {
  tokens.push({ type: "text", raw: src, text: src });
  return tokens;
}

/** All of the text at once; `known` are the link definitions of the text before it. */
export function lex(text: string, known: Links = {}): { tokens: Token[]; links: Links } {
  try {
    const lexer = new BoundedLexer();
    Object.assign(lexer.tokens.links, known);
    const tokens = lexer.lex(text);
    return { tokens: [...tokens], links: tokens.links };
  } catch {
    return { tokens: plainly(text, []), links: known };
  }
}

export interface Reading {
  /** Another one than before: what was drawn of the settled tokens is of no use. */
  readonly generation: number;
  /** Grows at its end, and nowhere else. */
  readonly settled: readonly Token[];
  readonly tail: readonly Token[];
  /** What has come and is not read yet. */
  readonly pending: string;
  /** Nothing more comes. */
  readonly complete: boolean;
}

/** A text with this may hold a definition, which can mean something for the text before it. */
const MAY_DEFINE = "]:";
const CLOSING = /^ {0,3}(?:`{3,}|~{3,})[ \t]*$/m;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export class MarkdownReader {
  private text = "";
  private links: Links = {};
  private settled: Token[] = [];
  private settledLength = 0;
  private tail: readonly Token[] = [];
  private tailLength = 0;
  private generation = 0;
  private complete = false;
  /** How many characters were given to the lexer: the cost of all that was read. */
  lexed = 0;

  read(source: string, streaming: boolean): Reading {
    const text = source.includes("\r") ? source.replace(/\r\n?/g, "\n") : source;
    const again = this.complete && (streaming || text !== this.text);
    if (again || !text.startsWith(this.text)) this.forget();
    const grown = text.length > this.text.length;
    this.text = text;
    if (!streaming) this.finish();
    else if (grown && this.isDue()) this.readTail();
    const pending = text.slice(this.settledLength + this.tailLength);
    const { generation, settled, tail, complete } = this;
    return { generation, settled, tail, pending, complete };
  }

  private forget(): void {
    this.generation += 1;
    [this.text, this.links, this.complete] = ["", {}, false];
    [this.settled, this.settledLength] = [[], 0];
    [this.tail, this.tailLength] = [[], 0];
  }

  private isDue(): boolean {
    const length = this.text.length - this.settledLength;
    const pending = length - this.tailLength;
    if (length < SHORT_TAIL || pending > length / GROWTH) return true;
    return isOpenFence(this.tail.at(-1)) && CLOSING.test(this.lastLines(pending));
  }

  /** The last characters, from the beginning of their first line. */
  private lastLines(characters: number): string {
    const end = this.text.length - characters;
    return this.text.slice(this.text.lastIndexOf("\n", end - 1) + 1);
  }

  private hasTwoLines(start: number): boolean {
    const first = this.text.indexOf("\n", start);
    return first >= 0 && this.text.indexOf("\n", first + 1) >= 0;
  }

  private finish(): void {
    if (this.complete) return;
    const { text } = this;
    if (text.includes(MAY_DEFINE)) this.forget();
    this.text = text;
    this.tail = this.lexFrom(this.settledLength);
    this.tailLength = text.length - this.settledLength;
    this.complete = true;
  }

  private lexFrom(start: number): Token[] {
    const source = this.text.slice(start);
    this.lexed += source.length;
    const { tokens, links } = lex(source, this.links);
    this.links = links;
    return tokens;
  }

  /**
   * What stands before a token whose first two lines are whole cannot become something else: the
   * second can still make a heading or a table of the first. Directly after a paragraph some markup
   * is read in another way, so the two stay together.
   */
  private readTail(): void {
    const tokens = this.lexFrom(this.settledLength);
    let [count, settledLength, at] = [0, this.settledLength, this.settledLength];
    tokens.forEach((token, index) => {
      const apart = token.type !== "space" && tokens[index - 1]?.type !== "paragraph";
      if (apart && this.hasTwoLines(at)) [count, settledLength] = [index, at];
      at += token.raw.length;
    });
    this.settled.push(...tokens.slice(0, count));
    this.settledLength = settledLength;
    this.tail = mendLast(tokens.slice(count), this.links);
    this.tailLength = this.text.length - settledLength;
  }
}

/** A fence that nothing has closed yet: what follows belongs to it. */
export function isOpenFence(token: Token | undefined): boolean {
  if (token?.type !== "code" || token.codeBlockStyle === "indented") return false;
  const mark = FENCE.exec(token.raw)?.[1] ?? "";
  const last = token.raw.trimEnd().split("\n").slice(1).at(-1)?.trim() ?? "";
  return !(last.startsWith(mark) && last.replaceAll(mark.charAt(0), "") === "");
}

/** The end of a paragraph that is still written, as it will be once its marks are closed. */
function mendLast(tokens: Token[], links: Links): Token[] {
  const last = tokens.at(-1);
  if (last?.type !== "paragraph" && last?.type !== "heading") return tokens;
  const mended = mend(last.raw);
  return mended === last.raw ? tokens : [...tokens.slice(0, -1), ...lex(mended, links).tokens];
}

function mend(raw: string): string {
  const line = raw.slice(raw.lastIndexOf("\n") + 1);
  const start = raw.slice(0, raw.length - line.length);
  let mended = line.replace(/!?\[([^[\]]*)(?:\](?:\([^()\s]*)?)?$/, "$1");
  if (count(mended, /`/g) % 2 === 1) return start + mended.replace(/`([^`]*)$/, "$1");
  mended = mended.replace(/(?:\*\*|\*|~~)$/, "");
  if (count(mended, /\*\*/g) % 2 === 1) mended += "**";
  return start + mended;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
