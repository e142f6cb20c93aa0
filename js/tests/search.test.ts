/** The search in a transcript: what is counted, in slices, and the way between matches. */
import { describe, expect, test } from "vitest";
import type { Block } from "../src/fold/blocks.ts";
import { countMatches, expressionOf, textsOf } from "../src/pane/search.ts";

function count(texts: readonly string[], query: string): { count: number; slices: number } {
  const expression = expressionOf(query);
  if (!expression) return { count: 0, slices: 0 };
  const work = countMatches(texts, expression, query.length);
  for (let slices = 0; ; slices += 1) {
    const step = work.next();
    if (step.done) return { count: step.value, slices };
  }
}

describe("counting", () => {
  test("knows no case and no pattern, only the words", () => {
    expect(count(["An apple, an APPLE", "pineapple"], "apple").count).toBe(3);
    expect(count(["a.b axb (c) [d]"], "a.b").count).toBe(1);
    expect(count(["a.b axb (c) [d]"], "(c) [").count).toBe(1);
    expect(count(["Ärger"], "ärger").count).toBe(1);
    expect(expressionOf("  ")).toBeNull();
  });

  test("looks at a long text in slices, and counts what lies across two of them once", () => {
    const filler = "x".repeat(1_000_000 - 3);
    const found = count([`${filler}needle${filler}needle`], "needle");
    expect(found.count).toBe(2);
    expect(found.slices).toBeGreaterThan(1);
  });
});

test("the words of a block are those that a reader can see, folds opened", () => {
  const tool = {
    kind: "tool",
    name: "Bash",
    input: { command: "ls -la", options: { deep: ["nested", 7] } },
    inputText: "",
    denial: "",
    result: { text: "a.txt" },
  } as unknown as Block;
  expect(textsOf(tool)).toEqual(["Bash", "ls -la", "nested", "7", "", "a.txt"]);
  const notice = { kind: "notice", text: "Now", detail: "then" } as unknown as Block;
  expect(textsOf(notice)).toEqual(["Now", "then"]);
});
