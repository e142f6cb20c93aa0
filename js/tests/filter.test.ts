/** What is shown in which order: single changes come to the same as looking at every row anew. */
import { describe, expect, test } from "vitest";
import { ALL, type Choice, ExecutionIndex, FILTERS, ORDERS } from "../src/list/filter.ts";
import type { ExecutionRow, ExecutionStatus } from "../src/protocol.ts";
import { row } from "./fakes.ts";

const shown = (index: ExecutionIndex) =>
  Array.from({ length: index.count }, (_, place) => index.at(place));

function filled(...rows: (Partial<ExecutionRow> & { executionId: string })[]): ExecutionIndex {
  const index = new ExecutionIndex();
  for (const fields of rows) index.set(row(fields));
  return index;
}

const MIXED = [
  { executionId: "wait", createdTime: 1, status: "pending" },
  { executionId: "ask", createdTime: 2, status: "running", requestCount: 2, startTime: 50 },
  { executionId: "stay", createdTime: 3, status: "running", awaitsInput: true, startTime: 40 },
  { executionId: "bad", createdTime: 4, status: "failed", costUsd: 3, startTime: 0, endTime: 9 },
  {
    executionId: "good",
    createdTime: 5,
    status: "completed",
    costUsd: 4,
    startTime: 0,
    endTime: 5,
  },
  { executionId: "shot", createdTime: 6, status: "killed", startTime: 0, endTime: 7 },
] as const;

test("the next to start comes first: by priority, then by place, then what does not wait", () => {
  const index = filled(
    { executionId: "run", createdTime: 9, status: "running" },
    { executionId: "b", createdTime: 2, queueRank: 2 },
    { executionId: "a", createdTime: 3, queueRank: 1 },
    { executionId: "high", createdTime: 4, queueRank: 7, priority: 1 },
  );
  index.choose({ ...ALL, order: "queue" });
  expect(shown(index)).toEqual(["high", "a", "b", "run"]);
  expect(index.set(row({ executionId: "b", createdTime: 2, queueRank: 0.5 }))).toBe(true);
  expect(shown(index)).toEqual(["high", "b", "a", "run"]);
});

describe("the filters", () => {
  test("each row is running, queued, failed or done; what needs an answer is one of them", () => {
    const index = filled(...MIXED);
    expect(index.counts).toEqual({
      all: 6,
      needs: 1,
      running: 2,
      queued: 1,
      failed: 1,
      done: 2,
    });
    const found = FILTERS.map((filter) => {
      index.choose({ ...ALL, filter });
      return shown(index);
    });
    expect(found).toEqual([
      ["shot", "good", "bad", "stay", "ask", "wait"],
      ["ask"],
      ["stay", "ask"],
      ["wait"],
      ["bad"],
      ["shot", "good"],
    ]);
  });

  test("count all rows, whatever is chosen and searched", () => {
    const index = filled(...MIXED);
    index.choose({ ...ALL, filter: "failed", search: "nothing" });
    expect(index.count).toBe(0);
    expect(index.counts.all).toBe(6);
  });
});

test("the orders", () => {
  const index = filled(...MIXED);
  const found = ORDERS.map((order) => {
    index.choose({ ...ALL, order });
    return shown(index).join(" ");
  });
  expect(found).toEqual([
    "shot good bad stay ask wait",
    "ask stay wait bad shot good",
    "wait shot good bad stay ask",
    "good bad shot stay ask wait",
    "stay ask bad shot good wait",
  ]);
});

test("of two made at once the one that was heard of later comes first", () => {
  expect(shown(filled({ executionId: "a" }, { executionId: "b" }))).toEqual(["b", "a"]);
});

test("the search looks for every word in query, name, project, id, model and error", () => {
  const index = filled(
    { executionId: "id-1", query: "Fix the Parser", name: "alpha", projectPath: "/home/you" },
    { executionId: "id-2", query: "Fix the tests", model: "claude-opus", error: "Rate limit" },
  );
  const find = (search: string) => {
    index.choose({ ...ALL, search });
    return shown(index);
  };
  for (const search of ["parser", "ALPHA", "home/you", "id-1", " the  fix /you "]) {
    expect(find(search)).toEqual(["id-1"]);
  }
  for (const search of ["opus", "rate", "tests fix"]) expect(find(search)).toEqual(["id-2"]);
  expect(find("parser tests")).toEqual([]);
  expect(find("")).toHaveLength(2);
});

test("a row that changes is found by its new words, not by its old ones", () => {
  const index = filled({ executionId: "a", query: "one", error: null });
  index.choose({ ...ALL, search: "lost" });
  expect(index.set(row({ executionId: "a", query: "one", error: "Lost" }))).toBe(true);
  expect(shown(index)).toEqual(["a"]);
  expect(index.set(row({ executionId: "a", query: "one" }))).toBe(true);
  expect(shown(index)).toEqual([]);
});

test("a change that moves nothing says so", () => {
  const index = filled(...MIXED);
  const running = { executionId: "ask", createdTime: 2, status: "running" } as const;
  expect(index.set(row({ ...running, requestCount: 2, activity: "Bash" }))).toBe(false);
  expect(index.set(row({ ...running, status: "completed" }))).toBe(false);
  index.choose({ ...ALL, filter: "running" });
  expect(index.set(row({ ...running, status: "completed" }))).toBe(false);
  expect(index.set(row(running))).toBe(true);
  expect(index.delete("ask")).toBe(true);
  expect(index.delete("ask")).toBe(false);
  expect(index.delete("bad")).toBe(false);
  expect(index.indexOf("bad")).toBe(-1);
});

describe("single changes come to the same as a fresh look at every row", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % below;
  };
  const statuses: ExecutionStatus[] = ["pending", "running", "completed", "failed", "killed"];
  const someRow = () =>
    row({
      executionId: `e${random(60)}`,
      query: `word${random(3)}`,
      status: statuses[random(5)] ?? "pending",
      createdTime: random(20),
      startTime: random(2) ? random(50) : null,
      endTime: random(2) ? 50 + random(50) : null,
      costUsd: random(2) ? random(5) : null,
      requestCount: random(4) ? 0 : 1,
    });
  const choices = ORDERS.flatMap((order): Choice[] =>
    FILTERS.map((filter) => ({ order, filter, search: random(2) ? "word1" : "" })),
  );

  test.each(choices)("$order $filter $search", (choice) => {
    const index = new ExecutionIndex();
    index.choose(choice);
    for (let step = 0; step < 400; step += 1) {
      const before = shown(index).join();
      const changed = random(5) ? index.set(someRow()) : index.delete(`e${random(60)}`);
      expect(changed || shown(index).join() === before).toBe(true);
    }
    const kept = shown(index);
    kept.forEach((id, place) => {
      expect(index.indexOf(id ?? "")).toBe(place);
    });
    const { counts } = index;
    expect(counts.running + counts.queued + counts.failed + counts.done).toBe(counts.all);
    index.choose(choice);
    expect(shown(index)).toEqual(kept);
  });
});
