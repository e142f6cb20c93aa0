/** Calls of tools in one line: every kind as it was recorded, in every phase, and with odd fields. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BlockFold } from "../src/fold/blockfold.ts";
import type { ToolBlock } from "../src/fold/blocks.ts";
import { foldRecord } from "../src/fold/fold.ts";
import { TranscriptReader } from "../src/fold/transcript.ts";
import { readMatches, readPaths } from "../src/tools/matches.ts";
import { readPartial } from "../src/tools/partialjson.ts";
import { readCall, readMCPName, relativePath } from "../src/tools/toolcall.ts";
import { readFileText, readTodos } from "../src/tools/tooldata.ts";
import { summarize, summaryText } from "../src/tools/toolsummary.ts";
import { TELLERS } from "../src/tools/tooltellers.ts";
import { framed } from "./fakes.ts";
import { ODD, tool } from "./tools.ts";

const CWD = "/home/user/project";
const say = (block: ToolBlock) => summaryText(summarize(readCall(block, CWD)));
const done = (name: string, input: object, data: object | null = null, text = "") =>
  say(tool(name, input, { text, data }));

test("every recorded call is told in one line", () => {
  const whole = framed(readFileSync(join(import.meta.dirname, "recorded_tools.jsonl"), "utf8"));
  const fold = new BlockFold();
  for (const record of new TranscriptReader().push(whole)) foldRecord(fold, record);
  const told = fold.list().flatMap((block) => (block.kind === "tool" ? [say(block)] : []));
  expect(told).toEqual([
    "Ran printf '\\033[31mred\\033[0m\\n'; echo oops >&2; exit 3, exit code 3",
    "Ran grep nothing src/a.py, No matches found",
    "Ran printf '\\033[32mgreen\\033[0m\\n'; echo warn >&2",
    "Read n.ipynb, 1 cell",
    "Read src/a.py, lines 2–3 of 7",
    "Could not read missing.py",
    "Edited n.ipynb, +1 −1",
    "Found 1 file for **/*.py",
    'Searched "return", 2 matches',
    'Searched "return", 1 file',
    "Could not update todos",
    "Added a task: Fix",
    "Updated task 1, in progress",
    "Listed tasks, 0 of 1 done",
    "Edited src/a.py, +1 −1",
    "Wrote src/a.py, +1 −5",
    "Asked a subagent: sub, 0 tool calls",
    "Could not fetch 127.0.0.1:9",
    'Searched tools for "select:TodoWrite", 0 found',
    "Could not use Nonexistent",
    "Could not run sleep 30",
  ]);
});

describe("one that is done", () => {
  const file = (content: string, more: object = {}) => ({
    type: "text",
    file: { content, startLine: 1, totalLines: content.split("\n").length, ...more },
  });
  test.each([
    ["Read README.md, 42 lines", "Read", { file_path: `${CWD}/README.md` }, file("x\n".repeat(42))],
    ["Read /etc/hosts, 1 line", "Read", { file_path: "/etc/hosts" }, file("x")],
    ["Read a.png, an image of 8.2 kB", "Read", { file_path: "a.png" }, image(8200)],
    ["Wrote b.py, 2 lines", "Write", { file_path: "b.py", content: "x\ny\n" }, { type: "create" }],
    ["Ran npm test", "Bash", { command: "npm test" }, { stdout: "ok" }],
    ["Ran sleep 9, interrupted", "Bash", { command: "sleep 9" }, { stdout: "", interrupted: true }],
    [
      "Ran sleep 9, it goes on in the background",
      "Bash",
      { command: "sleep 9" },
      { stdout: "", backgroundTaskId: "b" },
    ],
    ["Ran one…", "Bash", { command: "one\ntwo" }, { stdout: "" }],
    [
      'Searched "foo" in src, 7 matches',
      "Grep",
      { pattern: "foo", path: `${CWD}/src` },
      matches(7),
    ],
    ["Found 12 files for **/*.ts", "Glob", { pattern: "**/*.ts" }, { filenames: [], numFiles: 12 }],
    ["Updated todos, 1 of 2 done", "TodoWrite", todos("completed", "pending"), {}],
    ["Fetched example.org", "WebFetch", { url: "https://example.org/a?b" }, { code: 200 }],
    ["Fetched example.org, 404 Not Found", "WebFetch", { url: "https://example.org/" }, missing()],
    ['Searched the web for "x", 2 results', "WebSearch", { query: "x" }, hits(2)],
    ["Called files: read_it", "mcp__files__read_it", { path: "a" }, null],
    ["Used Frobnicate the thing", "Frobnicate", { description: "the thing" }, null],
    ["Used Frobnicate", "Frobnicate", {}, null],
  ])("%s", (told, name, input, data) => {
    expect(done(name, input, data)).toBe(told);
  });

  test("needs no more than the text that the model got", () => {
    expect(done("Read", { file_path: "a" }, null, "     1→one\n     2→two")).toBe(
      "Read a, 2 lines",
    );
    expect(done("Grep", { pattern: "x" }, null, "Found 2 files\na.py\nb.py")).toBe(
      'Searched "x", 2 files',
    );
    expect(done("Glob", { pattern: "*" }, null, "a.py\nb.py")).toBe("Found 2 files for *");
  });
});

