/** What is said to an execution but follow-ups: settings, servers, tasks, and Re-run. */
import { render as draw } from "preact";
import { describe, expect, test } from "vitest";
import type { Task } from "../src/fold/blocks.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { RerunButton, RerunOutcome } from "../src/views/list/rerun.tsx";
import { SessionControls } from "../src/views/session/session.tsx";
import { TaskView } from "../src/views/tools/task.tsx";
import { refused } from "./fakes.ts";
import { done, FACTS, facts, part, selected } from "./sessionpart.tsx";
import { alerts, all, change, el, model, pass, press, say, tell, usePage } from "./stage.ts";

usePage();

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
    await tell(change("run", { status: "running", recorded: true }));
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
