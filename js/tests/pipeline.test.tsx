/** The view of a pipeline: what it says of how far it is, its graph, and what it opens and ends. */
import { expect, test } from "vitest";
import type { PipelineProgress, PipelineStep } from "../src/protocol.ts";
import { refused, row } from "./fakes.ts";
import { alerts, all, el, HOSTILE, model, pass, press, say, show, usePage } from "./stage.ts";

usePage();

const step = (name: string, fields: Partial<PipelineStep> = {}): PipelineStep => ({
  name,
  executionId: name,
  status: "pending",
  reason: null,
  asks: false,
  needs: [],
  leftOut: 0,
  ...fields,
});
const progress = (fields: Partial<PipelineProgress> = {}): PipelineProgress => ({
  total: 3,
  pending: 1,
  running: 1,
  completed: 1,
  failed: 0,
  killed: 0,
  asking: 0,
  costUsd: 0.25,
  steps: [
    step("plan", { status: "completed", reason: "success" }),
    step("docs", { status: "running", needs: [0] }),
    step("join", { needs: [0, 1], leftOut: 2 }),
  ],
  ended: false,
  ...fields,
});
const told = () => el.textContent ?? "";
const bar = () => el.querySelector("[role=progressbar]");
const node = (name: string) => el.querySelector<HTMLElement>(`[data-node="${name}"]`);
const open = (name: string) => pass(0, () => node(name)?.click());
const output = () => all("[role=region]", "Output");

async function pipeline(fields: Partial<PipelineProgress> = {}): Promise<void> {
  show({ kind: "pipeline", progress: progress(fields) });
  await pass(30);
}

test("says how far it is and draws what comes after what, as it goes on", async () => {
  await pipeline();
  expect(bar()?.getAttribute("aria-valuetext")).toBe(
    "1 of 3 steps have ended: 1 completed, 1 running, 1 waiting",
  );
  expect(told()).toContain("$0.25 est.");
  expect(el.querySelectorAll(".cw-graph-lines g")).toHaveLength(3);
  expect(node("join")?.textContent).toBe("pendingjoin (comes after plan, docs, 2 not drawn here)");
  const [plan, docs, join] = progress().steps as [PipelineStep, PipelineStep, PipelineStep];
  const ended = { ...docs, status: "failed", reason: "crashed" } as const;
  await pass(0, () => model.set("progress", progress({ failed: 1, steps: [plan, ended, join] })));
  expect(node("docs")?.title).toBe("failed: crashed");
});

test("a step opens its output, which a second click puts away", async () => {
  await pipeline();
  await open("plan");
  const { requestId, executionId } = model.last("claude:get-execution");
  const execution = row({ executionId, query: "Plan it", status: "completed" });
  await say({ type: "claude:get-execution", requestId, execution });
  expect(output()[0]?.textContent).toContain("Plan it");
  await open("plan");
  expect(output()).toEqual([]);
  await open("docs");
  await say(refused(model.last("claude:get-execution").requestId, { message: "It has gone." }));
  expect(alerts()).toEqual(["It has gone."]);
});

test("who asks is told, and opened by a click", async () => {
  const steps = [step("a"), step("b", { status: "running", asks: true })];
  await pipeline({ asking: 1, steps });
  expect(told()).toContain("1 step asks for an answer");
  await press("Open it");
  expect(model.last("claude:get-execution").executionId).toBe("b");
});

test("Kill all asks first, ends the last steps first, and says what was refused", async () => {
  await pipeline();
  await press("Kill all…");
  expect(told()).toContain("1 step runs, 1 more waits.");
  await press("Kill all");
  const killed = model.sent.filter((one) => one.type === "claude:kill-execution");
  expect(killed.map(({ executionId }) => executionId)).toEqual(["join", "docs"]);
  expect(all("button", "Killing…")).toHaveLength(1);
  await press("Killing…"); // not asked twice
  expect(el.querySelector("dialog")).toBeNull();
  const [plan, docs, join] = progress().steps as [PipelineStep, PipelineStep, PipelineStep];
  await say(refused(killed[1]?.requestId ?? "", { message: "docs does not answer." }));
  await say(refused(killed[0]?.requestId ?? "", { message: "join does not answer." }));
  expect(alerts()).toEqual(["docs does not answer."]);
  expect(all("button", "Kill all…")).toHaveLength(1);
  const docsKilled = { ...docs, status: "killed" } as const;
  await pass(0, () => model.set("progress", progress({ steps: [plan, docsKilled, join] })));
  expect(alerts()).toEqual(["join does not answer."]);
  await open("join"); // its output says it by itself
  const { requestId } = model.last("claude:get-execution");
  await say({ type: "claude:get-execution", requestId, execution: row({ executionId: "join" }) });
  expect(alerts()).toEqual(["join does not answer."]);
});

test("names are text; of steps that are not told it says how many there are", async () => {
  await pipeline({ total: 5, steps: [step(HOSTILE)] });
  expect(el.querySelector("img, script")).toBeNull();
  expect(told()).toContain(HOSTILE);
  expect(told()).toContain("4 more steps not drawn.");
  expect(all("button", "Kill all…")).toEqual([]); // nobody could be told to end those
});
