/**
 * Days of costs and tokens, none left out.
 *
 * The rule: pure; days are named as calendars name them, and no clock is asked.
 */
import type { SpendingAnswer } from "../protocol.ts";

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
