/**
 * The timeline: a lane for each execution, with how long it waited, ran and called its tools.
 *
 * The rule: it draws what the store says and what the kernel answers on calls. Only lanes of the
 * range are drawn, and no more than a bound, which it says. Seconds pass only while something runs.
 */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { CallBook } from "../../charts/callbook.ts";
import { anchorOf, apart, NARROW } from "../../charts/labels.ts";
import { isIn, type Lane, laneOf, rangeOf } from "../../charts/lanes.ts";
import { type Range, timeTicks } from "../../charts/scale.ts";
import { formatCount, formatNumber } from "../../format.ts";
import { useNow } from "../../page/clock.ts";
import { isEnded } from "../../store.ts";
import { useView } from "../../view.ts";
import { AddedUp } from "./addedup.tsx";
import { TimelineLane } from "./lane.tsx";
import { Spending } from "./spending.tsx";

const MOST_LANES = 50;
const RANGES = [
  { name: "Last 10 min", seconds: 600 },
  { name: "Last hour", seconds: 3600 },
  { name: "Last day", seconds: 86_400 },
  { name: "All", seconds: null },
] as const;

export function Timeline() {
  return (
    <div class="cw-list cw-charts" role="region" aria-label="Timeline">
      <Lanes />
      <AddedUp />
      <Spending />
    </div>
  );
}

function Lanes() {
  const { store, connection } = useView().app;
  const rows = useComputed(() => store.ids.value.flatMap((id) => store.row(id)?.value ?? [])).value;
  const live = rows.some((row) => !isEnded(row.status));
  const ticked = useNow(live);
  const now = (live ? ticked : Date.now() / 1000) + store.clockOffset.value;
  const lanes = rows.flatMap((row) => laneOf(row, now) ?? []);
  const chosen = useSignal<number | null | undefined>(undefined);
  const seconds = chosen.value === undefined ? fitting(lanes, now) : chosen.value;
  const range = rangeOf(lanes, now, seconds);
  const within = lanes.filter((lane) => isIn(range, lane));
  const shown = within.slice(0, MOST_LANES);
  const book = useMemo(() => new CallBook(connection), [connection]);
  useEffect(() => () => book.close(), [book]);
  useEffect(() => book.follow(shown.map((lane) => lane.row)));
  if (lanes.length === 0) return <p class="cw-empty">No executions yet.</p>;
  return (
    <>
      <div class="cw-chart-bar" role="group" aria-label="Range">
        {RANGES.map(({ name, seconds: of }) => (
          <button
            key={name}
            type="button"
            class="cw-button"
            aria-pressed={of === seconds}
            onClick={() => {
              chosen.value = of;
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <p class="cw-meta" role="status">
        {told(shown.length, within.length, lanes.length)}
      </p>
      <Axis range={range} />
      <ul class="cw-lanes" aria-label="Executions in time">
        {shown.map((lane) => (
          <TimelineLane key={lane.row.executionId} lane={lane} range={range} book={book} />
        ))}
      </ul>
      <Legend />
    </>
  );
}

/** The shortest range in which the newest one was at work; all, where it would leave out none. */
function fitting(lanes: readonly Lane[], now: number): number | null {
  const newest = lanes.reduce((last, lane) => Math.max(last, lane.ended), 0);
  const found = RANGES.find(({ seconds }) => seconds !== null && newest >= now - seconds);
  const first = now - (found?.seconds ?? 0);
  return found && lanes.some((lane) => lane.ended < first) ? found.seconds : null;
}

function told(shown: number, within: number, all: number): string {
  const [newest, outside] = [shown < within, all - within];
  const said = newest
    ? `The newest ${shown} of ${formatNumber(within)} executions`
    : formatCount(within, "execution");
  return outside > 0 ? `${said}; ${formatNumber(outside)} outside of this range.` : `${said}.`;
}

const TICKS = 5;

/** The moments above the lanes; each lane has the same lines. */
function Axis({ range }: { range: Range }) {
  const zone = -60 * new Date(range.from * 1000).getTimezoneOffset();
  const ticks = timeTicks(range, TICKS, zone);
  const narrow = apart(ticks, NARROW);
  return (
    <svg class="cw-axis" aria-hidden="true" focusable="false">
      <title />
      {ticks.map((tick) => (
        <g key={tick.at}>
          <line x1={percent(tick.at)} x2={percent(tick.at)} y1="16" y2="22" />
          <text
            class={narrow.has(tick) ? undefined : "cw-if-wide"}
            x={percent(tick.at)}
            y="12"
            text-anchor={anchorOf(tick.at)}
          >
            {tick.label}
          </text>
        </g>
      ))}
    </svg>
  );
}

const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)}%`;

const KINDS = [
  ["cw-waits", "waiting"],
  ["cw-runs cw-grows", "running"],
  ["cw-runs", "completed"],
  ["cw-fails", "failed or killed"],
  ["cw-calls", "tool calls"],
] as const;

function Legend() {
  return (
    <ul class="cw-legend" aria-label="Legend">
      {KINDS.map(([kind, text]) => (
        <li key={kind}>
          <svg class="cw-swatch" viewBox="0 0 16 10" aria-hidden="true" focusable="false">
            <title />
            <rect
              class={kind}
              x="0"
              y={kind === "cw-waits" ? 4 : 1}
              width="16"
              height={kind === "cw-waits" ? 2 : 8}
            />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}
