/** What leaves the page: markdown that does nothing wherever it is opened, and a name for its file. */
import { Marked } from "marked";
import { describe, expect, test } from "vitest";
import { BlockFold } from "../src/fold/blockfold.ts";
import type { Block } from "../src/fold/blocks.ts";
import { foldRecord } from "../src/fold/fold.ts";
import { TranscriptReader } from "../src/fold/transcript.ts";
import { exportName, toMarkdown } from "../src/pane/export.ts";
import { escapeMarkdown, fence, inertMarkdown } from "../src/text/inert.ts";
import { framed, readRecording, recordings, row } from "./fakes.ts";

/** As a common renderer that lets all markup through would show it. */
function rendered(markdown: string): HTMLElement {
  const html = new Marked({ gfm: true, async: false }).parse(markdown) as string;
  return document.createRange().createContextualFragment(`<div>${html}</div>`)
    .firstElementChild as HTMLElement;
}

const ALLOWED = new Set(
  "P H1 H2 H3 H4 H5 H6 PRE CODE UL OL LI BLOCKQUOTE TABLE THEAD TBODY TR TH TD HR BR A EM STRONG DEL INPUT".split(
    " ",
  ),
);

function expectInert(markdown: string): void {
  for (const element of rendered(markdown).querySelectorAll("*")) {
    expect(ALLOWED, element.outerHTML).toContain(element.tagName);
    for (const { name, value } of element.attributes) {
      expect(["href", "class", "align", "checked", "disabled", "type", "start"]).toContain(name);
      if (name === "href") expect(value).toMatch(/^(?:https?:\/\/|mailto:)/);
    }
  }
}

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "a <script>alert(1)</script> b",
  "<svg/onload=alert(1)>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1) 'title')",
  "[x][y]\n\n[y]: javascript:alert(1)",
  "[x](<data:text/html,<script>alert(1)</script>>)",
  "![x](https://example.org/pixel.png)",
  '<https://example.org/"onmouseover=alert(1)>',
  '[a](https://example.org/"><img src=x onerror=alert(1)>)',
  "`<b>` and `` `<i>` `` <u>",
  "```html\n<script>alert(1)</script>\n```\n<script>alert(2)</script>",
  "```\n````\n<script>alert(1)</script>",
  "~~~\n<script>\n~~~\n<script>alert(1)</script>",
  "> <iframe src=javascript:alert(1)>",
  "- <details open ontoggle=alert(1)>",
  "| <img src=x onerror=alert(1)> | b |\n| --- | --- |\n| `|` <b> | <i> |",
  "# <img src=x>\n\n<img src=x>\n===",
  "&lt;img src=x onerror=alert(1)&gt;",
  "&#60;script&#62;alert(1)&#60;/script&#62;",
  "\\<img src=x onerror=alert(1)\\>",
  "<!-- --><img src=x onerror=alert(1)> -->",
  "a\n    <script>alert(1)</script>",
  "*[a*](javascript:alert(1))*",
  "text\u0000<b>\u202e<i>",
  `${"> ".repeat(200)}<img src=x onerror=alert(1)>`,
];

describe("an agent's markdown", () => {
  test.each(HOSTILE)("is inert: %j", (text) => {
    expectInert(inertMarkdown(text));
    expectInert(escapeMarkdown(text));
    expectInert(fence(text, text));
    expectInert(`> ${inertMarkdown(text).replaceAll("\n", "\n> ")}`);
  });

  test.each(HOSTILE)("has no formula and no escape of one: %j", (text) => {
    const outside = inertMarkdown(`${text} $x$ \\(y\\) \\begin{z}`).replace(/```[\s\S]*?```/g, "");
    expect(outside).not.toMatch(/(?<!\\)\$|\\\\[([]|\\begin\{/);
  });

  test("keeps its own structure", () => {
    const text = [
      "# Title",
      "Some *emphasis*, **strong** and `code`; see [notes](https://example.org/a?b=1).",
      "- one\n- two\n  1. deep",
      "| a | b |\n| --- | ---: |\n| 1 | 2 |",
      "```py\nx = 1 < 2\n```",
      "> quoted",
    ].join("\n\n");
    const shown = rendered(inertMarkdown(text));
    expect(shown.querySelector("h3")?.textContent).toBe("Title");
    expect(shown.querySelector("em")?.textContent).toBe("emphasis");
    expect(shown.querySelector("a")?.getAttribute("href")).toBe("https://example.org/a?b=1");
    expect(shown.querySelectorAll("li")).toHaveLength(3);
    expect(shown.querySelectorAll("td")).toHaveLength(2);
    expect(shown.querySelector("pre code")?.textContent).toBe("x = 1 < 2\n");
    expect(shown.querySelector("blockquote")?.textContent?.trim()).toBe("quoted");
  });

  test("says the same words", () => {
    const text = "1. not a list? * no - but 2 < 3 & 4 > 1, a_b_c and #1 at C:\\dir\n+ plus";
    expect(rendered(escapeMarkdown(text)).textContent?.trim()).toBe(text);
  });
});

function blocksOf(name: string): Block[] {
  const fold = new BlockFold();
  const reader = new TranscriptReader();
  for (const record of reader.push(framed(readRecording(name)))) foldRecord(fold, record);
  return fold.list();
}

describe("the document", () => {
  const execution = row({ executionId: "0123456789abcdef", query: "Do it", status: "completed" });

  test.each(recordings)("of %s is inert, and tells every block", (name) => {
    const blocks = blocksOf(name);
    const markdown = toMarkdown([{ row: execution, blocks }]);
    expectInert(markdown);
    const texts = blocks.filter((block) => block.kind === "text" && block.text !== "");
    expect(markdown.split("## Claude").length - 1).toBe(texts.length);
  });

  test("has the parts of a thread in their order", () => {
    const earlier = row({ executionId: "e", query: "Before", status: "completed" });
    const markdown = toMarkdown([
      { row: earlier, blocks: [] },
      { row: execution, blocks: [] },
    ]);
    expect(markdown.indexOf("# Before")).toBeLessThan(markdown.indexOf("# Do it"));
  });
});

test("the file's name is one that any system takes", () => {
  const name = (query: string) => exportName(row({ executionId: "0123456789", query }), "md");
  expect(name("Fix the bug, please!")).toBe("claude-fix-the-bug-please-01234567.md");
  expect(name("../../etc/passwd\u0000.exe")).toBe("claude-etc-passwd-exe-01234567.md");
  expect(name("…")).toBe("claude-01234567.md");
  expect(name("x".repeat(500)).length).toBeLessThan(90);
});
