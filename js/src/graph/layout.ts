/**
 * Where the executions of a group are drawn: in layers, each behind those that it comes after.
 *
 * The rule: pure, from names to pixels. It goes down where it is longer than wide, else to the
 * right, so that it fits into a panel. Lines may cross, as few as a few sweeps can find.
 */

export const NODE = { width: 152, height: 32 } as const;
const ALONG = 40;
const ACROSS = 12;
const EDGE = 2;
const SWEEPS = 4;

export type Needs = ReadonlyMap<string, readonly string[]>;

export interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}
export interface Line {
  readonly from: string;
  readonly to: string;
  readonly path: string;
}
export interface Drawing {
  readonly places: readonly Place[];
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
  /** Layers stand below each other, not side by side. */
  readonly down: boolean;
}

/** `needs` in the order in which they were asked for. */
export function draw(needs: Needs): Drawing {
  const layers = sorted(layersOf(needs), needs);
  const widest = Math.max(...layers.map((layer) => layer.length));
  const down = layers.length > widest;
  const [length, breadth] = down ? [NODE.height, NODE.width] : [NODE.width, NODE.height];
  const across = widest * (breadth + ACROSS) - ACROSS;
  const places = layers.flatMap((layer, level) => {
    const own = layer.length * (breadth + ACROSS) - ACROSS;
    return layer.map((id, at): Place => {
      const along = EDGE + level * (length + ALONG);
      const beside = EDGE + (across - own) / 2 + at * (breadth + ACROSS);
      return down ? { id, x: beside, y: along } : { id, x: along, y: beside };
    });
  });
  const along = layers.length * (length + ALONG) - ALONG + 2 * EDGE;
  const whole = across + 2 * EDGE;
  const [width, height] = down ? [whole, along] : [along, whole];
  return { places, lines: linesOf(needs, places, down), width, height, down };
}

/** Each one behind all that it needs. What needs itself in a circle, which cannot be, comes first. */
function layersOf(needs: Needs): string[][] {
  const levels = new Map<string, number>();
  const waiting = new Set(needs.keys());
  for (let found = true; found; ) {
    found = false;
    for (const id of waiting) {
      const before = needs.get(id) ?? [];
      if (before.some((one) => waiting.has(one))) continue;
      const deepest = Math.max(-1, ...before.map((one) => levels.get(one) ?? -1));
      levels.set(id, deepest + 1);
      waiting.delete(id);
      found = true;
    }
  }
  for (const id of waiting) levels.set(id, 0);
  const layers: string[][] = [];
  for (const id of needs.keys()) {
    const level = levels.get(id) ?? 0;
    while (layers.length <= level) layers.push([]);
    layers[level]?.push(id);
  }
  return layers;
}

/** Each layer in the order of what it is linked to in the one before, then the one behind. */
function sorted(layers: string[][], needs: Needs): string[][] {
  const neededBy = new Map<string, string[]>();
  for (const [id, before] of needs)
    for (const one of before) neededBy.set(one, [...(neededBy.get(one) ?? []), id]);
  let found = layers;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const links = sweep % 2 === 0 ? needs : neededBy;
    const at = new Map(found.flatMap((layer) => layer.map((id, place) => [id, place] as const)));
    const middle = (id: string): number => {
      const places = (links.get(id) ?? []).map((one) => at.get(one) ?? 0);
      const own = at.get(id) ?? 0;
      return places.length > 0 ? places.reduce((sum, one) => sum + one, 0) / places.length : own;
    };
    found = found.map((layer) => [...layer].sort((a, b) => middle(a) - middle(b)));
  }
  return found;
}

function linesOf(needs: Needs, places: readonly Place[], down: boolean): Line[] {
  const at = new Map(places.map((place) => [place.id, place]));
  return [...needs].flatMap(([to, before]) =>
    before.flatMap((from) => {
      const [start, end] = [at.get(from), at.get(to)];
      return start && end ? { from, to, path: pathOf(start, end, down) } : [];
    }),
  );
}

function pathOf(from: Place, to: Place, down: boolean): string {
  const { width, height } = NODE;
  if (down) {
    const [x, y, toX, toY] = [from.x + width / 2, from.y + height, to.x + width / 2, to.y - 5];
    const bend = (toY - y) / 2;
    return `M${x} ${y}C${x} ${y + bend} ${toX} ${toY - bend} ${toX} ${toY}`;
  }
  const [x, y, toX, toY] = [from.x + width, from.y + height / 2, to.x - 5, to.y + height / 2];
  const bend = (toX - x) / 2;
  return `M${x} ${y}C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

/** The nearest one in the direction of an arrow key; undefined for other keys, and at the edge. */
export function towards(places: readonly Place[], from: string, key: string): string | undefined {
  const at = places.find((place) => place.id === from);
  if (!at || !ARROWS.includes(key)) return undefined;
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
  let [found, nearest]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const { id, x, y } of places) {
    const [right, below] = [x - at.x, y - at.y];
    const ahead = sign * (sideways ? right : below);
    // What lies straight ahead is nearer than what lies as far away to the side.
    const away = ahead + 3 * Math.abs(sideways ? below : right);
    if (ahead > 0 && away < nearest) [found, nearest] = [id, away];
  }
  return found;
}