function image(originalSize: number) {
  return { type: "image", file: { originalSize } };
}
function matches(numMatches: number) {
  return { mode: "content", content: "a:1:foo", numMatches };
}
function todos(...statuses: string[]) {
  return { todos: statuses.map((status) => ({ content: "x", status })) };
}
function missing() {
  return { code: 404, codeText: "Not Found" };
}
function hits(count: number) {
  return { results: [{ content: Array(count).fill({ title: "t", url: "u" }) }, "said"] };
}

describe("the phase", () => {
  const read = tool("Read", { file_path: `${CWD}/a.py` }, null);

  test.each<[string, Partial<ToolBlock>]>([
    ["Reading…", { input: null }],
    ["Reading a.py", { input: null, inputText: `{"file_path": "${CWD}/a.py` }],
    ["Reading a.py", {}],
    ["Wants to read a.py", { permission: "asked" }],
    ["Reading a.py", { permission: "allowed" }],
    ["Was not allowed to read a.py", { permission: "denied" }],
    ["Began to read a.py, no result", { over: true }],
  ])("is told: %s", (told, fields) => {
    expect(say({ ...read, ...fields })).toBe(told);
  });

  test("of a call that was denied stays that, whatever came back", () => {
    const result = { text: "no", isError: true, images: [], data: null, elided: 0, range: null };
    expect(say({ ...read, permission: "denied", result })).toBe("Was not allowed to read a.py");
    expect(say({ ...read, result })).toBe("Could not read a.py");
  });

  test("of a command with an exit code is that it ran", () => {
    const failed = tool(
      "Bash",
      { command: "npm test" },
      { text: "Exit code 1\nno", isError: true },
    );
    expect(say(failed)).toBe("Ran npm test, exit code 1");
  });
});

test("paths are told from the working folder, where they are below it", () => {
  expect(relativePath("/p/a/b.py", "/p/a")).toBe("b.py");
  expect(relativePath("/p/a/b.py", "/p/a/")).toBe("b.py");
  expect(relativePath("/p/ab.py", "/p/a")).toBe("/p/ab.py");
  expect(relativePath("/p/a", "/p/a")).toBe(".");
  expect(relativePath("C:\\p\\b.py", "C:\\p")).toBe("b.py");
  expect(relativePath("/p/b.py", "")).toBe("/p/b.py");
});

test("names of MCP tools have a server and a tool", () => {
  expect(readMCPName("mcp__files__read_it")).toEqual({ server: "files", tool: "read_it" });
  expect(readMCPName("mcp__a_b__c__d")).toEqual({ server: "a_b", tool: "c__d" });
  for (const name of ["Bash", "mcp__", "mcp__a", "mcp____"]) expect(readMCPName(name)).toBeNull();
});

