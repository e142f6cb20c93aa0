/**
 * What the CLI wrote to stderr: the last lines of it.
 *
 * The rule: text as it came, a row a line, of which only those in sight are drawn; how much came
 * before what is kept is said.
 */
import { useCallback, useMemo } from "preact/hooks";
import { formatCount } from "../../format.ts";
import type { Pane } from "../../pane/pane.ts";
import { Visible } from "../text/visible.tsx";
import { useListView, VirtualList } from "../virtual.tsx";

const LINE = 19;

export function StderrPanel({ pane }: { pane: Pane }) {
  const { count, text } = pane.stderr.value;
  const list = useListView({ follow: true });
  const lines = useMemo(() => (text === "" ? [] : text.split("\n")), [text]);
  const first = count - lines.length;
  const rows = useMemo(
    () => ({
      count: lines.length,
      key: (index: number) => String(first + index),
      estimate: () => LINE,
    }),
    [lines, first],
  );
  const draw = useCallback(
    (_: string, index: number) => (
      <div class="cw-stderr-line">
        <Visible text={lines[index] ?? ""} as="prose" />
      </div>
    ),
    [lines],
  );
  if (count === 0) return <p class="cw-empty">Nothing on stderr.</p>;
  return (
    <>
      {first > 0 && (
        <p class="cw-meta cw-note-above">{`${formatCount(first, "line")} before these`}</p>
      )}
      <VirtualList
        list={list}
        rows={rows}
        draw={draw}
        box={{ class: "cw-scroll cw-stderr", role: "region", tabIndex: 0, "aria-label": "stderr" }}
      />
    </>
  );
}
