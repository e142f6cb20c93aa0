/** Markdown: what it draws, that growing costs what is new, and that no text stops the page. */
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MarkdownReader } from "../src/text/markdown.ts";
import { Markdown } from "../src/views/text/markdown.tsx";

let el: HTMLElement;
beforeEach(() => {
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => {
  act(() => render(null, el));
  el.remove();
});

const show = (text: string, streaming = false) =>
  act(() => render(<Markdown text={text} streaming={streaming} />, el));
const draw = (text: string) => {
  show(text);
  return el.firstElementChild as HTMLElement;
};
/** What is drawn, without the words of the buttons. */
const words = (text: string) => {
  const drawn = draw(text).cloneNode(true) as HTMLElement;
  for (const button of drawn.querySelectorAll("button")) button.remove();
  return drawn.textContent;
};

describe("drawing", () => {
  test("the blocks and spans of markdown", () => {
    const drawn = draw(
      "# One\n\n*a* **b** ~~c~~ `d`\\\ne\n\n> quote\n\n1. x\n2. y\n   - z\n\n---\n\n| h | i |\n|--|-:|\n| *j* | k |\n",
    );
    const found = ["h4", "em", "strong", "del", "p code", "br", "blockquote", "ol li ul li", "hr"];
    for (const selector of found) expect(drawn.querySelector(selector), selector).not.toBeNull();
    expect([...drawn.querySelectorAll("th")].map((cell) => cell.textContent)).toEqual(["h", "i"]);
    expect(drawn.querySelectorAll("td")[1]?.className).toBe("cw-align-right");
    expect(drawn.querySelector("td em")?.textContent).toBe("j");
  });

  test("markup in it is text", () => {
    const text = '<img src=x onerror="alert(1)">\n\na <b>c</b> <script>alert(1)</script>';
    expect(words(text)).toBe('<img src=x onerror="alert(1)">a <b>c</b> <script>alert(1)</script>');
    expect(draw(text).querySelector("img, b, script")).toBeNull();
  });

  test("references are the characters that they mean, but not in code and addresses", () => {
    expect(words("&lt;a&gt; &amp;lt; &#x3c; &mdash; &unknown; `&lt;`")).toBe(
      "<a> &lt; < — &unknown; &lt;",
    );
  });

  test("levels of headings leave none out", () => {
    const drawn = draw("### a\n\n##### b\n\n###### c\n\n### d\n\n# e\n\n## f");
    const headings = [...drawn.querySelectorAll("h4, h5, h6")];
    expect(headings.map((heading) => `${heading.tagName} ${heading.textContent}`)).toEqual([
      "H4 a",
      "H5 b",
      "H6 c",
      "H4 d",
      "H4 e",
      "H5 f",
    ]);
  });

  test("a task list says what is done", () => {
    const boxes = [...draw("- [x] a\n- [ ] b").querySelectorAll("[role=img]")];
    expect(boxes.map((box) => box.getAttribute("aria-label"))).toEqual(["done", "to do"]);
  });

  test("a code fence has its language and a button that copies", () => {
    const drawn = draw('```py title="x"\nprint(1)\n```');
    expect(drawn.querySelector(".cw-code-head")?.textContent).toContain("py");
    expect(drawn.querySelector("pre")?.textContent).toBe("print(1)");
    expect(drawn.querySelector("button")?.getAttribute("aria-label")).toBe("Copy code");
  });

  test("footnotes can be read", () => {
    expect(words("a[^1]\n\n[^1]: note")).toBe("a[^1][^1]: note");
  });

  test("what deceives is shown, and what languages need is left alone", () => {
    expect(words("a\u202eb &#x202e; 👨‍👩‍👧 می‌خواهم")).toBe("aU+202Eb U+202E 👨‍👩‍👧 می‌خواهم");
  });
});

describe("links and images", () => {
  test.each([
    ["[a](http://b.c/d)", "http://b.c/d"],
    ["<https://b.c>", "https://b.c/"],
    ["https://b.c/x?y=1&z=2", "https://b.c/x?y=1&z=2"],
    ["[a](http://b.c?x=1&amp;y=2)", "http://b.c/?x=1&y=2"],
    ["[a][1]\n\n[1]: https://b.c", "https://b.c/"],
    ["x@b.c", "mailto:x@b.c"],
  ])("%s opens elsewhere", (text, href) => {
    const link = draw(text).querySelector("a");
    expect(link?.getAttribute("href")).toBe(href);
    expect(link?.getAttribute("title")).toBe(href);
    expect(link?.getAttribute("target")).toBe("_blank");
    expect(link?.getAttribute("rel")).toBe("noopener noreferrer nofollow");
  });

  test.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "//b.c/x",
    "/x",
    "blob:http://b.c/1",
    "java&#115;cript:alert(1)",
    "http:b",
    "http://",
  ])("%s stays text", (address) => {
    expect(draw(`[a](<${address}>)`).querySelector("a")).toBeNull();
    expect(el.textContent).toContain("a (");
  });

  test("words that look like another address are put right", () => {
    expect(words("[https://bank.com](https://evil.example/x)")).toBe(
      "https://bank.com (evil.example)",
    );
    expect(words("[bank.com](https://bank.com.evil.example)")).toContain("(bank.com.evil.example)");
    expect(words("[docs](https://bank.com@evil.example)")).toBe("docs (evil.example)");
    expect(words("[www.bank.com](https://bank.com/login)")).toBe("www.bank.com");
    expect(words("[see the docs](https://bank.com)")).toBe("see the docs");
  });

  test("an image is a link to it, never loaded", () => {
    const drawn = draw("![a chart](https://b.c/d.png) ![](data:image/png;base64,AAAA)");
    expect(drawn.querySelector("img")).toBeNull();
    expect(drawn.textContent).toContain("image: a chart");
    expect(drawn.querySelector("a")?.getAttribute("href")).toBe("https://b.c/d.png");
    expect(drawn.querySelectorAll("a")).toHaveLength(1);
  });
});

