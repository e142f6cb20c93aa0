/** Labels below an axis: what would run into another is left out where there is no room. */
import { expect, test } from "vitest";
import { anchorOf, apart } from "../src/charts/labels.ts";
import { timeTicks } from "../src/charts/scale.ts";

const shown = (from: number, to: number, width: number) =>
  [...apart(timeTicks({ from, to }, 4, 0), width)].map(({ label }) => label);

test("a label at an edge stands within the picture", () => {
  expect([0.02, 0.5, 0.97].map(anchorOf)).toEqual(["start", "middle", "end"]);
});

test("all of them are there where there is room", () => {
  expect(shown(1, 20, 400)).toEqual(["00:00:05", "00:00:10", "00:00:15", "00:00:20"]);
});

test("where they would run into each other every other one is left out, or more", () => {
  expect(shown(1, 20, 190)).toEqual(["00:00:05", "00:00:15"]);
  expect(shown(0, 3600, 190)).toEqual(["00:00", "00:30", "01:00"]);
  expect(shown(0, 259_200, 60)).toEqual(["1970-01-01"]);
});
