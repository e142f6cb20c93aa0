/** What is inside the cards of tools, kind by kind. */
import { describe, expect, test } from "vitest";
import { body, head, isOpen, opened, show, texts, toggle } from "./card.tsx";
import { useHighlighter } from "./highlighting.ts";
import { el, pass, usePage } from "./stage.ts";
import { tool } from "./tools.ts";

usePage();

useHighlighter();

describe("a command", () => {
  test("has its output in the colours of a terminal, and how it ended", async () => {
    const text = "Exit code 3\n\u001b[31mred\u001b[0m\noops";
    const shown = await opened(
      "Bash",
      { command: "x", description: "Try" },
      { text, isError: true },
    );
    expect(shown).toContain("Try");
    expect(shown).toContain("oops");
    expect(shown).not.toContain("Exit code");
    expect(head().textContent).toContain("exit code 3");
    expect(shown).not.toContain("\u001b");
    expect(texts("pre span")).toContain("red");
  });

  test("has stderr apart where it is told apart", async () => {
    const data = { stdout: "out", stderr: "warn", interrupted: true };
    const shown = await opened("Bash", { command: "x" }, { text: "out\nwarn", data });
    expect(shown).toContain("stderrwarn");
    expect(head().textContent).toContain("interrupted");
  });

  test("that says nothing says so", async () => {
    expect(await opened("Bash", { command: "x" }, { data: { stdout: "", stderr: "" } })).toContain(
      "(no output)",
    );
  });

  test("that runs outside of the sandbox says so", async () => {
    const input = { command: "x", dangerouslyDisableSandbox: true };
    expect(await opened("Bash", input, null)).toContain("outside of the sandbox");
  });
});

describe("a file that was read", () => {
  test("has its lines with their numbers, highlighted", async () => {
    const file = { content: "def f():\n    return 1\n", startLine: 7, numLines: 3, totalLines: 9 };
    await opened("Read", { file_path: "a.py" }, { data: { type: "text", file } });
    const lines = [...el.querySelectorAll(".cw-line")];
    expect(lines.map((line) => line.getAttribute("data-line"))).toEqual(["7", "8"]);
    expect(el.querySelector(".cw-hl-keyword")?.textContent).toBe("def");
  });

  test("is a window of a long one", async () => {
    const text = Array.from({ length: 1000 }, (_, index) => `${index + 1}\tx`).join("\n");
    await opened("Read", { file_path: "a.txt" }, { text });
    expect(el.querySelectorAll(".cw-line")).toHaveLength(60);
    expect(el.textContent).toContain("Show more (940 more lines)");
  });

  test("as an image is drawn as one", async () => {
    const images = [{ mediaType: "image/png", data: "iVBORw0KGgo=" }];
    await opened("Read", { file_path: "a.png" }, { images, data: { type: "image", file: {} } });
    expect(el.querySelector("img")?.getAttribute("src")).toMatch(/^blob:/);
  });

  test("as a notebook has its cells with their output", async () => {
    const cells = [
      { cellType: "code", source: "x = 1", language: "python", outputs: [{ text: "hi" }] },
      { cellType: "markdown", source: "# T" },
    ];
    const data = { type: "notebook", file: { cells } };
    const shown = await opened("Read", { file_path: "n.ipynb" }, { data });
    for (const part of ["1: code", "x = 1", "hi", "2: markdown", "# T"]) {
      expect(shown).toContain(part);
    }
  });
});

