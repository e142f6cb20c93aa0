/** Prompts and their queue, images, results, notices that count down, and facts of the session. */
import { describe, expect, test } from "vitest";
import {
  call,
  came,
  ended,
  foldLines,
  foldParts,
  ofKind,
  said,
  system,
  transcript,
} from "./folding.ts";

const prompt = (text: string, uuid = text) =>
  ["in", { type: "user", uuid, message: { role: "user", content: text } }] as const;
const lifecycle = (command_uuid: string, state: string) =>
  ["out", { type: "command_lifecycle", command_uuid, state }] as const;
const INIT = ["out", system("init", { model: "m" })] as const;
const result = (queued_turn_count?: number) =>
  ["out", { type: "result", subtype: "success", session_id: "s", queued_turn_count }] as const;
const queue = (...lines: Parameters<typeof foldLines>) =>
  ofKind(foldLines(...lines), "prompt").map(({ text, queued }) => [text, queued]);

describe("a prompt", () => {
  test("that was sent while a turn runs is queued until the CLI says that it began", () => {
    const sent = [prompt("one"), INIT, prompt("two")] as const;
    expect(queue(...sent)).toEqual([
      ["one", false],
      ["two", true],
    ]);
    expect(queue(...sent, lifecycle("two", "queued"))[1]).toEqual(["two", true]);
    for (const state of ["started", "completed"]) {
      expect(queue(...sent, lifecycle("two", state))[1]).toEqual(["two", false]);
    }
    expect(queue(...sent, lifecycle("one", "completed"), result(), INIT)[1]).toEqual(["two", true]);
  });

  test("is in the next turn of a CLI that says nothing of its queue", () => {
    const sent = [prompt("one"), INIT, prompt("two"), prompt("three")] as const;
    expect(queue(...sent, INIT)[1]).toEqual(["two", true]);
    expect(queue(...sent, result(), INIT).slice(1)).toEqual([
      ["two", false],
      ["three", false],
    ]);
    const replayed = ["out", { type: "user", uuid: "two", isReplay: true }] as const;
    expect(queue(...sent, replayed)[1]).toEqual(["two", false]);
  });

  test("after the end of a turn is not queued, unless the CLI has others", () => {
    expect(queue(prompt("one"), INIT, result(), prompt("two"))[1]).toEqual(["two", false]);
    expect(queue(prompt("one"), INIT, result(1), prompt("two"))[1]).toEqual(["two", true]);
  });

  test("that the CLI gave up is said", () => {
    const fold = foldLines(prompt("one"), INIT, prompt("two"), lifecycle("two", "cancelled"));
    expect(ofKind(fold, "prompt")[1]?.queued).toBe(false);
    expect(ofKind(fold, "notice").at(-1)?.text).toContain("not taken: cancelled");
  });

  test("that still waits when the execution ends is said, if the CLI tells of its queue", () => {
    const sent = [prompt("one"), INIT, prompt("two"), prompt("three")] as const;
    expect(queue(...sent, ended)).toEqual([
      ["one", false],
      ["two", false],
      ["three", false],
    ]);
    const notices = (...lines: Parameters<typeof foldLines>) =>
      ofKind(foldLines(...lines), "notice").map(({ text }) => text);
    const said = "2 queued prompts were not taken: the execution has ended";
    expect(notices(...sent, lifecycle("one", "started"), ended)).toContain(said);
    expect(notices(...sent, ended)).not.toContain(said);
  });

  test("may hold images", () => {
    const source = { type: "base64", media_type: "image/png", data: "AAAA" };
    const content = [
      { type: "text", text: "see" },
      { type: "image", source },
    ];
    const fold = foldLines(["in", { type: "user", message: { content } }]);
    expect(fold.list()).toMatchObject([
      { kind: "prompt", text: "see" },
      { kind: "image", image: { mediaType: "image/png", data: "AAAA" } },
    ]);
  });
});

