/** Hidden characters: what deceives is shown, and what languages need is left alone. */
import { render } from "preact";
import { describe, expect, test } from "vitest";
import { type Strictness, visible, visibleText } from "../src/text/visible.ts";
import { Visible } from "../src/views/text/visible.tsx";

const labels = (text: string, strictness?: Strictness) =>
  visible(text, strictness).flatMap(({ label }) => label || []);

describe("the parts", () => {
  test.each([
    ["\u202e", "U+202E right-to-left override"],
    ["\u2066", "U+2066 left-to-right isolate"],
    ["\u001b", "U+001B escape"],
    ["\u009b", "U+009B escape sequence"],
    ["\r", "U+000D carriage return"],
    ["\u{e0041}", "U+E0041 hidden tag"],
    ["\u2028", "U+2028 line separator"],
    ["\ud800", "U+D800"],
  ])("%j is shown in prose, too", (character, label) => {
    expect(labels(`a${character}b`, "prose")).toEqual([label]);
    expect(labels(`a${character}b`)).toEqual([label]);
  });

  test.each(["\u200b", "\u200e", "\u00ad", "\u2060", "\ufeff", "\u3164", "\ufe01", "\u{e0101}"])(
    "%j is shown in a name, and left alone in prose",
    (character) => {
      expect(labels(`rm${character} -rf`)).toHaveLength(1);
      expect(labels(`rm${character} -rf`, "prose")).toEqual([]);
    },
  );

  test.each([
    ["a family", "👨‍👩‍👧 and ❤️‍🔥"],
    ["Persian", "می‌خواهم"],
    ["Arabic", "مرحبا بالعالم"],
    ["Hebrew", "שלום עולם"],
    ["combining characters", "e\u0301 z\u0335\u0321"],
    ["Hindi", "क्‍ष"],
    ["lines and tabs", "a\n\tb"],
  ])("%s is ordinary", (_, text) => {
    expect(labels(text)).toEqual([]);
    expect(labels(text, "prose")).toEqual([]);
  });

  test("a joiner between Latin letters hides, and is shown in a name", () => {
    expect(labels("pay\u200dpal")).toEqual(["U+200D zero width joiner"]);
  });

  test("a line shows what would break it", () => {
    expect(labels("a\nb\tc", "line")).toEqual(["U+000A new line", "U+0009 tab"]);
  });

  test("joined they are the text", () => {
    const text = `a\u202eb\u0007\u{e0041}c\n\u200b`;
    for (const strictness of ["name", "line", "prose"] as const) {
      const joined = visible(text, strictness).map((part) => part.text);
      expect(joined.join("")).toBe(text);
    }
  });

  test("a message of hidden tags is one label that counts them", () => {
    const hidden = [..."ignore all"].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0)));
    expect(labels(`x${hidden.join("")}`)).toEqual(["U+E0069 hidden tag … 10 hidden characters"]);
  });

  test("as plain text they are code points", () => {
    expect(visibleText("cv\u202efdp.exe\nx")).toBe("cv[U+202E]fdp.exe[U+000A]x");
  });
});

describe("the component", () => {
  const draw = (text: string, as?: Strictness) => {
    const el = document.createElement("div");
    render(<Visible text={text} {...(as ? { as } : {})} />, el);
    return el;
  };

  test("puts labels where the characters were, and none of the characters", () => {
    const el = draw("invoice\u202efdp.exe");
    expect(el.textContent).toBe("invoiceU+202Efdp.exe");
    expect(el.querySelector(".cw-chip")?.getAttribute("title")).toContain("right-to-left override");
  });

  test("adds nothing to ordinary text", () => {
    expect(draw("npm test").childNodes).toHaveLength(1);
    expect(draw("npm test").firstChild?.nodeType).toBe(3);
  });

  test("stays small, however many there are", () => {
    const el = draw("a\u202e".repeat(50_000));
    expect(el.querySelectorAll("*").length).toBeLessThan(600);
    expect(el.textContent).toContain("more parts");
  });
});
