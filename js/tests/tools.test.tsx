/** Calls of tools as cards: what is open, what is cut, and what odd fields do to it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BlockFold } from "../src/fold/blockfold.ts";
import type { ToolBlock } from "../src/fold/blocks.ts";
import { foldRecord } from "../src/fold/fold.ts";
import { TranscriptReader } from "../src/fold/transcript.ts";
import { TELLERS } from "../src/tools/tooltellers.ts";
import { body, head, isOpen, opened, show, toggle } from "./card.tsx";
import { framed, readRecording, recordings } from "./fakes.ts";
import { el, HOSTILE, pass, usePage } from "./stage.ts";
import { ODD, tool } from "./tools.ts";

usePage();

function calls(text: string): ToolBlock[] {
  const fold = new BlockFold();
  for (const record of new TranscriptReader().push(framed(text))) foldRecord(fold, record);
  return fold.list().filter((block) => block.kind === "tool");
}

describe("a card", () => {
  test("is open when its result is short, folded when it is long, and as the reader had it", async () => {
    const long = tool("Bash", { command: "ls" }, { text: "x\n".repeat(50) });
    const block = await show(tool("Bash", { command: "ls" }, { text: "a.txt" }));
    expect(isOpen()).toBe(true);
    await pass(0, () => {
      block.value = long;
    });
    expect(isOpen()).toBe(false);
    await toggle();
    await pass(0, () => {
      block.value = { ...long, seconds: 1 };
    });
    expect(isOpen()).toBe(true);
  });

  test.each<[boolean, string, Partial<ToolBlock>]>([
    [true, "Edit", {}],
    [true, "Edit", { result: null }],
    [false, "Bash", { result: null }],
    [false, "Bash", { result: null, permission: "asked" }],
    [true, "Bash", { permission: "denied" }],
  ])("is open (%s) for %s %j", async (open, name, fields) => {
    await show({ ...tool(name, { command: "ls" }, { text: "x" }), ...fields });
    expect(isOpen()).toBe(open);
  });

  test("is open for an error, however long", async () => {
    await show(tool("Bash", { command: "ls" }, { text: "x\n".repeat(50), isError: true }));
    expect(isOpen()).toBe(true);
  });

  test("that is folded is a few nodes", async () => {
    await show(tool("Bash", { command: "ls" }, { text: "x\n".repeat(50_000) }));
    expect(el.querySelectorAll("*").length).toBeLessThan(8);
  });

  test("tells the path from the working folder of the execution", async () => {
    await show(tool("Read", { file_path: "/home/user/project/a.py" }, { text: "1\tx" }));
    expect(head().textContent).toContain("Read a.py, 1 line");
  });

  test("counts the seconds of a call that runs, from where the CLI counts", async () => {
    const block = await show({ ...tool("Bash", { command: "ls" }, null), seconds: 10 });
    expect(head().textContent).toContain("0:12");
    await pass(5000);
    expect(head().textContent).toContain("0:17");
    await pass(0, () => {
      block.value = { ...block.value, seconds: 30 };
    });
    expect(head().textContent).toContain("0:30");
  });

  test.each([
    ["Denied: No.", ""],
    ["Denied on the page: No.", "page"],
    ["Denied by the notebook's callable: No.", "callable"],
    ["Denied by the execution's policy: No.", "policy"],
    ["Denied by the CLI's own rules: No.", "rules"],
  ])("of a denied call says why and by whom, once: %s", async (words, deniedBy) => {
    const denied = tool("Bash", { command: "rm x" }, { text: "No.", isError: true });
    await show({ ...denied, permission: "denied", denial: "No.", deniedBy });
    expect(head().textContent).toContain("Was not allowed to run rm x");
    expect(body()?.textContent).toBe(words);
  });

  test("shows what hides in a command, a path and a name", async () => {
    await show(tool("Bash", { command: "echo a\u202eb\necho \u200b" }, null));
    expect(head().textContent).toContain("U+202E");
    await toggle();
    expect(body()?.textContent).toContain("U+200B");
    expect(el.textContent).not.toMatch(/[\u202e\u200b]/);
  });
});

describe("what is too long", () => {
  test("is cut, and more of it is shown when asked", async () => {
    await opened("Bash", { command: "x" }, { text: "line\n".repeat(20_000) });
    expect(body()?.textContent?.length).toBeLessThan(1000);
    const more = () =>
      [...el.querySelectorAll("button")].find((it) => it.textContent?.startsWith("Show more"));
    expect(more()?.textContent).toBe("Show more (99,800 more characters)");
    await pass(0, () => more()?.click());
    expect(body()?.textContent?.length).toBeGreaterThan(1900);
  });

  test("is cut in a single line, too", async () => {
    await opened("Bash", { command: "x" }, { text: "y".repeat(150_000) });
    expect(body()?.textContent?.length).toBeLessThan(5000);
  });

  test("and was not kept is said, with where it is", async () => {
    const text = await opened("Bash", { command: "x" }, { text: "y", elided: 30_000_000 });
    expect(text).toContain("30,000,000 more characters are not kept here");
    expect(text).toContain("Raw frames");
  });
});

test("a result of megabytes is drawn, and what was left out is said", async () => {
  const use = { type: "tool_use", id: "t", name: "Bash", input: { command: "cat all" } };
  const content = "line\n".repeat(400_000);
  const result = { type: "tool_result", tool_use_id: "t", content };
  const frames = [
    { type: "assistant", message: { id: "m", content: [use] } },
    { type: "user", message: { content: [result] }, tool_use_result: { stdout: content } },
  ];
  const [block] = calls(frames.map((frame) => JSON.stringify(frame)).join("\n"));
  await show(block as ToolBlock);
  expect(isOpen()).toBe(false);
  await toggle();
  expect(body()?.textContent?.length).toBeLessThan(1000);
  expect(body()?.textContent).toContain("1,800,000 more characters are not kept here");
});

describe.each(recordings)("the calls of %s", (name) => {
  test("are drawn, and every word of theirs is text", async () => {
    for (const block of calls(readRecording(name))) {
      await show(block);
      if (!isOpen()) await toggle();
      expect(head().textContent).not.toBe("");
    }
    if (!el.firstChild) await show(tool("Bash", {}, null));
  });
});

const recorded = calls(readFileSync(join(import.meta.dirname, "recorded_tools.jsonl"), "utf8"));

test.each(recorded.map((block) => [`${block.name} ${block.id}`, block] as const))(
  "%s as recorded is drawn, open and folded",
  async (_, block) => {
    await show(block);
    const before = isOpen();
    await toggle();
    await toggle();
    expect(isOpen()).toBe(before);
  },
);

describe.each([...TELLERS.keys(), "mcp__a__b", "Frobnicate", "constructor"])("%s", (name) => {
  const inputs = [
    ...["file_path", "command", "pattern", "path", "url", "query", "todos", "questions", "edits"],
    ...["content", "prompt", "description", "plan", "new_string", "cell_id", "subagent_type"],
  ];
  const outputs = [
    ...["file", "type", "content", "filenames", "results", "tasks", "structuredPatch", "answers"],
    ...["stdout", "stderr", "mode", "newTodos", "code", "bytes", "result", "status", "language"],
  ];

  test("with fields of any type is drawn", async () => {
    const block = await show(tool(name, {}, null));
    await toggle();
    for (const value of ODD) {
      const input = Object.fromEntries(inputs.map((field) => [field, value]));
      const data = Object.fromEntries(outputs.map((field) => [field, value]));
      for (const isError of [false, true]) {
        await pass(0, () => {
          block.value = tool(name, input, { text: String(value), data, isError });
        });
        expect(head().textContent).not.toBe("");
      }
    }
  });

  test("draws hostile text as text", async () => {
    const input = Object.fromEntries([...inputs, HOSTILE].map((field) => [field, HOSTILE]));
    const data = Object.fromEntries(outputs.map((field) => [field, HOSTILE]));
    const block = await show({ ...tool(name, input, { text: HOSTILE, data }), denial: HOSTILE });
    if (!isOpen()) await toggle();
    await pass(1000);
    expect(el.querySelectorAll("img, script, [onerror]")).toHaveLength(0);
    await pass(1000, () => {
      block.value = { ...block.value, permission: "denied" };
    });
    expect(el.querySelectorAll("img, script, [onerror]")).toHaveLength(0);
    expect(el.textContent).toContain("onerror");
  });
});
