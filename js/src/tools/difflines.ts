/**
 * The lines of a change, highlighted.
 *
 * The rule: pure; the old and the new side are each read as one text up to where lines are left out,
 * so that a string or comment over several lines is seen as one.
 */

import { highlightLines, type Span } from "../text/highlight.ts";
import type { Line, Row } from "./diffrows.ts";

export type LineSpans = ReadonlyMap<Line, readonly Span[]>;

export function highlightRows(rows: readonly Row[], language: string): LineSpans {
  const spans = new Map<Line, readonly Span[]>();
  if (language === "") return spans;
  let sides: Line[][] = [[], []];
  const flush = () => {
    for (const lines of sides) highlightSide(lines, language, spans);
    sides = [[], []];
  };
  for (const row of rows) {
    if (row.kind === "remark") flush();
    else {
      if (row.old) sides[0]?.push(row.old);
      if (row.new) sides[1]?.push(row.new);
    }
  }
  flush();
  return spans;
}

function highlightSide(
  lines: readonly Line[],
  language: string,
  spans: Map<Line, readonly Span[]>,
): void {
  const found = highlightLines(lines.map((line) => line.text).join("\n"), language);
  lines.forEach((line, index) => {
    const own = found[index];
    if (own) spans.set(line, own);
  });
}
