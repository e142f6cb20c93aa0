/** The views in a document: names that people and tests find, what is possible when, and no HTML. */
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import type { KernelMessage } from "../src/protocol.ts";
import { render } from "../src/widget.ts";
import { bytes, framed, readRecording, refused, row } from "./fakes.ts";
import {
  abort,
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  HOSTILE,
  item,
  model,
  nameOf,
  one,
  pass,
  press,
  region,
  say,
  show,
  type,
  usePage,
} from "./stage.ts";

usePage();

describe("the dashboard", () => {
  test("has the names that it is known by", async () => {
    await dashboard({ executions: EXECUTIONS });
    region("Executions");
    region("Output");
    for (const name of ["Project path", "Query", "MCP config", "Model"]) {
      one("input, textarea", name);
    }
    one("select", "Session");
    for (const name of ["Execute", "Add to drafts"]) button(name);
    expect(all("button", "View")).toHaveLength(4);
    expect(all("button", "Kill")).toHaveLength(3);
  });

  test("keeps the host's shortcuts away from what is focused in it", async () => {
    await dashboard();
    expect(button("Execute").closest("[data-lm-suppress-shortcuts]")).not.toBeNull();
  });

  test("lists newest first, with status, place, reason and age in words", async () => {
    await dashboard({ executions: EXECUTIONS });
    const names = [...el.querySelectorAll("[role=listitem]")].map(nameOf);
    expect(names).toEqual(["Run it", "Wait for it", "Held", "Fail"]);
    expect(item("Run it").textContent).toContain("running");
    expect(item("Wait for it").textContent).toContain("place 1 in the queue");
    expect(item("Held").textContent).toContain("held");
    const failed = item("Fail").textContent;
    for (const part of ["failed", "1:05", "recorded", "Budget spent: spent"]) {
      expect(failed).toContain(part);
    }
    expect(all("button", "Kill", item("Fail"))).toEqual([]);
  });

  test("counts the seconds of what runs, by the kernel's clock", async () => {
    const startTime = Date.now() / 1000 + 490;
    const running = row({ executionId: "a", query: "A", status: "running", startTime });
    await dashboard({ now: Date.now() / 1000 + 500, executions: [running] });
    expect(item("A").querySelector("time")?.textContent).toBe("0:10");
    await pass(3000);
    expect(item("A").querySelector("time")?.textContent).toBe("0:13");
  });

  test("says the kernel's notice, and fills in its folder and models", async () => {
    await dashboard({ notice: "A demo." });
    expect(el.textContent).toContain("A demo.");
    expect(one<HTMLInputElement>("input", "Project path").value).toBe("/home/user/project");
    const options = [...el.querySelectorAll("datalist option")];
    expect(options.map((option) => option.getAttribute("value"))).toEqual(["sonnet", "opus"]);
  });

  test("asks for the sessions of the path, when it settles and when one has ended", async () => {
    await dashboard({ executions: EXECUTIONS });
    await pass(400);
    const { requestId, projectPath } = model.last("claude:get-sessions");
    expect(projectPath).toBe("/home/user/project");
    const session = { sessionId: "0123456789", firstPrompt: "Hi\nthere", sizeBytes: 1 };
    const modifiedTime = Date.now() / 1000 - 7200;
    const sessions = [{ ...session, modifiedTime }];
    await say({ type: "claude:get-sessions", requestId, sessions });
    const options = [...one("select", "Session").children].map((option) => option.textContent);
    expect(options).toEqual(["New session", "Hi there · 2 h ago · 01234567…"]);

    await type("Project path", "/tm");
    await type("Project path", "/tmp");
    await pass(400);
    expect(model.all("claude:get-sessions")).toHaveLength(2);
    expect(model.last("claude:get-sessions").projectPath).toBe("/tmp");
    const changes = { status: "completed" };
    await say({
      type: "claude:events",
      sequence: 1,
      events: [{ type: "claude:changed", executionId: "run", changes }],
    });
    await pass(400);
    expect(model.all("claude:get-sessions")).toHaveLength(3);
  });
});

