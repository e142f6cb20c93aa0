/** The queue's controls: what is told, when buttons are there, what they ask, and what keys do. */
import { describe, expect, test } from "vitest";
import type { ChangeQueue, Events, ExecutionRow, QueuePause, QueueState } from "../src/protocol.ts";
import { refused, row } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  dashboard,
  el,
  HOSTILE,
  item,
  model,
  one,
  pass,
  press,
  region,
  say,
  usePage,
} from "./stage.ts";

usePage();

const state = (fields: Partial<QueueState> = {}): QueueState => ({
  pause: null,
  slots: 4,
  taken: 2,
  waiting: 3,
  onHold: 0,
  notices: [],
  ...fields,
});
const nothing = { said: "", whatToDo: "", executionId: null, families: [] };
const paused = (fields: Partial<QueuePause> = {}): QueueState =>
  state({ pause: { kind: "user", until: null, ...nothing, ...fields } });
const waiting = (...names: string[]): ExecutionRow[] =>
  names.map((name, index) =>
    row({ executionId: name, query: name, createdTime: index, queueRank: index + 1 }),
  );
const changes = () => model.all("claude:change-queue") as ChangeQueue[];
const last = () => model.last("claude:change-queue");
const done = () => say({ type: "claude:done", requestId: last().requestId });
let sequence = 0;
const tell = (...events: Events["events"]) => {
  sequence += 1;
  return say({ type: "claude:events", sequence, events });
};
const bars = () => all("[role=region]", "Queue");
const bar = () => region("Queue");
const dialog = () => el.querySelector<HTMLDialogElement>("dialog") as HTMLDialogElement;
const focus = (name: string) => pass(0, () => item(name).focus());
const key = (name: string, more: KeyboardEventInit = {}) =>
  pass(0, () => {
    const init = { key: name, bubbles: true, cancelable: true, ...more };
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", init));
  });
const names = () =>
  [...bar().querySelectorAll("button")].map((one) => one.ariaLabel ?? one.textContent);
const enabled = (name: string) =>
  ["To the front", "Move up", "To the back"].filter(
    (what) => button(what, item(name)).getAttribute("aria-disabled") !== "true",
  );

