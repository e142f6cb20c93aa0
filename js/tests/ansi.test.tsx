/** A terminal's text: looks that are kept, codes that are dropped, progress that is folded. */
import { render } from "preact";
import { describe, expect, test } from "vitest";
import { readAnsi } from "../src/text/ansi.ts";
import { Ansi } from "../src/views/text/ansi.tsx";
import { useHighlighter } from "./highlighting.ts";

useHighlighter();

const E = "\u001b";
const text = (source: string) =>
  readAnsi(source)
    .map((run) => run.text)
    .join("");
const looks = (source: string) => readAnsi(source).flatMap((run) => run.looks);

describe("looks", () => {
  test.each([
    [`${E}[31mx`, ["red"]],
    [`${E}[91mx`, ["red"]],
    [`${E}[1;32mx`, ["bold", "green"]],
    [`${E}[44mx`, ["on-blue"]],
    [`${E}[7mx`, ["inverse"]],
    [`${E}[31;7mx`, ["on-red"]],
    [`${E}[4;9;3mx`, ["underline", "strikethrough", "italic"]],
    [`${E}[38;5;196mx`, ["red"]],
    [`${E}[38;5;21mx`, ["blue"]],
    [`${E}[38;5;240mx`, ["grey"]],
    [`${E}[38;2;250;240;10mx`, ["yellow"]],
    [`${E}[38:2:10:200:210mx`, ["cyan"]],
    [`${E}[48;2;200;10;220mx`, ["on-magenta"]],
    [`${E}[1m${E}[1m${E}[1mx`, ["bold"]],
    ["\u009b31mx", ["red"]],
  ])("of %j are %j", (source, expected) => {
    expect(looks(source)).toEqual(expected);
    expect(text(source)).toBe("x");
  });

  test("end where the codes say so", () => {
    const runs = readAnsi(`a${E}[31mb${E}[0mc${E}[1;33md${E}[39;22me`);
    expect(runs.map((run) => [run.text, ...run.looks])).toEqual([
      ["a"],
      ["b", "red"],
      ["c"],
      ["d", "bold", "yellow"],
      ["e"],
    ]);
  });

  test("what a terminal would hide is shown", () => {
    expect(readAnsi(`a${E}[8mhidden`).at(-1)).toEqual({ text: "hidden", looks: [] });
  });
});

describe("codes that are dropped", () => {
  test.each([
    ["a title", `a${E}]0;title\u0007b`],
    ["a link", `a${E}]8;;http://evil.example/\u0007b${E}]8;;\u0007`],
    ["a link that ends the other way", `a${E}]8;;http://x${E}\\b${E}]8;;${E}\\`],
    ["writing to the clipboard", `a${E}]52;c;cm0gLXJm\u0007b`],
    ["moving the cursor", `a${E}[2J${E}[H${E}[10;5H${E}[3Ab`],
    ["erasing", `a${E}[2K${E}[1Kb`],
    ["modes", `a${E}[?1049h${E}[?25lb`],
    ["a question to the terminal", `a${E}[6n${E}[cb`],
    ["a device string", `a${E}P1$r0m${E}\\b`],
    ["an application string", `a${E}_G...${E}\\b`],
    ["another character set", `a${E}(0b`],
    ["a save and a restore", `a${E}7${E}8b`],
    ["eight bits", "a\u009d0;t\u0007\u009b2Jb"],
    ["a bell", "a\u0007b"],
  ])("%s", (_, source) => {
    expect(text(source)).toBe("ab");
    expect(looks(source)).toEqual([]);
  });

  test("one that never ends takes nothing with it", () => {
    expect(text(`a${E}]0;the rest\nof it`)).toBe("a0;the rest\nof it");
    expect(text(`a${E}[`)).toBe("a");
    expect(text(`a${E}`)).toBe("a");
  });
});

describe("progress", () => {
  test.each([
    ["10%\r50%\r100%\n", "100%\n"],
    ["a\r\nb\r\n", "a\nb\n"],
    ["a\r\r\nb", "a\nb"],
    ["done\r", "done"],
    ["a\r\r\rb\nc", "b\nc"],
    [`${E}[32m1\r${E}[2K2\r`, "2"],
    ["ab\bc", "ac"],
    ["x_\b_\b", "x"],
  ])("%j is %j", (source, expected) => expect(text(source)).toBe(expected));

  test("keeps the looks that were set in what was written over", () => {
    expect(readAnsi(`${E}[31mone\rtwo`)).toEqual([{ text: "two", looks: ["red"] }]);
  });
});

test("100,000 codes are so many runs and no more; the rest is plain", () => {
  const runs = readAnsi(`${E}[1;31ma${E}[0mb`.repeat(50_000));
  expect(runs.length).toBeLessThan(3000);
  expect(runs.map((run) => run.text).join("")).toBe("ab".repeat(50_000));
});

test("plain text is one text node, and markup in it is text", () => {
  const el = document.createElement("div");
  render(<Ansi text="<b>plain</b>" />, el);
  expect(el.childNodes).toHaveLength(1);
  expect(el.textContent).toBe("<b>plain</b>");
});

test("runs are spans of classes; what reorders the text is shown", () => {
  const el = document.createElement("div");
  render(<Ansi text={`a${E}[1;31mb\u202ec${E}[0md`} />, el);
  expect(el.querySelector(".cw-ansi-bold.cw-ansi-red")?.textContent).toBe("bU+202Ec");
  expect(el.textContent).toBe("abU+202Ecd");
});
