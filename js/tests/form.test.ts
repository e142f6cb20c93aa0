/** The form, the drafts and the banner: what can be started when, and what is said if it cannot. */
import { describe, expect, test } from "vitest";
import { BUSY_AFTER } from "../src/connection.ts";
import type { MCPConfigChoice } from "../src/protocol.ts";
import { SETTLE_MS } from "../src/views/requests/guard.ts";
import { refused } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  HOSTILE,
  model,
  one,
  pass,
  press,
  say,
  status,
  type,
  usePage,
} from "./stage.ts";

usePage();

describe("starting", () => {
  test("Execute sends what the form says, clears the query and shows the new one", async () => {
    await dashboard();
    await type("Query", "Do it");
    await type("Model", " opus ");
    await type("MCP config", '{"mcpServers":{}}');
    await press("Execute");
    const sent = model.last("claude:execute");
    expect(sent).toMatchObject({
      query: "Do it",
      projectPath: "/home/user/project",
      sessionId: null,
      model: "opus",
      mcpConfig: '{"mcpServers":{}}',
    });
    await say({ type: "claude:execute", requestId: sent.requestId, executionId: "new" });
    expect(one<HTMLTextAreaElement>("textarea", "Query").value).toBe("");
    const changes = { query: "Do it" };
    await say({
      type: "claude:events",
      sequence: 1,
      events: [{ type: "claude:changed", executionId: "new", changes }],
    });
    expect(model.last("claude:open-pane").executionId).toBe("new");
  });

  test("Ctrl+Enter in the query executes, plain Enter does not", async () => {
    await dashboard();
    await type("Query", "Do it");
    const query = one("textarea", "Query");
    const enter = (ctrlKey: boolean) =>
      pass(0, () => {
        query.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey, bubbles: true }));
      });
    await enter(false);
    expect(model.all("claude:execute")).toHaveLength(0);
    await enter(true);
    expect(model.all("claude:execute")).toHaveLength(1);
  });

  test("a blank query is said so, and nothing is sent", async () => {
    await dashboard();
    await type("Query", " \n");
    await press("Execute");
    expect(alerts()[0]).toContain("The query is blank.");
    expect(model.all("claude:execute")).toHaveLength(0);
  });

  test("a refusal is shown beside the form, and the text stays", async () => {
    await dashboard();
    await type("Query", "Do it");
    await press("Execute");
    const { requestId } = model.last("claude:execute");
    await say(
      refused(requestId, { kind: "ProjectPathError", message: HOSTILE, hint: "Choose another." }),
    );
    expect(alerts()[0]).toBe(`${HOSTILE} Choose another.`);
    expect(one<HTMLTextAreaElement>("textarea", "Query").value).toBe("Do it");
    await press("Execute");
    expect(model.last("claude:execute").requestId).not.toBe(requestId);
  });

  test("the same text after a lost answer is the same request", async () => {
    await dashboard();
    await type("Query", "Do it");
    await press("Execute");
    const { requestId } = model.last("claude:execute");
    model.gone = true;
    await pass(5000);
    expect(alerts()[0]).toContain("Disconnected");
    model.gone = false;
    await pass(5000);
    const ping = model.last("claude:ping").requestId;
    await say({
      type: "claude:pong",
      requestId: ping,
      now: Date.now() / 1000,
      closedPanes: [],
      sequence: 0,
    });
    await press("Execute");
    expect(model.last("claude:execute").requestId).toBe(requestId);
    expect(model.all("claude:execute")).toHaveLength(2);
  });

  test("Execute All starts every draft; the refused ones stay with their error", async () => {
    await dashboard();
    for (const query of ["one", "two", "three"]) {
      await type("Query", query);
      await press("Add to drafts");
    }
    expect(one<HTMLTextAreaElement>("textarea", "Query").value).toBe("");
    await press("Execute All");
    const sent = model.sent.filter((message) => message.type === "claude:execute");
    expect(sent.map(({ query }) => query)).toEqual(["one", "two", "three"]);
    for (const { requestId, query } of sent) {
      if (query !== "two") await say({ type: "claude:execute", requestId, executionId: query });
    }
    await say(refused(sent[1]?.requestId ?? "", { kind: "Busy", message: "Not now." }));
    const left = [...el.querySelectorAll(".cw-draft")].map((draft) => draft.textContent);
    expect(left).toHaveLength(1);
    expect(left[0]).toContain("two");
    expect(alerts()).toEqual(["Not now."]);
    await press("Remove draft");
    expect(button("Execute All").getAttribute("aria-disabled")).toBe("true");
  });
});