describe("the bar", () => {
  test("says what the user should know of these starts, as text", async () => {
    await dashboard({ queue: state({ notices: ["Several executions write to /p", HOSTILE] }) });
    const said = [...bar().querySelectorAll("p[role=status]")];
    expect(said).toHaveLength(2);
    expect(said[0]?.textContent).toBe("Several executions write to /p");
    expect(bar().querySelector("img, script")).toBeNull();
  });

  test("is there only while something waits, all slots are taken, several run or it is paused", async () => {
    await dashboard({ queue: state({ waiting: 0, taken: 0 }) });
    expect(bars()).toHaveLength(0);
    for (const [shown, next] of [
      [0, state({ waiting: 0, taken: 1 })],
      [1, state({ waiting: 0, taken: 1, slots: 1 })],
      [1, state({ waiting: 0, taken: 2 })],
      [1, state({ waiting: 1, taken: 0 })],
      [0, state({ waiting: 0, taken: 0 })],
    ] as const) {
      await tell({ type: "claude:queue", state: next }, ...(next.waiting > 0 ? [pending] : []));
      expect(bars(), JSON.stringify(next)).toHaveLength(shown);
      if (next.waiting > 0) await tell({ type: "claude:removed", executionId: "p" });
    }
    await tell({ type: "claude:queue", state: { ...paused(), waiting: 0, taken: 0 } });
    expect(bar().textContent).toContain("Paused");
  });
  const pending: Events["events"][number] = {
    type: "claude:changed",
    executionId: "p",
    changes: { query: "p", queueRank: 1 },
  };

  test("counts, pauses and resumes", async () => {
    await dashboard({ executions: waiting("a"), queue: state({ waiting: 1200, onHold: 200 }) });
    expect(bar().textContent).toContain("1,000 waiting · 200 on hold · 2 of 4 running");
    await press("Pause", bar());
    expect(last()).toMatchObject({ action: "pause" });
    await done();
    await tell({ type: "claude:queue", state: paused() });
    expect(bar().textContent).toContain("New executions wait until the queue is resumed.");
    await press("Resume", bar());
    expect(last()).toMatchObject({ action: "resume" });
  });

  test("is told by a kernel that leaves out what is null", async () => {
    await dashboard({ executions: waiting("a"), queue: state({ slots: 1, taken: 1, waiting: 0 }) });
    expect(bar().textContent).not.toContain("Paused");
    const pause = { kind: "user", ...nothing } as Partial<QueuePause> as QueuePause;
    await tell({ type: "claude:queue", state: { ...state(), pause } });
    expect(bar().textContent).toContain("Paused");
    expect(bar().querySelector("time")).toBeNull();
  });

  test("counts down while a limit holds, and starts anyway when it is told to", async () => {
    const now = Date.now() / 1000;
    const said = `429 ${HOSTILE}`;
    const queue = paused({ kind: "rate_limit", until: now + 252, said, whatToDo: "Wait." });
    await dashboard({ now, executions: waiting("a"), queue });
    expect(bar().textContent).toContain("Rate limit: starts again in 4:12");
    expect(bar().textContent).toContain(said);
    expect(bar().querySelector("img, script")).toBeNull();
    await pass(3000);
    expect(bar().textContent).toContain("starts again in 4:09");
    expect(bar().querySelector("[role=status]")?.textContent, "heard once").toBe("Rate limit");
    await press("Start anyway", bar());
    expect(last()).toMatchObject({ action: "resume" });
    await pass(300_000);
    expect(bar().textContent).toContain("starts again any moment");
  });

  test("names the models whose limit is reached, and the rest can still be paused", async () => {
    const queue = paused({
      kind: "rate_limit",
      until: Date.now() / 1000 + 252,
      families: ["opus"],
    });
    await dashboard({ executions: waiting("a"), queue });
    expect(bar().textContent).toContain("Limit of Opus: starts again in 4:12");
    expect(names()).toEqual(["Pause", "Start anyway", "Cancel pending…", "Kill all…"]);
  });

  test("counts by the kernel's clock, and says the time of a reset that is hours away", async () => {
    const now = Date.now() / 1000 + 5000;
    const queue = paused({ kind: "overload", until: now + 7200 });
    await dashboard({ now, executions: waiting("a"), queue });
    expect(bar().textContent).toMatch(
      /API overloaded: starts again in 2:00:00, \d{4}-\d\d-\d\d \d\d:\d\d/,
    );
  });

  test("says of a login that does not work what to do, and who heard it", async () => {
    const whatToDo = "Log in again, then resume the queue.";
    const queue = paused({ kind: "authentication", whatToDo, executionId: "a" });
    await dashboard({ executions: waiting("a"), queue });
    expect(bar().textContent).toContain("Not logged in");
    expect(bar().textContent).toContain(whatToDo);
    await press("Show who heard it", bar());
    expect(model.last("claude:open-pane").executionId).toBe("a");
    await press("Resume", bar());
    expect(last()).toMatchObject({ action: "resume" });
  });

  test("asks before it cancels what waits, or kills all", async () => {
    await dashboard({ executions: waiting("a"), queue: state() });
    await press("Cancel pending…", bar());
    expect(dialog().textContent).toContain("3 executions wait");
    expect(document.activeElement?.textContent, "a key without a look").toBe("Keep them");
    await press("Keep them", dialog());
    expect(dialog()).toBeNull();
    expect(changes()).toHaveLength(0);
    await press("Cancel pending…", bar());
    await press("Cancel all that wait", dialog());
    expect(last()).toMatchObject({ action: "cancel-pending" });
    await done();
    await press("Kill all…", bar());
    expect(dialog().textContent).toContain("2 executions run, 3 more wait");
    await press("Kill all", dialog());
    expect(last()).toMatchObject({ action: "kill-all" });
    expect(dialog()).toBeNull();
  });

  test("has buttons only for what there is, and says why something was refused", async () => {
    await dashboard({ executions: waiting("a"), queue: state({ taken: 0 }) });
    expect(names()).toEqual(["Pause", "Cancel pending…"]);
    await tell({ type: "claude:queue", state: state({ waiting: 0 }) });
    expect(names()).toEqual(["Pause", "Kill all…"]);
    await press("Pause", bar());
    await say(refused(last().requestId, { message: "A shim does not answer." }));
    expect(alerts()[0]).toContain("A shim does not answer.");
  });

  test("resumes what an earlier kernel has left, and says what stays", async () => {
    const left = waiting("a", "b").map((one) => ({
      ...one,
      held: true,
      onHold: one.executionId === "b",
      queueRank: null,
    }));
    await dashboard({ executions: left, queue: state({ waiting: 0, taken: 0 }) });
    expect(bar().textContent).toContain("2 executions left by an earlier kernel");
    expect(item("a").textContent).toContain("held: its kernel is gone");
    expect(item("b").textContent).toContain("on hold; its kernel is gone");
    await press("Resume those left by an earlier kernel", bar());
    expect(last()).toMatchObject({ action: "resume" });
    await done();
    const taken = { held: false, queueRank: 1 };
    await tell({ type: "claude:changed", executionId: "a", changes: taken });
    expect(bar().textContent).toContain("1 still held: of another notebook");
    await tell({ type: "claude:changed", executionId: "b", changes: { ...taken, queueRank: 2 } });
    await tell({ type: "claude:queue", state: state({ waiting: 2, onHold: 1 }) });
    expect(bar().textContent).not.toContain("still held");
    expect(item("b").textContent).toContain("on hold");
    expect(button("Release", item("b"))).toBeTruthy();
  });
});

