/** What the form offers beside the query: sessions, settings, MCP files and what they start. */
import { describe, expect, test } from "vitest";
import type { MCPConfigChoice } from "../src/protocol.ts";
import { SETTLE_MS } from "../src/views/requests/guard.ts";
import { refused } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  change,
  dashboard,
  EXECUTIONS,
  el,
  model,
  one,
  pass,
  pick,
  press,
  say,
  tell,
  type,
  usePage,
} from "./stage.ts";

usePage();

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
    await tell(change("run", { status: "completed" }));
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

  test("many sessions are searched; the chosen one stays in the list", async () => {
    await sessions(7);
    await pick("Session", "session-1");
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
    await pick("Session", "session-1");
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
    await pick("Effort", "high");
    await pick("Permission mode", "acceptEdits");
    await pass(0, () =>
      el.querySelector<HTMLInputElement>(".cw-more input[type=checkbox]")?.click(),
    );
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
