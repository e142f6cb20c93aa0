/** Background tasks and subagents: on their call, or alone. */
import { describe, expect, test } from "vitest";
import type { BlockFold } from "../src/fold/blockfold.ts";
import { call, ended, foldLines, ofKind, said, system } from "./folding.ts";

const out = (subtype: string, fields: object) => ["out", system(subtype, fields)] as const;
const CALL = ["out", call("t", "Agent")] as const;
const STARTED = out("task_started", {
  task_id: "a",
  tool_use_id: "t",
  task_type: "local_agent",
  description: "count",
});
const listed = (...ids: string[]) =>
  out("background_tasks_changed", {
    tasks: ids.map((task_id) => ({
      task_id,
      task_type: "local_bash",
      description: `task ${task_id}`,
    })),
  });
const notified = (status: string, fields: object = {}) =>
  out("task_notification", {
    task_id: "a",
    tool_use_id: "t",
    status,
    summary: "counted",
    ...fields,
  });

const onCall = (fold: BlockFold) => ofKind(fold, "tool")[0]?.task;
const alone = (fold: BlockFold) => ofKind(fold, "task").map(({ task }) => task);

describe("a task", () => {
  test("is shown on the call that started it, with what it does and what came of it", () => {
    const fold = foldLines(CALL, STARTED);
    expect(onCall(fold)).toEqual({
      id: "a",
      type: "local_agent",
      description: "count",
      status: "running",
      summary: "",
      lastTool: "",
      tokens: null,
      toolCount: null,
    });
    const progress = out("task_progress", {
      task_id: "a",
      description: "Running ls",
      last_tool_name: "Bash",
      usage: { total_tokens: 12, tool_uses: 1 },
    });
    expect(onCall(foldLines(CALL, STARTED, progress))).toMatchObject({
      description: "count",
      summary: "Running ls",
      lastTool: "Bash",
      tokens: 12,
      toolCount: 1,
    });
    expect(onCall(foldLines(CALL, STARTED, progress, notified("completed")))).toMatchObject({
      status: "completed",
      summary: "counted",
      tokens: 12,
    });
    expect(alone(fold)).toEqual([]);
  });

  test.each([
    ["completed", "completed"],
    ["failed", "failed"],
    ["stopped", "stopped"],
    ["killed", "stopped"],
    ["paused", "paused"],
    ["toString", "running"],
  ])("%s is %s", (word, status) => {
    const update = out("task_updated", { task_id: "a", patch: { status: word } });
    expect(onCall(foldLines(CALL, STARTED, update))).toMatchObject({ status });
  });

  test("that was listed before it was told what started it moves to its call", () => {
    const fold = foldLines(CALL, listed("a"), STARTED);
    expect(onCall(fold)).toMatchObject({ id: "a", description: "count" });
    expect(alone(fold)).toEqual([]);
  });

  test("whose call comes later waits for it", () => {
    const fold = foldLines(STARTED, ["out", said("between")]);
    expect(alone(fold)).toMatchObject([{ id: "a" }]);
    const whole = foldLines(STARTED, ["out", said("between")], CALL, notified("failed"));
    expect(onCall(whole)).toMatchObject({ status: "failed" });
    expect(alone(whole)).toEqual([]);
  });

  test("that no call started stands alone; a second one of a call stands below it", () => {
    const second = out("task_started", { task_id: "b", tool_use_id: "t" });
    const fold = foldLines(CALL, STARTED, second, ["out", said("more")], listed("a", "b", "c"));
    expect(alone(fold)).toMatchObject([{ id: "b" }, { id: "c", description: "task c" }]);
    expect(fold.list().map(({ kind, parent }) => [kind, parent])).toEqual([
      ["tool", null],
      ["task", "t"],
      ["text", null],
      ["task", null],
    ]);
  });

  test("that the list of those that live no longer names is over", () => {
    const fold = foldLines(CALL, STARTED, listed("a", "b"), listed("b"));
    expect(onCall(fold)).toMatchObject({ status: "stopped" });
    expect(alone(fold)).toMatchObject([{ id: "b", status: "running" }]);
    const told = foldLines(CALL, STARTED, listed("a"), notified("failed"), listed());
    expect(onCall(told)).toMatchObject({ status: "failed" });
  });

  test("in the foreground is not ended by a list that never had it", () => {
    expect(onCall(foldLines(CALL, STARTED, listed("b"), listed()))).toMatchObject({
      status: "running",
    });
  });

  test("does not outlive the execution", () => {
    expect(onCall(foldLines(CALL, STARTED, ended))).toMatchObject({ status: "stopped" });
    expect(onCall(foldLines(CALL, STARTED, notified("failed"), ended))).toMatchObject({
      status: "failed",
    });
  });

  test("that is told of only at its end is shown", () => {
    expect(alone(foldLines(notified("completed", { tool_use_id: null })))).toMatchObject([
      { id: "a", status: "completed", summary: "counted" },
    ]);
  });
});
