/** The heights of rows: the same as a list that is added up anew each time, whatever happens to it. */
import { describe, expect, test } from "vitest";
import { Extents, type Rows } from "../src/list/extents.ts";
import { randomFrom } from "./folding.ts";

const estimateOf = (key: string) => 10 + (Number(key.slice(1)) % 7) * 8;

/** Rows that tell how many of them are the same, and count how often they were asked for a key. */
class NamedRows implements Rows {
  asked = 0;

  constructor(
    readonly names: readonly string[],
    /** How much less it says than it could; null for nothing at all. */
    private readonly modesty: number | null = null,
  ) {}

  get count(): number {
    return this.names.length;
  }
  key(index: number): string {
    this.asked += 1;
    return this.names[index] ?? "";
  }
  estimate(index: number): number {
    return estimateOf(this.names[index] ?? "");
  }
  same(before: Rows): number {
    if (this.modesty === null || !(before instanceof NamedRows)) return 0;
    const differs = this.names.findIndex((name, at) => name !== before.names[at]);
    const same = differs < 0 ? this.names.length : differs;
    return Math.max(0, same - this.modesty);
  }
}

const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `k${from + at}`);

describe("the heights of a long list", () => {
  test.each([1, 2, 3, 4, 5, 6])("are those of a list that is added up (%i)", (seed) => {
    const random = randomFrom(seed);
    const below = (end: number) => Math.floor(random() * end);
    const extents = new Extents();
    const measured = new Map<string, number>();
    let list: string[] = [];
    let next = 0;
    const gone: string[] = [];

    const fresh = () => {
      const back = random() < 0.3 ? gone.splice(below(gone.length + 1), 1) : [];
      const some = names(next, next + 1 + below(20));
      next += some.length;
      return [...back, ...some];
    };
    const changed = (): string[] => {
      const now = [...list];
      const at = below(now.length + 1);
      switch (below(6)) {
        case 0:
          return [...now, ...fresh()];
        case 1:
          return [...fresh(), ...now];
        case 2:
          now.splice(at, 0, ...fresh());
          return now;
        case 3:
          gone.push(...now.splice(at, below(9)));
          return now;
        case 4:
          now.splice(below(now.length + 1), 0, ...now.splice(at, 1));
          return now;
        default:
          return random() < 0.2 ? now.reverse() : now;
      }
    };
    const check = () => {
      const heights = list.map((key) => measured.get(key) ?? estimateOf(key));
      const offsets = [0];
      for (const height of heights) offsets.push((offsets.at(-1) ?? 0) + height);
      expect(extents.count).toBe(list.length);
      expect(extents.total).toBeCloseTo(offsets.at(-1) ?? 0, 6);
      for (let times = 0; times < 4; times += 1) {
        const index = below(list.length + 1);
        expect(extents.offset(index)).toBeCloseTo(offsets[index] ?? 0, 6);
        expect(extents.size(index)).toBeCloseTo(heights[index] ?? 0, 6);
        expect(extents.isMeasured(index)).toBe(measured.has(list[index] ?? ""));
        const pixel = random() * (extents.total + 50) - 20;
        const found = offsets.findIndex((end, at) => at > 0 && end > pixel) - 1;
        expect(extents.indexAt(pixel)).toBe(found < -1 ? list.length : found);
        expect(extents.indexOf(list[index] ?? "none", below(list.length))).toBe(
          index < list.length ? index : -1,
        );
      }
    };

    for (let step = 0; step < 200; step += 1) {
      const index = below(list.length);
      if (random() < 0.5 && list.length > 0) {
        const height = below(3) === 0 ? 0 : below(4000) / 64;
        measured.set(list[index] ?? "", height);
        extents.resize(index, height);
      } else {
        const before = list;
        list = changed();
        const modesty = below(2) === 0 ? null : below(3);
        const now = extents.setRows(new NamedRows(list, modesty));
        expect(before.map((_, at) => now(at))).toEqual(before.map((key) => list.indexOf(key)));
      }
      check();
    }
  });

  test("are of nothing before there are rows", () => {
    const extents = new Extents();
    expect([extents.count, extents.total, extents.size(0)]).toEqual([0, 0, 0]);
    expect([extents.indexAt(0), extents.indexOf("k0")]).toEqual([0, -1]);
    expect(extents.resize(0, 10)).toBe(false);
  });

  test("are found for 100,000 rows as for ten", () => {
    const extents = new Extents();
    extents.setRows({ count: 100_000, key: String, estimate: () => 20 });
    extents.resize(70_000, 500);
    expect(extents.total).toBe(2_000_480);
    expect(extents.offset(70_001)).toBe(1_400_500);
    expect(extents.indexAt(1_400_499)).toBe(70_000);
    expect(extents.indexAt(1_400_500)).toBe(70_001);
  });

  test("of rows that are said to be the same are not asked for again", () => {
    const extents = new Extents();
    extents.setRows(new NamedRows(names(0, 10_000), 0));
    const grown = new NamedRows(names(0, 10_003), 0);
    extents.setRows(grown);
    expect(grown.asked).toBeLessThan(10);
    const untold = new NamedRows(names(0, 10_003));
    extents.setRows(untold);
    expect(untold.asked).toBeLessThan(10_010);
  });

  test("of very many rows that are gone are forgotten", () => {
    const extents = new Extents();
    const measureAll = (list: readonly string[]) => {
      extents.setRows(new NamedRows(list));
      for (const index of list.keys()) extents.resize(index, 1000);
    };
    measureAll(names(0, 100));
    measureAll(names(100, 30_000));
    extents.setRows(new NamedRows(names(0, 101)));
    expect([extents.size(0), extents.size(100)]).toEqual([1000, 1000]);
    extents.setRows(new NamedRows(["k100", "k0"]));
    extents.setRows(new NamedRows(["k200", "k100", "k0"]));
    expect([extents.size(0), extents.size(1), extents.size(2)]).toEqual([
      estimateOf("k200"),
      1000,
      1000,
    ]);
  });

  test("that two measurings tell in different precision are the same", () => {
    const extents = new Extents();
    extents.setRows(new NamedRows(["k0"]));
    expect(extents.resize(0, 36.8)).toBe(true);
    expect(extents.resize(0, 36.7999954)).toBe(false);
    expect(extents.total).toBe(36.8);
  });
});
