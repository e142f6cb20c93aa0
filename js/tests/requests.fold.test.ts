/** What the CLI asks, and what became of it. */
import { describe, expect, test } from "vitest";
import type { BlockFold } from "../src/fold/blockfold.ts";
import { call, came, ended, foldLines, ofKind, system } from "./folding.ts";

const asks = (fields: object = {}, request_id: unknown = "r") =>
  [
    "out",
    {
      type: "control_request",
      request_id,
      request: {
        subtype: "can_use_tool",
        tool_name: "Bash",
        tool_use_id: "t",
        input: { command: "ls" },
        ...fields,
      },
    },
  ] as const;
const answer = (response: object, subtype = "success", request_id = "r") =>
  ["in", { type: "control_response", response: { subtype, request_id, response } }] as const;
const answered = (by: string) => ["meta", { event: "answered", request_id: "r", by }] as const;
const CALL = ["out", call("t")] as const;
const CANCEL = ["out", { type: "control_cancel_request", request_id: "r" }] as const;
const RESULT = ["out", came("t", "x")] as const;
const ALLOW = answer({ behavior: "allow", updatedInput: { command: "ls" } });

const request = (fold: BlockFold) => ofKind(fold, "request")[0];
const tool = (fold: BlockFold) => ofKind(fold, "tool")[0];

describe("a request", () => {
  test("has all that the CLI says, and marks its call", () => {
    const suggestion = { type: "setMode", mode: "acceptEdits", destination: "session" };
    const fold = foldLines(
      CALL,
      asks({
        title: "Run it?",
        description: "a list",
        decision_reason: "not known",
        blocked_path: "/etc",
        permission_suggestions: [suggestion, "odd"],
        default_to_no: true,
        agent_id: "a",
      }),
    );
    expect(request(fold)).toMatchObject({
      controlId: "r",
      asks: "permission",
      toolUseId: "t",
      tool: "Bash",
      input: { command: "ls" },
      inputClipped: false,
      title: "Run it?",
      description: "a list",
      why: "not known",
      blockedPath: "/etc",
      suggestions: [suggestion],
      defaultToNo: true,
      agentId: "a",
      state: "open",
      answer: null,
    });
    expect(tool(fold)).toMatchObject({ permission: "asked" });
  });

  test.each([
    [{ tool_name: "AskUserQuestion" }, "questions"],
    [{ tool_name: "ExitPlanMode" }, "plan"],
    [{ tool_name: "constructor" }, "permission"],
    [{ subtype: "elicitation", mcp_server_name: "m", message: "Who?" }, "other"],
    [{ subtype: "request_user_dialog" }, "other"],
  ])("%j asks for %s", (fields, kind) => {
    expect(request(foldLines(asks(fields)))).toMatchObject({ asks: kind, state: "open" });
  });

  test("an elicitation has its words and its server", () => {
    const fields = {
      subtype: "elicitation",
      mcp_server_name: "m",
      message: "Who?",
      tool_name: null,
    };
    expect(request(foldLines(asks(fields)))).toMatchObject({ tool: "m", title: "Who?" });
  });

  test("is drawn in the lane of its call", () => {
    const fold = foldLines(
      ["out", call("up", "Task")],
      ["out", call("t", "Bash", "up")],
      ["out", call("next")],
      asks(),
    );
    expect(request(fold)).toMatchObject({ parent: "up" });
    expect(fold.list().map(({ kind }) => kind)).toEqual(["tool", "tool", "request", "tool"]);
  });

  test("what the host itself answers is not shown; what is not known is kept", () => {
    const fold = foldLines(
      asks({ subtype: "hook_callback" }),
      asks({ subtype: "mcp_message" }),
      asks({ subtype: "brand_new" }),
    );
    expect(fold.list()).toMatchObject([{ kind: "raw", label: "control_request/brand_new" }]);
  });
});

