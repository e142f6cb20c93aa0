/** The graph of executions that come after each other: its groups, its layers, and the panel. */
import { describe, expect, test } from "vitest";
import { fitting, groupsOf } from "../src/graph/grouping.ts";
import { draw, NODE, towards } from "../src/graph/layout.ts";
import { row } from "./fakes.ts";
import { change, dashboard, el, key, one, pass, press, region, tell, usePage } from "./stage.ts";

const asked = (executionId: string, ...after: string[]) => ({
  executionId,
  after: after.length > 0 ? after : null,
  afterCount: null,
});
const ids = (groups: ReturnType<typeof groupsOf>) =>
  groups.map(({ rows }) => rows.map(({ executionId }) => executionId).join(""));

describe("groups", () => {
  const newestFirst = [
    asked("f", "e", "gone"),
    asked("e"),
    asked("d", "b", "c"),
    asked("x"),
    asked("c", "a"),
    asked("b", "a"),
    asked("a"),
    asked("y", "gone"),
  ];

  test("hold what hangs together, oldest first, and no execution that stands alone", () => {
    expect(ids(groupsOf(newestFirst))).toEqual(["ef", "abcd"]);
    expect(groupsOf(newestFirst)[0]?.needs.get("f")).toEqual(["e"]);
  });

  test("are shown as far as they fit, the newest first; the first one is cut", () => {
    const groups = groupsOf(newestFirst);
    expect(ids(fitting(groups, 6))).toEqual(["ef", "abcd"]);
    expect(ids(fitting(groups, 5))).toEqual(["ef"]);
    const [cut] = fitting(groups.slice(1), 2);
    expect(cut?.rows.map(({ executionId }) => executionId)).toEqual(["c", "d"]);
    expect(cut?.needs.get("d")).toEqual(["c"]);
  });

  test("of a chain of thousands are found", () => {
    const chain = Array.from({ length: 5000 }, (_, n) => asked(`${5000 - n}`, `${4999 - n}`));
    expect(groupsOf(chain)[0]?.rows).toHaveLength(5000);
  });
});

describe("layers", () => {
  const needs = (given: Record<string, string>) =>
    new Map(Object.entries(given).map(([id, before]) => [id, [...before]]));
  const at = (drawing: ReturnType<typeof draw>) =>
    new Map(drawing.places.map((place) => [place.id, place]));

  test("a fan goes to the right, a chain goes down, each behind what it comes after", () => {
    const fan = draw(needs({ a: "", b: "a", c: "a", d: "a", e: "bcd" }));
    expect(fan.down).toBe(false);
    const chain = draw(needs({ a: "", b: "a", c: "b" }));
    expect(chain.down).toBe(true);
    for (const drawing of [fan, chain])
      for (const { from, to } of drawing.lines) {
        const [before, after] = [at(drawing).get(from), at(drawing).get(to)];
        const axis = drawing.down ? "y" : "x";
        expect(after?.[axis] ?? 0).toBeGreaterThan((before?.[axis] ?? 0) + NODE.height);
      }
    expect(fan.lines).toHaveLength(6);
  });

  test("no two lie upon each other, and all lie within", () => {
    const many = needs({ a: "", b: "", c: "ab", d: "a", e: "cd", f: "b", g: "ef", h: "a" });
    const drawing = draw(many);
    for (const one of drawing.places) {
      expect(one.x + NODE.width).toBeLessThanOrEqual(drawing.width);
      expect(one.y + NODE.height).toBeLessThanOrEqual(drawing.height);
      for (const other of drawing.places) {
        const apart =
          Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height;
        expect(one === other || apart).toBe(true);
      }
    }
  });

  test("lines that need not cross do not", () => {
    const drawing = draw(needs({ a: "", b: "", c: "", x: "c", y: "b", z: "a" }));
    const order = (names: string) =>
      [...names].sort((p, q) => (at(drawing).get(p)?.y ?? 0) - (at(drawing).get(q)?.y ?? 0));
    expect(order("xyz").map((id) => ({ x: "c", y: "b", z: "a" })[id])).toEqual(order("abc"));
  });

  test("a circle, which no kernel tells of, is drawn all the same", () => {
    expect(draw(needs({ a: "b", b: "a", c: "b" })).places).toHaveLength(3);
  });

  test("arrow keys go to the nearest one in their direction", () => {
    const { places } = draw(needs({ a: "", b: "a", c: "a", d: "a", e: "bcd" }));
    expect(towards(places, "a", "ArrowRight")).toBe("c");
    expect(towards(places, "c", "ArrowDown")).toBe("d");
    expect(towards(places, "a", "ArrowLeft")).toBeUndefined();
    expect(towards(places, "a", "Enter")).toBeUndefined();
  });
});

describe("the panel", () => {
  usePage();
  const rows = () => [
    row({ executionId: "plan", name: "plan", status: "completed", createdTime: 1 }),
    row({ executionId: "alone", name: "alone", createdTime: 2 }),
    row({
      executionId: "tests",
      query: "<b>tests</b>\u202e",
      status: "running",
      createdTime: 3,
      after: ["plan"],
    }),
    row({
      executionId: "join",
      name: "join",
      createdTime: 4,
      after: ["tests", "plan", "cleaned-up"],
    }),
  ];
  const nodes = () => [...el.querySelectorAll<HTMLButtonElement>(".cw-node")];
  const node = (id: string) => el.querySelector<HTMLButtonElement>(`[data-node=${id}]`);

  async function open(executions = rows()): Promise<void> {
    await dashboard({ executions });
    await press("Graph");
  }

  test("says in words who comes after whom, and draws only those", async () => {
    await open();
    expect(region("Graph").textContent).toContain("3 executions that come after each other.");
    expect(nodes().map(({ textContent }) => textContent)).toEqual([
      "completedplan",
      "running<b>tests</b>U+202E (comes after plan)",
      "pendingjoin (comes after <b>tests</b>U+202E, plan, 1 not drawn here)",
    ]);
    expect(one("ul", "Graph: 3 executions, 1 completed, 1 running, 1 pending")).toBeTruthy();
  });

  test("follows what happens, and shows what failed in vain", async () => {
    await open();
    await tell(change("tests", { status: "failed", endTime: 5 }));
    expect(node("tests")?.className).toContain("cw-node-failed");
    expect(el.querySelectorAll(".cw-line-failed")).toHaveLength(1);
  });

  test("a group is one stop, with arrows between its executions; one that is clicked opens", async () => {
    await open();
    expect(nodes().filter((one) => one.tabIndex === 0)).toEqual([node("plan")]);
    await pass(0, () => node("plan")?.focus());
    await key("ArrowDown");
    expect(document.activeElement).toBe(node("tests"));
    expect(node("tests")?.tabIndex).toBe(0);
    await pass(0, () => node("tests")?.click());
    expect(node("tests")?.getAttribute("aria-pressed")).toBe("true");
  });

  test("says what makes one come after another where none does", async () => {
    await open([row({ executionId: "alone" })]);
    expect(region("Graph").textContent).toContain("No execution comes after another.");
  });
});
