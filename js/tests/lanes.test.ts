/** The order of blocks: depth first, whatever the order in which they came. */
import { describe, expect, test } from "vitest";
import { Lanes } from "../src/fold/lanes.ts";
import { randomFrom } from "./folding.ts";

/** A tool call's block has the key of the call. */
class Tree {
  readonly lanes = new Lanes();
  private readonly calls = new Set<string>();
  readonly parents = new Map<string, string | null>();

  add(key: string, parent: string | null = null, isCall = true): this {
    this.lanes.add(key, parent, (id) => (this.calls.has(id) ? id : undefined));
    this.parents.set(key, parent);
    if (isCall) {
      this.calls.add(key);
      this.lanes.attach(key, key);
    }
    return this;
  }
  get drawn(): string {
    return this.lanes.keys().join(" ");
  }
}

describe("Lanes", () => {
  test("two subagents that come at once are grouped below their calls", () => {
    const tree = new Tree().add("a").add("b").add("a1", "a").add("b1", "b");
    tree.add("a2", "a").add("c").add("b2", "b");
    expect(tree.drawn).toBe("a a1 a2 b b1 b2 c");
    expect(["a", "a1", "b2", "c"].map((key) => tree.lanes.depth(key))).toEqual([0, 1, 1, 0]);
  });

  test("a subagent's subagent is nested deeper", () => {
    const tree = new Tree().add("a").add("a1", "a").add("z").add("x", "a1").add("a2", "a");
    expect(tree.drawn).toBe("a a1 x a2 z");
    expect(tree.lanes.depth("x")).toBe(2);
  });

  test("blocks whose call comes later stand where the first came, and move below it", () => {
    const tree = new Tree().add("m").add("a1", "a").add("n").add("a2", "a");
    expect(tree.drawn).toBe("m a1 a2 n");
    expect(tree.lanes.depth("a1")).toBe(1);
    tree.add("a");
    expect(tree.drawn).toBe("m n a a1 a2");
    tree.add("deeper", "n").add("b1", "b").add("b", "deeper");
    expect(tree.drawn).toBe("m n deeper b b1 a a1 a2");
    expect(tree.lanes.depth("b1")).toBe(3);
  });

  test("what is below a block that goes stays where it was, until its call comes again", () => {
    const tree = new Tree().add("a").add("a1", "a").add("b");
    tree.lanes.remove("a");
    expect(tree.drawn).toBe("a1 b");
    tree.lanes.add("again", null, () => undefined);
    tree.lanes.attach("a", "again");
    tree.add("a2", "a");
    expect(tree.drawn).toBe("b again a1 a2");
  });

  test("no circle loses a block", () => {
    expect(new Tree().add("a", "a").add("b", "a").drawn).toBe("a b");
    const knot = new Tree().add("a", "b").add("b", "c").add("c", "a").add("x", "a").add("y", "b");
    expect(knot.drawn.split(" ").sort()).toEqual(["a", "b", "c", "x", "y"]);
  });

  test("the same array as long as nothing changes; what was handed out stays as it is", () => {
    const tree = new Tree().add("a");
    const before = tree.lanes.keys();
    expect(tree.lanes.keys()).toBe(before);
    tree.add("b").add("a1", "a");
    expect(before).toEqual(["a"]);
    expect(tree.lanes.keys()).not.toBe(before);
  });

  test("a chain of any depth is drawn", () => {
    const tree = new Tree().add("0");
    for (let at = 1; at < 20_000; at += 1) tree.add(String(at), String(at - 1));
    expect(tree.lanes.keys()).toHaveLength(20_000);
    expect(tree.lanes.depth("19999")).toBe(19_999);
    const orphans = new Tree();
    for (let at = 5000; at > 0; at -= 1) orphans.add(String(at), String(at - 1));
    expect(orphans.lanes.keys()).toHaveLength(5000);
  });

  test.each([1, 2, 3, 4])("any order gives the tree, depth first (%i)", (seed) => {
    const random = randomFrom(seed);
    const tree = new Tree();
    const names = Array.from({ length: 200 }, (_, at) => String(at));
    for (const name of names.toSorted(() => random() - 0.5)) {
      const up = Math.floor(random() * Number(name));
      tree.add(name, Number(name) < 5 ? null : String(up), random() < 0.9);
      if (random() < 0.3) tree.lanes.keys();
    }
    const keys = tree.lanes.keys();
    expect(keys.toSorted()).toEqual(names.toSorted());
    keys.forEach((key, index) => {
      // Below a block come its own, and all of them before the next one beside it.
      const before = keys[index - 1];
      if (before === undefined) return;
      expect(tree.lanes.depth(key)).toBeLessThanOrEqual(tree.lanes.depth(before) + 1);
    });
  });
});