const SAMPLES = [
  "# Title\n\nSome *text* with **bold** and `code`.\n\n```python\ndef f():\n    return 1\n```\n\nMore.\n",
  "- a\n- b\n\n  c\n  - d\n\n1. x\n\n2. y\n\ntext\n\n* z\n\n***\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nafter\n===\n",
  "> quote\nlazy\n\n> - a\n>   b\n\n    indented\n\n    more\n\nend",
  "[a][x] and [b](http://c.d \"t\")\n\ntext\n\n[x]: http://e.f\n\n[y]: http://g.h 'a\n\nb'\n",
  "<div>\n*a*\n\n</div>\n\n<!-- c\n\nd -->\n\na <a href=x>b http://c.d\n\nhttp://e.f\n",
  "~~~\n```\nx\n~~~\n\n```\nopen\n\n# not a heading\n",
  "1. a\n\n2. b\n\n   c\n\n10) d\n- [ ] e\n- [x] f\n+ g\nh\n-\n--\n---\n",
  "a\r\nb\r\n\r\n- c\r\n- d\r\n",
];

describe("streaming", () => {
  test.each(SAMPLES)(
    "%j: every beginning draws, and in the end it is as if drawn at once",
    (text) => {
      const whole = draw(text).innerHTML;
      act(() => render(null, el));
      for (let end = 1; end <= text.length; end += 1) show(text.slice(0, end), true);
      show(text);
      expect(el.firstElementChild?.innerHTML).toBe(whole);
    },
  );

  test("any mixture of these in any pieces ends as the whole", () => {
    const random = seeded(7);
    const pieces = SAMPLES.flatMap((text) => text.split(/(?<=\n)/)).concat(["\n", "\n", "x\n"]);
    for (let round = 0; round < 3000; round += 1) {
      const some = Array.from({ length: 12 }, () => pieces[Math.floor(random() * pieces.length)]);
      const text = some.join("");
      const reader = new MarkdownReader();
      for (let end = 1; end < text.length; end += 1 + Math.floor(random() * 9)) {
        reader.read(text.slice(0, end), true);
      }
      const { settled, tail } = reader.read(text, false);
      const whole = new MarkdownReader().read(text, false);
      expect([...settled, ...tail], text).toEqual([...whole.settled, ...whole.tail]);
    }
  });

  test("a block that has settled keeps its nodes", () => {
    const start = "First *one*.\n\n```js\nlet a = 1;\n```\n\nSecond.\n\n";
    show(start, true);
    const kept = [...el.querySelectorAll("p, pre")];
    show(`${start}Third **three`, true);
    show(`${start}Third **three**.\n\nFourth.\n`, false);
    const now = [...el.querySelectorAll("p, pre")];
    expect(now.slice(0, kept.length)).toEqual(kept);
    for (const [index, node] of kept.entries()) expect(now[index]).toBe(node);
    expect(el.querySelectorAll("p")).toHaveLength(4);
  });

  test.each([
    ["paragraphs", "Some words of a paragraph.\n\n"],
    ["one long list", "- an item of it\n"],
    ["one long table", "| a | b |\n"],
    ["one long fence", "some code\n"],
  ])("%s: the work is of the order of the text", (name, line) => {
    const start = { "one long table": "| h | i |\n|---|---|\n", "one long fence": "```\n" }[name];
    const text = (start ?? "") + line.repeat(Math.ceil(60_000 / line.length));
    const reader = new MarkdownReader();
    for (let end = 20; end < text.length; end += 20) reader.read(text.slice(0, end), true);
    reader.read(text, false);
    // Up to 4,000 characters again for each piece of 20 at first, and then by parts of the whole.
    expect(reader.lexed).toBeLessThan(SHORT_COST + text.length * 12);
  });

  test("what is half written is drawn as it will be", () => {
    const drawn = (text: string) => {
      act(() => render(null, el));
      show(text, true);
      return el.firstElementChild as HTMLElement;
    };
    expect(drawn("see [the docs](https://exam").textContent).toBe("see the docs");
    expect(drawn("a **bold").querySelector("strong")?.textContent).toBe("bold");
    expect(drawn("a `co").textContent).toBe("a co");
    expect(drawn("```py\nx = 1").querySelector("pre")?.textContent).toBe("x = 1");
    const open = `\`\`\`\n${"line\n".repeat(2000)}`;
    show(open, true);
    show(`${open}newest`, true);
    expect(el.querySelectorAll("pre")).toHaveLength(1);
    expect(el.querySelector("p")).toBeNull();
  });

  test("a text that is replaced is drawn anew", () => {
    show("# One\n\ntwo\n\n", true);
    show("three", true);
    expect(el.textContent).toBe("three");
  });
});

