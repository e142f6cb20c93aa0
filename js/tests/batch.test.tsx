/** The view of a batch: what it says of how far it is, which rows it asks for, and what it asks first. */
import { describe, expect, test } from "vitest";
import { knownOf, leftText, progressText, spanText } from "../src/batch/figures.ts";
import type { BatchProgress, BatchRow, BatchRowsAnswer } from "../src/protocol.ts";
import { refused, row } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  el,
  HOSTILE,
  model,
  pass,
  press,
  say,
  show,
  usePage,
} from "./stage.ts";

usePage();

const progress = (fields: Partial<BatchProgress> = {}): BatchProgress => ({
  batchId: "b",
  revision: 1,
  name: "review",
  total: 30,
  known: 30,
  pending: 14,
  running: 4,
  completed: 11,
  failed: 1,
  killed: 0,
  asking: 0,
  askingIds: [],
  costUsd: 0.62,
  recordedCostUsd: 0,
  budgetUsd: 5,
  estimate: null,
  failures: [
    {
      status: "failed",
      reason: "api_error",
      rows: 1,
      row: 7,
      executionId: "e7",
      error: "529 Overloaded",
    },
  ],
  etaLow: 240,
  etaHigh: 360,
  etaTime: Date.now() / 1000,
  basis: "the last 12 that ended, 4 at once",
  stopped: "",
  paused: false,
  left: false,
  ended: false,
  ...fields,
});
const line = (number: number, fields: Partial<BatchRow> = {}): BatchRow => ({
  row: number,
  label: null,
  cells: [`module ${number}`],
  status: "completed",
  reason: "success",
  result: "Nothing to do",
  costUsd: 0.05,
  duration: 12,
  attempts: 1,
  requests: 0,
  executionId: `e${number}`,
  ...fields,
});
const asked = () => model.last("claude:get-batch-rows");
const requests = () => model.all("claude:get-batch-rows").length;
const answer = (fields: Partial<BatchRowsAnswer> = {}) => {
  const { total = 30 } = fields;
  const { requestId, offset = 0, limit = 50 } = asked();
  const rows = Array.from({ length: limit }, (_, index) => line(offset + index));
  return say({
    type: "claude:get-batch-rows",
    requestId,
    batchId: "b",
    offset,
    total,
    columns: ["path"],
    rows: rows.filter(({ row }) => row < total),
    ...fields,
  });
};
const told = () => el.textContent ?? "";
const bar = () => el.querySelector("[role=progressbar]") as HTMLElement;
const grid = () => el.querySelector("[role=grid]") as HTMLElement;
const names = () =>
  [...grid().querySelectorAll(".cw-row")].map((one) => one.getAttribute("aria-label"));
