/** The long list: what is drawn of it, and that its reader is not moved. */
import { h, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ListView, type Rows } from "../src/list/listview.ts";
import { useListView, VirtualList } from "../src/views/virtual.tsx";
import { type Layout, layOut, moved, placed, resized } from "./layout.ts";

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

describe("rows of other heights than was thought", () => {
  test("are scrolled to all the same", async () => {
    layout.row = (key) => 5 + (Number(key.slice(1)) % 9) * 10;
    await show(keys(0, 1000));
    await act(async () => list.scrollToKey("k700", "start"));
    expect(placeOf("k700")).toBe(0);
    await act(async () => list.scrollToKey("k200", "end"));
    expect(placeOf("k200")).toBe(200 - layout.row("k200"));
    await act(async () => list.scrollToIndex(451, "center"));
    expect(placeOf("k451")).toBe((200 - layout.row("k451")) / 2);
    await act(async () => list.scrollToKey("k453"));
    const place = placeOf("k453");
    await act(async () => list.scrollToKey("k453"));
    expect(placeOf("k453")).toBe(place);
    await act(async () => list.scrollToEnd());
    expect(placeOf("k999")).toBe(200 - layout.row("k999"));
  });

  test("go by as far as is scrolled", async () => {
    layout.row = (key) => 5 + (Number(key.slice(1)) % 9) * 10;
    await show(keys(0, 1000));
    await act(async () => list.scrollToKey("k500", "start"));
    for (let times = 0; times < 40; times += 1) {
      const mark = drawn()[3] ?? "";
      const place = placeOf(mark);
      await scroll(box().scrollTop - 60);
      expect(placeOf(mark)).toBeCloseTo(place + 60);
    }
  });

  test("are drawn beforehand only where they are near", async () => {
    layout.row = () => 300;
    await show(keys(0, 100));
    await act(async () => list.scrollToKey("k50", "start"));
    await scroll(0);
    await act(async () => list.scrollToKey("k50", "start"));
    expect(drawn()).toEqual(["k48", "k49", "k50", "k51"]);
  });

  test("that never settle end in what is drawn last", async () => {
    let height = 20;
    layout.row = () => {
      height = height > 5 ? height / 1.5 : 20;
      return height;
    };
    await show(keys(0, 1000));
    expect(drawn().length).toBeGreaterThan(0);
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

  test("stays at its end when there is less in it, or another box around it", async () => {
    await show(keys(0, 100), true);
    await show(keys(50, 90), true);
    expect([list.following.value, atEnd()]).toEqual([true, 0]);
    for (const height of [120, 300]) {
      layout.height = height;
      await act(async () => resized());
      expect([list.following.value, atEnd()]).toEqual([true, 0]);
    }
    expect(drawn().at(-1)).toBe("k89");
  });

  const grownTo = (count: number) =>
    render(h(Harness, { rows: rowsOf(keys(0, count)), follow: true }), el);
  const nextFrame = () => act(() => new Promise<void>((go) => requestAnimationFrame(() => go())));

  test.each([
    [1000, 120],
    [1000, 90],
    [0, 120],
    [0, 90],
  ])("is left by a way up to %i that is not told yet when there are %i rows", async (top, rows) => {
    await show(keys(0, 100), true);
    await act(async () => {
      box().scrollTop = top;
      grownTo(rows);
    });
    await nextFrame();
    expect(list.following.value).toBe(false);
    expect(box().scrollTop).toBe(top);
  });

  test("stays at its end where the page moved it", async () => {
    await show(keys(0, 100), true);
    await act(async () => {
      moved(box());
      grownTo(120);
    });
    await nextFrame();
    expect([list.following.value, atEnd()]).toEqual([true, 0]);
    expect(drawn().at(-1)).toBe("k119");
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

describe("a list that is moved in the page", () => {
  test.each([false, true])("is where it was (at its end: %s)", async (follow) => {
    await show(keys(0, 100), follow);
    if (!follow) await scroll(1000);
    const place = placeOf("k55");
    moved(box());
    await act(async () => placed(box()));
    expect(placeOf("k55")).toBe(place);
  });

  test("is not taken there from its start by what begins to move in a row", async () => {
    await show(keys(0, 100));
    await scroll(1000);
    moved(box());
    await act(async () => placed(el.querySelector("button") as Element));
    expect(box().scrollTop).toBe(0);
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

describe("a list that is drawn again", () => {
  test("is where it was, whatever has come in meanwhile", async () => {
    const kept = new ListView({ overscan: 2 });
    const place = (names: readonly string[]) =>
      h(VirtualList, { list: kept, rows: rowsOf(names), draw, box: { class: "box" } });
    await act(async () => render(place(keys(0, 100)), el));
    await scroll(1010);
    await act(async () => render(null, el));
    await act(async () => render(place(keys(0, 200)), el));
    expect(placeOf("k50")).toBe(-10);
    await act(async () => render(null, el));
    await act(async () => kept.scrollToIndex(150, "center"));
    await act(async () => render(place(keys(0, 200)), el));
    expect(placeOf("k150")).toBe(90);
  });

  test("scrolls to a row that comes with the drawing", async () => {
    await show(keys(0, 100));
    await act(async () => {
      list.scrollToIndex(105, "start");
      render(h(Harness, { rows: rowsOf([...keys(900, 910), ...keys(0, 200)]), follow: false }), el);
    });
    expect(placeOf("k95")).toBe(0);
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

  test("keeps its row clear of the others as they grow", async () => {
    await show(keys(0, 1000));
    await act(async () => button("k3")?.focus());
    await scroll(5000);
    await grow("k3", 100);
    const apart = () => el.querySelector<HTMLElement>(".cw-virtual-apart")?.style.top ?? "";
    const start = Number.parseFloat(
      el.querySelector<HTMLElement>(".cw-virtual-drawn")?.style.top ?? "",
    );
    expect(Number.parseFloat(apart()) + start).toBe(60);
    expect(placeOf("k250")).toBe(0);
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