describe("input that is on its way", () => {
  test.each([
    ['{"command": "ls -', { command: "ls -" }],
    ['{"command": "a\\', { command: "a" }],
    ['{"command": "a\\u00', { command: "a" }],
    ['{"command": "a\\\\', { command: "a\\" }],
    ['{"a": "x", "comm', { a: "x" }],
    ['{"a": "x", "b": tr', { a: "x" }],
    ['{"a": "x", "b":', { a: "x" }],
    ['{"todos": [{"content": "One', { todos: [{ content: "One" }] }],
    ['{"todos": [{"content": "One"}, {"con', { todos: [{ content: "One" }, {}] }],
    ["{", {}],
    ["", {}],
    ["[1", {}],
    ["nonsense", {}],
  ])("%s is read as far as it came", (text, fields) => {
    expect(readPartial(text)).toEqual(fields);
  });

  test("can be cut anywhere", () => {
    const whole = '{"a":"x\\"\\u00e9","b":[1,{"c":null}],"d":true}';
    for (let end = 0; end <= whole.length; end++) {
      expect(() => readPartial(whole.slice(0, end))).not.toThrow();
    }
    expect(readPartial(whole)).toEqual(JSON.parse(whole));
  });
});

describe("what a search printed", () => {
  const call = (input: object, text: string, data: object | null = null) =>
    readCall(tool("Grep", input, { text, data }), CWD);

  test("is put together by file, with the lines beside a match", () => {
    const text = "src/a-1.py-1-one\nsrc/a-1.py:2:two\n--\nb.py:7:x:y\nb.py-8-z";
    expect(readMatches(call({ output_mode: "content" }, text))).toEqual([
      {
        path: "src/a-1.py",
        count: null,
        lines: [
          { number: 1, text: "one", isMatch: false },
          { number: 2, text: "two", isMatch: true },
        ],
      },
      {
        path: "b.py",
        count: null,
        lines: [
          { number: 7, text: "x:y", isMatch: true },
          { number: 8, text: "z", isMatch: false },
        ],
      },
    ]);
  });

  test("of one file has no path", () => {
    const found = readMatches(call({ output_mode: "content" }, "3:x"));
    expect(found).toEqual([
      { path: "", count: null, lines: [{ number: 3, text: "x", isMatch: true }] },
    ]);
  });

  test("as counts is a count for each file", () => {
    const found = readMatches(call({ output_mode: "count" }, "a.py:3\nb:c.py:1\n\nFound 4 total"));
    expect(found.map(({ path, count }) => [path, count])).toEqual([
      ["a.py", 3],
      ["b:c.py", 1],
    ]);
  });

  test("as files is their paths", () => {
    expect(readPaths(call({}, "No files found"))).toEqual([]);
    expect(readPaths(call({}, "", { filenames: ["a", 1, "b"] }))).toEqual(["a", "b"]);
  });
});

describe("fields of any type", () => {
  const names = [...TELLERS.keys(), "mcp__a__b", "constructor", "__proto__", "", "Unknown"];
  const fields = ["file_path", "command", "pattern", "path", "url", "query", "todos", "questions"];
  const more = ["edits", "content", "prompt", "description", "taskId", "output_mode", "edit_mode"];
  const results = ["file", "type", "content", "filenames", "results", "tasks", "structuredPatch"];
  const others = ["matches", "answers", "statusChange", "status", "stdout", "mode", "newTodos"];

  test.each(names)("are no error in %s", (name) => {
    for (const value of ODD) {
      const input = Object.fromEntries([...fields, ...more].map((field) => [field, value]));
      const data = Object.fromEntries([...results, ...others].map((field) => [field, value]));
      for (const isError of [true, false]) {
        const block = tool(name, input, { text: "x", data, isError });
        expect(() => say(block)).not.toThrow();
        expect(() => say({ ...block, result: null, input: null, inputText: '{"a' })).not.toThrow();
      }
    }
  });

  test("read as if they were not there", () => {
    for (const value of ODD) {
      const call = readCall(tool("Read", { todos: value }, { data: { file: value } }), CWD);
      expect(readFileText(call)).toBeNull();
      expect(readTodos(call).every(({ status }) => status === "pending")).toBe(true);
    }
  });
});