describe("a message that was lost", () => {
  const changed = (sequence: number): KernelMessage => ({
    type: "claude:events",
    sequence,
    events: [{ type: "claude:changed", executionId: "x", changes: { status: "running" } }],
  });
  const pong = (sequence: number): KernelMessage => ({
    type: "claude:pong",
    requestId: "?",
    now: 0,
    closedPanes: [],
    sequence,
  });

  test("is noticed by its number, and the state is asked for anew", async () => {
    await dashboard();
    const hellos = () => model.all("claude:hello").length;
    const before = hellos();
    await say(changed(1));
    await say(changed(2));
    await say(pong(2));
    expect(hellos()).toBe(before);
    await say(changed(4));
    expect(hellos()).toBe(before + 1);
    await say(changed(5));
    expect(hellos()).toBe(before + 1);
  });

  test("is noticed by the heartbeat when it was the last one", async () => {
    await dashboard();
    const before = model.all("claude:hello").length;
    await say(pong(3));
    expect(model.all("claude:hello")).toHaveLength(before + 1);
  });
});

describe("ending", () => {
  test("Kill answers at once, and a refusal of it is shown on its row", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("Kill", item("Run it"));
    const sent = model.last("claude:kill-execution");
    expect(sent.executionId).toBe("run");
    expect(button("Killing…", item("Run it")).disabled).toBe(true);
    button("Kill", item("Wait for it"));
    await say(refused(sent.requestId, { kind: "X", message: "It is not here." }));
    expect(item("Run it").textContent).toContain("It is not here.");
    button("Kill", item("Run it"));
  });
});

describe("the output", () => {
  async function give(executionId: string, whole: Uint8Array): Promise<void> {
    const { requestId, paneId } = model.last("claude:open-pane");
    await say({ type: "claude:done", requestId });
    const data = { executionId, paneId, offset: 0, nextOffset: whole.length, ended: true };
    await say({ type: "claude:pane-data", ...data }, [new DataView(whole.slice().buffer)]);
  }

  test("View opens the pane and draws its blocks; another View closes it", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    await give("run", framed(readRecording("bash_tool.jsonl")));
    const text = region("Output").textContent;
    for (const part of ["Using Bash.", "ls -la && echo done", "a.txt", "All done", "2 turns"]) {
      expect(text).toContain(part);
    }
    await press("View", item("Wait for it"));
    expect(model.last("claude:open-pane").executionId).toBe("wait");
    expect(region("Output").textContent).not.toContain("All done");
  });

  test("closes the pane of an execution that is no longer looked at", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    const { paneId } = model.last("claude:open-pane");
    await press("View", item("Wait for it"));
    expect(model.last("claude:close-pane").paneId).toBe(paneId);
  });

  test("draws hostile text as text, wherever it comes from", async () => {
    const name = HOSTILE;
    const input = { command: HOSTILE, other: HOSTILE };
    const content = [
      { type: "text", text: HOSTILE },
      { type: "thinking", thinking: HOSTILE },
      { type: "tool_use", id: "t", name, input },
      { type: HOSTILE },
    ];
    const result = { type: "tool_result", tool_use_id: "t", content: HOSTILE, is_error: true };
    const frames = [
      { type: "assistant", error: HOSTILE, message: { id: "m", content } },
      { type: "user", message: { content: [result] } },
      { type: "user", message: { content: HOSTILE } },
      { type: "system", subtype: "init", session_id: HOSTILE, model: HOSTILE, cwd: HOSTILE },
      { type: "system", subtype: HOSTILE },
      { type: "result", subtype: HOSTILE, result: HOSTILE, errors: [HOSTILE] },
    ];
    const text = [
      ...frames.map((frame) => `0.1 out ${JSON.stringify(frame)}`),
      `0.2 out ${HOSTILE}`,
      `0.3 err ${HOSTILE}`,
      `0.4 meta ${JSON.stringify({ event: "lost", error: HOSTILE })}`,
    ];
    const hostile = row({
      executionId: "h",
      name: HOSTILE,
      query: HOSTILE,
      model: HOSTILE,
      activity: HOSTILE,
      error: HOSTILE,
      status: "failed",
      reason: "lost",
    });
    await dashboard({ notice: HOSTILE, executions: [hostile], suggestedQueries: [HOSTILE] });
    await press("View");
    await give("h", bytes(`${text.join("\n")}\n`));
    for (const details of el.querySelectorAll("details")) details.open = true;
    expect(el.querySelectorAll("img, script, [onerror]")).toHaveLength(0);
    expect(el.textContent?.split("onerror").length).toBeGreaterThan(15);
  });

  test("clips what is long, and shows all of it when asked", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    await give("run", framed(readRecording("permission_and_large_output.jsonl")));
    const before = region("Output").textContent?.length ?? 0;
    expect(before).toBeLessThan(6000);
    const more = [...el.querySelectorAll("button")].find((one) =>
      one.textContent?.includes("Show all"),
    );
    await pass(0, () => more?.click());
    expect(region("Output").textContent?.length).toBeGreaterThan(24_000);
  });

  test("has stderr within reach, with its count", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    await give("run", bytes("0.1 err one\n0.2 err two\n"));
    const details = el.querySelector(".cw-stderr");
    expect(details?.querySelector("summary")?.textContent).toBe("stderr 2 lines");
    expect(details?.querySelector("pre")?.textContent).toBe("one\ntwo");
  });

  test("asks once more for the bytes when the end was told and they did not come", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Fail"));
    await pass(2000);
    expect(model.all("claude:open-pane")).toHaveLength(2);
  });
});

