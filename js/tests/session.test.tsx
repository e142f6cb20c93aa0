/** What is said to an execution: follow-ups, its session's settings, its servers and its tasks. */
import { type Signal, signal } from "@preact/signals";
import { render as draw, type VNode } from "preact";
import { describe, expect, test } from "vitest";
import { App } from "../src/app.ts";
import type { SessionFacts, Task } from "../src/fold/blocks.ts";
import type { Pane } from "../src/pane/pane.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { PaneContext, ViewContext } from "../src/view.ts";
import { RerunButton, RerunOutcome } from "../src/views/list/rerun.tsx";
import { Composer } from "../src/views/session/composer.tsx";
import { SessionControls } from "../src/views/session/session.tsx";
import { TaskView } from "../src/views/tools/task.tsx";
import { FakeModel, refused, row, welcome } from "./fakes.ts";
import {
  abort,
  alerts,
  all,
  button,
  el,
  model,
  one,
  pass,
  press,
  say,
  type,
  useModel,
  usePage,
} from "./stage.ts";

usePage();

const FACTS: SessionFacts = {
  sessionId: "s",
  model: "opus",
  effort: "",
  permissionMode: "default",
  cwd: "/home/user/project",
  models: [
    { value: "opus", name: "Opus", description: "", efforts: ["low", "high"] },
    { value: "haiku", name: "Haiku", description: "", efforts: [] },
  ],
  servers: [],
};

let app: App;
let facts: Signal<SessionFacts>;
let selected: Signal<string | null>;
let sequence = 0;

type Part = (row: ExecutionRow, pane: Pane) => VNode | null;

/** Draws a part of the view of one execution, with what the CLI has told of it. */
async function part(drawPart: Part, fields: Partial<ExecutionRow> = {}, kind = "dashboard") {
  const own = row({ executionId: "run", status: "running", sessionId: "s", ...fields });
  const manager_id = `session-${Math.random()}`;
  useModel(new FakeModel({ kind, manager_id, execution_id: "run", row: own }));
  app = new App(model, [], abort.signal);
  sequence = 0;
  if (kind === "dashboard") {
    await say(welcome(model.last("claude:hello").requestId, { executions: [own] }));
  }
  facts = signal(FACTS);
  selected = signal<string | null>("run");
  const { pane } = app.panes.use("run");
  const told = Object.assign(Object.create(pane), { facts, executionId: "run" }) as Pane;
  function Part() {
    const now = app.row("run")?.value;
    return <PaneContext.Provider value={told}>{now && drawPart(now, told)}</PaneContext.Provider>;
  }
  const view = { app, selected };
  await pass(0, () =>
    draw(
      <ViewContext.Provider value={view}>
        <Part />
      </ViewContext.Provider>,
      el,
    ),
  );
  abort.signal.addEventListener("abort", () => draw(null, el));
}

const change = (changes: Partial<ExecutionRow>) => {
  sequence += 1;
  const events = [{ type: "claude:changed" as const, executionId: "run", changes }];
  return say({ type: "claude:events", sequence, events });
};
const done = (requestId: string) => say({ type: "claude:done", requestId });
const followUp = () => one<HTMLTextAreaElement>("textarea", "Follow-up");
const sent = () => model.last("claude:send-prompt");