/** 200 pieces of 20 characters until a tail is no longer short, each read with all before it. */
const SHORT_COST = 200 * 4000;

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe("hard texts", () => {
  test.each([
    ["quotes", "> ".repeat(5000)],
    ["quotes without spaces", ">".repeat(5000)],
    ["lists in a line", `${"- ".repeat(5000)}x`],
    ["lists", Array.from({ length: 5000 }, (_, level) => `${"  ".repeat(level)}- x`).join("\n")],
    ["emphasis", "*a **b ".repeat(5000)],
    ["underscores", "_a".repeat(5000)],
    ["brackets", "[".repeat(5000)],
    ["links", "[a](".repeat(5000)],
    ["images", "![".repeat(5000)],
    ["markup", "<div>".repeat(5000)],
    ["backticks", "`a``".repeat(5000)],
  ])("5,000 %s deep are drawn, shallowly", (_, text) => {
    const drawn = draw(text);
    let depth = 0;
    let deepest: Element | null = drawn;
    while (deepest) {
      depth += 1;
      deepest = deepest.lastElementChild;
    }
    expect(depth).toBeLessThan(120);
    expect(drawn.textContent?.length).toBeGreaterThan(0);
  });

  test("a table of 5,000 rows shows the first of them, and more when asked", () => {
    const text = `| a | b | c |\n|---|---|---|\n${"| 1 | 2 | 3 |\n".repeat(5000)}`;
    const drawn = draw(text);
    const before = drawn.querySelectorAll("tr").length;
    expect(before).toBeLessThan(600);
    const more = [...drawn.querySelectorAll("button")].find((b) => b.textContent?.includes("rows"));
    expect(more?.textContent).toBe("Show more (4,500 more rows)");
    act(() => more?.click());
    expect(drawn.querySelectorAll("tr").length).toBeGreaterThan(before);
  });

  test("a wide table shows its first columns", () => {
    const row = `|${"a|".repeat(500)}\n`;
    const drawn = draw(`${row}|${"-|".repeat(500)}\n${row.repeat(50)}`);
    expect(drawn.querySelectorAll("td, th").length).toBeLessThan(2500);
    expect(drawn.textContent).toContain("400 more columns");
  });

  test("a long list shows its first items", () => {
    const drawn = draw("- a\n".repeat(5000));
    expect(drawn.querySelectorAll("li").length).toBeLessThan(400);
  });

  test("a long text shows its beginning, at the end of a line", () => {
    const drawn = draw("words of a line\n\n".repeat(20_000));
    expect(drawn.textContent).toMatch(/Show more \([\d,]+ more characters\)/);
    expect(drawn.querySelectorAll("p").length).toBeLessThan(8000);
  });
});
