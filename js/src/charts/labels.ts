/**
 * Labels below an axis: to which side of its moment each stands, and which have room.
 *
 * The rule: pure; nothing is measured. How wide a label is follows from its characters, and how
 * narrow a picture may become is known, so what has no room there is marked and a style hides it.
 */
import type { Tick } from "./scale.ts";

/** Pixels of a digit, and between two labels. */
const DIGIT = 6.6;
const BETWEEN = 8;
/** Pixels of the plot of a narrow picture. */
export const NARROW = 190;
const EDGE = 0.1;

/** As SVG says it: a label at an edge stands within the picture. */
export function anchorOf(at: number): "start" | "middle" | "end" {
  return at < EDGE ? "start" : at > 1 - EDGE ? "end" : "middle";
}

/** Every so many of the ticks that no label runs into another, in a plot of that many pixels. */
export function apart(ticks: readonly Tick[], width: number): ReadonlySet<Tick> {
  for (let every = 1; every < ticks.length; every += 1) {
    const some = ticks.filter((_, index) => index % every === 0);
    if (!collide(some, width)) return new Set(some);
  }
  return new Set(ticks.slice(0, 1));
}

function collide(ticks: readonly Tick[], width: number): boolean {
  let free = Number.NEGATIVE_INFINITY;
  return ticks.some(({ at, label }) => {
    const size = label.length * DIGIT;
    const from = at * width - { start: 0, middle: size / 2, end: size }[anchorOf(at)];
    const runsInto = from < free;
    free = from + size + BETWEEN;
    return runsInto;
  });
}