describe("an edit", () => {
  const input = { file_path: "a.py", old_string: "x = 1", new_string: "x = 2" };

  test("is the diff that will be, then the one that is", async () => {
    const block = await show(tool("Edit", input, null));
    expect(el.querySelector(".cw-diff-part table")).not.toBeNull();
    const structuredPatch = [{ oldStart: 9, newStart: 9, lines: ["-x = 1", "+x = 2"] }];
    await pass(0, () => {
      block.value = tool("Edit", input, { data: { structuredPatch, userModified: true } });
    });
    expect(el.querySelector(".cw-diff-part")).toBeNull();
    expect(texts("td")).toContain("9");
    expect(el.textContent).toContain("changed by the user before it was made");
  });

  test("that failed has the error and what was meant", async () => {
    const shown = await opened("Edit", input, { text: "String not found", isError: true });
    expect(shown).toContain("String not found");
    expect(shown).toContain("x = 2");
  });

  test("that arrives has its text, and nothing is compared", async () => {
    const inputText = '{"file_path": "a.py", "old_string": "x", "new_string": "y = ';
    await show({ ...tool("Edit", {}, null), input: null, inputText });
    expect(head().textContent).toContain("Editing a.py");
    expect(body()?.textContent).toContain("y = ");
    expect(el.querySelector("table")).toBeNull();
  });

  test("of a new file has its lines", async () => {
    const shown = await opened(
      "Write",
      { file_path: "b.py", content: "a\nb\n" },
      {
        data: { type: "create", structuredPatch: [] },
      },
    );
    expect(shown).toContain("new file");
    expect(texts(".cw-line")).toEqual(["a\n", "b\n"]);
  });

  test("of a cell says which, how, and what changed", async () => {
    const cell = { notebook_path: "n.ipynb", cell_id: "c1", new_source: "import x" };
    const data = { old_source: "x", cell_type: "code", edit_mode: "replace", language: "python" };
    const shown = await opened("NotebookEdit", cell, { data });
    expect(shown).toContain("replace · code · cell c1");
    expect(el.querySelector(".cw-hl-keyword")?.textContent).toBe("import");
  });
});

describe("a search", () => {
  test("has its matches by file, marked where the pattern is plain", async () => {
    const data = {
      mode: "content",
      content: "src/a.py:2:return 1\nsrc/a.py-3-beside\nb.py:1:return",
    };
    await opened("Grep", { pattern: "return", output_mode: "content" }, { text: "x", data });
    expect(texts(".cw-found .cw-tool-path")).toEqual(["src/a.py", "b.py"]);
    expect(texts("mark")).toEqual(["return", "return"]);
    expect(texts(".cw-beside")).toEqual(["beside\n"]);
  });

  test("runs no pattern of an agent's", async () => {
    const data = { mode: "content", content: "1:aaaa" };
    await opened("Grep", { pattern: "(a+)+$", output_mode: "content" }, { text: "x", data });
    expect(texts("mark")).toEqual([]);
  });

  test("for files has their paths, and says when there are more", async () => {
    const data = { filenames: ["/home/user/project/a.py", "/b.py"], truncated: true };
    const shown = await opened("Glob", { pattern: "*" }, { data });
    expect(texts("li")).toEqual(["a.py", "/b.py"]);
    expect(shown).toContain("There are more than it has listed.");
  });
});