describe("content", () => {
  const image = (source: object) => ({ type: "image", source });
  const message = (item: object) =>
    ["out", { type: "assistant", session_id: "s", message: { id: "m", content: [item] } }] as const;

  test("an image is its bytes; an address is told in words and never fetched", () => {
    const fold = foldLines(message(image({ media_type: "image/gif", data: "R0" })));
    expect(fold.list()).toMatchObject([{ kind: "image", image: { mediaType: "image/gif" } }]);
    const address = image({ type: "url", url: "https://example.org/x.png" });
    expect(foldLines(message(address)).list()).toMatchObject([{ kind: "raw", label: "image" }]);
    const told = foldLines(["out", call("t")], ["out", came("t", [address])]);
    expect(ofKind(told, "tool")[0]?.result).toMatchObject({
      text: "[image at https://example.org/x.png]",
      images: [],
    });
  });

  test("a result has its text, its images and what the CLI says of it", () => {
    const png = image({ media_type: "image/png", data: "AAAA" });
    const data = { stdout: "a", stderr: "" };
    const content = [{ type: "text", text: "a" }, png, { type: "odd", x: 1 }];
    const fold = foldLines(
      ["out", call("t")],
      ["out", came("t", content, { tool_use_result: data })],
    );
    expect(ofKind(fold, "tool")[0]?.result).toMatchObject({
      text: 'a\n{\n  "type": "odd",\n  "x": 1\n}',
      images: [{ mediaType: "image/png", data: "AAAA" }],
      data,
      elided: 0,
      range: null,
    });
    const plain = foldLines(["out", came("t", "x", { tool_use_result: "Error: x" })]);
    expect(ofKind(plain, "tool")[0]?.result?.data).toEqual({ value: "Error: x" });
    const none = foldLines(["out", came("t", "x")]);
    expect(ofKind(none, "tool")[0]?.result?.data).toBeNull();
  });

  test("what the CLI says of two results is neither's", () => {
    const content = ["t", "u"].map((tool_use_id) => ({
      type: "tool_result",
      tool_use_id,
      content: "x",
    }));
    const frame = { type: "user", message: { content }, tool_use_result: { stdout: "x" } };
    const tools = ofKind(foldLines(["out", frame]), "tool");
    expect(tools.map(({ result: came }) => came?.data)).toEqual([null, null]);
  });

  test("a long result is clipped, and says where all of it is", () => {
    const long = "€".repeat(300_000);
    const line = came("t", long, { tool_use_result: { stdout: long, lines: 1 } });
    const whole = transcript(["out", call("t")], ["out", line]);
    const fold = foldParts([whole]);
    const block = ofKind(fold, "tool")[0]?.result;
    expect(block?.text).toBe("€".repeat(200_000));
    expect(block?.data).toEqual({ stdout: "€".repeat(200_000), lines: 1 });
    expect(block?.elided).toBe(100_000);
    const { offset, length } = block?.range ?? { offset: 0, length: 0 };
    const lie = new TextDecoder().decode(whole.slice(offset, offset + length));
    expect(JSON.parse(lie.replace(/^\S+ out /, ""))).toEqual(line);
  });

  test("what is nested too deep is kept as it came", () => {
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    const fold = foldLines(["out", deep], ["out", `{"type":"assistant","x":${"[".repeat(5000)}`]);
    expect(fold.list()).toMatchObject([
      { kind: "raw", elided: deep.length - 200_000 },
      { kind: "raw", label: "not JSON" },
    ]);
  });
});

describe("a notice", () => {
  const retry = (retry_delay_ms: unknown, attempt = 1) =>
    ["out", system("api_retry", { attempt, max_retries: 3, retry_delay_ms })] as const;

  test("of a retry counts down to it; those in a row are one", () => {
    // The epoch is 1000, and the lines are a second apart.
    const fold = foldLines(retry(500), retry(2000, 2));
    expect(ofKind(fold, "notice").map(({ until }) => until)).toEqual([1004]);
    expect(ofKind(foldLines(retry(500), INIT, retry(1)), "notice")).toHaveLength(3);
    expect(ofKind(foldLines(retry("soon")), "notice")[0]?.until).toBeNull();
  });

  test("of a limit counts down to its reset, and is replaced by the same one", () => {
    const limit = (resetsAt: unknown, status = "rejected") => {
      const rate_limit_info = { status, resetsAt, rateLimitType: "five_hour" };
      return ["out", { type: "rate_limit_event", rate_limit_info }] as const;
    };
    const fold = foldLines(limit(5000), limit(6000), limit(1, "allowed"), limit(7000, "warning"));
    expect(ofKind(fold, "notice").map(({ until, level }) => [until, level])).toEqual([
      [6000, "error"],
      [7000, "warning"],
    ]);
    expect(ofKind(foldLines(limit(1e300)), "notice")[0]?.detail).toBe("");
  });
});