describe("a row that waits", () => {
  test("says its place, and can be held and released", async () => {
    await dashboard({ executions: waiting("a", "b"), queue: state() });
    expect(item("b").textContent).toContain("#2 in the queue");
    await press("Hold", item("b"));
    expect(last()).toMatchObject({ action: "hold", executionId: "b" });
    await done();
    const held = { held: true, onHold: true };
    await tell({ type: "claude:changed", executionId: "b", changes: held });
    expect(item("b").textContent).toContain("on hold");
    await press("Release", item("b"));
    expect(last()).toMatchObject({ action: "release", executionId: "b" });
  });

  test("moves to the front, up by one and to the back; at an end nothing is asked", async () => {
    await dashboard({ executions: waiting("a", "b", "c"), queue: state() });
    expect(["a", "b", "c"].map(enabled)).toEqual([
      ["To the back"],
      ["To the front", "Move up", "To the back"],
      ["To the front", "Move up"],
    ]);
    await press("Move up", item("a"));
    expect(changes()).toHaveLength(0);
    await press("Move up", item("c"));
    expect(last()).toMatchObject({ action: "before", executionId: "c", before: "b" });
    await press("To the front", item("b"));
    expect(last()).toMatchObject({ action: "front", executionId: "b" });
    await press("To the back", item("a"));
    expect(last()).toMatchObject({ action: "back", executionId: "a" });
  });

  test("has no buttons where another kernel starts it, and none to move it alone", async () => {
    const other = row({ executionId: "o", query: "o", createdTime: 9 });
    await dashboard({ executions: [...waiting("a"), other], queue: state() });
    expect(item("o").textContent).toContain("#2 in the queue");
    expect(all("button", "Hold", item("o"))).toHaveLength(0);
    expect(all("button", "Hold", item("a"))).toHaveLength(1);
    expect(all("button", "Move up", item("a"))).toHaveLength(0);
  });

  test("says why it was not moved", async () => {
    await dashboard({ executions: waiting("a", "b"), queue: state() });
    await press("Move up", item("b"));
    await say(refused(last().requestId, { message: "It does not wait here." }));
    expect(item("b").textContent).toContain("It does not wait here.");
  });
});