describe("the composer", () => {
  const composer = (fields: Partial<ExecutionRow> = {}, kind?: string) =>
    part((now, pane) => <Composer row={now} pane={pane} />, fields, kind);

  test("queues a follow-up while the turn runs, and says so before", async () => {
    await composer();
    expect(el.textContent).toContain("Will be queued until this turn is over.");
    await type("Follow-up", "And then?");
    await press("Send");
    expect(sent()).toMatchObject({ executionId: "run", query: "And then?", fork: false });
    button("Sending…");
    await say({
      type: "claude:send-prompt",
      requestId: sent().requestId,
      executionId: "run",
    });
    expect(followUp().value).toBe("");
    expect(selected.value).toBe("run");
  });

  test("is sent by Ctrl+Enter, never by Enter, and never blank", async () => {
    await composer();
    const key = (ctrlKey: boolean) =>
      pass(0, () => {
        const init = { key: "Enter", ctrlKey, bubbles: true };
        followUp().dispatchEvent(new KeyboardEvent("keydown", init));
      });
    await key(true);
    await type("Follow-up", " \n ");
    await key(true);
    await type("Follow-up", "Go on");
    await key(false);
    expect(model.all("claude:send-prompt")).toHaveLength(0);
    await key(true);
    expect(model.all("claude:send-prompt")).toHaveLength(1);
  });

  test("of an ended one resumes its session in a new execution, which is then shown", async () => {
    await composer({ status: "completed" });
    expect(el.textContent).toContain("Resumes the session in a new execution.");
    expect(all("button", "Interrupt")).toEqual([]);
    await type("Follow-up", "Once more");
    await press("Send");
    await say({ type: "claude:send-prompt", requestId: sent().requestId, executionId: "next" });
    expect(selected.value).toBe("next");
  });

  test("in the view of one execution says where it goes on", async () => {
    await composer({ status: "completed" }, "execution");
    await type("Follow-up", "Once more");
    await press("Send");
    await say({ type: "claude:send-prompt", requestId: sent().requestId, executionId: "next" });
    expect(el.textContent).toContain("It goes on in execution next.");
  });

  test("forks", async () => {
    await composer();
    await pass(0, () => el.querySelector<HTMLInputElement>("input[type=checkbox]")?.click());
    expect(el.textContent).toContain("Goes on in a new session, and leaves this one as it is.");
    await type("Follow-up", "Another way");
    await press("Send");
    expect(sent().fork).toBe(true);
  });

  test("keeps the text where it is refused, as of one that just died", async () => {
    await composer();
    await type("Follow-up", "Still there?");
    await press("Send");
    await say(refused(sent().requestId, { kind: "ControlFailed", message: "It has just died." }));
    await change({ status: "failed", reason: "crashed" });
    expect(alerts()).toEqual(["It has just died."]);
    expect(followUp().value).toBe("Still there?");
    const before = sent().requestId;
    await press("Send");
    expect(sent().requestId, "it was answered: this is a new one").not.toBe(before);
  });

  test("sends the same one again where the answer was lost with the kernel", async () => {
    await composer();
    await type("Follow-up", "Hello?");
    await press("Send");
    const { requestId } = sent();
    model.gone = true;
    await pass(0, () => model.emit("comm_live_update"));
    await pass(5000);
    expect(followUp().value).toBe("Hello?");
    expect(alerts()[0]).toContain("Disconnected");
    expect(button("Send").getAttribute("aria-disabled")).toBe("true");
    model.gone = false;
    await pass(0, () => model.emit("comm_live_update"));
    const ping = model.last("claude:ping").requestId;
    await say({ type: "claude:pong", requestId: ping, now: 0, sequence: 0, closedPanes: [] });
    await press("Send");
    expect(sent().requestId).toBe(requestId);
  });

  test("keeps what was typed for each execution", async () => {
    await composer();
    await type("Follow-up", "half");
    await pass(0, () => draw(null, el));
    expect(app.ui.kept("follow-up run ", { text: "", fork: false }).value.text).toBe("half");
  });

  test("interrupts the turn, and says what is wrong with it", async () => {
    await composer();
    await press("Interrupt");
    const { requestId, executionId } = model.last("claude:interrupt-execution");
    expect(executionId).toBe("run");
    await say(refused(requestId, { message: "It has just ended." }));
    expect(alerts()).toEqual(["It has just ended."]);
    expect(all("button", "End session")).toEqual([]);
  });

  test("a click that comes late interrupts nothing, and does not end the session instead", async () => {
    await composer();
    const aimed = button("Interrupt");
    await change({ awaitsInput: true });
    await pass(0, () => aimed.click());
    expect(aimed.isConnected).toBe(true);
    expect([...el.querySelectorAll(".cw-turn button")].at(-1)).toBe(aimed);
    expect(model.all("claude:interrupt-execution")).toHaveLength(0);
    expect(model.all("claude:end-execution")).toHaveLength(0);
  });

  test("does not promise a queue while only tasks in the background may live", async () => {
    await composer({ taskCount: 1 });
    expect(el.textContent).toContain("Goes in at once, or when this turn is over.");
  });

  test("leaves the reader where they went while it was sent", async () => {
    await composer({ status: "completed" });
    await type("Follow-up", "Once more");
    await press("Send");
    selected.value = "another";
    await say({ type: "claude:send-prompt", requestId: sent().requestId, executionId: "next" });
    expect(selected.value).toBe("another");
  });

  test("of one that stays open says that it waits, and ends it", async () => {
    await composer({ awaitsInput: true });
    expect(el.textContent).toContain("It waits for your input.");
    await press("Interrupt");
    expect(model.all("claude:interrupt-execution"), "no turn runs").toHaveLength(0);
    await press("End session");
    expect(model.last("claude:end-execution").executionId).toBe("run");
  });

  test("says of what takes none that it takes none", async () => {
    await composer({ recorded: true });
    expect(el.textContent).toBe("A recorded execution takes no follow-up.");
    await change({ recorded: false, status: "pending" });
    expect(el.textContent).toBe("");
    await change({ status: "failed", sessionId: null });
    facts.value = { ...FACTS, sessionId: "" };
    await pass();
    expect(el.textContent).toBe("It ended before it had a session to go on with.");
  });
});

