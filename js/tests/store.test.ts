/** The kernel's state on the page: a welcome replaces, events change what they name. */
import { describe, expect, test } from "vitest";
import type { Events } from "../src/protocol.ts";
import { Store, storeOf } from "../src/store.ts";
import { row, welcome } from "./fakes.ts";

const events = (...list: Events["events"]): Events => ({
  type: "claude:events",
  sequence: 1,
  events: list,
});
const changed = (executionId: string, changes: Record<string, unknown>): Events =>
  events({ type: "claude:changed", executionId, changes });

function filled(): Store {
  const store = new Store();
  const executions = [
    row({ executionId: "a", createdTime: 1, status: "running" }),
    row({ executionId: "b", createdTime: 2 }),
    row({ executionId: "c", createdTime: 3, priority: 1 }),
    row({ executionId: "d", createdTime: 0, held: true }),
  ];
  store.apply(welcome("r", { executions }));
  return store;
}

describe("Store", () => {
  test("tells what a message changed, once, with the rows before and after", () => {
    const store = filled();
    const heard: string[][] = [];
    const stop = store.onChange((changes) =>
      heard.push(
        changes.map((one) => `${one.executionId} ${one.before?.status} ${one.after?.status}`),
      ),
    );
    const change = (executionId: string, status: string) =>
      ({ type: "claude:changed", executionId, changes: { status } }) as const;
    store.apply(
      events(change("b", "running"), change("b", "failed"), change("new", "pending"), {
        type: "claude:removed",
        executionId: "c",
      }),
    );
    store.apply({ type: "claude:done", requestId: "r" });
    store.apply(changed("b", { status: "failed" }));
    stop();
    store.apply(changed("a", { status: "killed" }));
    expect(heard).toEqual([["b pending failed", "new undefined pending", "c pending undefined"]]);
  });

  test("lists newest first", () => {
    expect(filled().ids.value).toEqual(["c", "b", "a", "d"]);
  });

  test("counts places by priority, then age, and leaves out what is held", () => {
    const store = filled();
    expect([...store.places.value]).toEqual([
      ["c", 1],
      ["b", 2],
    ]);
    store.apply(changed("c", { status: "running" }));
    expect([...store.places.value]).toEqual([["b", 1]]);
  });

  test("a change replaces the fields that it names, and only that row's value", () => {
    const store = filled();
    const other = store.row("b")?.value;
    store.apply(changed("a", { costUsd: 0.5, activity: "Bash" }));
    expect(store.row("a")?.value).toMatchObject({ costUsd: 0.5, status: "running" });
    expect(store.row("b")?.value).toBe(other);
  });

  test("a change of an unknown id is a new row", () => {
    const store = filled();
    store.apply(changed("e", { query: "hi", createdTime: 9 }));
    expect(store.ids.value[0]).toBe("e");
    expect(store.row("e")?.value).toMatchObject({ query: "hi", status: "pending" });
  });

  test("a removed one goes, and what happens to a stranger adds nothing", () => {
    const store = filled();
    store.apply(events({ type: "claude:removed", executionId: "a" }));
    store.apply(
      events({
        type: "claude:complete",
        executionId: "x",
        code: 0,
        status: "failed",
        reason: "lost",
      }),
    );
    expect(store.ids.value).toEqual(["c", "b", "d"]);
  });

  test("a welcome replaces everything", () => {
    const store = filled();
    store.apply(welcome("r", { executions: [row({ executionId: "b", status: "failed" })] }));
    expect(store.ids.value).toEqual(["b"]);
    expect(store.row("b")?.value.status).toBe("failed");
    expect(store.places.value.size).toBe(0);
  });

  test("a welcome leaves nothing of a field that it leaves out", () => {
    const store = filled();
    store.apply(changed("a", { activity: "Bash", error: "x" }));
    const bare = { executionId: "a", status: "running" };
    store.apply(welcome("r", { executions: [bare as never] }));
    expect(store.row("a")?.value).toMatchObject({ activity: "", error: null, costUsd: null });
  });

  test("tells that one ended, once", () => {
    const store = filled();
    const end = { executionId: "a", status: "completed", reason: "success" } as const;
    store.apply(changed("a", end));
    store.apply(events({ type: "claude:complete", code: 0, ...end }));
    expect(store.ended.value).toBe(1);
  });

  test("corrects the clock by the kernel's", () => {
    const store = new Store();
    store.apply(welcome("r", { now: Date.now() / 1000 + 100 }));
    expect(store.clockOffset.value).toBeCloseTo(100, 0);
  });

  test("is one for all models of a manager, until the last of them is gone", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const store = storeOf("m1", first.signal);
    expect(storeOf("m1", second.signal)).toBe(store);
    expect(storeOf("m2", second.signal)).not.toBe(store);
    first.abort();
    expect(storeOf("m1", new AbortController().signal)).toBe(store);
  });
});
