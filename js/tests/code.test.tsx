/** Source: what the private tree of the highlighter must be, languages, lines, and the copy button. */
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  findLanguage,
  highlight,
  highlightLines,
  languageOfPath,
  MOST_CHARACTERS,
} from "../src/text/highlight.ts";
import { aliases } from "../src/text/highlighter.ts";
import { Code } from "../src/views/text/code.tsx";
import { useHighlighter } from "./highlighting.ts";

const PYTHON = 'def f(x):\n    """A\n    docstring."""\n    return x + 1  # one\n';

useHighlighter();

test("every name that the highlighter's languages bring along means them here", () => {
  for (const [alias, language] of aliases()) expect(findLanguage(alias)).toBe(language);
  expect(aliases().length).toBeGreaterThan(20);
});

describe("spans", () => {
  test("are read from the highlighter's tree, with the scopes that the colours are for", () => {
    const scopes = new Map(highlight(PYTHON, "python").map(({ text, scope }) => [text, scope]));
    expect(scopes.get("def")).toBe("keyword");
    expect(scopes.get("f")).toBe("title");
    expect(scopes.get("1")).toBe("number");
    expect(scopes.get("# one")).toBe("comment");
  });

  test.each([
    ["python", PYTHON],
    ["javascript", "const a = `x`; // c\n<A b='c'>d</A>"],
    ["typescript", "interface A<B> { readonly c: string }"],
    ["json", '{"a": [1, true, null]}'],
    ["bash", "for f in *; do echo \"$f\" | grep 'x'; done # all"],
    ["html", '<a href="x" onclick="y()">z</a><script>let a = 1;</script><style>a{b:c}</style>'],
    ["css", "a > .b:hover { color: red; }"],
    ["sql", "SELECT a FROM b WHERE c = 'd'; -- e"],
    ["yaml", "a: 1\nb:\n  - c # d\n"],
    ["markdown", "# a\n\n*b* `c`\n"],
    ["diff", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"],
    ["rust", 'fn main() { println!("{}", 1u8); }'],
    ["go", "func main() { a := 1 }"],
    ["java", "class A { int b = 1; }"],
    ["cpp", "#include <x>\nint main() { return 0; }"],
  ])("of %s say more than the text, and joined are the text", (language, text) => {
    const spans = highlight(text, language);
    expect(spans.map((span) => span.text).join("")).toBe(text);
    expect(new Set(spans.map((span) => span.scope)).size).toBeGreaterThan(1);
    for (const { scope } of spans) expect(scope).toMatch(/^[a-z_-]*$/);
  });

  test.each([
    ["unknown", "brainfuck", "+++"],
    ["no language", "", "x"],
    ["a name of every object", "constructor", "x"],
    ["too long", "python", "x = 1\n".repeat(MOST_CHARACTERS / 4)],
    ["too long a line", "json", `{"a": "${"x".repeat(50_000)}"}`],
  ])("%s: one plain span", (_, language, text) => {
    expect(highlight(text, language)).toEqual([{ text, scope: "" }]);
  });

  test("by line keep what began in a line above", () => {
    const lines = highlightLines(PYTHON, "python");
    expect(lines.map((line) => line.map((span) => span.text).join(""))).toEqual(PYTHON.split("\n"));
    expect(lines[2]?.[0]).toEqual({ text: '    docstring."""', scope: "string" });
  });
});

test.each([
  ["py", "python"],
  ["JS", "typescript"],
  ["tsx", "typescript"],
  ["sh", "bash"],
  ["console", "bash"],
  ["svg", "xml"],
  ["h", "cpp"],
  ["yml", "yaml"],
  ["__proto__", ""],
  ["", ""],
])("%s is %s", (name, language) => expect(findLanguage(name)).toBe(language));

test.each([
  ["/a/b.py", "python"],
  ["C:\\a\\b.TS", "typescript"],
  ["Dockerfile", "bash"],
  ["a.tar.gz", ""],
  ["noending", ""],
  ["a.constructor", ""],
])("the path %s is %s", (path, language) => expect(languageOfPath(path)).toBe(language));

describe("the component", () => {
  let el: HTMLElement;
  beforeEach(() => {
    vi.useFakeTimers();
    el = document.createElement("div");
    document.body.append(el);
  });
  afterEach(() => {
    act(() => render(null, el));
    el.remove();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
  const show = (node: preact.ComponentChild) => act(() => render(node, el));
  const pass = (milliseconds: number) =>
    act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));
  const idle = () => pass(1100);
  const press = () =>
    act(async () => {
      copy()?.click();
      await vi.advanceTimersByTimeAsync(0);
    });
  const copy = () => el.querySelector<HTMLButtonElement>("button.cw-copy");

  test("draws at once, and colours when the page has time", async () => {
    show(<Code text="let coloured = 1;" language="js" />);
    expect(el.querySelector("pre")?.textContent).toBe("let coloured = 1;");
    expect(el.querySelector(".cw-hl-keyword")).toBeNull();
    await idle();
    expect(el.querySelector(".cw-hl-keyword")?.textContent).toBe("let");
    expect(el.querySelector("pre")?.textContent).toBe("let coloured = 1;");
  });

  test("colours nothing that is still written, and all once it has settled", async () => {
    show(<Code text="let streamed = 1;" language="js" streaming />);
    await idle();
    expect(el.querySelector("pre span")).toBeNull();
    show(<Code text="let streamed = 12;" language="js" />);
    await idle();
    expect(el.querySelector(".cw-hl-number")?.textContent).toBe("12");
  });

  test("does nothing for one that has gone", async () => {
    show(<Code text="let gone = 1;" language="js" />);
    show(null);
    await idle();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("knows the language from the path", async () => {
    show(<Code text="def of_path(): pass" path="/a/b.py" />);
    await idle();
    expect(el.querySelector(".cw-hl-keyword")?.textContent).toBe("def");
  });

  test("shows the beginning of a long one, whole lines of it, and copies all", async () => {
    const writeText = vi.fn(async () => {});
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const text = "a line of it\n".repeat(4000);
    show(<Code text={text} language="" />);
    expect(el.querySelector("pre")?.textContent).toMatch(/^(a line of it\n)+a line of it$/);
    expect(el.querySelector("pre")?.textContent?.length).toBeLessThan(25_000);
    await press();
    expect(writeText).toHaveBeenCalledWith(text);
    const more = [...el.querySelectorAll("button")].at(-1);
    expect(more?.textContent).toContain("Show more");
    act(() => more?.click());
    expect(el.querySelector("pre")?.textContent).toBe(text);
  });

  test("the button says that it copied, and then is itself again", async () => {
    vi.stubGlobal("navigator", { clipboard: { writeText: async () => {} } });
    show(<Code text="x" language="" />);
    await press();
    expect(copy()?.textContent).toBe("Copied");
    await pass(2100);
    expect(copy()?.textContent).toBe("Copy");
    expect(copy()?.getAttribute("aria-label")).toBe("Copy code");
  });

  test("without a clipboard it selects and copies the old way, and says when that fails", async () => {
    vi.stubGlobal("navigator", {});
    let selected = "";
    const execCommand = vi.fn(() => {
      selected = document.querySelector<HTMLTextAreaElement>("body > textarea")?.value ?? "";
      return true;
    });
    Object.assign(document, { execCommand });
    show(<Code text="the old way" language="" />);
    await press();
    expect(selected).toBe("the old way");
    expect(copy()?.textContent).toBe("Copied");
    expect(document.querySelector("body > textarea")).toBeNull();
    execCommand.mockReturnValue(false);
    await press();
    expect(copy()?.textContent).toBe("Could not copy");
  });
});