describe("an answer", () => {
  test("allows, and says who decided and what was changed", () => {
    const changed = answer({
      behavior: "allow",
      updatedInput: { command: "ls -l" },
      updatedPermissions: [{ type: "setMode" }],
    });
    const fold = foldLines(CALL, asks(), answered("page"), changed);
    expect(request(fold)).toMatchObject({
      state: "allowed",
      answer: {
        by: "page",
        input: { command: "ls -l" },
        permissions: [{ type: "setMode" }],
        message: "",
      },
    });
    expect(tool(fold)).toMatchObject({ permission: "allowed" });
  });

  test("with the same input has changed nothing", () => {
    expect(request(foldLines(asks(), ALLOW))?.answer).toMatchObject({ input: null, by: "" });
  });

  test("denies, with its words, which the call shows as well", () => {
    const fold = foldLines(CALL, asks(), answer({ behavior: "deny", message: "not now" }));
    expect(request(fold)).toMatchObject({ state: "denied", answer: { message: "not now" } });
    expect(tool(fold)).toMatchObject({ permission: "denied", denial: "not now" });
  });

  test.each([
    [answer({ action: "accept" }), "allowed"],
    [answer({ action: "decline" }), "denied"],
    [answer({}, "error"), "denied"],
  ])("%j to an elicitation: %s", (line, state) => {
    expect(request(foldLines(asks({ subtype: "elicitation" }), line))?.state).toBe(state);
  });

  test("the first one counts", () => {
    const deny = answer({ behavior: "deny", message: "late" });
    expect(request(foldLines(asks(), ALLOW, deny))?.state).toBe("allowed");
    expect(request(foldLines(asks(), CANCEL, ALLOW))?.state).toBe("cancelled");
  });

  test("who decided may be told before the request is seen, or after the answer", () => {
    expect(request(foldLines(answered("policy"), asks(), ALLOW))?.answer?.by).toBe("policy");
    expect(request(foldLines(asks(), ALLOW, answered("callable")))?.answer?.by).toBe("callable");
    expect(request(foldLines(asks(), answered("page")))).toMatchObject({ state: "open" });
  });

  test("to a request that nobody made is nothing", () => {
    expect(foldLines(ALLOW, CANCEL, answered("page")).list()).toEqual([]);
  });
});

describe("without an answer", () => {
  test("a request that the CLI takes back is cancelled", () => {
    const fold = foldLines(CALL, asks(), CANCEL);
    expect(request(fold)).toMatchObject({ state: "cancelled" });
    expect(tool(fold)).toMatchObject({ permission: "" });
  });

  test("the result of the call, the end of the turn and the end leave it over", () => {
    const turnEnd = ["out", { type: "result", subtype: "success" }] as const;
    for (const line of [RESULT, turnEnd, ended]) {
      expect(request(foldLines(CALL, asks(), line))).toMatchObject({ state: "over" });
    }
  });

  test("what a subagent in the background asks outlives the turn", () => {
    const turnEnd = ["out", { type: "result", subtype: "success" }] as const;
    expect(request(foldLines(asks({ agent_id: "a" }), turnEnd))?.state).toBe("open");
    expect(request(foldLines(asks({ agent_id: "a" }), turnEnd, ended))?.state).toBe("over");
  });

  test("what names no call outlives the turn, until it is taken back", () => {
    const turnEnd = ["out", { type: "result", subtype: "success" }] as const;
    const back = ["out", { type: "control_cancel_request", request_id: "r" }] as const;
    const elicits = asks({ subtype: "elicitation", tool_use_id: null });
    expect(request(foldLines(elicits, turnEnd))?.state).toBe("open");
    expect(request(foldLines(elicits, turnEnd, back))?.state).toBe("cancelled");
  });

  test("an answered one stays answered", () => {
    const fold = foldLines(CALL, asks(), ALLOW, RESULT, ended);
    expect(request(fold)).toMatchObject({ state: "allowed" });
  });
});

test("two requests without an id are two", () => {
  const fold = foldLines(asks({}, 5), asks({}, null), asks({}, "r"), asks({}, "r"));
  expect(ofKind(fold, "request").map(({ controlId }) => controlId)).toEqual(["", "", "r"]);
});

test("a denial by the CLI itself shows on the call", () => {
  const fold = foldLines(CALL, [
    "out",
    system("permission_denied", { tool_use_id: "t", message: "no" }),
  ]);
  expect(tool(fold)).toMatchObject({ permission: "denied", denial: "no" });
});