describe("a priority", () => {
  const changed = () => changes().map(({ executionId, priority }) => [executionId, priority]);
  const executions = () =>
    waiting("a", "b").map((one, at) => ({ ...one, priority: at === 0 ? 5 : 0 }));

  test("is said where it is not 0", async () => {
    await dashboard({ executions: executions(), queue: state() });
    expect(item("a").textContent).toContain("priority 5");
    expect(item("b").textContent).not.toContain("priority");
    await tell({ type: "claude:changed", executionId: "b", changes: { priority: -1 } });
    expect(item("b").textContent).toContain("priority -1");
  });

  test("goes up and down by a key, of all that are selected in their order", async () => {
    await dashboard({ executions: executions(), queue: state() });
    await focus("a");
    await key("+");
    await done();
    await key("-");
    await done();
    await key("a", { ctrlKey: true });
    await key("+", { shiftKey: true });
    await done();
    await done();
    expect(changed()).toEqual([
      ["a", 6],
      ["a", 4],
      ["a", 6],
      ["b", 1],
    ]);
    await press("Priority −1", one<HTMLElement>("fieldset", "Selected executions"));
    expect(changed().at(-1)).toEqual(["a", 4]);
  });

  test("of one that another kernel starts, or that is on hold, is only said", async () => {
    const [held] = waiting("held");
    const fields = { held: true, onHold: true, priority: 2 };
    const other = row({ executionId: "o", query: "o", priority: 3 });
    await dashboard({ executions: [{ ...(held as ExecutionRow), ...fields }, other] });
    for (const [name, text] of [
      ["held", "priority 2"],
      ["o", "priority 3"],
    ] as const) {
      await focus(name);
      expect(item(name).textContent).toContain(text);
      await key("+");
    }
    expect(changes()).toHaveLength(0);
  });
});

describe("keys", () => {
  test("hold, release and move what has the keyboard", async () => {
    await dashboard({ executions: waiting("a", "b", "c"), queue: state() });
    await focus("b");
    for (const [name, action] of [
      ["h", "hold"],
      ["u", "before"],
      ["f", "front"],
      ["b", "back"],
    ] as const) {
      await key(name);
      expect(last()).toMatchObject({ action, executionId: "b" });
      await done();
    }
    await tell({ type: "claude:changed", executionId: "b", changes: { held: true, onHold: true } });
    await key("h");
    expect(last()).toMatchObject({ action: "release", executionId: "b" });
  });

  test("mean nothing on what does not wait here", async () => {
    const run = row({ executionId: "r", query: "r", status: "running", createdTime: 9 });
    await dashboard({ executions: [run], queue: state() });
    await focus("r");
    for (const name of "hfub") await key(name);
    expect(changes()).toHaveLength(0);
  });

  test("of several that are moved to the front the first one stays the first", async () => {
    await dashboard({ executions: waiting("a", "b", "c", "d"), queue: state() });
    await focus("d");
    await key(" ");
    await key("ArrowDown", { shiftKey: true });
    await key("f");
    expect(last()).toMatchObject({ action: "front", executionId: "d" });
    await done();
    expect(last()).toMatchObject({ action: "front", executionId: "c" });
    await done();
    expect(changes()).toHaveLength(2);
  });
});

describe("several that are selected", () => {
  const select = async () => {
    const executions = waiting("a", "b", "c");
    const held = { held: true, onHold: true };
    const run = row({ executionId: "r", query: "r", status: "running", createdTime: 9 });
    await dashboard({
      executions: executions.map((one, at) => (at === 2 ? { ...one, ...held } : one)).concat(run),
      queue: state(),
    });
    await focus("a");
    await key("a", { ctrlKey: true });
    return one<HTMLElement>("fieldset", "Selected executions");
  };

  test("are held and released, each of those that it is about", async () => {
    const tools = await select();
    await press("Hold 2", tools);
    const held = changes().map(({ action, executionId }) => [action, executionId]);
    expect(held.sort()).toEqual([
      ["hold", "a"],
      ["hold", "b"],
    ]);
    const [first, second] = changes();
    await say(refused(first?.requestId ?? "", { message: "It has started." }));
    await say({ type: "claude:done", requestId: second?.requestId ?? "" });
    expect(bar().textContent).toContain("1 of 2 were not put on hold: It has started.");
    await press("Release 1", tools);
    expect(last()).toMatchObject({ action: "release", executionId: "c" });
  });

  test("are cancelled after a question, those that wait and no other", async () => {
    await press("Cancel 3 pending…", await select());
    expect(dialog().textContent).toContain("Cancel 3 pending executions?");
    await tell({ type: "claude:changed", executionId: "a", changes: { status: "running" } });
    await press("Cancel 3 pending executions", dialog());
    const killed = model.sent.flatMap((sent) =>
      sent.type === "claude:kill-execution" ? [sent.executionId] : [],
    );
    expect(killed.sort()).toEqual(["b", "c"]);
  });
});
