/** The charts as numbers: scales, ticks, lanes and days. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isIn, LINES, laneOf, placeCalls, rangeOf } from "../src/charts/lanes.ts";
import { amountTicks, dollars, placeOf, shortAmount, timeTicks } from "../src/charts/scale.ts";
import { daysUpTo, stepsOf } from "../src/charts/spending.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { CALL, DAY } from "./charted.ts";
import { row } from "./fakes.ts";

type Place = [number, number, number, number, [number, number] | null];
const EXAMPLES: {
  place: Place[];
  time: [number, number, number, number, string[]][];
  amounts: [number, string[], string[]][];
} = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "tests", "chart_examples.json"), "utf8"),
);

const RANGE = { from: 100, to: 200 };

describe("a place", () => {
  test("is cut at the ends of the range", () => {
    expect(placeOf(RANGE, 110, 160)).toEqual({ at: 0.1, width: 0.5 });
    expect(placeOf(RANGE, 0, 150)).toEqual({ at: 0, width: 0.5 });
    expect(placeOf(RANGE, 150, 900)).toEqual({ at: 0.5, width: 0.5 });
  });
  test("is none outside of it, and none for what is no number", () => {
    expect(placeOf(RANGE, 0, 99)).toBeNull();
    expect(placeOf(RANGE, 201, 300)).toBeNull();
    expect(placeOf(RANGE, Number.NaN, 150)).toBeNull();
    expect(placeOf({ from: 5, to: 5 }, 5, 5)).toBeNull();
  });
  test("of what is as long as nothing, or ends before it begins, has no width", () => {
    expect(placeOf(RANGE, 150, 150)).toEqual({ at: 0.5, width: 0 });
    expect(placeOf(RANGE, 150, 120)).toEqual({ at: 0.5, width: 0 });
  });
});

describe("the same examples that the kernel's charts have", () => {
  test.each(EXAMPLES.place)("of a place: %j to %j", (from, to, first, last, expected) => {
    const found = placeOf({ from, to }, first, last);
    expect(found && [found.at, found.width]).toEqual(expected);
  });
  test.each(EXAMPLES.time)("of a clock: %j to %j", (from, to, most, zone, labels) => {
    expect(timeTicks({ from, to }, most, zone).map(({ label }) => label)).toEqual(labels);
  });
  test.each(EXAMPLES.amounts)("of amounts up to %j", (most, costs, amounts) => {
    const ticks = amountTicks(most);
    expect(ticks.map((tick) => dollars(tick, ticks[1] ?? 0))).toEqual(costs);
    expect(ticks.map(shortAmount)).toEqual(amounts);
  });
});

describe("ticks", () => {
  const labels = (from: number, to: number, zone = 0) =>
    timeTicks({ from, to }, 5, zone).map(({ label }) => label);
  test("of a clock are at round times", () => {
    expect(labels(3, 13)).toEqual(["00:00:04", "00:00:06", "00:00:08", "00:00:10", "00:00:12"]);
    expect(labels(0, 3600)).toEqual(["00:00", "00:15", "00:30", "00:45", "01:00"]);
    expect(labels(0, 3600 * 20, 1800)).toEqual(["06:00", "12:00", "18:00"]);
    expect(labels(0, 86_400 * 3)).toEqual(["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04"]);
  });
  test("are few, whatever the range", () => {
    for (const length of [0.001, 1, 59, 3601, 86_401, 1e7, 1e9, 4e9]) {
      expect(labels(1e9 + 0.5, 1e9 + 0.5 + length).length).toBeLessThanOrEqual(6);
    }
    expect(labels(10, 10)).toEqual([]);
    expect(labels(10, Number.POSITIVE_INFINITY)).toEqual([]);
  });
  test("of amounts are round and reach the largest", () => {
    expect(amountTicks(0.42)).toEqual([0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5]);
    expect(amountTicks(7)).toEqual([0, 2, 4, 6, 8]);
    expect(amountTicks(12_345).at(-1)).toBe(12_500);
    for (const nothing of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(amountTicks(nothing)).toEqual([0]);
    }
  });
  test("say their unit", () => {
    expect([0, 950, 1200, 12_500, 3_400_000].map(shortAmount)).toEqual([
      "0",
      "950",
      "1.2k",
      "12.5k",
      "3.4M",
    ]);
    expect([dollars(0, 1), dollars(0.5, 0.25), dollars(0.002, 0.001), dollars(20, 10)]).toEqual([
      "$0",
      "$0.50",
      "$0.002",
      "$20",
    ]);
  });
});

describe("a lane", () => {
  const lane = (fields: Partial<ExecutionRow>, now = 1000) =>
    laneOf(row({ executionId: "a", ...fields }), now);
  test("waits from the request to the start, and runs to the end", () => {
    const ended = lane({ status: "completed", createdTime: 10, startTime: 12, endTime: 30 });
    expect(ended).toMatchObject({ created: 10, started: 12, ended: 30, live: false });
  });
  test("that lives lasts until now", () => {
    expect(lane({ status: "running", createdTime: 10, startTime: 12 })).toMatchObject({
      ended: 1000,
    });
    expect(lane({ createdTime: 10 })).toMatchObject({ started: null, ended: 1000, live: true });
  });
  test("whose clock was set back is as long as nothing", () => {
    const back = lane({ status: "failed", createdTime: 50, startTime: 40, endTime: 30 });
    expect(back).toMatchObject({ created: 50, started: 50, ended: 50 });
    expect(lane({ status: "running", createdTime: 2000, startTime: 2001 })).toMatchObject({
      ended: 2001,
    });
  });
  test("with missing times has those that are known, and none without any", () => {
    expect(lane({ status: "failed", createdTime: 5 })).toMatchObject({ started: null, ended: 5 });
    expect(lane({ status: "failed", endTime: 7 })).toMatchObject({ created: 7, ended: 7 });
    expect(lane({ status: "failed" })).toBeNull();
  });
  test("decides on the range with the others; one alone has a range, too", () => {
    const lanes = [
      lane({ status: "completed", createdTime: 10, startTime: 10, endTime: 10 }),
      lane({ status: "completed", createdTime: 4, startTime: 5, endTime: 6 }),
    ].filter((one) => one !== null);
    expect(rangeOf(lanes, 1000, null)).toEqual({ from: 4, to: 10 });
    expect(rangeOf(lanes.slice(0, 1), 1000, null)).toEqual({ from: 10, to: 11 });
    expect(rangeOf([], 1000, null)).toEqual({ from: 999, to: 1000 });
    expect(rangeOf(lanes, 1000, 600)).toEqual({ from: 400, to: 1000 });
    expect(lanes.filter((one) => isIn({ from: 9, to: 12 }, one))).toHaveLength(1);
  });
  test("has calls that run at once below each other, and what does not fit in its last line", () => {
    const call = (startTime: number, endTime: number | null) => ({ ...CALL, startTime, endTime });
    const lines = placeCalls([call(0, 9), call(1, 3), call(2, null), call(2, 4), call(5, 6)], 10);
    expect(lines.map(({ line }) => line)).toEqual([0, 1, LINES - 1, LINES - 1, 1]);
    expect(lines[2]?.end).toBe(10);
    expect(placeCalls([call(5, 1)], 10)[0]?.end).toBe(5);
  });
});

test("days are told one by one, also those of which nothing is known", () => {
  const known = [{ ...DAY, day: "2026-02-28" }];
  const days = daysUpTo("2026-03-01", 3, known);
  expect(days.map(({ day, costUsd }) => [day, costUsd])).toEqual([
    ["2026-02-27", 0],
    ["2026-02-28", 0.5],
    ["2026-03-01", 0],
  ]);
  expect(daysUpTo("no day", 3, known)).toHaveLength(1);
});

test("costs add up as executions end, and what was only played costs nothing", () => {
  const paid = (endTime: number | null, costUsd: number | null, recorded = false) =>
    row({ executionId: `${endTime}`, endTime, costUsd, recorded });
  const rows = [
    paid(30, 0.5),
    paid(10, 0.25),
    paid(20, 9, true),
    paid(null, 9),
    paid(5, 9),
    paid(25, null),
  ];
  expect(stepsOf(rows, 8)).toEqual([
    { from: 10, total: 0.25 },
    { from: 30, total: 0.75 },
  ]);
  const many = Array.from({ length: 1000 }, (_, index) => paid(10 + index / 100, 1));
  const steps = stepsOf(many, 0);
  expect(steps.length).toBeLessThanOrEqual(201);
  expect(steps.at(-1)?.total).toBe(1000);
  expect(stepsOf([], 0)).toEqual([]);
});