describe("the settings of the session", () => {
  const controls = (fields: Partial<ExecutionRow> = {}) =>
    part((now, pane) => <SessionControls row={now} pane={pane} />, fields);
  const list = (name: string) => {
    const label = [...el.querySelectorAll("label")].find((it) => it.textContent?.startsWith(name));
    return el.querySelector(`#${label?.getAttribute("for")}`) as HTMLSelectElement;
  };
  const pick = (name: string, value: string) =>
    pass(0, () => {
      list(name).value = value;
      list(name).dispatchEvent(new Event("change", { bubbles: true }));
    });

  test("offer what the CLI told", async () => {
    await controls();
    expect([...list("Model").options].map(({ value }) => value)).toEqual(["opus", "haiku"]);
    expect([...list("Effort").options].map(({ value }) => value)).toEqual(["", "low", "high"]);
    expect(el.querySelector("summary")?.textContent).toBe("Session: opus · default");
  });

  test("are changed together, by a button; until it holds they say that it was asked", async () => {
    await controls();
    await pick("Model", "haiku");
    await pick("Permission mode", "plan");
    expect(model.all("claude:change-session"), "picking alone asks nothing").toHaveLength(0);
    await press("Apply");
    const asked = model.last("claude:change-session");
    expect(asked).toMatchObject({ executionId: "run", model: "haiku", permissionMode: "plan" });
    expect(asked).not.toHaveProperty("effort");
    await done(asked.requestId);
    expect(el.textContent?.split("asked…")).toHaveLength(3);
    expect(list("Model").value).toBe("haiku");
    await pass(0, () => {
      facts.value = { ...FACTS, model: "claude-haiku-5" };
    });
    expect(el.textContent?.split("asked…")).toHaveLength(2);
    expect(list("Model").value, "as the CLI calls it").toBe("claude-haiku-5");
    await pass(0, () => {
      facts.value = { ...facts.value, permissionMode: "plan" };
    });
    expect(el.textContent).not.toContain("asked…");
  });

  test("that are refused say why and stay picked", async () => {
    await controls();
    await pick("Permission mode", "bypassPermissions");
    await press("Apply");
    const { requestId } = model.last("claude:change-session");
    await say(refused(requestId, { message: "Not in this session." }));
    expect(alerts()).toEqual(["Not in this session."]);
    expect(list("Permission mode").value).toBe("bypassPermissions");
    expect(el.textContent).not.toContain("asked…");
  });

  test("are of what runs only", async () => {
    await controls({ status: "completed" });
    expect(el.textContent).toBe("");
    await change({ status: "running", recorded: true });
    expect(el.textContent).toBe("");
  });

  test("tell how each MCP server is, ask anew, and connect one again", async () => {
    await controls();
    await pass(0, () => {
      facts.value = {
        ...FACTS,
        servers: [
          { name: "files", status: "connected" },
          { name: "db\u202e", status: "failed" },
        ],
      };
    });
    expect(el.querySelector("summary")?.textContent).toContain("2 MCP servers · 1 not connected");
    expect(all("button", "Reconnect"), "not while it is closed").toHaveLength(0);
    const details = el.querySelector("details") as HTMLDetailsElement;
    await pass(0, () => {
      details.open = true;
      details.dispatchEvent(new Event("toggle"));
    });
    expect(el.textContent).toContain("dbU+202E");
    expect(el.textContent).toContain("failed, not connected");
    const [, second] = all("button", "Reconnect");
    await pass(0, () => (second as HTMLButtonElement).click());
    const { requestId, server } = model.last("claude:reconnect-mcp-server");
    expect(server).toBe("db\u202e");
    await done(requestId);
    const servers = [
      { name: "files", status: "connected" },
      { name: "db\u202e", status: "connected" },
    ];
    const asked = model.last("claude:get-mcp-status");
    await say({ type: "claude:get-mcp-status", requestId: asked.requestId, servers });
    expect(el.textContent).not.toContain("failed, not connected");
    await pass(0, () => {
      facts.value = { ...facts.value, servers: [{ name: "files", status: "needs-auth" }] };
    });
    expect(el.textContent, "the transcript is newer").toContain("it wants a login");
    await press("Refresh MCP servers");
    expect(model.all("claude:get-mcp-status")).toHaveLength(2);
  });
});

