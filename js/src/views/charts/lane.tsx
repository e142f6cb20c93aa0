/**
 * One lane of the timeline: its execution in words, its bar, and the call that is pointed at.
 *
 * The rule: what an agent wrote becomes text nodes with hidden characters shown. The bar is a
 * picture; all that it says is in words, too: in the button's description, and call by call with the
 * arrow keys.
 */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { CallBook } from "../../charts/callbook.ts";
import { type Lane, type PlacedCall, placeCalls } from "../../charts/lanes.ts";
import { placeOf, type Range } from "../../charts/scale.ts";
import { formatCost, formatCount, formatDuration, LIST_PRICES } from "../../format.ts";
import { select, useFieldId, useView } from "../../view.ts";
import { StatusBadge } from "../list/status.tsx";
import { Visible } from "../text/visible.tsx";

/** Of the picture, whose width is stretched to that of the lane. */
const WIDTH = 1000;
const BAR = 10;
const LINE = 6;
/** So that what is very short can still be seen. */
const LEAST = 2.5;

export interface LaneProps {
  readonly lane: Lane;
  readonly range: Range;
  readonly book: CallBook;
}

export function TimelineLane({ lane, range, book }: LaneProps) {
  const view = useView();
  const id = useFieldId();
  const { row } = lane;
  const { calls, leftOut } = book.of(row.executionId);
  const placed = useMemo(() => placeCalls(calls, lane.ended), [calls, lane.ended]);
  const active = useSignal<number | null>(null);
  const pointed = active.value === null ? undefined : placed[active.value];
  const opened = view.selected.value === row.executionId;
  const move = (event: KeyboardEvent) => {
    const next = nextOf(event.key, active.value, placed.length);
    if (next === undefined) return;
    event.preventDefault();
    active.value = next;
  };
  return (
    <li class={`cw-time-lane${opened ? " cw-opened" : ""}`}>
      <StatusBadge status={row.status} compact />
      <button
        type="button"
        class="cw-lane-name"
        aria-describedby={id}
        aria-pressed={opened}
        onClick={() => select(view, row.executionId)}
        onKeyDown={move}
        onBlur={() => {
          active.value = null;
        }}
      >
        <span class="cw-lane-text">
          <Visible text={row.name ?? (row.query.trim() || "(no query)")} as="line" />
        </span>
      </button>
      <span
        class="cw-meta cw-lane-figures"
        id={id}
        title={row.costUsd === null ? undefined : `Cost: ${LIST_PRICES}`}
      >
        {figuresOf(lane)}
        <span class="cw-unseen">{describe(lane, placed, leftOut)}</span>
      </span>
      <Track lane={lane} range={range} placed={placed} onPoint={active} />
      <CallTip call={pointed} range={range} />
    </li>
  );
}

function nextOf(key: string, at: number | null, count: number): number | null | undefined {
  if (key === "Escape") return at === null ? undefined : null;
  if (count === 0) return undefined;
  if (key === "ArrowRight") return at === null ? 0 : Math.min(at + 1, count - 1);
  if (key === "ArrowLeft") return at === null ? count - 1 : Math.max(at - 1, 0);
  return undefined;
}

function figuresOf({ row, started, ended }: Lane): string {
  const ran = started === null ? "" : formatDuration(ended - started);
  const cost = row.costUsd === null ? "" : formatCost(row.costUsd);
  return [row.status, ran, cost].filter(Boolean).join(" · ");
}

/** What the picture shows, for those who do not see it. */
function describe(
  { created, started, ended }: Lane,
  placed: readonly PlacedCall[],
  leftOut: number,
): string {
  const waited = (started ?? ended) - created;
  const failed = placed.filter(({ call }) => call.isError).length;
  const said = [
    waited >= 1 && `waited ${formatDuration(waited)}`,
    placed.length > 0 && formatCount(placed.length + leftOut, "tool call"),
    failed > 0 && `${failed} failed`,
    placed.length > 0 && "arrow keys tell them one by one",
  ];
  return said
    .filter(Boolean)
    .map((part) => `, ${part}`)
    .join("");
}

