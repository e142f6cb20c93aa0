/** Which rows a transcript has, however its blocks came; and what of them is looked at again. */
import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";
import type { Block } from "../src/fold/blocks.ts";
import type { Pane } from "../src/pane/pane.ts";
import { PaneRows, TranscriptRows } from "../src/pane/rows.ts";
import { randomFrom } from "./folding.ts";

const NOTICE = { kind: "notice", level: "info", until: null };

/** Keys that begin with "n" are quiet notices; dashes before a key are its depth. */
class FakePane {
  readonly keys = signal<readonly string[]>([]);
  looked: string[] = [];

  set(...names: string[]): this {
    this.keys.value = names;
    return this;
  }
  depth(key: string): number {
    return /^-*/.exec(key)?.[0].length ?? 0;
  }
  block(key: string) {
    this.looked.push(key);
    return signal((/^-*n/.test(key) ? NOTICE : { kind: "text" }) as Block);
  }
}

const NONE: ReadonlySet<string> = new Set();
const make = (...names: string[]) => {
  const pane = new FakePane().set(...names);
  const rows = new PaneRows(pane as unknown as Pane);
  rows.update(NONE);
  const keys = () =>
    rows.rows.map((row) => (row.kind === "notices" ? `[${row.keys.join(" ")}]` : row.key));
  return { pane, rows, keys };
};

describe("the rows of a pane", () => {
  test("are its blocks, with quiet notices in a run as one", () => {
    expect(make("a", "n1", "n2", "b").keys()).toEqual(["a", "n1", "n2", "b"]);
    expect(make("a", "n1", "n2", "n3", "b").keys()).toEqual(["a", "[n1 n2 n3]", "b"]);
    expect(make("n1", "n2", "-n3", "-n4").keys()).toEqual(["n1", "n2", "-n3", "-n4"]);
  });

  test("leave out the lanes that are folded", () => {
    const { rows, keys } = make("a", "-b", "--c", "-d", "e");
    rows.update(new Set(["a"]));
    expect(keys()).toEqual(["a", "e"]);
    rows.update(new Set(["-b"]));
    expect(keys()).toEqual(["a", "-b", "-d", "e"]);
  });

  const STEPS = ["a", "n1", "n2", "n3", "-b", "-n4", "-n5", "-n6", "c", "n7", "n8", "n9", "d"];

  test("are the same however the blocks came", () => {
    const whole = make(...STEPS).keys();
    for (let size = 1; size < 6; size += 1) {
      const { pane, rows, keys } = make();
      for (let end = 0; end <= STEPS.length + size; end += size) {
        pane.set(...STEPS.slice(0, end));
        rows.update(NONE);
      }
      expect(keys()).toEqual(whole);
    }
  });

  test("are the same when a lane grows in the middle, and when blocks go", () => {
    const { pane, rows, keys } = make("a", "-b", "c", "n1", "n2", "n3");
    pane.set("a", "-b", "-n4", "-n5", "-n6", "c", "n1", "n2", "n3");
    rows.update(NONE);
    expect(keys()).toEqual(["a", "-b", "[-n4 -n5 -n6]", "c", "[n1 n2 n3]"]);
    pane.set("a", "c", "n1", "n3");
    rows.update(NONE);
    expect(keys()).toEqual(["a", "c", "n1", "n3"]);
  });

  test("cost what is new", () => {
    const many = Array.from({ length: 1000 }, (_, index) => `t${index}`);
    const { pane, rows } = make(...many);
    pane.looked = [];
    pane.set(...many, "t1000");
    rows.update(NONE);
    expect(rows.rows).toHaveLength(1001);
    expect(pane.looked.length).toBeLessThan(5);
  });
});

describe("the rows of a thread", () => {
  const whole = () => {
    const [first, last] = [make("a", "b"), make("a", "n1", "n2", "n3", "z")];
    return new TranscriptRows(
      [
        { executionId: "one", rows: first.rows },
        { executionId: "unread", rows: null },
        { executionId: "two", rows: last.rows },
      ],
      () => 10,
    );
  };

  test("have a heading for each execution, and keys of their own", () => {
    const rows = whole();
    const keys = Array.from({ length: rows.count }, (_, index) => rows.key(index));
    expect(keys).toEqual(["one:", "one:a", "one:b", "unread:", "two:", "a", "n1+", "z"]);
    expect(new Set(keys).size).toBe(rows.count);
    expect(rows.at(rows.count)).toBeUndefined();
  });

  const keysOf = (rows: TranscriptRows) =>
    Array.from({ length: rows.count }, (_, index) => rows.key(index));

  test("tell how many of them are those of before, and never too many", () => {
    const random = randomFrom(7);
    const [first, last] = [make("a", "b"), make("x")];
    const sections = [
      { executionId: "one", rows: first.rows },
      { executionId: "two", rows: last.rows },
    ];
    let before = new TranscriptRows(sections, () => 10);
    let keys = keysOf(before);
    for (let step = 0; step < 300; step += 1) {
      const { pane, rows } = random() < 0.2 ? first : last;
      const names = [...pane.keys.value];
      const at = random() < 0.7 ? names.length : Math.floor(random() * names.length);
      names.splice(at, random() < 0.2 ? 2 : 0, `${random() < 0.5 ? "n" : "t"}${step}`);
      pane.set(...names);
      rows.update(NONE);
      if (random() < 0.1) continue;
      const now = new TranscriptRows(sections, () => 10);
      const same = now.same(before);
      expect(keysOf(now).slice(0, same)).toEqual(keys.slice(0, same));
      [before, keys] = [now, keysOf(now)];
    }
    const add = (...names: string[]) => {
      last.pane.set(...last.pane.keys.value, ...names);
      last.rows.update(NONE);
      return new TranscriptRows(sections, () => 10);
    };
    before = add("t");
    const { count } = before;
    expect(add("n", "u").same(before)).toBe(count);
    expect(new TranscriptRows(sections.slice(1), () => 10).same(before)).toBe(0);
  });

  test("are found by execution and place, also in a run of notices", () => {
    const rows = whole();
    expect(rows.indexOfBlock("one", 1)).toBe(2);
    expect(rows.indexOfBlock("two", 2)).toBe(6);
    expect(rows.indexOfBlock("two", 4)).toBe(7);
    expect(rows.indexOfBlock("unread", 0)).toBe(-1);
    expect(rows.indexOfBlock("two", -1)).toBe(-1);
  });
});
