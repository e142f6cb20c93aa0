/** Records to blocks: every recording, at every kind of split, and the cases that recordings lack. */
import { describe, expect, test } from "vitest";
import type { BlockFold } from "../src/fold/blockfold.ts";
import type { Block } from "../src/fold/blocks.ts";
import { foldRecord } from "../src/fold/fold.ts";
import { bytes, concat, framed } from "./fakes.ts";
import { foldParts, foldSlowly, foldWhole, ofKind } from "./folding.ts";
import { type Golden, goldenOf, recordedRuns, transcriptOf } from "./recorded.ts";

const frames = (...list: object[]) =>
  foldWhole(framed(list.map((one) => JSON.stringify(one)).join("\n")));
const lines = (text: string) => foldWhole(bytes(text));

/** What a person would check: kind, and the first words of each field; not what each run makes up. */
function digest(block: Block): string {
  const short = (value: unknown) => JSON.stringify(value)?.replace(MADE_UP, "#").slice(0, 160);
  const { key: _, kind, ...fields } = block;
  const told = Object.entries(fields).filter(([name, value]) => value && !TIMES.has(name));
  return [kind, ...told.map(([name, value]) => `${name}=${short(value)}`)].join(" ");
}
const MADE_UP = /[0-9a-f]{8}-[0-9a-f-]{27}|toolu_\w+|"id":"\w+"|plans\/[\w-]+/g;
const TIMES: ReadonlySet<string> = new Set(["durationMs", "until"]);

describe.each(recordedRuns)("%s", (name) => {
  const whole = transcriptOf(name);
  const blocks = foldWhole(whole).list();

  test("folds to the blocks that it is known for", () => {
    expect(blocks.map(digest)).toMatchSnapshot();
  });

  test("folds to the same blocks at every kind of split, and with every line decoded", () => {
    for (const size of [1, 97, 4096]) expect(foldWhole(whole, size).list()).toEqual(blocks);
    expect(foldSlowly(whole).list()).toEqual(blocks);
  });

  test("folds to the same blocks whatever the pieces of its lines", () => {
    const placed = (block: Block) => ({ ...block, range: null });
    expect(foldWhole(inPieces(whole, 13)).list().map(placed)).toEqual(blocks.map(placed));
  });

  test("has nothing that was not understood, and nothing that is still open", () => {
    expect(blocks.filter((block) => block.kind === "raw")).toEqual([]);
    expect(blocks.filter((block) => "streaming" in block && block.streaming)).toEqual([]);
    expect(blocks.filter((block) => block.kind === "request" && block.state === "open")).toEqual(
      [],
    );
    expect(blocks.filter((block) => block.kind === "prompt" && block.queued)).toEqual([]);
  });
});

describe.each(recordedRuns.filter(goldenOf))("%s agrees with Python", (name) => {
  const whole = transcriptOf(name);
  const fold = foldWhole(whole);
  const { info, open } = goldenOf(name) as Golden;

  test("on tool calls and what was denied", () => {
    const counts: Record<string, number> = {};
    for (const tool of ofKind(fold, "tool")) counts[tool.name] = (counts[tool.name] ?? 0) + 1;
    expect(counts).toEqual(info.tool_counts);
    for (const { tool_use_id } of info.denials) {
      expect(ofKind(fold, "tool").map(({ id }) => id)).toContain(tool_use_id);
    }
  });

  test("on the result", () => {
    const results = ofKind(fold, "result");
    const last = results.at(-1);
    expect(results.filter((result) => !result.replaced)).toHaveLength(last ? 1 : 0);
    if (!last) return;
    expect(last.turns ?? info.num_turns).toBe(info.num_turns);
    expect(last.durationMs ?? info.duration_ms).toBe(info.duration_ms);
    expect(last.structured).toEqual(info.structured_output);
    if (last.text && !last.isError) expect(last.text).toBe(info.result);
  });

  test("on the session: id, model, permission mode, MCP servers", () => {
    const { sessionId, model, permissionMode, servers } = fold.facts;
    // Python falls back to what was asked for.
    if (sessionId) expect(sessionId).toBe(info.session_id);
    if (model) expect(model).toBe(info.model);
    if (permissionMode) expect(permissionMode).toBe(info.permission_mode);
    expect(servers).toEqual(info.mcp_servers);
  });

  test("on the requests and the tasks that are open after each record", () => {
    const lines = splitLines(whole);
    let now = { requests: [] as readonly string[], tasks: [] as readonly string[] };
    let number = 0;
    foldParts(lines, (folded) => {
      number += 1;
      const change = open.find(({ after }) => after === number);
      if (change) now = change;
      expect({ number, ...openIn(folded) }).toEqual({
        number,
        requests: now.requests,
        tasks: now.tasks,
      });
    });
  });
});

/** What the page shows as open. */
function openIn(folded: BlockFold) {
  const live = ["pending", "running", "paused"];
  const tasks = folded
    .list()
    .flatMap((block) => (block.kind === "tool" || block.kind === "task" ? (block.task ?? []) : []))
    .filter((task) => live.includes(task.status));
  const requests = ofKind(folded, "request").filter(({ state }) => state === "open");
  return { requests: requests.map(({ controlId }) => controlId), tasks: tasks.map(({ id }) => id) };
}