describe("the connection", () => {
  test("a busy kernel is said so until it answers", async () => {
    await dashboard();
    await type("Query", "Do it");
    await press("Execute");
    expect(status()).toBe("");
    await pass(BUSY_AFTER);
    expect(status()).toBe("Kernel busy: will act when the cell ends.");
    const { requestId } = model.last("claude:execute");
    await say({ type: "claude:execute", requestId, executionId: "x" });
    expect(status()).toBe("");
  });

  test("a kernel that is gone is said so, and nothing can be started or killed", async () => {
    await dashboard({ executions: EXECUTIONS });
    await type("Query", "draft");
    await press("Add to drafts");
    model.gone = true;
    await pass(5000);
    expect(status()).toBe(
      "Disconnected: the kernel was restarted or shut down. Run the cell again.",
    );
    for (const name of ["Execute", "Execute All"]) {
      expect(button(name).getAttribute("aria-disabled")).toBe("true");
      await press(name);
    }
    expect(model.all("claude:execute")).toHaveLength(0);
    for (const kill of all("button", "Kill")) {
      expect(kill.getAttribute("aria-disabled")).toBe("true");
    }
    model.gone = false;
    await pass(5000);
    const { requestId } = model.last("claude:ping");
    await say({
      type: "claude:pong",
      requestId,
      now: Date.now() / 1000,
      closedPanes: [],
      sequence: 0,
    });
    expect(status()).toBe("");
    expect(model.all("claude:hello")).toHaveLength(2);
  });
});

