/**
 * One row of a change.
 *
 * The rule: a cell each for the line number, the sign and the text; the sign has a name, and the
 * words that differ are marked within their line.
 */
import { useMemo } from "preact/hooks";
import { markWords, type Span } from "../../tools/diff.ts";
import type { LineSpans } from "../../tools/difflines.ts";
import type { Line, Row } from "../../tools/diffrows.ts";
import { SourceText } from "../text/source.tsx";

type LineRow = Exclude<Row, { kind: "remark" }>;
interface RowProps {
  readonly row: LineRow;
  readonly spans: LineSpans;
}

const NONE: readonly Span[] = [];

export function UnifiedRow({ row, spans }: RowProps) {
  const marks = useMarks(row);
  const line = row.new ?? row.old;
  const sign = signOf(row);
  if (!line) return null;
  return (
    <tr class={`cw-diff-${sign.word || "same"}`}>
      <td class="cw-diff-number">{row.old?.number}</td>
      <td class="cw-diff-number">{row.new?.number}</td>
      <SignCell {...sign} />
      <td class="cw-diff-text">
        <SourceText
          text={line.text}
          spans={spans.get(line)}
          marks={row.new ? marks[1] : marks[0]}
        />
      </td>
    </tr>
  );
}

export function SplitRow({ row, spans }: RowProps) {
  const marks = useMarks(row);
  const changed = row.kind === "changed";
  return (
    <tr>
      <Side line={row.old} sign={changed ? REMOVED : SAME} spans={spans} marks={marks[0]} />
      <Side line={row.new} sign={changed ? ADDED : SAME} spans={spans} marks={marks[1]} />
    </tr>
  );
}

interface Sign {
  readonly sign: string;
  readonly word: string;
}
const SAME: Sign = { sign: "", word: "" };
const REMOVED: Sign = { sign: "−", word: "removed" };
const ADDED: Sign = { sign: "+", word: "added" };

function signOf({ kind, old }: LineRow): Sign {
  if (kind === "same") return SAME;
  return old ? REMOVED : ADDED;
}

function SignCell({ sign, word }: Sign) {
  return (
    <td class="cw-diff-sign" aria-label={word || undefined}>
      {sign}
    </td>
  );
}

interface SideProps {
  readonly line: Line | null;
  readonly sign: Sign;
  readonly spans: LineSpans;
  readonly marks: readonly Span[];
}

function Side({ line, sign, spans, marks }: SideProps) {
  if (!line) return <td class="cw-diff-none" colSpan={3} />;
  const kind = `cw-diff-${sign.word || "same"}`;
  return (
    <>
      <td class={`cw-diff-number ${kind}`}>{line.number}</td>
      <td class={`cw-diff-sign ${kind}`} aria-label={sign.word || undefined}>
        {sign.sign}
      </td>
      <td class={`cw-diff-text ${kind}`}>
        <SourceText text={line.text} spans={spans.get(line)} marks={marks} />
      </td>
    </>
  );
}

function useMarks(row: LineRow): readonly [readonly Span[], readonly Span[]] {
  return useMemo(() => {
    if (row.kind === "same") return [NONE, NONE];
    const before = row.old?.text ?? row.new?.other;
    const after = row.new?.text ?? row.old?.other;
    return before == null || after == null ? [NONE, NONE] : markWords(before, after);
  }, [row]);
}