const key = (name: string, target: Element) =>
  pass(30, () => {
    target.dispatchEvent(
      new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
  });

async function batch(fields: Partial<BatchProgress> = {}): Promise<void> {
  show({ kind: "batch", progress: progress(fields) });
  await pass(30);
}
const change = (fields: Partial<BatchProgress>) =>
  pass(0, () => model.set("progress", progress(fields)));

describe("how far it is", () => {
  test("is there at once, in words and as a bar, with its cost and what is left", async () => {
    await batch();
    expect(bar().getAttribute("aria-valuenow")).toBe("12");
    expect(bar().getAttribute("aria-valuemax")).toBe("30");
    expect(bar().getAttribute("aria-valuetext")).toBe(
      "12 of 30 rows have ended: 11 completed, 1 failed, 4 running, 14 waiting",
    );
    expect(bar().children).toHaveLength(4);
    expect(told()).toContain("$0.62 of $5.00 (12 %)");
    expect(told()).toContain("about 4 to 6 min left, from the last 12 that ended, 4 at once");
  });

  test("counts on while nothing is told, and says when it takes longer", async () => {
    const etaTime = Date.now() / 1000;
    await batch({ etaTime });
    await pass(130_000);
    expect(told()).toContain("about 2 to 4 min left");
    await pass(120_000);
    expect(told()).toContain("at most 110 s left");
    await pass(300_000);
    expect(told()).toContain("longer than estimated, by about 3 min: it was made from the last 12");
    await change({ etaTime: Date.now() / 1000, etaLow: 60, etaHigh: 60 });
    expect(told()).toContain("about 60 s left");
  });

  test("says what was likely to be its cost while it goes on, and what is over its budget", async () => {
    const estimate = {
      executions: 30,
      lowUsd: 0.4,
      medianUsd: 0.7,
      highUsd: 1.2,
      basis: "31 executions with the same prompt",
    };
    await batch({ estimate, costUsd: 5.1 });
    const amounts = "$0.40 to $1.20 (median $0.70; estimate at list prices)";
    expect(told()).toContain(`Likely cost of all: ${amounts}, from ${estimate.basis}`);
    expect(told()).toContain("$5.10 of $5.00 (102 %), $0.10 over (estimate at list prices)");
    await change({ estimate: { ...estimate, lowUsd: null, basis: "nothing has ended yet" } });
    expect(told()).toContain("Likely cost of all: no estimate, since nothing has ended yet");
    await change({ estimate, ended: true, costUsd: 5 });
    expect(told()).not.toContain("Likely cost");
    expect(told()).not.toContain("over (");
  });

  test("is an estimate from below while somebody is asked", () => {
    const asks = progress({ asking: 1, etaLow: 100, etaHigh: 200 });
    expect(leftText(asks, 40)).toBe("at least 60 s left: 1 row asks for an answer");
    expect(leftText(asks, 140)).toBe("No estimate: 1 row asks for an answer");
  });

  test("of a generator nobody knows the end", async () => {
    await batch({ total: null, known: 12, etaLow: null, etaHigh: null, basis: "nobody knows" });
    expect(bar().hasAttribute("aria-valuenow")).toBe(false);
    expect(told()).toContain("12 of ? rows");
    expect(told()).toContain("No estimate: nobody knows");
  });

  test("says why nothing goes on, and goes on at a click", async () => {
    await batch({
      paused: true,
      basis: "the queue is paused",
      stopped: "Stopped at row 3",
      left: true,
    });
    expect(told()).toContain("Nothing is started: the queue is paused");
    expect(told()).toContain("Stopped at row 3");
    await press("Resume");
    expect(model.last("claude:resume-batch").batchId).toBe("b");
  });

  test("says how many ask, opens one after another, and shows them alone", async () => {
    await batch();
    await answer();
    expect(all("button", "Needs you 0")).toEqual([]);
    await change({ revision: 2, asking: 3, askingIds: ["e4", "e2", "e9"] });
    expect(bar().getAttribute("aria-valuetext")).toContain("3 rows ask for an answer");
    expect(el.querySelector(".cw-batch-asking")?.getAttribute("role")).toBe("status");
    for (const [name, executionId] of [
      ["Open the first", "e4"],
      ["Open the next", "e2"],
    ] as const) {
      await press(name);
      expect(model.last("claude:get-execution").executionId).toBe(executionId);
    }
    await press("Needs you 3");
    await pass(30);
    expect(asked()).toMatchObject({ filter: "needs", offset: 0 });
    await answer({ total: 1, rows: [line(2, { status: "running", requests: 1 })] });
    expect(grid().textContent).toContain("Needs you");
    await change({ revision: 3, asking: 1, askingIds: ["e2"] });
    expect(all("button", "Open it")).toEqual([]); // it is open
  });

  test.each([
    [0, 0.4, "about 1 s"],
    [3, 10, "about 3 to 10 s"],
    [100, 110, "about 100 to 110 s"],
    [240, 360, "about 4 to 6 min"],
    [300, 301, "about 5 min"],
    [3000, 9000, "about 1 to 3 h"],
    [90_000, 200_000, "about 1 to 2 days"],
  ])("%d to %d seconds are %s", (low, high, words) => {
    expect(spanText(low, high)).toBe(words);
  });

  test("once it is over nothing is left", () => {
    expect(leftText(progress({ ended: true }))).toBe("");
    expect(progressText(progress({ total: null }))).toContain("12 of an unknown number of rows");
    expect(knownOf(progress({ total: null, known: 5 }))).toBe(5);
  });
});

describe("the table", () => {
  test("of ten thousand rows only what is seen is drawn and asked for", async () => {
    await batch({ total: 10_000, known: 10_000 });
    await answer({ total: 10_000 });
    await pass(30);
    await answer({ total: 10_000 });
    expect(grid().getAttribute("aria-rowcount")).toBe("10001");
    expect(names().length).toBeLessThan(100);
    expect(asked().limit).toBeLessThanOrEqual(200);
    await key("End", grid().querySelector(".cw-row") as Element);
    await pass(100);
    expect(asked().offset).toBeGreaterThan(9000);
    expect(requests()).toBeLessThan(4);
  });

  test("is asked for again once rows may be others, at most twice in a second", async () => {
    await batch();
    await answer();
    const before = requests();
    for (let revision = 2; revision < 12; revision += 1) {
      await change({ revision });
      await pass(100);
      if (requests() > before) await answer({});
    }
    expect(requests() - before).toBeGreaterThan(0);
    expect(requests() - before).toBeLessThanOrEqual(3);
    const after = requests();
    await pass(5000);
    expect(requests() - after).toBeLessThanOrEqual(1);
  });

  test("what an answer had no room for is asked for next", async () => {
    await batch();
    await answer({ rows: [line(0), line(1)] });
    await pass(600);
    expect(asked().offset).toBe(2);
  });

  test("a click on a reason shows its rows, and again all of them", async () => {
    await batch();
    await answer();
    await press("1 failed (api_error)");
    await pass(30);
    expect(asked()).toMatchObject({ filter: "failed", reason: "api_error", offset: 0 });
    await answer({ total: 1, rows: [line(7, { status: "failed", reason: "api_error" })] });
    expect(names()).toEqual(["Row 7"]);
    await press("1 failed (api_error)");
    await pass(30);
    expect(asked().reason).toBeUndefined();
  });

  test("an answer for an earlier choice is not shown", async () => {
    await batch();
    await answer();
    await press("All 30");
    await pass(30);
    const late = asked().requestId;
    await press("Running 4");
    await say({
      type: "claude:get-batch-rows",
      requestId: late,
      batchId: "b",
      offset: 0,
      total: 30,
      columns: ["path"],
      rows: [line(99)],
    });
    expect(names()).not.toContain("Row 99");
    await pass(30);
    expect(asked().filter).toBe("running");
    await answer({ total: 0, rows: [] });
    expect(told()).toContain("No row is so just now");
  });

  test("a row opens its execution, by a click and by Enter, and follows it", async () => {
    await batch();
    await answer();
    const first = grid().querySelector(".cw-row") as HTMLElement;
    await pass(0, () => first.click());
    expect(model.last("claude:get-execution").executionId).toBe("e0");
    const execution = row({ executionId: "e0", query: "Look at it", status: "running" });
    const { requestId } = model.last("claude:get-execution");
    await say({ type: "claude:get-execution", requestId, execution });
    expect(all("[role=region]", "Output")[0]?.textContent).toContain("Look at it");
    const { paneId } = model.last("claude:open-pane");
    const whole = { executionId: "e0", paneId, offset: 0, nextOffset: 0, ended: true };
    await say({ type: "claude:pane-data", ...whole });
    await key("ArrowDown", first);
    await key("Enter", grid().querySelectorAll(".cw-row")[1] as Element);
    expect(model.last("claude:close-pane").paneId).toBe(paneId); // though all of it is here
    expect(model.last("claude:get-execution").executionId).toBe("e1");
  });

  test("what rows, results and errors say is text", async () => {
    await batch({ name: HOSTILE, failures: [{ ...failure, error: HOSTILE }], stopped: HOSTILE });
    await answer({
      columns: [HOSTILE],
      rows: [line(0, { cells: [HOSTILE], result: HOSTILE, label: HOSTILE })],
    });
    expect(el.querySelector("img, script")).toBeNull();
    expect(told().split(HOSTILE).length).toBeGreaterThan(5);
  });

  test("a refusal is said, and is no storm of requests", async () => {
    await batch();
    await say(refused(asked().requestId, { message: "The file was changed." }));
    expect(alerts()).toEqual(["The file was changed."]);
    const before = requests();
    await pass(3000);
    expect(requests()).toBe(before);
  });
});

const failure = progress().failures[0] as BatchProgress["failures"][number];

describe("what can be done", () => {
  test("Kill all and Retry failed ask first", async () => {
    await batch();
    await press("Kill all…");
    expect(told()).toContain("4 rows run, 14 more wait.");
    await press("Keep them");
    expect(model.all("claude:kill-batch")).toEqual([]);
    await press("Kill all…");
    await press("Kill all");
    expect(model.last("claude:kill-batch").batchId).toBe("b");
    await say({ type: "claude:done", requestId: model.last("claude:kill-batch").requestId });
    await press("Retry failed…");
    expect(told()).toContain("1 row failed.");
    await press("Retry failed");
    expect(model.last("claude:retry-batch")).toMatchObject({ batchId: "b", killed: false });
  });

  test("where only killed ones are left, these are started again", async () => {
    await batch({ failed: 0, killed: 2, failures: [], ended: true, running: 0, pending: 0 });
    expect(() => button("Kill all…")).toThrow();
    await press("Retry killed…");
    await press("Retry killed");
    expect(model.last("claude:retry-batch").killed).toBe(true);
  });
});
