/** The form, the drafts and the banner: what can be started when, and what is said if it cannot. */
import { describe, expect, test } from "vitest";
import { BUSY_AFTER } from "../src/connection.ts";
import { refused } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  change,
  dashboard,
  EXECUTIONS,
  el,
  HOSTILE,
  model,
  one,
  pass,
  pong,
  press,
  say,
  status,
  tell,
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
    await tell(change("new", { query: "Do it" }));
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
    await pong();
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
    await pong();
    expect(status()).toBe("");
    expect(model.all("claude:hello")).toHaveLength(2);
  });
});