describe("facts of the session", () => {
  const asked = (subtype: string, fields: object, request_id = subtype) =>
    ["in", { type: "control_request", request_id, request: { subtype, ...fields } }] as const;
  const heard = (request_id: string, response?: object, subtype = "success") =>
    [
      "out",
      { type: "control_response", response: { subtype, request_id, response, error: "no" } },
    ] as const;
  const facts = (...lines: Parameters<typeof foldLines>) => foldLines(...lines).facts;

  test("come from init, the latest word of it", () => {
    const init = (fields: object) => ["out", system("init", fields)] as const;
    const first = init({
      model: "opus",
      permissionMode: "plan",
      cwd: "/home",
      mcp_servers: [{ name: "a", status: "failed", source: "x" }],
    });
    expect(facts(first)).toMatchObject({
      sessionId: "s",
      model: "opus",
      permissionMode: "plan",
      cwd: "/home",
      servers: [{ name: "a", status: "failed" }],
    });
    expect(facts(first, init({ model: "haiku", mcp_servers: [] }))).toMatchObject({
      model: "haiku",
      permissionMode: "plan",
      servers: [],
    });
  });

  test("choices come from the answer to initialize", () => {
    const models = [
      {
        value: "opus",
        displayName: "Opus",
        description: "the best",
        supportedEffortLevels: ["low", 1, "high"],
      },
    ];
    const line = heard("initialize", { models, current_permission_mode: "default" });
    expect(facts(line)).toMatchObject({
      permissionMode: "default",
      models: [{ value: "opus", name: "Opus", description: "the best", efforts: ["low", "high"] }],
    });
  });

  test.each([
    ["set_model", { model: "sonnet" }, { model: "claude-sonnet" }, { model: "claude-sonnet" }],
    ["set_model", { model: "sonnet" }, undefined, { model: "sonnet" }],
    ["set_permission_mode", { mode: "plan" }, { mode: "plan" }, { permissionMode: "plan" }],
    ["apply_flag_settings", { settings: { effortLevel: "high" } }, undefined, { effort: "high" }],
  ])("%s holds once the CLI agrees", (subtype, fields, response, known) => {
    const before = facts(INIT, asked(subtype, fields));
    expect(before).toMatchObject({ model: "m", permissionMode: "", effort: "" });
    expect(facts(INIT, asked(subtype, fields), heard(subtype, response))).toMatchObject(known);
    const refused = foldLines(INIT, asked(subtype, fields), heard(subtype, undefined, "error"));
    expect(refused.facts).toEqual(before);
    expect(ofKind(refused, "notice").at(-1)).toMatchObject({ level: "warning", detail: "no" });
  });

  test("settings, status and MCP servers are told later, too", () => {
    const servers = [{ name: "a", status: "connected", tools: [] }];
    expect(
      facts(
        ["meta", { event: "requested", request: { effort: "low" } }],
        INIT,
        ["out", system("status", { permissionMode: "acceptEdits" })],
        heard("x", { mcpServers: servers }),
      ),
    ).toMatchObject({
      effort: "low",
      permissionMode: "acceptEdits",
      servers: [{ name: "a", status: "connected" }],
    });
    expect(facts(heard("x", { applied: { model: "n", effort: "max" } }))).toMatchObject({
      model: "n",
      effort: "max",
    });
  });

  test("the session id follows the conversation; a session that is nowhere is not taken", () => {
    const reset = ["out", { type: "conversation_reset", new_conversation_id: "n" }] as const;
    expect(facts(INIT, reset).sessionId).toBe("n");
    expect(facts(result()).sessionId).toBe("");
    expect(facts(INIT, reset, result()).sessionId).toBe("s");
  });

  test("the same word again changes nothing", () => {
    const looks: boolean[] = [];
    const init = ["out", system("init", { model: "m", mcp_servers: [{ name: "a" }] })] as const;
    const whole = transcript(init, init);
    const half = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    foldParts([whole.slice(0, half), whole.slice(half)], (fold) => {
      looks.push(fold.takeChanges().facts);
    });
    expect(looks).toEqual([true, false]);
  });
});

test("the end leaves nothing open", () => {
  const fold = foldLines(["out", call("t")], ["out", said("x")], ended);
  expect(ofKind(fold, "tool")[0]).toMatchObject({ over: true, result: null });
});

test("changes name what was removed, and say when blocks have moved", () => {
  const old = { ...said("old", "m1"), uuid: "u1" };
  const looks: { keys: string[]; order: boolean }[] = [];
  const frames = [old, { ...said("new", "m2"), supersedes: ["u1"] }, said("new", "m2")];
  const parts = frames.map((frame) =>
    new TextEncoder().encode(`1.0 out ${JSON.stringify(frame)}\n`),
  );
  foldParts(parts, (fold) => {
    const { keys, order } = fold.takeChanges();
    looks.push({ keys: [...keys], order });
  });
  expect(looks[0]).toEqual({ keys: ["s//m1/0"], order: true });
  expect(looks[1]).toEqual({ keys: ["s//m1/0", "s//m2/0"], order: true });
});
