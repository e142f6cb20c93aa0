/** Moving and selecting, by keys and clicks. */
import { describe, expect, test } from "vitest";
import {
  extendTo,
  forget,
  keyTarget,
  moveTo,
  NOTHING,
  type Places,
  selectAll,
  selectNone,
  toggle,
} from "../src/list/selection.ts";

const IDS = ["a", "b", "c", "d", "e"];
const places: Places = {
  count: IDS.length,
  at: (place) => IDS[place],
  indexOf: (id) => IDS.indexOf(id),
};
const chosen = (state: { selected: ReadonlySet<string> }) => [...state.selected].join("");

describe("selecting", () => {
  test("one by one, in any order, and back", () => {
    const two = toggle(toggle(NOTHING, "d"), "b");
    expect(chosen(two)).toBe("db");
    expect(two.active).toBe("b");
    expect(chosen(toggle(two, "d"))).toBe("b");
  });

  test("a range from the last step without Shift, longer, shorter and to the other side", () => {
    const start = moveTo(NOTHING, "c");
    expect(chosen(start)).toBe("");
    const longer = extendTo(start, "e", places);
    expect(chosen(longer)).toBe("cde");
    expect(chosen(extendTo(longer, "d", places))).toBe("cd");
    expect(chosen(extendTo(longer, "a", places))).toBe("abc");
    expect(extendTo(longer, "a", places).active).toBe("a");
  });

  test("a range whose begin is gone is its end, and one to nowhere is none", () => {
    expect(chosen(extendTo(moveTo(NOTHING, "gone"), "b", places))).toBe("b");
    expect(chosen(extendTo(NOTHING, "b", places))).toBe("b");
    expect(extendTo(NOTHING, "gone", places)).toBe(NOTHING);
  });

  test("all that is shown, and none", () => {
    const all = selectAll(moveTo(NOTHING, "b"), places);
    expect(chosen(all)).toBe("abcde");
    expect(selectNone(all)).toEqual(moveTo(NOTHING, "b"));
  });

  test("what is gone is forgotten, and nothing changes without need", () => {
    const two = toggle(toggle(NOTHING, "d"), "b");
    expect(chosen(forget(two, ["d", "x"]))).toBe("b");
    expect(forget(two, ["a"])).toBe(two);
  });
});

describe("keys", () => {
  const from = (active: string | null, key: string) =>
    keyTarget(key, { ...NOTHING, active }, places, 2);

  test.each([
    ["ArrowDown", "b", "c"],
    ["ArrowDown", "e", "e"],
    ["ArrowDown", null, "a"],
    ["ArrowUp", "b", "a"],
    ["ArrowUp", "a", "a"],
    ["ArrowUp", null, "a"],
    ["Home", "d", "a"],
    ["End", "b", "e"],
    ["PageDown", "b", "d"],
    ["PageDown", "d", "e"],
    ["PageUp", "e", "c"],
    ["PageUp", "a", "a"],
    ["ArrowDown", "gone", "a"],
    ["Enter", "b", undefined],
    ["constructor", "b", undefined],
  ])("%s from %s goes to %s", (key, active, target) => {
    expect(from(active, key)).toBe(target);
  });

  test("go nowhere in an empty list", () => {
    const empty: Places = { count: 0, at: () => undefined, indexOf: () => -1 };
    expect(keyTarget("End", NOTHING, empty, 5)).toBeUndefined();
  });
});
