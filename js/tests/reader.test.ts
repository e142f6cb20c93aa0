/** The reader of a long list: what is in sight stays where it is, whatever happens around it. */
import { describe, expect, test } from "vitest";
import { Extents, type Rows } from "../src/list/extents.ts";
import { Reader } from "../src/list/reader.ts";
import { randomFrom } from "./folding.ts";

const HEIGHT = 300;
const OVERSCAN = 6;

/** A page with one list: its rows have heights, and it scrolls no farther than they reach. */
class Page {
  readonly extents = new Extents();
  readonly reader: Reader;
  readonly heights = new Map<string, number>();
  list: readonly string[] = [];
  top = 0;

  constructor(
    follow: boolean,
    readonly estimate: (key: string) => number,
  ) {
    this.reader = new Reader(this.extents, follow);
    this.reader.height = HEIGHT;
  }

  show(list: readonly string[]): void {
    this.list = list;
    const rows: Rows = {
      count: list.length,
      key: (index) => list[index] ?? "",
      estimate: (index) => this.estimate(list[index] ?? ""),
    };
    this.reader.setRows(rows, OVERSCAN);
    this.draw();
  }

  /** The reader scrolls, as far as there is something. */
  scroll(by: number): void {
    const before = this.top;
    this.top = Math.max(0, Math.min(before + by, this.end));
    this.reader.scrolled(before, this.top, this.end - this.top);
    this.draw();
  }

  resize(key: string, height: number): void {
    this.heights.set(key, height);
    const { from, to } = this.reader.rows(OVERSCAN, HEIGHT);
    if (this.list.indexOf(key) >= from && this.list.indexOf(key) < to) this.draw();
  }

  /** What is drawn is measured, until nothing is missing; then it is scrolled to. */
  draw(): void {
    for (let times = 0; times < 30; times += 1) {
      const { from, to } = this.reader.rows(OVERSCAN, HEIGHT);
      let changed = false;
      this.reader.whileResized(() => {
        for (let index = from; index < to; index += 1) {
          const height = this.heights.get(this.list[index] ?? "") ?? 40;
          changed = this.extents.resize(index, height) || changed;
        }
      });
      if (!changed) break;
    }
    this.top = Math.max(0, Math.min(this.reader.top, this.end));
    if (!this.reader.isAtEnd) this.reader.settle(this.top);
  }

  get end(): number {
    return Math.max(0, this.extents.total - HEIGHT);
  }

  /** The pixel of the box at which the row begins. */
  placeOf(key: string): number {
    return this.extents.offset(this.list.indexOf(key)) - this.top;
  }

  inSight(): string[] {
    return this.list.filter((key, index) => {
      const place = this.placeOf(key);
      return place < HEIGHT - 0.01 && place + this.extents.size(index) > 0.01;
    });
  }
}

const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `k${from + at}`);

function pageOf(count: number, follow = false, height = (_: string) => 40): Page {
  const page = new Page(follow, () => 40);
  const list = names(0, count);
  for (const key of list) page.heights.set(key, height(key));
  page.show(list);
  return page;
}

