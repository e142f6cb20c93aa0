/** The long list: what is drawn of it, and that its reader is not moved. */
import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ListView, Rows } from "../src/listview.ts";
import { useListView, VirtualList } from "../src/views/virtual.tsx";
import { type Layout, layOut, resized } from "./layout.ts";

let el: HTMLElement;
let layout: Layout;
let list: ListView;
let draws: string[];

beforeEach(() => {
  el = document.createElement("div");
  document.body.append(el);
  layout = { height: 200, row: () => 20 };
  draws = [];
  layOut(layout);
});
afterEach(() => {
  act(() => render(null, el));
  el.remove();
});

const keys = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `k${from + index}`);
const rowsOf = (names: readonly string[]): Rows => ({
  count: names.length,
  key: (index) => names[index] ?? "",
  estimate: () => 20,
});

const draw = (key: string) => {
  draws.push(key);
  return h("button", { type: "button" }, key);
};

function Harness({ rows, follow }: { rows: Rows; follow: boolean }) {
  list = useListView({ follow, overscan: 2 });
  return h(VirtualList, { list, rows, draw, box: { class: "box" } });
}

const show = (names: readonly string[], follow = false) =>
  act(async () => render(h(Harness, { rows: rowsOf(names), follow }), el));
const box = () => el.querySelector(".box") as HTMLElement;
const scroll = (top: number) =>
  act(async () => {
    box().scrollTop = top;
  });
const drawn = () =>
  [...el.querySelectorAll<HTMLElement>(".cw-virtual-row")].map((row) => row.dataset.key);
const wholeHeight = () => box().scrollHeight;
/** The pixel of the screen at which a row begins. */
function placeOf(key: string): number {
  const rows = [...el.querySelectorAll<HTMLElement>(".cw-virtual-row:not(.cw-virtual-apart)")];
  const place = el.querySelector<HTMLElement>(".cw-virtual-drawn");
  const start = Number.parseFloat(place?.style.top ?? "");
  const before = rows.slice(
    0,
    rows.findIndex((row) => row.dataset.key === key),
  );
  const above = before.reduce((sum, row) => sum + row.getBoundingClientRect().height, 0);
  return start + above - box().scrollTop;
}
const grow = (key: string, height: number) =>
  act(async () => {
    const before = layout.row;
    layout.row = (name) => (name === key ? height : before(name));
    resized();
  });

describe("a long list", () => {
  test("draws what is seen and a little more, of however many", async () => {
    await show(keys(0, 100_000));
    expect(drawn()).toEqual(keys(0, 12));
    expect(wholeHeight()).toBe(2_000_000);
    await scroll(1_000_000);
    expect(drawn()).toEqual(keys(49_998, 50_012));
  });

  test("draws a row once, though its neighbours come and go", async () => {
    await show(keys(0, 1000));
    await scroll(20);
    await scroll(40);
    expect(draws.filter((key) => key === "k5")).toHaveLength(1);
  });

  test("measures rows before they are painted, and keeps what it measured", async () => {
    layout.row = () => 50;
    await show(keys(0, 100));
    // As many as fit were measured, twelve of them by the estimate.
    expect(wholeHeight()).toBe(50 * 12 + 20 * 88);
    await scroll(1500);
    await scroll(0);
    expect(placeOf("k1")).toBe(50);
  });

  test("leaves the reader in place when rows come in above, grow above or come below", async () => {
    await show(keys(0, 100));
    await scroll(1000);
    expect(placeOf("k50")).toBe(0);
    await show([...keys(1000, 1010), ...keys(0, 100)]);
    expect(placeOf("k50")).toBe(0);
    await show([...keys(1000, 1010), ...keys(0, 200)]);
    expect(placeOf("k50")).toBe(0);
    await grow("k49", 90);
    expect(placeOf("k50")).toBe(0);
  });

  test("shows a reader at its top what comes in above", async () => {
    await show(keys(0, 100));
    await show(["new", ...keys(0, 100)]);
    expect(drawn()[0]).toBe("new");
    expect(placeOf("new")).toBe(0);
  });

  test("scrolls to a row wherever it is", async () => {
    await show(keys(0, 1000));
    await act(async () => list.scrollToKey("k700", "start"));
    expect(placeOf("k700")).toBe(0);
    await act(async () => list.scrollToKey("nobody"));
    await act(async () => list.scrollToStart());
    expect(placeOf("k0")).toBe(0);
  });
});

