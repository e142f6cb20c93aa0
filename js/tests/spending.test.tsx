/** The costs by day: asked for as executions end, a burst of them once, until there is an answer. */
import { expect, test } from "vitest";
import { PAUSE, PAUSE_AFTER_FAILURE } from "../src/charts/paced.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { refused, row } from "./fakes.ts";
import { all, change, dashboard, model, pass, pong, press, say, tell, usePage } from "./stage.ts";

usePage();

const RUNNING: ExecutionRow[] = Array.from({ length: 20 }, (_, index) =>
  row({ executionId: `e${index}`, status: "running", createdTime: 1, startTime: 1 }),
);
const DAY = {
  day: "2026-01-30",
  executions: 3,
  costUsd: 0.42,
  recordedCostUsd: 0,
  inputTokens: 12_000,
  outputTokens: 900,
  recordedTokens: 0,
};

async function open(executions = RUNNING.slice(0, 1)): Promise<void> {
  await dashboard({ executions });
  await press("Timeline");
}
const asked = () => model.all("claude:get-spending").length;
const last = () => model.last("claude:get-spending").requestId;
const answer = () =>
  say({ type: "claude:get-spending", requestId: last(), today: "2026-01-31", days: [DAY] });
const end = (at: number) => tell(change(`e${at}`, { status: "completed", endTime: 2 }));

test("many that end at once are one request, after the one that is under way", async () => {
  await open(RUNNING);
  for (let at = 0; at < 10; at += 1) await end(at);
  expect(asked()).toBe(1);
  await answer();
  for (let at = 10; at < 20; at += 1) await end(at);
  expect(asked()).toBe(1);
  await pass(PAUSE);
  expect(asked()).toBe(2);
  await answer();
  await pass(PAUSE);
  expect(asked(), "and no more").toBe(2);
});

test("a failure when it is opened is not the last word", async () => {
  await open();
  await say(refused(last(), { kind: "Busy" }));
  expect(all("section", "Cost and tokens")).toHaveLength(0);
  await pass(PAUSE_AFTER_FAILURE);
  expect(asked()).toBe(2);
  await answer();
  expect(all("section", "Cost and tokens")).toHaveLength(1);
});

test("what ended while the kernel was away is asked for when it is back", async () => {
  await open();
  await answer();
  await pass(PAUSE);
  model.gone = true;
  await pass(10_000);
  model.gone = false;
  await pass(10_000);
  await pong();
  await pass(PAUSE);
  expect(asked()).toBe(2);
});