describe("the view of one execution", () => {
  test("has its row from the trait, its output from a pane, and asks for no list", async () => {
    const own = row({ executionId: "own", query: "Mine", status: "running" });
    show({ kind: "execution", execution_id: "own", row: own });
    expect(model.all("claude:hello")).toHaveLength(0);
    expect(model.last("claude:open-pane").executionId).toBe("own");
    expect(region("Output").textContent).toContain("Mine");
    expect(region("Output").textContent).toContain("running");
    await press("Kill");
    expect(model.last("claude:kill-execution").executionId).toBe("own");
    await pass(0, () => model.set("row", { ...own, status: "killed", reason: "user" }));
    expect(region("Output").textContent).toContain("Killed by the user");
    expect(all("button", "Killing…")).toEqual([]);
  });
});

test("the view of an execution beats while it runs, naming its pane, and then no more", async () => {
  const own = row({ executionId: "own", query: "Mine", status: "running" });
  show({ kind: "execution", execution_id: "own", row: own });
  const { paneId } = model.last("claude:open-pane");
  const pings = () => model.all("claude:ping").length;
  const pong = () => {
    const { requestId } = model.last("claude:ping");
    return say({
      type: "claude:pong",
      requestId,
      now: Date.now() / 1000,
      closedPanes: [],
      sequence: 0,
    });
  };
  await pong();
  await pass(5000);
  expect(model.last("claude:ping").paneIds).toEqual([paneId]);
  await pong();
  const data = { executionId: "own", paneId, offset: 0, nextOffset: 0, ended: true };
  await say({ type: "claude:pane-data", ...data });
  await pass(0, () => model.set("row", { ...own, status: "completed" }));
  const before = pings();
  await pass(120_000);
  expect(pings()).toBe(before);
});

test("two views of one model show the same state and form, each with its own selection", async () => {
  await dashboard({ executions: EXECUTIONS });
  const second = document.createElement("div");
  el.append(second);
  act(() => render({ model, el: second, signal: abort.signal }));
  const ids = [...el.querySelectorAll("[id]")].map((element) => element.id);
  expect(new Set(ids).size).toBe(ids.length);
  const queries = [...el.querySelectorAll("textarea")];
  await pass(0, () => {
    const first = queries[0] as HTMLTextAreaElement;
    first.value = "shared";
    first.dispatchEvent(new Event("input", { bubbles: true }));
  });
  expect(queries.map((query) => query.value)).toEqual(["shared", "shared"]);
  expect(second.querySelectorAll("[role=listitem]")).toHaveLength(4);
  const view = second.querySelector("[role=listitem] [aria-pressed]") as HTMLButtonElement;
  await pass(0, () => view.click());
  expect(el.querySelectorAll("[aria-current=true]")).toHaveLength(1);
  second.remove();
});