describe("a list that follows", () => {
  const atEnd = () => box().scrollHeight - box().scrollTop - box().clientHeight;

  test("starts at its end and stays there as rows come and grow", async () => {
    await show(keys(0, 100), true);
    expect(drawn().at(-1)).toBe("k99");
    await show(keys(0, 130), true);
    expect(drawn().at(-1)).toBe("k129");
    await grow("k129", 500);
    expect(atEnd()).toBe(0);
  });

  test("is left by the reader's own way up, and by nothing else", async () => {
    await show(keys(0, 100), true);
    await grow("k99", 10);
    expect(list.following.value).toBe(true);
    await scroll(1700);
    expect(list.following.value).toBe(false);
    const place = placeOf("k86");
    await show(keys(0, 200), true);
    await grow("k80", 300);
    expect(placeOf("k86")).toBe(place);
  });

  test("is joined again at its end, or when asked for", async () => {
    await show(keys(0, 100), true);
    await scroll(500);
    await scroll(10_000);
    expect(list.following.value).toBe(true);
    await scroll(500);
    await act(async () => list.scrollToEnd());
    expect(list.following.value).toBe(true);
    expect(atEnd()).toBe(0);
  });
});

describe("a list that is hidden", () => {
  test("keeps its rows and its place, whatever comes in meanwhile", async () => {
    await show(keys(0, 100));
    await scroll(1000);
    const before = drawn();
    layout.height = 0;
    await act(async () => resized());
    expect(drawn()).toEqual(before);
    await show(keys(0, 120));
    layout.height = 200;
    // What was out of the page comes back at its start.
    box().scrollTop = 0;
    await act(async () => resized());
    expect(placeOf("k50")).toBe(0);
  });

  test("that follows is at its end when it is seen again", async () => {
    await show(keys(0, 100), true);
    layout.height = 0;
    await act(async () => resized());
    await show(keys(0, 300), true);
    layout.height = 200;
    await act(async () => resized());
    expect(drawn().at(-1)).toBe("k299");
  });

  test("that was never seen draws its rows once it is", async () => {
    layout.height = 0;
    await show(keys(0, 100));
    expect(drawn()).toEqual([]);
    layout.height = 200;
    await act(async () => resized());
    expect(drawn()).toEqual(keys(0, 12));
  });
});

describe("the focus", () => {
  const button = (key: string) =>
    [...el.querySelectorAll("button")].find((one) => one.textContent === key);

  test("stays on its row when that is scrolled out of sight", async () => {
    await show(keys(0, 1000));
    await act(async () => button("k3")?.focus());
    await scroll(5000);
    expect(document.activeElement?.textContent).toBe("k3");
    expect(drawn()[0]).toBe("k3");
    await scroll(40);
    expect(drawn().filter((key) => key === "k3")).toHaveLength(1);
    await act(async () => button("k5")?.focus());
    await scroll(5000);
    expect(drawn()).not.toContain("k3");
  });

  test("goes with its row to another place", async () => {
    await show(keys(0, 100));
    await act(async () => button("k2")?.focus());
    await show([...keys(4, 8), "k2", ...keys(9, 100)]);
    expect(document.activeElement?.textContent).toBe("k2");
    await show(["k2", ...keys(9, 100)]);
    expect(document.activeElement?.textContent).toBe("k2");
  });

  test("is taken from nobody", async () => {
    await show(keys(0, 100));
    await act(async () => button("k2")?.focus());
    await act(async () => button("k2")?.blur());
    await show(keys(1, 100));
    expect(document.activeElement).toBe(document.body);
  });
});