function splitLines(whole: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < whole.length; ) {
    const end = whole.indexOf(0x0a, at) + 1;
    lines.push(whole.slice(at, end));
    at = end;
  }
  return lines;
}

/** The lines of `out` in pieces that split characters. */
function inPieces(whole: Uint8Array, length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const marks = ["out+", "out"].map((name) => bytes(` ${name} `));
  for (const line of splitLines(whole)) {
    const at = new TextDecoder("latin1").decode(line).indexOf(" out ");
    if (at < 0 || at > 20) {
      parts.push(line);
      continue;
    }
    const [time, body] = [line.slice(0, at), line.slice(at + 5, -1)];
    for (let from = 0; from < body.length; from += length) {
      const mark = marks[from + length < body.length ? 0 : 1] as Uint8Array;
      parts.push(time, mark, body.slice(from, from + length), bytes("\n"));
    }
  }
  return concat(parts);
}

const session = { session_id: "s", parent_tool_use_id: null };
const delta = (index: number, text: string) => ({
  type: "stream_event",
  ...session,
  event: { type: "content_block_delta", index, delta: { type: "text_delta", text } },
});
const begin = (index: number, type: string, more: object = {}) => ({
  type: "stream_event",
  ...session,
  event: { type: "content_block_start", index, content_block: { type, text: "", ...more } },
});
const start = (id: string) => ({
  type: "stream_event",
  ...session,
  event: { type: "message_start", message: { id } },
});
const full = (id: string, ...content: object[]) => ({
  type: "assistant",
  ...session,
  message: { id, content },
});
const words = (folded: BlockFold) =>
  folded.list().flatMap((block) => (block.kind === "text" ? [block.text] : []));

describe("partial messages", () => {
  test("deltas append, and the full block supersedes them", () => {
    const parts = [start("m"), begin(0, "text"), delta(0, "Hel"), delta(0, "lo wor")];
    expect(words(frames(...parts))).toEqual(["Hello wor"]);
    expect(words(frames(...parts, full("m", { type: "text", text: "Hello!" })))).toEqual([
      "Hello!",
    ]);
  });

  test("each full block finds its own deltas, in one frame or in several", () => {
    const parts = [
      start("m"),
      begin(0, "thinking"),
      begin(1, "text"),
      delta(1, "on"),
      begin(2, "tool_use", { id: "t", name: "Bash" }),
    ];
    const content = [
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "one" },
      { type: "tool_use", id: "t", name: "Bash", input: { command: "ls" } },
    ];
    const apart = frames(...parts, ...content.map((item) => full("m", item)));
    expect(apart.list()).toEqual(frames(...parts, full("m", ...content)).list());
    expect(apart.list().map(({ kind }) => kind)).toEqual(["thinking", "text", "tool", "notice"]);
  });

  test("a delta after its full block changes nothing", () => {
    const message = full("m", { type: "text", text: "done" });
    expect(words(frames(start("m"), begin(0, "text"), message, delta(0, "x")))).toEqual(["done"]);
  });

  test("a message that is begun again leaves its beginning, broken off", () => {
    const folded = frames(start("m1"), begin(0, "text"), delta(0, "Hal"), start("m2"));
    expect(folded.list()[0]).toMatchObject({ text: "Hal", aborted: true, streaming: false });
  });

  test("a frame that supersedes another takes its blocks away", () => {
    const first = { ...full("m1", { type: "text", text: "old" }), uuid: "u1" };
    const second = { ...full("m2", { type: "text", text: "new" }), supersedes: ["u1"] };
    expect(words(frames(first, second))).toEqual(["new"]);
  });

  test("a subagent's text keeps apart from its parent's", () => {
    const other = { ...delta(0, "sub"), parent_tool_use_id: "t" };
    const folded = frames(start("m"), begin(0, "text"), other, delta(0, "main"));
    expect(words(folded)).toEqual(["main"]);
  });
});

