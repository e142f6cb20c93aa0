/**
 * Executions that come after each other, drawn in layers.
 *
 * The rule: who comes after whom is in words, too. It is one stop for Tab, with arrows between the
 * executions.
 */
import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { formatCount } from "../../format.ts";
import { type Group, unseenOf } from "../../graph/grouping.ts";
import { draw, NODE, towards } from "../../graph/layout.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { useView } from "../../view.ts";
import { StatusBadge } from "../list/status.tsx";
import { Visible } from "../text/visible.tsx";

interface GroupGraphProps {
  readonly group: Group<ExecutionRow>;
  /** An execution is to be shown. */
  readonly onOpen: (executionId: string) => void;
}

export function GroupGraph({ group, onOpen }: GroupGraphProps) {
  const view = useView();
  const list = useRef<HTMLUListElement>(null);
  const key = [...group.needs].map(([id, before]) => `${id}<${before.join()}`).join(" ");
  const drawing = useMemo(() => draw(group.needs), [key]);
  const rows = new Map(group.rows.map((row) => [row.executionId, row]));
  const focused = useSignal<string | null>(null);
  const selected = view.selected.value;
  const inside = [focused.value, selected].find((id) => id !== null && rows.has(id));
  const stop = inside ?? drawing.places[0]?.id;
  const onKeyDown = (event: KeyboardEvent, from: string) => {
    const next = towards(drawing.places, from, event.key);
    if (next === undefined) return;
    event.preventDefault();
    focused.value = next;
    list.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus();
  };
  const size = { width: `${drawing.width}px`, height: `${drawing.height}px` };
  return (
    <div class="cw-graph-scroll">
      <ul class="cw-graph" style={size} aria-label={`Graph: ${inWords(group.rows)}`} ref={list}>
        <li class="cw-graph-lines" aria-hidden="true">
          <svg
            viewBox={`0 0 ${drawing.width} ${drawing.height}`}
            style={size}
            aria-hidden="true"
            focusable="false"
          >
            <title />
            {drawing.lines.map(({ from, to, path }) => (
              <g key={`${from} ${to}`} class={lineClass(rows.get(from), rows.get(to))}>
                <path d={path} />
                <path class="cw-arrow" d={headOf(path, drawing.down)} />
              </g>
            ))}
          </svg>
        </li>
        {drawing.places.map(({ id, x, y }) => {
          const row = rows.get(id);
          if (!row) return null;
          return (
            <li key={id} style={{ left: `${x}px`, top: `${y}px`, width: `${NODE.width}px` }}>
              <button
                type="button"
                class={`cw-node cw-node-${row.status}`}
                title={whyOf(row)}
                data-node={id}
                tabIndex={id === stop ? 0 : -1}
                aria-pressed={id === selected}
                onClick={() => onOpen(id)}
                onFocus={() => {
                  focused.value = id;
                }}
                onKeyDown={(event) => onKeyDown(event, id)}
              >
                <StatusBadge status={row.status} compact />
                {row.requestCount > 0 && (
                  <span class="cw-tag cw-needs" title="Needs you">
                    ?<span class="cw-unseen"> needs you </span>
                  </span>
                )}
                <span class="cw-lane-text">
                  <Visible text={nameOf(row)} as="line" />
                </span>
                <span class="cw-unseen">
                  <Visible text={afterInWords(row, group, rows)} as="line" />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const nameOf = (row: ExecutionRow): string => row.name ?? (row.query.trim() || "(no query)");

/** Why it did not complete. */
const whyOf = ({ status, reason }: ExecutionRow): string | undefined =>
  reason && reason !== "success" ? `${status}: ${reason}` : undefined;

/** Such as `3 executions, 1 completed, 2 pending`. */
function inWords(rows: readonly ExecutionRow[]): string {
  const counts = new Map<string, number>();
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  const said = [...counts].map(([status, many]) => `${many} ${status}`);
  return [formatCount(rows.length, "execution"), ...said].join(", ");
}

function afterInWords(
  row: ExecutionRow,
  group: Group<ExecutionRow>,
  rows: ReadonlyMap<string, ExecutionRow>,
): string {
  const drawn = group.needs.get(row.executionId) ?? [];
  const names = drawn.flatMap((id) => {
    const before = rows.get(id);
    return before ? nameOf(before).slice(0, 60) : [];
  });
  const unseen = unseenOf(row, drawn);
  if (unseen > 0) names.push(`${unseen} not drawn here`);
  return names.length > 0 ? ` (comes after ${names.join(", ")})` : "";
}

/** What a line says by its look: done with, in vain, or still to come. */
function lineClass(from: ExecutionRow | undefined, to: ExecutionRow | undefined): string {
  if (from?.status === "failed" || from?.status === "killed") return "cw-line-failed";
  return from?.status === "completed" || to?.status === "running" ? "cw-line-done" : "cw-line-open";
}

/** A small arrow at the end of a line, which comes in straight. */
function headOf(path: string, down: boolean): string {
  const [x, y] = path.split(/[ C]/).slice(-2).map(Number) as [number, number];
  return down
    ? `M${x - 4} ${y - 3}L${x} ${y + 4}L${x + 4} ${y - 3}z`
    : `M${x - 3} ${y - 4}L${x + 4} ${y}L${x - 3} ${y + 4}z`;
}
