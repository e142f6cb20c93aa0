/**
 * A change to a file: unified or side by side.
 *
 * The rule: hunks in, a table out. What was added and removed is told by sign and name, not by
 * colour alone. Side by side where there is room, until the reader says otherwise; only so many rows
 * as somebody may read are drawn at first.
 */
import { signal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatCount } from "../../format.ts";
import { recall, remember } from "../../page/remembered.ts";
import { languageOfPath } from "../../text/highlight.ts";
import { countChanges, type Hunk } from "../../tools/diff.ts";
import { highlightRows, type LineSpans } from "../../tools/difflines.ts";
import { type Row, splitRows, unifiedRows } from "../../tools/diffrows.ts";
import { useHighlighted } from "../text/highlighted.ts";
import { SplitRow, UnifiedRow } from "./diffrow.tsx";

export type { Hunk } from "../../tools/diff.ts";
export type DiffMode = "unified" | "split";

interface DiffProps {
  /** Of the file: names the table, and tells the language. */
  readonly path: string;
  /** By name, where the path does not tell. */
  readonly language?: string;
  readonly hunks: readonly Hunk[];
  /** Fixed; without it the reader chooses, and until then the width does. */
  readonly mode?: DiffMode;
  /** False where the hunks are of a part of the file, whose place is not known. */
  readonly numbered?: boolean;
}

/** Narrower than this (in pixels), two columns of code would be all line breaks. */
const ROOM_FOR_TWO = 720;
const FIRST_ROWS = 200;
const MORE_ROWS = 1000;
const PLAIN: LineSpans = new Map();

const chosen = signal<DiffMode | null>(readMode(recall("diff-mode")));

function readMode(value: string | null): DiffMode | null {
  return value === "unified" || value === "split" ? value : null;
}

export function Diff({ path, hunks, mode, numbered = true, language = "" }: DiffProps) {
  const { root, wide } = useRoom();
  const shownMode = mode ?? chosen.value ?? (wide ? "split" : "unified");
  if (hunks.length === 0) return <div class="cw-meta">No change.</div>;
  return (
    <div class={numbered ? "cw-diff" : "cw-diff cw-diff-part"} ref={root}>
      {mode === undefined && <ModeToggle split={shownMode === "split"} />}
      <DiffTable
        key={shownMode}
        path={path}
        hunks={hunks}
        mode={shownMode}
        language={language || languageOfPath(path)}
      />
    </div>
  );
}

function ModeToggle({ split }: { split: boolean }) {
  const toggle = () => {
    chosen.value = split ? "unified" : "split";
    remember("diff-mode", chosen.value);
  };
  return (
    <button
      type="button"
      class="cw-link cw-diff-mode"
      role="switch"
      aria-checked={split}
      onClick={toggle}
    >
      Side by side
    </button>
  );
}

function DiffTable({ path, hunks, mode, language }: Required<Omit<DiffProps, "numbered">>) {
  const rows = useMemo(
    () => (mode === "split" ? splitRows(hunks) : unifiedRows(hunks)),
    [hunks, mode],
  );
  const [shown, setShown] = useState(FIRST_ROWS);
  const drawn = useMemo(() => rows.slice(0, shown), [rows, shown]);
  const spans = useHighlighted(language, () => highlightRows(drawn, language), [drawn]) ?? PLAIN;
  const left = rows.length - shown;
  const { added, removed } = countChanges(hunks);
  const name = `Changes to ${path}: ${formatCount(added, "line")} added, ${removed} removed`;
  return (
    <>
      <table class={`cw-diff-table cw-diff-${mode}`} aria-label={name}>
        <tbody>{rows.slice(0, shown).map((row, index) => drawRow(row, index, spans, mode))}</tbody>
      </table>
      {left > 0 && (
        <button type="button" class="cw-link" onClick={() => setShown(shown + MORE_ROWS)}>
          {`Show more (${formatCount(left, "more line")})`}
        </button>
      )}
    </>
  );
}

function drawRow(row: Row, index: number, spans: LineSpans, mode: DiffMode) {
  if (row.kind === "remark") {
    return (
      <tr key={index} class="cw-diff-remark">
        <td colSpan={mode === "split" ? 6 : 4}>{row.text}</td>
      </tr>
    );
  }
  return mode === "split" ? (
    <SplitRow key={index} row={row} spans={spans} />
  ) : (
    <UnifiedRow key={index} row={row} spans={spans} />
  );
}

/** Of the last one that was measured: most are as wide as that. */
let lastWide = false;

/** Whether there is room for two columns, as the element is now. */
function useRoom() {
  const root = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(lastWide);
  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    // Told by the browser, which has it: to ask would have all of the page laid out for each change.
    const observer = new ResizeObserver((entries) => {
      const width = entries.at(-1)?.contentRect.width ?? 0;
      lastWide = width >= ROOM_FOR_TWO;
      setWide(lastWide);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { root, wide };
}
