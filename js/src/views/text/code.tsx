/**
 * Source text, highlighted, with a button that copies it.
 *
 * The rule: from the highlighter's tree to nodes. Text is drawn at once and plain; only what has
 * settled is highlighted, when the page has time for it. What is copied is the whole text.
 */
import { formatNumber } from "../../format.ts";
import { findLanguage, highlight, languageOfPath, type Span } from "../../text/highlight.ts";
import { useKept } from "../pane/kept.tsx";
import { CopyButton } from "./copy.tsx";
import { useHighlighted } from "./highlighted.ts";
import { Visible } from "./visible.tsx";

interface Source {
  readonly text: string;
  /** By any name that it goes by; where it is empty, `path` tells. */
  readonly language?: string;
  readonly path?: string;
  /** More of it is on its way. */
  readonly streaming?: boolean;
}

const FIRST_SHOWN = 20_000;
const STEP = 100_000;

export function Code({ text, language = "", path = "", streaming = false }: Source) {
  const [limit, setLimit] = useKept("characters of code", FIRST_SHOWN);
  // A few more lines are shorter than the button.
  const end = text.length <= limit * 1.1 ? text.length : endOfLine(text, limit);
  const left = text.length - end;
  const spans = useSpans(text.slice(0, end), language || languageOfPath(path), streaming);
  return (
    <div class="cw-code-box">
      <div class="cw-code-head">
        <span class="cw-meta">{language}</span>
        <CopyButton text={text} what="code" />
      </div>
      <pre class="cw-code" tabIndex={0}>
        <code>
          <Spans spans={spans} />
        </code>
      </pre>
      {left > 0 && (
        <button type="button" class="cw-link" onClick={() => setLimit(end + STEP)}>
          {`Show more (${formatNumber(left)} more characters)`}
        </button>
      )}
    </div>
  );
}

function endOfLine(text: string, limit: number): number {
  const end = text.lastIndexOf("\n", limit);
  return end > limit / 2 ? end : limit;
}

export function Spans({ spans }: { spans: readonly Span[] }) {
  return (
    <>
      {spans.map(({ text, scope }, index) => {
        const shown = <Visible text={text} as="prose" />;
        return scope === "" ? (
          shown
        ) : (
          <span key={index} class={`cw-hl-${scope}`}>
            {shown}
          </span>
        );
      })}
    </>
  );
}

/** Remembered, since a list of many blocks mounts them again and again. */
const REMEMBERED = 100;
const remembered = new Map<string, readonly Span[]>();

function useSpans(text: string, language: string, streaming: boolean): readonly Span[] {
  const key = `${language}\n${text}`;
  const known = streaming ? undefined : remembered.get(key);
  const wanted = streaming || known ? "" : findLanguage(language);
  const found = useHighlighted(wanted, () => remember(key, highlight(text, language)), [key]);
  return known ?? found ?? [{ text, scope: "" }];
}

function remember(key: string, spans: readonly Span[]): readonly Span[] {
  remembered.set(key, spans);
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  return spans;
}