interface TrackProps {
  readonly lane: Lane;
  readonly range: Range;
  readonly placed: readonly PlacedCall[];
  readonly onPoint: { value: number | null };
}

function Track({ lane, range, placed, onPoint }: TrackProps) {
  const { row, created, started, ended } = lane;
  const lines = placed.reduce((most, { line }) => Math.max(most, line + 1), 0);
  const whole = BAR + (lines > 0 ? 2 + lines * LINE : 0);
  const bad = row.status === "failed" || row.status === "killed";
  const point = (event: MouseEvent) => {
    if (!(event.currentTarget instanceof Element)) return;
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * WIDTH;
    onPoint.value = callAt(range, placed, x, ((event.clientY - top) / height) * whole);
  };
  const path = (failed: boolean) =>
    placed
      .filter(({ call }) => (call.isError ?? false) === failed)
      .map(({ call, line, end }) =>
        barPath(range, call.startTime, end, BAR + 2 + line * LINE, LINE - 2),
      )
      .join("");
  return (
    <svg
      class="cw-track"
      viewBox={`0 0 ${WIDTH} ${whole}`}
      style={{ height: `${whole}px` }}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
      onMouseMove={point}
      onMouseLeave={() => {
        onPoint.value = null;
      }}
    >
      <title />
      <path class="cw-waits" d={barPath(range, created, started ?? ended, BAR / 2 - 1, 2)} />
      {started !== null && (
        <path
          class={`${bad ? "cw-fails" : "cw-runs"}${lane.live ? " cw-grows" : ""}`}
          d={barPath(range, started, ended, 0, BAR)}
        />
      )}
      <path class="cw-calls" d={path(false)} />
      <path class="cw-calls cw-failed" d={path(true)} />
    </svg>
  );
}

function barPath(range: Range, from: number, to: number, y: number, height: number): string {
  const place = placeOf(range, from, to);
  if (!place) return "";
  const width = Math.max(LEAST, place.width * WIDTH);
  const x = Math.min(place.at * WIDTH, WIDTH - width);
  return `M${x.toFixed(1)} ${y}h${width.toFixed(1)}v${height}h${(-width).toFixed(1)}z`;
}

/** The call below the pointer, or the nearest one in that line. */
function callAt(range: Range, placed: readonly PlacedCall[], x: number, y: number): number | null {
  const line = Math.floor((y - BAR - 1) / LINE);
  let [found, nearest]: [number | null, number] = [null, 8];
  placed.forEach(({ call, line: of, end }, index) => {
    const place = of === line ? placeOf(range, call.startTime, end) : null;
    if (!place) return;
    const from = place.at * WIDTH;
    const away = Math.max(from - x, x - from - place.width * WIDTH, 0);
    if (away < nearest) [found, nearest] = [index, away];
  });
  return found;
}

/** Is always there, so that what it says is read out when it changes. */
function CallTip({ call, range }: { call: PlacedCall | undefined; range: Range }) {
  const place = call && placeOf(range, call.call.startTime, call.end);
  const at = place?.at ?? 0;
  const [side, away] = at < 0.5 ? ["left", at] : ["right", 1 - at];
  return (
    <div class="cw-tip-place" role="status" style={{ [side]: `${away * 100}%` }}>
      {call && (
        <div class="cw-tip">
          <b>
            <Visible text={call.call.name} />
          </b>{" "}
          {call.call.subject && (
            <span class="cw-tip-text">
              <Visible text={call.call.subject} as="line" />{" "}
            </span>
          )}
          <span class="cw-meta">{outcomeOf(call)}</span>
        </div>
      )}
    </div>
  );
}

function outcomeOf({ call, end }: PlacedCall): string {
  const took = shortDuration(end - call.startTime);
  const how =
    call.endTime === null || call.endTime === undefined
      ? "no result yet"
      : call.isError && "failed";
  return [took, how, call.nested && "by a subagent"].filter(Boolean).join(" · ");
}

/** A call often takes less than a second. */
const shortDuration = (seconds: number): string =>
  seconds < 10 ? `${seconds.toFixed(seconds < 1 ? 2 : 1)} s` : formatDuration(seconds);
