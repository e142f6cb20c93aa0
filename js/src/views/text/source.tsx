/**
 * A line of source text: highlighted, with what differs marked and what hides shown.
 *
 * The rule: text nodes and spans; the highlighter's pieces are cut where a mark begins or ends.
 */

import type { Span } from "../../text/highlight.ts";
import type { Span as Mark } from "../../tools/diff.ts";
import { Visible } from "./visible.tsx";

interface SourceTextProps {
  readonly text: string;
  /** Of the highlighter, which joined are the text; without them it is plain. */
  readonly spans?: readonly Span[] | undefined;
  readonly marks?: readonly Mark[];
}

export function SourceText({ text, spans, marks = [] }: SourceTextProps) {
  const pieces = cutAtMarks(spans ?? [{ text, scope: "" }], marks);
  return <>{pieces.map(drawPiece)}</>;
}

interface Piece extends Span {
  readonly marked: boolean;
}

function cutAtMarks(spans: readonly Span[], marks: readonly Mark[]): readonly Piece[] {
  if (marks.length === 0) return spans.map((span) => ({ ...span, marked: false }));
  const cuts = marks.flat();
  const pieces: Piece[] = [];
  let at = 0;
  for (const { text, scope } of spans) {
    const end = at + text.length;
    const inside = cuts.filter((cut) => cut > at && cut < end);
    let start = at;
    for (const cut of [...inside, end]) {
      const marked = marks.some(([from, to]) => start >= from && start < to);
      pieces.push({ text: text.slice(start - at, cut - at), scope, marked });
      start = cut;
    }
    at = end;
  }
  return pieces;
}

function drawPiece({ text, scope, marked }: Piece, index: number) {
  const shown = <Visible text={text} />;
  const name = scope && `cw-hl-${scope}`;
  if (marked) return <mark key={index} class={name || undefined} children={shown} />;
  return name ? <span key={index} class={name} children={shown} /> : shown;
}