describe("a reader", () => {
  test.each([1, 2, 3, 4, 5, 6])("is not moved by what happens around them (%i)", (seed) => {
    const random = randomFrom(seed);
    const below = (end: number) => Math.floor(random() * end);
    const page = new Page(random() < 0.5, () => 30);
    let next = 0;
    const fresh = () => {
      const some = names(next, next + 1 + below(12));
      next += some.length;
      for (const key of some) page.heights.set(key, (1 + below(8000)) / 64);
      return some;
    };
    let list = Array.from({ length: 30 }, fresh).flat();
    page.show(list);
    let checked = 0;
    for (let step = 0; step < 300; step += 1) {
      page.scroll((random() - 0.5) * (below(4) === 0 ? 20_000 : 500));
      if (page.top < 600 || page.end - page.top < 600) continue;
      const [first = ""] = page.inSight();
      const place = page.placeOf(first);
      const at = list.indexOf(first);
      const to = below(3) === 0 ? below(list.length + 1) : Math.max(0, at - 5 + below(10));
      switch (below(4)) {
        case 0:
          list = [...list.slice(0, to), ...fresh(), ...list.slice(to)];
          page.show(list);
          break;
        case 1:
          list = list.filter((key, index) => key === first || index < to || index > to + 3);
          page.show(list);
          break;
        case 2: {
          const moved = list[to] ?? "";
          if (moved === first) continue;
          list = list.filter((key) => key !== moved);
          list.splice(below(list.length + 1), 0, moved);
          page.show(list);
          break;
        }
        default:
          if (list[to] !== first) page.resize(list[to] ?? "", (1 + below(20_000)) / 64);
      }
      if (page.top > 0 && page.end - page.top > 0) {
        expect(page.placeOf(first)).toBeCloseTo(place, 6);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(100);
  });

  test.each([1, 2, 3])("sees rows go by as far as they scroll, known or not (%i)", (seed) => {
    const random = randomFrom(seed);
    const page = pageOf(400, true, () => 5 + random() * 200);
    for (let step = 0; step < 150; step += 1) {
      const [mark = ""] = page.inSight().slice(-1);
      const place = page.placeOf(mark);
      page.scroll(-120);
      expect(page.placeOf(mark)).toBeCloseTo(place + 120, 6);
    }
  });

  test("who scrolls far sees the rows there, whatever they were taken to be", () => {
    const page = pageOf(1000, false, (key) => (Number(key.slice(1)) % 9) * 50);
    page.scroll(17_000);
    const shown = page.inSight();
    const total = shown.reduce((sum, key) => sum + (page.heights.get(key) ?? 0), 0);
    expect(total).toBeGreaterThanOrEqual(HEIGHT);
    expect(page.placeOf(shown[0] ?? "")).toBeLessThanOrEqual(0.01);
  });

  test("whose first row is gone keeps the place of the next", () => {
    const page = pageOf(100);
    page.scroll(1010);
    const [first, second = ""] = page.inSight();
    const place = page.placeOf(second);
    page.show(page.list.filter((key) => key !== first));
    expect(page.placeOf(second)).toBe(place);
    const { top } = page;
    page.show(names(900, 1000));
    expect(page.top).toBe(top);
  });

  test("is not taken along by a row that is moved by itself", () => {
    for (const to of [0, 99]) {
      const page = pageOf(100);
      page.scroll(1010);
      const [first = "", second = ""] = page.inSight();
      const place = page.placeOf(second);
      const list = page.list.filter((key) => key !== first);
      list.splice(to, 0, first);
      page.show(list);
      expect(page.placeOf(second)).toBe(place);
    }
  });

  test("sees the start of a row that grows, and its end if no more is left of it", () => {
    const page = pageOf(100);
    page.resize("k2", 1000);
    page.scroll(500);
    expect(page.placeOf("k2")).toBe(-420);
    page.resize("k2", 3000);
    expect(page.placeOf("k2")).toBe(-420);
    page.resize("k2", 600);
    expect(page.placeOf("k2")).toBe(-420);
    page.resize("k2", 100);
    expect(page.placeOf("k3")).toBe(180);
    page.resize("k2", 5000);
    page.scroll(2000);
    page.resize("k2", 100);
    expect(page.placeOf("k2")).toBe(0);
  });

  test("at the start of a list that does not follow sees what comes in above, else not", () => {
    const page = pageOf(100);
    page.heights.set("new", 40);
    page.show(["new", ...page.list]);
    expect(page.inSight()[0]).toBe("new");
    const following = pageOf(100, true);
    following.scroll(-100_000);
    following.heights.set("new", 40);
    following.show(["new", ...following.list]);
    expect(following.inSight()[0]).toBe("k0");
  });
});

describe("a reader who is sent to a row", () => {
  const sent = (edge: "start" | "center" | "end" | "auto", index: number, height = 90) => {
    const page = pageOf(1000, true, () => height);
    page.reader.send(index, null, edge, page.top);
    page.reader.nameAim();
    page.draw();
    return page;
  };

  test("sees it at the edge, though the rows around have other heights than was thought", () => {
    expect(sent("start", 500).placeOf("k500")).toBe(0);
    expect(sent("end", 500).placeOf("k500")).toBe(HEIGHT - 90);
    expect(sent("center", 500).placeOf("k500")).toBe((HEIGHT - 90) / 2);
    expect(sent("auto", 500).placeOf("k500")).toBe(0);
    expect(sent("end", 0).placeOf("k0")).toBe(0);
    expect(sent("start", 999).placeOf("k999")).toBe(HEIGHT - 90);
  });

  test("sees the start of one that is higher than the box", () => {
    for (const edge of ["end", "center", "auto"] as const) {
      expect(sent(edge, 500, 700).placeOf("k500")).toBe(0);
    }
  });

  test("is not moved to see a row that is in sight, and follows no more", () => {
    const page = sent("auto", 998);
    expect(page.placeOf("k999")).toBe(HEIGHT - 90);
    expect(page.reader.following.peek()).toBe(false);
    page.reader.sendToEnd();
    expect(page.reader.isAtEnd).toBe(true);
  });

  test("gets there though other rows come on the way, and knows it is gone", () => {
    const page = pageOf(1000);
    page.reader.send(500, null, "start", 0);
    page.reader.nameAim();
    page.heights.set("new", 10);
    page.show(["new", ...page.list]);
    expect(page.placeOf("k500")).toBe(0);
    page.reader.send(501, "k500", "end", page.top);
    page.show(page.list.filter((key) => key !== "k500"));
    expect(page.placeOf("k501")).toBe(HEIGHT - 40);
  });
});