describe("the other tools", () => {
  test("todos are a list with the state of each in words", async () => {
    const todos = [
      { content: "One", status: "completed" },
      { content: "Two", status: "in_progress" },
      { content: "Three", status: "pending" },
    ];
    await opened("TodoWrite", { todos }, { data: {} });
    expect(texts("li")).toEqual(["☑ One", "◐ Two", "☐ Three"]);
    const words = [...el.querySelectorAll("[role=img]")].map((it) => it.getAttribute("aria-label"));
    expect(words).toEqual(["done", "in progress", "to do"]);
  });

  test("a page that was fetched has a safe link and its answer as markdown", async () => {
    const data = { code: 200, codeText: "OK", bytes: 1200, result: "It is **bold**." };
    const shown = await opened(
      "WebFetch",
      { url: "https://example.org/a", prompt: "What?" },
      { data },
    );
    expect(el.querySelector("a")?.getAttribute("rel")).toContain("noopener");
    expect(el.querySelector("strong")?.textContent).toBe("bold");
    expect(shown).toContain("200 OK · 1.2 kB");
  });

  test("an address that may not be a link is text", async () => {
    await opened("WebFetch", { url: "javascript:alert(1)" }, { text: "x" });
    expect(el.querySelector("a")).toBeNull();
    expect(body()?.textContent).toContain("javascript:alert(1)");
  });

  test("what a web search has found is links", async () => {
    const results = [{ content: [{ title: "T", url: "https://example.org/" }] }, "Said."];
    const shown = await opened("WebSearch", { query: "x" }, { data: { results } });
    expect(texts("a")).toEqual(["T"]);
    expect(shown).toContain("Said.");
  });

  test("what the API's own search has found is links, too", async () => {
    const hit = { type: "web_search_result", title: "T", url: "https://example.org/" };
    const text = [hit, hit].map((one) => JSON.stringify(one, null, 2)).join("\n");
    await opened("web_search", { query: "x" }, { text });
    expect(texts("a")).toEqual(["T", "T"]);
    expect(head().textContent).toContain("2 results");
  });

  test("a subagent has what it was asked, its figures and what it said", async () => {
    const data = {
      status: "completed",
      agentType: "general-purpose",
      totalDurationMs: 65_000,
      totalTokens: 1213,
      totalToolUseCount: 3,
      content: [{ type: "text", text: "The *end*." }],
    };
    const shown = await opened(
      "Agent",
      { description: "sub", prompt: "Do it" },
      { text: "framed", data },
    );
    for (const part of ["general-purpose", "1:05", "3 tool calls", "1,213 tokens", "Do it"]) {
      expect(shown).toContain(part);
    }
    expect(el.querySelector("em")?.textContent).toBe("end");
    expect(shown).not.toContain("framed");
  });

  test("a subagent in the background has its task", async () => {
    const task = {
      id: "b1",
      type: "local_agent",
      description: "sub",
      status: "completed",
      summary: "It is done",
      lastTool: "",
      tokens: null,
      toolCount: null,
    } as const;
    const launched = tool("Agent", { prompt: "Do it" }, { data: { status: "async_launched" } });
    const live = await show({ ...launched, task: { ...task, status: "running" } });
    expect(isOpen()).toBe(true);
    expect(head().textContent).toContain("running");
    await pass(0, () => {
      live.value = { ...launched, task };
    });
    if (!isOpen()) await toggle();
    expect(head().textContent).toContain("it works in the background");
    expect(body()?.textContent).toContain("It is done");
  });

  test("questions have their answers, and a plan is markdown", async () => {
    const questions = [{ question: "Which color?" }];
    const answers = { "Which color?": "Blue" };
    expect(await opened("AskUserQuestion", { questions }, { data: { answers } })).toBe(
      "Which color?Blue",
    );
  });

  test("a plan is markdown", async () => {
    await opened("ExitPlanMode", { plan: "# The plan" }, { text: "Approved" });
    expect(el.querySelector("h1, h2, h3, h4, h5, h6, [role=heading]")?.textContent).toBe(
      "The plan",
    );
  });

  test("one of an MCP server has its name, its arguments and its JSON as a tree", async () => {
    const text = JSON.stringify({ rows: [1, 2], deep: { a: { b: { c: { d: "end" } } } } });
    const shown = await opened("mcp__db__query", { sql: "select 1", limit: 5 }, { text });
    expect(shown).toContain("MCP server db, tool query");
    expect(texts("th")).toEqual(["sql", "limit"]);
    const closed = () => el.querySelector<HTMLElement>(".cw-json-fold[aria-expanded=false]");
    expect(body()?.textContent).not.toContain("end");
    while (closed()) await pass(0, () => closed()?.click());
    expect(body()?.textContent).toContain("end");
  });

  test("any other has what went in and what came back", async () => {
    const shown = await opened("Frobnicate", { a: "x", b: [true, null] }, { text: "plain" });
    for (const part of ["a", "x", "true", "null", "plain"]) expect(shown).toContain(part);
  });

  test("the output of a terminal keeps its colours in any tool", async () => {
    await opened("BashOutput", { bash_id: "b1" }, { text: "\u001b[31mred\u001b[0m" });
    expect(head().textContent).toContain("Read the output of b1");
    expect(body()?.textContent).toContain("red");
    expect(body()?.textContent).not.toContain("[31m");
  });

  test("a list of 100,000 entries is drawn as far as somebody may read", async () => {
    const text = JSON.stringify(Array.from({ length: 100_000 }, (_, index) => index));
    await opened("Frobnicate", {}, { text });
    expect(el.querySelectorAll("li").length).toBeLessThan(100);
  });
});
