/** A part of the front end: each kernel is asked once at a time, and no dead one stands before the others. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Part } from "../src/parts/part.ts";

let part: Part<string>;

beforeEach(() => {
  vi.useFakeTimers();
  part = new Part();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);
const silent = () => vi.fn(() => new Promise<string>(() => {}));
const failing = () => vi.fn(() => Promise.reject<string>(new Error("away")));
const giving = (what: string) => vi.fn(async () => what);

test("a view's own kernel is asked at once, whichever came last", async () => {
  const [mine, other] = [{}, {}];
  const dead = silent();
  part.provide(giving("mine"), mine);
  part.provide(dead, other);
  part.want(mine);
  await pass();
  expect(part.value.value).toBe("mine");
  expect(dead).not.toHaveBeenCalled();
});

test("its own is asked at once also while another one is silent", async () => {
  const mine = {};
  part.provide(giving("mine"), mine);
  part.provide(silent());
  part.want();
  await pass();
  expect(part.value.value).toBeNull();
  part.want(mine);
  await pass();
  expect(part.value.value).toBe("mine");
});

test("where one kernel is silent the next one is asked, and where it fails at once", async () => {
  part.provide(giving("third"));
  part.provide(silent());
  part.provide(failing());
  part.want();
  await pass();
  expect(part.value.value).toBeNull();
  await pass(3000);
  expect(part.value.value).toBe("third");
});

test("a kernel that is busy for ten minutes is asked once, by all its models", async () => {
  const kernel = {};
  const ways = [silent(), silent(), silent()];
  for (const way of ways) part.provide(way, kernel);
  for (let second = 0; second < 600; second += 1) {
    part.want(kernel);
    await pass(1000);
  }
  expect(ways.flatMap((way) => way.mock.calls)).toHaveLength(1);
});

test("a failure is followed by another model of that kernel, ten seconds later", async () => {
  const kernel = {};
  const stale = failing();
  part.provide(giving("good"), kernel);
  part.provide(stale, kernel);
  for (let second = 0; second < 10; second += 1) {
    part.want(kernel);
    await pass(1000);
  }
  expect(part.value.value).toBeNull();
  part.want(kernel);
  await pass();
  expect(part.value.value).toBe("good");
  expect(stale).toHaveBeenCalledTimes(1);
});

test("a model that closes with its request lets another of its kernel ask at once", async () => {
  const kernel = {};
  const abort = new AbortController();
  const closed = () =>
    new Promise<string>((_, reject) => {
      abort.signal.addEventListener("abort", () => reject(new Error("closed")));
    });
  part.provide(giving("good"), kernel);
  part.provide(closed, kernel, abort.signal);
  part.want(kernel);
  await pass(1000);
  abort.abort();
  await pass();
  expect(part.value.value).toBe("good");
});

test("of two answers the first one stays", async () => {
  const late = vi.fn(
    () =>
      new Promise<string>((resolve) => {
        setTimeout(() => resolve("late"), 5000);
      }),
  );
  part.provide(giving("first"));
  part.provide(late);
  part.want();
  await pass(10_000);
  expect(late).toHaveBeenCalled();
  expect(part.value.value).toBe("first");
});
