/** Changes: hunks from the CLI and from texts, their rows, the words that differ, and the table. */
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { countChanges, hunksBetween, markWords, readHunks, splitLines } from "../src/tools/diff.ts";
import { splitRows, unifiedRows } from "../src/tools/diffrows.ts";
import { editOf } from "../src/tools/edits.ts";
import { Diff } from "../src/views/tools/diff.tsx";
import { useHighlighter } from "./highlighting.ts";

useHighlighter();

const ODD = [null, undefined, 1, "x", true, [], {}, [null, 1, "x"], { lines: 1 }, [{ lines: [1] }]];
const hunk = (...lines: string[]) => ({ oldStart: 4, newStart: 5, lines });

describe("hunks", () => {
  test("are read from the CLI's patch, and from nothing else", () => {
    const patch = [{ oldStart: 2, oldLines: 1, newStart: 2, newLines: 1, lines: ["-a", "+b"] }];
    expect(readHunks(patch)).toEqual([{ oldStart: 2, newStart: 2, lines: ["-a", "+b"] }]);
    for (const value of ODD) expect(readHunks(value)).toEqual([]);
  });

  test("are made from before and after, with the lines around", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    const after = before.with(9, "line ten");
    const [only, ...others] = hunksBetween(before.join("\n"), after.join("\n"));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ oldStart: 7, newStart: 7 });
    expect(only?.lines).toEqual([
      " line 7",
      " line 8",
      " line 9",
      "-line 10",
      "+line ten",
      " line 11",
      " line 12",
      " line 13",
    ]);
    expect(hunksBetween("same", "same")).toEqual([]);
  });

  test("of texts that take too long to compare say that all was replaced", () => {
    vi.spyOn(Date, "now").mockImplementation(
      (
        (at) => () =>
          (at += 1000)
      )(0),
    );
    const [only] = hunksBetween("a\nb\n", "c\nb\n");
    expect(only?.lines).toEqual(["-a", "-b", "+c", "+b"]);
  });

  test("count what was added and removed", () => {
    expect(countChanges([hunk("-a", "+b", "+c", " d", "\\ No newline at end of file")])).toEqual({
      added: 2,
      removed: 1,
    });
  });
});

test("lines end with their newline", () => {
  expect(splitLines("a\r\nb\n")).toEqual(["a", "b"]);
  expect(splitLines("a\n\n")).toEqual(["a", ""]);
  expect(splitLines("")).toEqual([]);
});

describe("rows", () => {
  const hunks = [hunk(" a", "-b", "-c", "\\ No newline at end of file", "+d", " e")];

  test("of a unified change are in the order of the patch, with both line numbers", () => {
    const rows = unifiedRows(hunks);
    const told = rows.map((row) =>
      row.kind === "remark" ? row.text : [row.old?.number, row.new?.number],
    );
    expect(told).toEqual([
      "… 3 unchanged lines",
      [4, 5],
      [5, undefined],
      [6, undefined],
      [undefined, 6],
      "No newline at end of file",
      [7, 7],
    ]);
  });

  test("side by side have what was removed beside what came in its place", () => {
    const rows = splitRows(hunks).filter((row) => row.kind === "changed");
    expect(rows.map((row) => [row.old?.text, row.new?.text])).toEqual([
      ["b", "d"],
      ["c", undefined],
    ]);
  });

  test("say how many lines lie between two hunks", () => {
    const second = { oldStart: 30, newStart: 30, lines: ["-x"] };
    const remarks = unifiedRows([hunk("-a"), second]).filter((row) => row.kind === "remark");
    expect(remarks.map((row) => row.text)).toEqual(["… 3 unchanged lines", "… 25 unchanged lines"]);
  });

  test("of a hundred thousand changed lines are made", () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `+${index}`);
    expect(unifiedRows([{ oldStart: 1, newStart: 1, lines }])).toHaveLength(100_000);
  });
});

describe("the words that differ", () => {
  test("are marked on both sides", () => {
    expect(markWords("return one + 1", "return two + 1")).toEqual([[[7, 10]], [[7, 10]]]);
  });

  test("are not marked where nearly all do, nor in very long lines", () => {
    expect(markWords("abc def", "ghi jkl mno")).toEqual([[], []]);
    expect(markWords("a".repeat(5000), "b")).toEqual([[], []]);
  });
});

describe("an edit", () => {
  test("is the CLI's patch once that is there, and its own words before", () => {
    const input = { file_path: "/p/a.py", old_string: "a", new_string: "b" };
    const structuredPatch = [{ oldStart: 9, newStart: 9, lines: ["-a", "+b"] }];
    expect(editOf("Edit", input)).toMatchObject({ path: "/p/a.py", numbered: false });
    expect(editOf("Edit", input)?.hunks[0]?.lines.filter((line) => !line.startsWith("\\"))).toEqual(
      ["-a", "+b"],
    );
    expect(editOf("Edit", input, { structuredPatch })).toMatchObject({
      hunks: structuredPatch,
      numbered: true,
    });
  });

  test("of several parts has the hunks of each", () => {
    const edits = [
      { old_string: "a", new_string: "b" },
      { old_string: "c", new_string: "" },
    ];
    expect(countChanges(editOf("MultiEdit", { edits })?.hunks ?? [])).toEqual({
      added: 1,
      removed: 2,
    });
  });

  test("of a new file is all of its lines; of one that was there what changed", () => {
    const input = { file_path: "b.py", content: "x\ny\n" };
    const created = editOf("Write", input, { type: "create", structuredPatch: [] });
    expect(created).toMatchObject({ created: true, hunks: [{ lines: ["+x", "+y"] }] });
    const updated = editOf("Write", input, { type: "update", originalFile: "x\nz\n" });
    expect(updated?.hunks[0]?.lines).toEqual([" x", "-z", "+y"]);
  });

  test("of a cell is from its source before to the one after", () => {
    const input = { notebook_path: "n.ipynb", new_source: "x = 2", edit_mode: "replace" };
    const lines = editOf("NotebookEdit", input, { old_source: "x = 1" })?.hunks[0]?.lines;
    expect(lines?.filter((line) => !line.startsWith("\\"))).toEqual(["-x = 1", "+x = 2"]);
  });

  test("whose fields have any type is no error, and other tools edit nothing", () => {
    for (const value of ODD) {
      const input = { file_path: value, old_string: value, new_string: value, edits: value };
      const more = { content: value, notebook_path: value, new_source: value, edit_mode: value };
      const data = { structuredPatch: value, originalFile: value, type: value, old_source: value };
      for (const name of ["Edit", "MultiEdit", "Write", "NotebookEdit"]) {
        expect(() => editOf(name, { ...input, ...more }, data)).not.toThrow();
      }
    }
    expect(editOf("Bash", {})).toBeNull();
  });
});