describe("a task", () => {
  const TASK: Task = {
    id: "task-1",
    type: "local_agent",
    description: "Look around",
    status: "running",
    summary: "Reads files",
    lastTool: "Read",
    tokens: 1200,
    toolCount: 3,
  };
  const task = (fields: Partial<Task> = {}, of: Partial<ExecutionRow> = {}) =>
    part(() => <TaskView task={{ ...TASK, ...fields }} />, of);

  test("says what it does, and is stopped once", async () => {
    await task();
    for (const text of [
      "running",
      "Look around",
      "last used Read",
      "3 tool calls",
      "1,200 tokens",
    ]) {
      expect(el.textContent).toContain(text);
    }
    await press("Stop subagent");
    const { requestId, taskId } = model.last("claude:stop-task");
    expect(taskId).toBe("task-1");
    await done(requestId);
    await press("Stop subagent");
    expect(model.all("claude:stop-task")).toHaveLength(1);
    expect(el.textContent).toContain("Stopping…");
  });

  test("that could not be stopped says why", async () => {
    await task();
    await press("Stop subagent");
    const { requestId } = model.last("claude:stop-task");
    await say(refused(requestId, { message: "It is over." }));
    expect(alerts()).toEqual(["It is over."]);
  });

  test("that is over, or whose execution is, has no Stop", async () => {
    await task({ status: "completed" });
    expect(all("button", "Stop subagent")).toEqual([]);
    await pass(0, () => draw(null, el));
    await task({}, { status: "completed" });
    expect(all("button", "Stop subagent")).toEqual([]);
  });
});

test("Re-run starts the same once more, and shows it", async () => {
  await part((now) => (
    <>
      <RerunButton row={now} />
      <RerunOutcome row={now} />
    </>
  ));
  await press("Re-run");
  const first = model.last("claude:rerun-execution");
  expect(first.executionId).toBe("run");
  await say(refused(first.requestId, { message: "Not now." }));
  expect(alerts()).toEqual(["Not now."]);
  await press("Re-run");
  const { requestId } = model.last("claude:rerun-execution");
  await say({ type: "claude:rerun-execution", requestId, executionId: "again" });
  expect(selected.value).toBe("again");
});

test("Re-run in the view of one execution says what it runs as", async () => {
  const both = (now: ExecutionRow) => (
    <>
      <RerunButton row={now} />
      <RerunOutcome row={now} />
    </>
  );
  await part(both, { status: "completed" }, "execution");
  await press("Re-run");
  const { requestId } = model.last("claude:rerun-execution");
  await say({ type: "claude:rerun-execution", requestId, executionId: "again" });
  expect(el.textContent).toContain("It runs again as execution again.");
});
