/**
 * What the executions of the last day cost, added up as they ended.
 *
 * The rule: from the rows that the page has; its sum is said in words, too.
 */
import { useComputed } from "@preact/signals";
import { anchorOf, apart, NARROW } from "../../charts/labels.ts";
import { amountTicks, dollars, placeOf, type Range, timeTicks } from "../../charts/scale.ts";
import { stepsOf } from "../../charts/spending.ts";
import { formatCost, LIST_PRICES } from "../../format.ts";
import { useView } from "../../view.ts";

const DAY = 86_400;
const LEFT = 52;
const HEIGHT = 70;
const TOP = 6;

export function AddedUp() {
  const { store } = useView().app;
  const rows = useComputed(() => store.ids.value.flatMap((id) => store.row(id)?.value ?? [])).value;
  const now = Date.now() / 1000 + store.clockOffset.value;
  const steps = stepsOf(rows, now - DAY);
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last || steps.length < 2) return null;
  // The clocks may be apart a little: the last one ends now at the earliest.
  const end = Math.max(now, last.from);
  const range = { from: first.from, to: end };
  const ticks = amountTicks(last.total);
  const y = (amount: number) => TOP + (1 - amount / (ticks.at(-1) || 1)) * HEIGHT;
  return (
    <figure class="cw-chart">
      <figcaption class="cw-meta">
        {`Cost of the last day, added up: ${formatCost(last.total)} (${LIST_PRICES})`}
      </figcaption>
      <svg class="cw-bars cw-added-up" aria-hidden="true" focusable="false">
        <title />
        {ticks.map((amount) => (
          <g key={amount}>
            <line x1={LEFT} x2="100%" y1={y(amount)} y2={y(amount)} />
            <text x={LEFT - 6} y={y(amount) + 4} text-anchor="end">
              {dollars(amount, ticks[1] ?? 0)}
            </text>
          </g>
        ))}
        <g transform={`translate(${LEFT})`}>
          {steps.map(({ from, total }, index) => {
            const place = placeOf(range, from, steps[index + 1]?.from ?? end);
            return (
              place && (
                <rect
                  key={from}
                  class="cw-cost"
                  y={y(total)}
                  height={TOP + HEIGHT - y(total)}
                  style={{ x: across(place.at), width: across(place.width) }}
                />
              )
            );
          })}
          <Moments range={range} />
        </g>
      </svg>
    </figure>
  );
}

/** A part of the plot, which is as wide as the picture less its axis. */
const across = (part: number): string => `calc((100% - ${LEFT}px) * ${part.toFixed(4)})`;

function Moments({ range }: { range: Range }) {
  const zone = -60 * new Date(range.from * 1000).getTimezoneOffset();
  const ticks = timeTicks(range, 4, zone);
  const narrow = apart(ticks, NARROW);
  return (
    <>
      {ticks.map((tick) => (
        <text
          key={tick.at}
          class={narrow.has(tick) ? undefined : "cw-if-wide"}
          x={`${(tick.at * 100).toFixed(2)}%`}
          dx={-LEFT * tick.at}
          y={TOP + HEIGHT + 16}
          text-anchor={anchorOf(tick.at)}
        >
          {tick.label}
        </text>
      ))}
    </>
  );
}
