/**
 * Executions as lanes of a timeline: how long each waited, ran, and called its tools.
 *
 * The rule: pure. Clocks of two machines differ and clocks are set back: what ends before it begins
 * is as long as nothing, and what has no beginning has waited until now.
 * The same as `charts/lanes.py`.
 */
import type { ExecutionRow, ToolCallsAnswer } from "../protocol.ts";
import { isEnded } from "../store.ts";
import type { Range } from "./scale.ts";

export type Call = NonNullable<ToolCallsAnswer["found"][number]["calls"]>[number];

/** Moments in epoch seconds, in order. */
export interface Lane {
  readonly row: ExecutionRow;
  readonly created: number;
  /** Null if it never ran. */
  readonly started: number | null;
  readonly ended: number;
  readonly live: boolean;
}

/** A call, and in which line of its lane it is drawn, from 0. */
export interface PlacedCall {
  readonly call: Call;
  readonly line: number;
  readonly end: number;
}

/** Calls that run at once lie below each other; what does not fit lies in the last line. */
export const LINES = 3;
/** Of a range that would be too short to be read. */
const SHORTEST = 1;

/** Null for one that has no time at all. */
export function laneOf(row: ExecutionRow, now: number): Lane | null {
  const created = row.createdTime ?? row.startTime ?? row.endTime;
  if (created === null || !Number.isFinite(created)) return null;
  const live = !isEnded(row.status);
  const started = row.startTime === null ? null : Math.max(created, row.startTime);
  const end = row.endTime ?? (live ? now : (started ?? created));
  return { row, created, started, ended: Math.max(started ?? created, end), live };
}

/** From the first beginning to the last end; the last `seconds` up to now if that is given. */
export function rangeOf(lanes: readonly Lane[], now: number, seconds: number | null): Range {
  if (seconds !== null) return { from: now - seconds, to: now };
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const lane of lanes) {
    from = Math.min(from, lane.created);
    to = Math.max(to, lane.ended);
  }
  if (from > to) return { from: now - SHORTEST, to: now };
  return { from, to: Math.max(to, from + SHORTEST) };
}

export const isIn = (range: Range, lane: Lane): boolean =>
  lane.ended >= range.from && lane.created <= range.to;

/** Each call in the first line that is free when it begins. */
export function placeCalls(calls: readonly Call[], end: number): readonly PlacedCall[] {
  const free: number[] = Array(LINES).fill(Number.NEGATIVE_INFINITY);
  return [...calls]
    .sort((a, b) => a.startTime - b.startTime)
    .map((call) => {
      const last = Math.max(call.startTime, call.endTime ?? end);
      const found = free.findIndex((until) => until <= call.startTime);
      const line = found < 0 ? LINES - 1 : found;
      free[line] = Math.max(free[line] ?? last, last);
      return { call, line, end: last };
    });
}
