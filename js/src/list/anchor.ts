/**
 * Places in a long list, said so that they hold while rows come, go and change their heights.
 *
 * The rule: pure; pixels come in and go out, elements never. A place is a row and the distance to
 * it: pixels from the start mean another place as soon as a row above is another or higher.
 */
import type { Extents } from "./extents.ts";

/** What is seen of the list, in pixels from its start. */
export interface Sight {
  readonly top: number;
  readonly height: number;
}

/** Rows: the first, and the one after the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Anchor {
  readonly index: number;
  /** Pixels from the start of the row down to where sight begins; negative for a row below that. */
  readonly down: number;
}

export type Edge = "start" | "center" | "end";

/** Rows that end at the edge of sight are out of it, whatever sums of fractions say. */
const FRACTION = 0.01;

/** The rows in sight; around them those no farther than `reach`, and no more than `most` a side. */
export function rowsIn(extents: Extents, { top, height }: Sight, most = 0, reach = 0): Span {
  const at = (pixel: number) => extents.indexAt(pixel);
  const from = Math.max(at(top + FRACTION) - most, at(top - reach + FRACTION));
  const bottom = top + height - FRACTION;
  const last = Math.min(at(bottom) + most, at(bottom + reach));
  return { from, to: Math.min(extents.count, last + 1) };
}

export const topOf = (extents: Extents, { index, down }: Anchor): number =>
  extents.offset(index) + down;

/** At the first row in sight whose height is known: what an estimate above it hides moves it not. */
export function anchorAt(extents: Extents, sight: Sight): Anchor | null {
  const { from, to } = rowsIn(extents, sight);
  let index = from;
  while (index < to && !extents.isMeasured(index)) index += 1;
  if (index >= to) index = from;
  return index < to ? { index, down: sight.top - extents.offset(index) } : null;
}

/** Once its row has another size: the row still begins where it did, or else ends where it did. */
export function afterResize(anchor: Anchor, before: number, after: number, height: number): Anchor {
  const { index, down } = anchor;
  if (down < after) return anchor;
  const rest = before - down;
  return { index, down: rest > height ? 0 : after - rest };
}

/** The rows in and around sight as anchors: down from the first in sight, then up from there. */
export function anchorsAround(extents: Extents, sight: Sight, most: number): Anchor[] {
  const { from, to } = rowsIn(extents, sight, most, sight.height);
  const first = rowsIn(extents, sight).from;
  return Array.from({ length: to - from }, (_, at) => {
    const index = first + at < to ? first + at : to - 1 - at;
    return { index, down: sight.top - extents.offset(index) };
  });
}

/**
 * Among other rows: the first that did not change its order among the others. One that was moved by
 * itself would take the reader along.
 */
export function steadiest(
  anchors: readonly Anchor[],
  now: (index: number) => number,
): Anchor | null {
  const moved = anchors.map(({ index, down }) => ({ was: index, index: now(index), down }));
  const there = moved.filter(({ index }) => index >= 0);
  const ordered = [...there].sort((one, other) => one.was - other.was);
  const kept = longestRising(ordered.map(({ index }) => index));
  const first = there.find(({ index }) => kept.has(index));
  return first ? { index: first.index, down: first.down } : null;
}

/** The numbers of all the longest rows of rising ones that are left when others are crossed out. */
function longestRising(numbers: readonly number[]): Set<number> {
  const before = chains(numbers);
  const after = chains(numbers.map((one) => -one).reverse()).reverse();
  const lengths = numbers.map((_, at) => (before[at] ?? 0) + (after[at] ?? 0));
  const longest = Math.max(...lengths);
  return new Set(numbers.filter((_, at) => lengths[at] === longest));
}

/** For each number, how many can come before it in a rising row. */
function chains(numbers: readonly number[]): number[] {
  const lengths: number[] = [];
  for (const [at, one] of numbers.entries()) {
    const before = lengths.map((length, place) => ((numbers[place] ?? 0) < one ? length + 1 : 0));
    lengths[at] = Math.max(0, ...before);
  }
  return lengths;
}

/** Where sight is to begin to show the row at that edge; a row that is too high from its start. */
export function topFor(extents: Extents, index: number, edge: Edge, height: number): number {
  const row = Math.max(0, Math.min(index, extents.count - 1));
  const [start, room] = [extents.offset(row), height - extents.size(row)];
  if (edge === "start" || room < 0) return start;
  return Math.max(0, start - (edge === "end" ? room : room / 2));
}

/** The edge that the row is beyond; null where it is in sight, or all that is. */
export function edgeFor(extents: Extents, index: number, sight: Sight): Edge | null {
  const start = extents.offset(index) - sight.top;
  const [above, below] = [start < 0, start + extents.size(index) > sight.height];
  if (above === below) return null;
  return above ? "start" : "end";
}