describe("what a new execution goes on with", () => {
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
    expect(options).toEqual(["New session", "Hi there · 2 h ago · 1 B · 01234567…"]);

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

  async function sessions(count: number): Promise<void> {
    await dashboard();
    await pass(400);
    const { requestId } = model.last("claude:get-sessions");
    const modifiedTime = Date.now() / 1000 - 60;
    const rows = Array.from({ length: count }, (_, index) => ({
      sessionId: `session-${index}`,
      firstPrompt: index === 3 ? "Write the Report\u202e" : `Prompt ${index}`,
      modifiedTime,
      sizeBytes: 2048,
    }));
    await say({ type: "claude:get-sessions", requestId, sessions: rows });
  }
  const options = () =>
    [...one("select", "Session").querySelectorAll("option")].map((option) => option.value);
  async function choose(sessionId: string): Promise<void> {
    const list = one<HTMLSelectElement>("select", "Session");
    await pass(0, () => {
      list.value = sessionId;
      list.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  test("many sessions are searched; the chosen one stays in the list", async () => {
    await sessions(7);
    await choose("session-1");
    await type("Search sessions", "report WRITE");
    expect(options()).toEqual(["", "session-1", "session-3"]);
    expect(one("select", "Session").textContent).toContain("[U+202E]");
    expect(Number(one("select", "Session").getAttribute("size"))).toBeGreaterThan(1);
    await type("Search sessions", "");
    expect(options()).toHaveLength(8);
    expect(one<HTMLSelectElement>("select", "Session").value).toBe("session-1");
  });

  test("a few need no search", async () => {
    await sessions(3);
    expect(all("input", "Search sessions")).toEqual([]);
  });

  test("a session is resumed, or forked", async () => {
    await sessions(2);
    const fork = () => el.querySelector<HTMLInputElement>(".cw-sessions input[type=checkbox]");
    expect(fork()).toBeNull();
    await choose("session-1");
    await pass(0, () => fork()?.click());
    await type("Query", "Go on");
    await press("Execute");
    expect(model.last("claude:execute")).toMatchObject({
      sessionId: "session-1",
      forkSession: true,
    });
  });

  test("effort, permission mode and staying open are sent as chosen", async () => {
    const efforts: ("low" | "high")[] = ["low", "high"];
    const models = [{ value: "opus", name: "Opus", description: "", efforts }];
    await dashboard({ models });
    await type("Model", "opus");
    const effort = one<HTMLSelectElement>("select", "Effort");
    expect([...effort.options].map((option) => option.value)).toEqual(["", "low", "high"]);
    await pass(0, () => {
      for (const [name, value] of [
        ["Effort", "high"],
        ["Permission mode", "acceptEdits"],
      ] as const) {
        const list = one<HTMLSelectElement>("select", name);
        list.value = value;
        list.dispatchEvent(new Event("change", { bubbles: true }));
      }
      el.querySelector<HTMLInputElement>(".cw-more input[type=checkbox]")?.click();
    });
    await type("Query", "Go");
    await press("Execute");
    expect(model.last("claude:execute")).toMatchObject({
      effort: "high",
      permissionMode: "acceptEdits",
      keepOpen: true,
      forkSession: false,
    });
  });
});

const CONFIG: MCPConfigChoice = {
  path: "/home/user/project/.mcp.json",
  scope: "project",
  digest: "d1",
  servers: [{ name: "db", runs: "npx db\u202e-server" }],
  problem: "",
};

describe("MCP files", () => {
  const group = () => one('[role="group"]', "Confirm MCP servers");

  async function look(...configs: MCPConfigChoice[]): Promise<void> {
    await dashboard();
    const details = [...el.querySelectorAll("details")].find((each) =>
      each.textContent?.startsWith("MCP files"),
    );
    await pass(0, () => {
      if (details) details.open = true;
      details?.dispatchEvent(new Event("toggle"));
    });
    await pass(SETTLE_MS);
    const { requestId, projectPath } = model.last("claude:get-mcp-configs");
    expect(projectPath).toBe("/home/user/project");
    await say({ type: "claude:get-mcp-configs", requestId, configs });
  }
  const execute = async () => {
    await type("Query", "Go");
    await press("Execute");
    return model.last("claude:execute");
  };

  test("of the project show what they start, and are used once that is confirmed", async () => {
    await look(CONFIG);
    await press("Use");
    expect(group().textContent).toContain("npx dbU+202E-server");
    await press("Confirm and use");
    expect(one<HTMLInputElement>("input", "MCP config").value, "too soon to have read it").toBe("");
    await pass(SETTLE_MS);
    await press("Confirm and use");
    expect(await execute()).toMatchObject({ mcpConfig: CONFIG.path, confirmedDigest: "d1" });
  });

  test("of the user are used at once; another text confirms nothing", async () => {
    const path = "/home/user/.claude.json";
    await look({ ...CONFIG, path, scope: "user" });
    await press("Use");
    await type("MCP config", `${path}x`);
    expect(await execute()).toMatchObject({ mcpConfig: `${path}x`, confirmedDigest: null });
  });

  test("of another project are not those of this one", async () => {
    await look(CONFIG);
    await type("Project path", "/home/user/other");
    expect(all("button", "Use")).toEqual([]);
    await pass(SETTLE_MS);
    const { requestId, projectPath } = model.last("claude:get-mcp-configs");
    expect(projectPath).toBe("/home/user/other");
    await say({ type: "claude:get-mcp-configs", requestId, configs: [] });
    expect(el.textContent).toContain("None found.");
  });

  test("need not be confirmed: the question can be taken back", async () => {
    await look(CONFIG);
    await press("Use");
    await press("Cancel");
    button("Use");
    await type("MCP config", ".mcp.json");
    const { requestId } = await execute();
    const fields = { kind: "ConfirmationNeeded", message: "Not confirmed.", mcpConfig: CONFIG };
    await say(refused(requestId, fields));
    await press("Cancel");
    expect(all('[role="group"]', "Confirm MCP servers")).toEqual([]);
    expect(alerts()).toEqual([]);
  });

  test("that cannot be used say why", async () => {
    await look({ ...CONFIG, servers: [], problem: "It is no JSON." });
    expect(el.textContent).toContain("It is no JSON.");
    expect(all("button", "Use")).toEqual([]);
  });

  test("that were typed and need it are confirmed where they were refused", async () => {
    await dashboard();
    await type("MCP config", ".mcp.json");
    const { requestId } = await execute();
    const fields = { kind: "ConfirmationNeeded", message: "Not confirmed.", mcpConfig: CONFIG };
    await say(refused(requestId, fields));
    expect(group().textContent).toContain("npx db");
    await pass(SETTLE_MS);
    await press("Confirm and execute");
    expect(model.last("claude:execute")).toMatchObject({
      query: "Go",
      mcpConfig: ".mcp.json",
      confirmedDigest: "d1",
    });
    expect(model.all("claude:execute")).toHaveLength(2);
  });

  const SETTINGS: MCPConfigChoice = {
    path: "/home/user/cloned",
    scope: "settings",
    digest: "s1",
    servers: [
      { name: "permits", runs: "Bash(*)" },
      { name: "permits", runs: "Edit" },
      { name: "hook Stop", runs: "curl evil" },
    ],
    problem: "",
  };

  test("and a project's own settings: all that they would do is shown before it is done", async () => {
    await dashboard();
    const { requestId } = await execute();
    const fields = { kind: "ProjectNotTrusted", message: "Settings.", mcpConfig: SETTINGS };
    await say(refused(requestId, fields));
    const shown = one('[role="group"]', "Confirm project settings").textContent;
    for (const { name, runs } of SETTINGS.servers ?? []) {
      expect(shown).toContain(name);
      expect(shown).toContain(runs);
    }
    await press("Confirm and execute");
    expect(model.all("claude:execute"), "too soon to have read it").toHaveLength(1);
    await pass(SETTLE_MS);
    await press("Confirm and execute");
    const { confirmedSettings, confirmedDigest } = model.last("claude:execute");
    expect([confirmedSettings, confirmedDigest]).toEqual(["s1", null]);
  });

  test("and a project's own settings are confirmed beside a draft, too", async () => {
    await dashboard();
    await type("Query", "Drafted");
    await press("Add to drafts");
    await press("Execute All");
    const { requestId } = model.last("claude:execute");
    const fields = { kind: "ProjectNotTrusted", message: "Settings.", mcpConfig: SETTINGS };
    await say(refused(requestId, fields));
    await pass(SETTLE_MS);
    await press("Confirm and start");
    expect(model.last("claude:execute")).toMatchObject({ confirmedSettings: "s1" });
  });

  test("of a draft are confirmed beside the draft", async () => {
    await dashboard();
    await type("Query", "Drafted");
    await type("MCP config", ".mcp.json");
    await press("Add to drafts");
    await press("Execute All");
    const { requestId } = model.last("claude:execute");
    const fields = { kind: "ConfirmationNeeded", message: "Not confirmed.", mcpConfig: CONFIG };
    await say(refused(requestId, fields));
    await pass(SETTLE_MS);
    await press("Confirm and start");
    const sent = model.last("claude:execute");
    expect(sent).toMatchObject({ query: "Drafted", confirmedDigest: "d1" });
    await say({ type: "claude:execute", requestId: sent.requestId, executionId: "new" });
    expect(el.querySelectorAll(".cw-draft")).toHaveLength(0);
  });
});
