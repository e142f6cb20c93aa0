/**
 * Days of costs and tokens, none left out, and costs as they add up.
 *
 * The rule: pure; days are named as calendars name them, and no clock is asked.
 */
import type { ExecutionRow, SpendingAnswer } from "../protocol.ts";

export type Day = Required<SpendingAnswer["days"][number]>;

/** So many days up to one, those without an execution as zeros. */
export function daysUpTo(
  today: string,
  count: number,
  known: SpendingAnswer["days"],
): readonly Day[] {
  const last = Date.parse(`${today}T00:00:00Z`);
  if (Number.isNaN(last)) return known.map((day) => ({ ...EMPTY, ...day }));
  const byName = new Map(known.map((day) => [day.day, day]));
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(last - (count - 1 - index) * 86_400_000).toISOString().slice(0, 10);
    return { ...EMPTY, ...byName.get(day), day };
  });
}

const EMPTY = {
  executions: 0,
  costUsd: 0,
  recordedCostUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  recordedTokens: 0,
};

/** From then on so much had been paid. */
export interface Step {
  readonly from: number;
  readonly total: number;
}

const MOST_STEPS = 200;

/** What was paid for executions that have ended since then, added up; played ones were not paid. */
export function stepsOf(rows: readonly ExecutionRow[], since: number): readonly Step[] {
  const paid = rows
    .map(({ endTime, costUsd, recorded }) => ({ at: endTime ?? -1, cost: recorded ? 0 : costUsd }))
    .filter(({ at, cost }) => (cost ?? 0) > 0 && at >= since)
    .sort((a, b) => a.at - b.at);
  let total = 0;
  const steps = paid.map(({ at, cost }) => {
    total += cost ?? 0;
    return { from: at, total };
  });
  const every = Math.ceil(steps.length / MOST_STEPS);
  return steps.filter((_, index) => index % every === 0 || index === steps.length - 1);
}
