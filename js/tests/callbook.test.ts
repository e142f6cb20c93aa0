/** The timeline's calls: all of them are asked for in the end, and none of them too often. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallBook } from "../src/charts/callbook.ts";
import { PAUSE, PAUSE_AFTER_FAILURE } from "../src/charts/paced.ts";
import type { Unsent } from "../src/connection.ts";
import type { ExecutionRow, KernelMessage, ToolCallsAnswer } from "../src/protocol.ts";
import { row } from "./fakes.ts";

interface Asked {
  readonly ids: readonly string[];
  tell(...ids: string[]): Promise<void>;
  fail(): Promise<void>;
}

let asked: Asked[];
let book: CallBook;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  book = new CallBook({ request });
});
afterEach(() => {
  book.close();
  vi.useRealTimers();
});

const pass = async (milliseconds = 0): Promise<void> => {
  await vi.advanceTimersByTimeAsync(milliseconds);
};

function request(message: Unsent): Promise<KernelMessage> {
  if (message.type !== "claude:get-tool-calls") throw new Error(message.type);
  const ids = message.executionIds ?? [];
  return new Promise((resolve, reject) => {
    asked.push({
      ids,
      tell: (...told) => {
        resolve(answerOf(told));
        return pass();
      },
      fail: () => {
        reject(new Error("refused"));
        return pass();
      },
    });
  });
}

const answerOf = (ids: readonly string[]): ToolCallsAnswer => ({
  type: "claude:get-tool-calls",
  requestId: "1",
  found: ids.map((executionId) => ({
    executionId,
    calls: [
      { name: executionId, subject: "", startTime: 1, endTime: 2, isError: false, nested: false },
    ],
    leftOut: 0,
  })),
});

const ended = (executionId: string, fields: Partial<ExecutionRow> = {}) =>
  row({ executionId, status: "completed", toolCount: 1, ...fields });
const ids = () => asked.map((one) => one.ids);
const known = (executionId: string) => book.of(executionId).calls.map(({ name }) => name);

test("what ends while a request is under way is asked for again", async () => {
  book.follow([ended("a", { status: "running" })]);
  book.follow([ended("a")]);
  await asked[0]?.tell("a");
  await pass(PAUSE);
  expect(ids()).toEqual([["a"], ["a"]]);
  await asked[1]?.tell("a");
  await pass(60_000);
  expect(ids()).toHaveLength(2);
});

test("what an answer had no room for is asked for after it", async () => {
  book.follow([ended("a"), ended("b"), ended("c")]);
  await asked[0]?.tell("a");
  await pass(PAUSE);
  await asked[1]?.tell("b", "c");
  await pass(60_000);
  expect(ids()).toEqual([
    ["a", "b", "c"],
    ["b", "c"],
  ]);
  expect(["a", "b", "c"].map(known)).toEqual([["a"], ["b"], ["c"]]);
});

test("a request that failed is repeated by itself, but not at once", async () => {
  book.follow([ended("a")]);
  await asked[0]?.fail();
  await pass(PAUSE_AFTER_FAILURE - 1);
  expect(ids()).toHaveLength(1);
  await pass(1);
  expect(ids()).toEqual([["a"], ["a"]]);
});

test("rows that change all the time make one request in each pause", async () => {
  for (let at = 0; at < 100; at += 1) {
    book.follow([ended("a", { status: "running", activity: `${at}` })]);
    await asked.at(-1)?.tell("a");
    await pass(100);
  }
  expect(asked.length).toBeLessThanOrEqual(1 + 10_000 / PAUSE);
  expect(asked.length).toBeGreaterThan(4);
});

test("calls of what is drawn no more are forgotten, and so is an answer that comes too late", async () => {
  book.follow([ended("a")]);
  await asked[0]?.tell("a");
  await pass(PAUSE);
  book.follow([ended("b")]);
  book.follow([ended("c")]);
  await asked[1]?.tell("b");
  await pass(PAUSE);
  await asked[2]?.tell("c");
  expect(["a", "b", "c"].map(known)).toEqual([[], [], ["c"]]);
});

test("nothing is asked any more once nobody looks", async () => {
  book.follow([ended("a"), ended("b")]);
  book.close();
  await asked[0]?.tell("a");
  await pass(60_000);
  expect(ids()).toHaveLength(1);
});
