/**
 * Executions as they were recorded, one of each kind that a reader meets.
 *
 * The rule: their frames are the recorded ones, to the byte; the rows say what the kernel would.
 */
import apiError from "../../../tests/transcripts/api_error_400.jsonl";
import retries from "../../../tests/transcripts/api_retry_killed.jsonl";
import question from "../../../tests/transcripts/ask_user_question.jsonl";
import background from "../../../tests/transcripts/background_bash.jsonl";
import subagent from "../../../tests/transcripts/background_subagent.jsonl";
import bash from "../../../tests/transcripts/bash_tool.jsonl";
import cleared from "../../../tests/transcripts/cleared.jsonl";
import denied from "../../../tests/transcripts/denied.jsonl";
import image from "../../../tests/transcripts/image_result.jsonl";
import interrupted from "../../../tests/transcripts/interrupted.jsonl";
import schema from "../../../tests/transcripts/json_schema.jsonl";
import partial from "../../../tests/transcripts/partial_text.jsonl";
import large from "../../../tests/transcripts/permission_and_large_output.jsonl";
import edits from "../../../tests/transcripts/write_read_edit.jsonl";
import { MODEL, type World } from "./world.ts";

export const RECORDINGS: Readonly<Record<string, string>> = {
  apiError,
  retries,
  question,
  background,
  subagent,
  bash,
  cleared,
  denied,
  image,
  interrupted,
  schema,
  partial,
  large,
  edits,
};

const ENDED = { event: "ended", exit_code: 0, descendants: 0 };

/** What the page shows when nothing else is asked for. */
export function addGallery(world: World, now: number): void {
  const query = "Create b.py with a function f, read a.txt, and change its greeting to goodbye.";
  const model = MODEL;
  const success = { status: "completed", reason: "success", model } as const;
  world.add(
    {
      ...success,
      executionId: "edit",
      query,
      startTime: now - 340,
      endTime: now - 331.5,
      costUsd: 0.0226,
      numTurns: 4,
      toolCount: 3,
      recorded: true,
    },
    { frames: edits, end: ENDED },
  );
  world.add(
    {
      ...success,
      executionId: "more",
      query: "Now run it",
      continues: "edit",
      startTime: now - 320,
      endTime: now - 318,
      costUsd: 0.011,
      numTurns: 2,
      toolCount: 1,
    },
    { frames: bash, end: ENDED },
  );
  addTroubled(world, now);
  addWaiting(world, now);
}

function addTroubled(world: World, now: number): void {
  world.add(
    {
      executionId: "bad",
      query: "Summarise the open issues",
      status: "failed",
      reason: "api_error",
      error: "API Error: 400 bad request",
      startTime: now - 200,
      endTime: now - 198,
      costUsd: 0,
      model: MODEL,
    },
    {
      frames: apiError,
      stderr: "warning: the network is slow\n[debug] attempt 1",
      end: { event: "ended", exit_code: 1 },
    },
  );
  world.add(
    {
      executionId: "killed",
      name: "retries",
      query: "Refactor the parser, then run the tests until all of them pass",
      status: "killed",
      reason: "user",
      startTime: now - 160,
      endTime: now - 64,
      model: MODEL,
    },
    { frames: retries, killed: true, end: { event: "ended", exit_code: -15, descendants: 1 } },
  );
}

function addWaiting(world: World, now: number): void {
  world.add(
    {
      executionId: "live",
      query: "Look at <img src=x onerror=alert(1)> and ask a subagent what it thinks of it",
      status: "running",
      activity: "Agent: sub",
      startTime: now - 47,
      costUsd: 0.0113,
      toolCount: 1,
      model: MODEL,
    },
    { frames: subagent.split("\n").slice(0, 9).join("\n") },
  );
  world.add(
    { executionId: "p1", query: "Write the changelog", createdTime: now - 9 },
    { frames: "" },
  );
  const priority = 5;
  world.add(
    { executionId: "p2", query: "Update the docs", priority, createdTime: now - 8 },
    { frames: "" },
  );
}

/** Every recording as an execution of its name. */
export function addRecordings(world: World, now: number): void {
  Object.entries(RECORDINGS).forEach(([executionId, frames], index) => {
    const [startTime, endTime] = [now - 60 * index - 9, now - 60 * index];
    const row = { executionId, query: executionId, startTime, endTime, model: MODEL };
    world.add({ ...row, status: "completed", reason: "success" }, { frames, end: ENDED });
  });
}
