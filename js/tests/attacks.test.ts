// @vitest-environment jsdom
/** Every attack in every place where an agent's text is drawn: text it is, and nothing else. */
import { beforeEach, expect, test, vi } from "vitest";
import { pace } from "../src/pane/pace.ts";
import type { ExecutionRow, KernelMessage, MCPConfigChoice } from "../src/protocol.ts";
import { ATTACKS, writeTranscript } from "./attacks/corpus.ts";
import { findHarm, openFolded } from "./attacks/look.js";
import { findRemoved } from "./attacks/purify.ts";
import { row, welcome } from "./fakes.ts";
import { layOut } from "./layout.ts";
import { el, model, pass, say, show, usePage } from "./stage.ts";

usePage();
beforeEach(() => {
  layOut({ height: 400_000, row: () => 40 });
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:test/1");
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
});

/** What follows from a click: at most so many folds in one another. */
const DEEPEST_FOLD = 6;

async function expectInert(): Promise<void> {
  for (let round = 0, more = true; more && round < DEEPEST_FOLD; round += 1) {
    await pass(0, () => {
      more = openFolded(el);
    });
  }
  expect(findHarm(el)).toEqual([]);
  expect(findRemoved(el)).toEqual([]);
}

function rowsOf(text: string): ExecutionRow[] {
  const said = {
    query: text,
    name: text,
    activity: text,
    model: text,
    error: text,
    projectPath: text,
    permissionMode: text,
    sessionId: text,
  };
  return [
    row({ ...said, executionId: "live", status: "running", createdTime: 9, requestCount: 2 }),
    row({ ...said, executionId: "failed", status: "failed", reason: "api_error", name: null }),
    row({ ...said, executionId: "waits", status: "pending", held: true }),
    row({ ...said, executionId: "follows", status: "running", continues: "failed" }),
  ];
}

async function openDashboard(text: string): Promise<void> {
  show({ kind: "dashboard" });
  const config: MCPConfigChoice = {
    path: text,
    scope: "project",
    digest: text,
    servers: [{ name: text, runs: text }],
    problem: text,
  };
  const models = [{ value: text, name: text, description: text, efforts: [] }];
  const fields = {
    models,
    suggestedQueries: [text],
    projectPath: text,
    notice: text,
    executions: rowsOf(text),
  };
  await say(welcome(model.last("claude:hello").requestId, fields));
  await pass(1000);
  const sessions = [
    { sessionId: text, firstPrompt: text, modifiedTime: Date.now() / 1000, sizeBytes: 10 },
  ];
  await answer("claude:get-sessions", { type: "claude:get-sessions", sessions });
  await answer("claude:get-mcp-configs", { type: "claude:get-mcp-configs", configs: [config] });
}

type Asked = Parameters<typeof model.all>[0];
type Answer = KernelMessage extends infer M
  ? M extends unknown
    ? Omit<M, "requestId">
    : never
  : never;

async function answer(asked: Asked, message: Answer): Promise<void> {
  for (const { requestId } of model.all(asked)) {
    await say({ ...message, requestId } as KernelMessage);
  }
}

async function give(bytes: Uint8Array, offset: number, ended: boolean): Promise<void> {
  const { paneId, executionId } = model.last("claude:open-pane");
  const nextOffset = offset + bytes.length;
  const data = { executionId, paneId, offset, nextOffset, ended };
  await say({ type: "claude:pane-data", ...data }, [new DataView(bytes.slice().buffer)]);
  await pass(0, () => pace.finish());
}

const press = (selector: string, name: RegExp) =>
  pass(0, () => {
    const found = [...el.querySelectorAll<HTMLElement>(selector)];
    const button = found.find(({ textContent }) => name.test(textContent ?? ""));
    expect(button, String(name)).toBeDefined();
    button?.click();
  });

/** How many pages: each attack is in so many of the places, and each place has so many of them. */
const PAGES = 10;
const STEP = 26;
const attackAt = (index: number): string => ATTACKS[index % ATTACKS.length]?.text ?? "";

test.each(Array.from({ length: PAGES }, (_, page) => page * STEP))(
  "on the dashboard, all places with the attacks from %i on",
  async (first) => {
    document.title = "Notebook";
    await openDashboard(attackAt(first));
    await press("button", /^View$/);
    await answer("claude:open-pane", { type: "claude:done" });
    const { live, ending } = writeTranscript((place) => attackAt(first + place));
    await give(live, 0, false);
    expect(el.querySelectorAll(".cw-block").length).toBeGreaterThan(100);
    await expectInert();
    await give(ending, live.length, true);
    await press("[role=tab]", /^stderr/);
    await expectInert();
    expect(document.title).toMatch(/^(?:\(\d+\) )?Notebook$/);
  },
  // Thousands of elements each, in a document that is slow.
  120_000,
);
