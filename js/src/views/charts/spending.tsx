/**
 * What executions cost and how many tokens they took, day by day.
 *
 * The rule: two small pictures over the same days, and the same figures as a table.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Paced } from "../../charts/paced.ts";
import { amountTicks, dollars, shortAmount } from "../../charts/scale.ts";
import { type Day, daysUpTo } from "../../charts/spending.ts";
import { formatNumber, LIST_PRICES } from "../../format.ts";
import type { SpendingAnswer } from "../../protocol.ts";
import { useView } from "../../view.ts";

const DAYS = 30;
const HEIGHT = 90;
const TOP = 6;

export function Spending() {
  const told = useSpending();
  if (!told || told.days.length === 0) return null;
  const days = daysUpTo(told.today, DAYS, told.days);
  return (
    <section class="cw-spending" aria-label="Cost and tokens">
      <h3 class="cw-title">{`Cost and tokens, last ${DAYS} days`}</h3>
      <Bars
        name="Cost a day"
        days={days}
        series={days.some((day) => day.recordedCostUsd > 0) ? [PAID, PLAYED] : [PAID]}
        label={dollars}
      />
      <Bars
        name="Tokens a day"
        days={days}
        series={days.some((day) => day.recordedTokens > 0) ? [...TOKENS, PLAYED_TOKENS] : TOKENS}
        label={shortAmount}
      />
      <FiguresTable days={days} />
    </section>
  );
}

/** Asked for when it is opened, when something has ended, and when the kernel is back. */
function useSpending(): SpendingAnswer | null {
  const { store, connection } = useView().app;
  const answer = useSignal<SpendingAnswer | null>(null);
  const paced = useMemo(() => {
    const ask = async () => {
      const told = await connection.request({ type: "claude:get-spending", days: DAYS });
      if (told.type === "claude:get-spending") answer.value = told;
    };
    return new Paced(ask);
  }, [connection, answer]);
  const ended = store.ended.value;
  const away = connection.state.value === "disconnected";
  useEffect(() => () => paced.close(), [paced]);
  useEffect(() => {
    if (!away) paced.want();
  }, [paced, ended, away]);
  return answer.value;
}

interface Series {
  readonly kind: string;
  readonly text: string;
  readonly of: (day: Day) => number;
}

const PAID: Series = {
  kind: "cw-cost",
  text: `US dollars, ${LIST_PRICES}`,
  of: (day) => day.costUsd,
};
const TOKENS: readonly Series[] = [
  {
    kind: "cw-tokens-in",
    text: "tokens in, with those of the cache",
    of: (day) => day.inputTokens,
  },
  { kind: "cw-tokens-out", text: "tokens out", of: (day) => day.outputTokens },
];
const PLAYED_TOKENS: Series = {
  kind: "cw-played",
  text: "as recorded",
  of: (day) => day.recordedTokens,
};
const PLAYED: Series = {
  kind: "cw-played",
  text: "as recorded, not paid",
  of: (day) => day.recordedCostUsd,
};

interface BarsProps {
  readonly name: string;
  readonly days: readonly Day[];
  readonly series: readonly Series[];
  readonly label: (amount: number, step: number) => string;
}

/** Stacked bars: a bar a day. */
function Bars({ name, days, series, label }: BarsProps) {
  const sums = days.map((day) => series.reduce((sum, { of }) => sum + of(day), 0));
  const ticks = amountTicks(Math.max(...sums));
  const top = ticks.at(-1) || 1;
  const y = (amount: number) => TOP + (1 - amount / top) * HEIGHT;
  return (
    <figure class="cw-chart">
      <figcaption class="cw-meta">
        {name}
        {series.map(({ kind, text }) => (
          <span key={kind} class="cw-key">
            <svg class="cw-swatch" viewBox="0 0 10 10" aria-hidden="true" focusable="false">
              <title />
              <rect class={kind} width="10" height="10" />
            </svg>
            {text}
          </span>
        ))}
      </figcaption>
      <svg class="cw-bars" aria-hidden="true" focusable="false">
        <title />
        {ticks.map((amount) => (
          <g key={amount}>
            <line x1="52" x2="100%" y1={y(amount)} y2={y(amount)} />
            <text x="46" y={y(amount) + 4} text-anchor="end">
              {label(amount, ticks[1] ?? 0)}
            </text>
          </g>
        ))}
        <g transform="translate(52)">
          {days.map((day, index) => (
            <DayBar
              key={day.day}
              day={day}
              at={index / days.length}
              of={days.length}
              series={series}
              y={y}
            />
          ))}
        </g>
        <text x="52" y={HEIGHT + TOP + 16}>
          {days[0]?.day}
        </text>
        <text x="100%" y={HEIGHT + TOP + 16} text-anchor="end">
          {days.at(-1)?.day}
        </text>
      </svg>
    </figure>
  );
}

interface DayBarProps {
  readonly day: Day;
  readonly at: number;
  readonly of: number;
  readonly series: readonly Series[];
  readonly y: (amount: number) => number;
}

function DayBar({ day, at, of, series, y }: DayBarProps) {
  let below = 0;
  return (
    <>
      {series.map(({ kind, text, of: amountOf }) => {
        const amount = amountOf(day);
        const from = below;
        below += amount;
        if (amount <= 0) return null;
        const height = Math.max(1, y(from) - y(below));
        // The plot is as wide as the picture less its axis.
        const place = (part: number) => `calc((100% - 52px) * ${part.toFixed(4)})`;
        const style = { x: place(at + 0.1 / of), width: place(0.8 / of) };
        return (
          <rect key={kind} class={kind} y={y(from) - height} height={height} style={style}>
            <title>{`${day.day}: ${formatNumber(Math.round(amount * 10_000) / 10_000)} ${text}`}</title>
          </rect>
        );
      })}
    </>
  );
}

function FiguresTable({ days }: { days: readonly Day[] }) {
  const told = days.filter((day) => day.executions > 0);
  return (
    <details class="cw-details">
      <summary>As a table</summary>
      <div class="cw-table" role="region" aria-label="Cost and tokens in figures" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Executions</th>
              <th scope="col">Cost (est.)</th>
              <th scope="col">Tokens in</th>
              <th scope="col">Tokens out</th>
            </tr>
          </thead>
          <tbody>
            {told.map((day) => (
              <tr key={day.day}>
                <th scope="row">{day.day}</th>
                <td>{formatNumber(day.executions)}</td>
                <td>
                  {dollars(day.costUsd, 0.001)}
                  {day.recordedCostUsd > 0 &&
                    ` (and ${dollars(day.recordedCostUsd, 0.001)} as recorded)`}
                </td>
                <td>{formatNumber(day.inputTokens)}</td>
                <td>
                  {formatNumber(day.outputTokens)}
                  {day.recordedTokens > 0 &&
                    ` (and ${formatNumber(day.recordedTokens)} of both as recorded)`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