describe("the table", () => {
  let el: HTMLElement;
  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    el = document.createElement("div");
    document.body.append(el);
  });
  afterEach(() => {
    act(() => render(null, el));
    el.remove();
    vi.useRealTimers();
  });
  const show = (props: Parameters<typeof Diff>[0]) => {
    act(() => render(<Diff {...props} />, el));
    act(() => {
      vi.advanceTimersByTime(1000);
    });
  };
  const cells = (row: Element | undefined) => [...(row?.querySelectorAll("td") ?? [])];
  const rows = () => [...el.querySelectorAll("tr")];

  test("has a name that says what changed, and signs that have names", () => {
    show({ path: "src/a.py", hunks: [hunk("-a = 1", "+a = 2", "+b")] });
    const name = "Changes to src/a.py: 2 lines added, 1 removed";
    expect(el.querySelector("table")?.getAttribute("aria-label")).toBe(name);
    const [, removed, added] = rows();
    expect(cells(removed).map((cell) => cell.textContent)).toEqual(["4", "", "−", "a = 1"]);
    expect(cells(removed)[2]?.getAttribute("aria-label")).toBe("removed");
    expect(cells(added).map((cell) => cell.textContent)).toEqual(["", "5", "+", "a = 2"]);
    expect(cells(added)[2]?.getAttribute("aria-label")).toBe("added");
    expect([...el.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["1", "2"]);
  });

  test("is highlighted by the file's name, marks and all", () => {
    show({ path: "a.py", hunks: [hunk("-return 1", "+return 2")] });
    expect(el.querySelector(".cw-hl-keyword")?.textContent).toBe("return");
    expect(el.querySelector("mark")?.textContent).toBe("1");
    expect(rows()[1]?.textContent).toContain("return 1");
  });

  test("is side by side by itself where there is room for two, until somebody chooses", () => {
    let tell: (width: number) => void = () => {};
    class Told {
      constructor(callback: (entries: object[]) => void) {
        tell = (width) => act(() => callback([{ contentRect: { width } }]));
      }
      observe(): void {}
      disconnect(): void {}
    }
    vi.stubGlobal("ResizeObserver", Told);
    show({ path: "a.txt", hunks: [hunk("-b", "+c")] });
    tell(900);
    expect(cells(rows()[1])).toHaveLength(6);
    tell(400);
    expect(cells(rows()[1])).toHaveLength(4);
    vi.unstubAllGlobals();
  });

  test("side by side is the reader's choice, kept for the next one", () => {
    const hunks = [hunk(" a", "-b", "+c")];
    show({ path: "a.txt", hunks });
    const toggle = () => el.querySelector<HTMLButtonElement>("[role=switch]");
    expect(toggle()?.getAttribute("aria-checked")).toBe("false");
    act(() => toggle()?.click());
    expect(toggle()?.getAttribute("aria-checked")).toBe("true");
    expect(cells(rows()[2]).map((cell) => cell.textContent)).toEqual([
      "5",
      "−",
      "b",
      "6",
      "+",
      "c",
    ]);
    act(() => render(null, el));
    show({ path: "b.txt", hunks });
    expect(toggle()?.getAttribute("aria-checked")).toBe("true");
    act(() => toggle()?.click());
    show({ path: "b.txt", hunks, mode: "split" });
    expect(toggle()).toBeNull();
  });

  test("of a huge change draws what somebody may read, and more when asked", () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `+line ${index}`);
    show({ path: "a.py", hunks: [{ oldStart: 1, newStart: 1, lines }] });
    expect(rows()).toHaveLength(200);
    const more = [...el.querySelectorAll("button")].at(-1);
    expect(more?.textContent).toBe("Show more (4,800 more lines)");
    act(() => more?.click());
    expect(rows()).toHaveLength(1200);
  });

  test("shows what hides in a line", () => {
    show({ path: "a.py", hunks: [hunk("+a\u202eb")] });
    expect(rows()[1]?.textContent).toContain("U+202E");
    expect(el.textContent).not.toContain("\u202e");
  });

  test("without a place in the file has no line numbers to see", () => {
    show({ path: "a.py", hunks: [hunk("+a")], numbered: false });
    expect(el.querySelector(".cw-diff-part")).not.toBeNull();
  });

  test("of nothing says so", () => {
    show({ path: "a.py", hunks: [] });
    expect(el.textContent).toBe("No change.");
  });
});