describe("tools", () => {
  const call = full("m", { type: "tool_use", id: "t", name: "Bash", input: { command: "ls" } });
  const result = (content: unknown, isError = false) => ({
    type: "user",
    ...session,
    message: { content: [{ type: "tool_result", tool_use_id: "t", content, is_error: isError }] },
  });
  const tool = (folded: BlockFold) => folded.list().find((block) => block.kind === "tool");

  test("a result finds its call", () => {
    const image = { type: "image", source: { media_type: "image/png", data: "AAAA" } };
    const folded = frames(call, result([{ type: "text", text: "a\nb" }, image], true));
    expect(tool(folded)).toMatchObject({
      name: "Bash",
      input: { command: "ls" },
      result: { text: "a\nb", isError: true, images: [{ mediaType: "image/png", data: "AAAA" }] },
    });
  });

  test("a result without its call is kept", () => {
    expect(tool(frames(result("x")))).toMatchObject({ id: "t", result: { text: "x" } });
  });

  test("input streams as text until it is whole", () => {
    const piece = {
      type: "stream_event",
      ...session,
      event: {
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: '{"comm' },
      },
    };
    const parts = [start("m"), begin(0, "tool_use", { id: "t", name: "Bash" }), piece];
    expect(tool(frames(...parts))).toMatchObject({ input: null, inputText: '{"comm' });
    expect(tool(frames(...parts, call))).toMatchObject({ input: { command: "ls" } });
  });

  test("a denial shows on its call", () => {
    const denied = {
      type: "system",
      subtype: "permission_denied",
      tool_use_id: "t",
      message: "no",
    };
    expect(tool(frames(call, denied))).toMatchObject({ permission: "denied", denial: "no" });
  });

  test("a question and the answer that was sent show on the call", () => {
    const asks = {
      type: "control_request",
      request_id: "r",
      request: { subtype: "can_use_tool", tool_use_id: "t", tool_name: "Bash" },
    };
    const answer = { behavior: "deny", message: "not now" };
    const response = { subtype: "success", request_id: "r", response: answer };
    const text = [
      `0.1 out ${JSON.stringify(call)}`,
      `0.2 out ${JSON.stringify(asks)}`,
      `0.3 in ${JSON.stringify({ type: "control_response", response })}`,
    ];
    expect(tool(lines(`${text.slice(0, 2).join("\n")}\n`))).toMatchObject({ permission: "asked" });
    expect(tool(lines(`${text.join("\n")}\n`))).toMatchObject({
      permission: "denied",
      denial: "not now",
    });
  });
});

describe("everything else", () => {
  test("what is not JSON, or not known, is kept as it came", () => {
    const folded = lines('0.1 out [Sandbox] hi\n0.2 out {"type":"brand_new"}\n0.3 out \n');
    expect(folded.list().map((block) => block.kind === "raw" && [block.label, block.text])).toEqual(
      [
        ["not JSON", "[Sandbox] hi"],
        ["brand_new", '{"type":"brand_new"}'],
      ],
    );
  });

  test("a line that never got its newline is shown at the end", () => {
    const text = '0.1 out+ {"type":"resu\n9.0 meta {"event":"lost","error":"gone"}\n';
    expect(lines(text).list()).toMatchObject([
      { kind: "raw", label: "unfinished line", text: '{"type":"resu' },
      { kind: "notice", level: "error", detail: "gone" },
    ]);
  });

  test("a second result replaces the first", () => {
    const result = { type: "result", subtype: "success", total_cost_usd: 1 };
    const results = frames(result, result).list().slice(0, 2);
    expect(results.map((block) => block.kind === "result" && block.replaced)).toEqual([
      true,
      false,
    ]);
  });

  test("stderr keeps its last lines and counts all of them", () => {
    const folded = lines("0.1 err x\n".repeat(10_000));
    expect(folded.stderrCount).toBe(10_000);
    expect(folded.stderr.length).toBeLessThanOrEqual(3000);
    expect(folded.list()).toEqual([]);
  });

  test.each([
    ['{"event":"refused","reason":"startup","error":"no folder"}', "Not started: startup"],
    ['{"event":"kill","reason":"user"}', "Kill asked for by the user"],
    ['{"event":"adopted","owner":{}}', "Its kernel was gone: another one has taken it over"],
    ['{"event":"signalled","signal":"SIGTERM"}', "SIGTERM sent"],
    ['{"event":"ended","exit_code":-9}', "Ended by signal 9"],
    ['{"event":"ended","exit_code":null,"error":"ENOENT"}', "It could not be run"],
  ])("the lifecycle record %s is told in words", (meta, text) => {
    expect(lines(`0.1 meta ${meta}\n`).list()).toMatchObject([{ kind: "notice", text }]);
  });

  test("a kill that says why tells it in the detail", () => {
    const meta = '{"event":"kill","reason":"budget_scope","error":"$1 is spent"}';
    const told = { text: "Kill asked for by a budget", detail: "$1 is spent" };
    expect(lines(`0.1 meta ${meta}\n`).list()).toMatchObject([told]);
  });

  test("frames whose fields have any type are no error", () => {
    const values = [null, 1, "x", [], [null, 1, "x"], {}, { content: [null, { type: 1 }] }, true];
    const types = ["assistant", "user", "stream_event", "result", "system", "control_request"];
    const names = ["message", "event", "request", "subtype", "errors", "mcp_servers", "supersedes"];
    for (const type of types) {
      for (const value of values) {
        const broken = names.map((name) => ({ type, [name]: value }));
        const told = [...broken, { type: "system", subtype: "init", mcp_servers: value }];
        expect(() => frames(...told)).not.toThrow();
      }
    }
  });

  test("changes name only the blocks that differ", () => {
    const folded = frames(start("m"), begin(0, "text"), full("m2", { type: "text", text: "x" }));
    folded.takeChanges();
    const record = { seconds: 1, stream: "out", text: JSON.stringify(delta(0, "y")), torn: false };
    foldRecord(folded, record as never);
    expect(folded.takeChanges()).toMatchObject({ keys: new Set(["s//m/0"]), order: false });
  });
});
