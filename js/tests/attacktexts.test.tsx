// @vitest-environment jsdom
/** Every attack in what draws text: markdown, source, a terminal's text, images, links, labels. */
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Ansi } from "../src/views/text/ansi.tsx";
import { Code } from "../src/views/text/code.tsx";
import { ImageView } from "../src/views/text/image.tsx";
import { SafeLink } from "../src/views/text/link.tsx";
import { Markdown } from "../src/views/text/markdown.tsx";
import { Visible } from "../src/views/text/visible.tsx";
import { ATTACKS } from "./attacks/corpus.ts";
import { findHarm } from "./attacks/look.js";
import { findRemoved } from "./attacks/purify.ts";

const LANGUAGES = ["html", "js", "css", "markdown", "bash", "json"];
let el: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:test/1");
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => {
  act(() => render(null, el));
  el.remove();
  vi.useRealTimers();
});

function Everything({ text }: { text: string }) {
  const data = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const around = `a ${text} **${text}** [${text}](${text}) <${text}>\n\n| ${text} |\n|-|\n| ${text} |`;
  return (
    <>
      <Markdown text={text} streaming={false} />
      <Markdown text={around} streaming />
      <Ansi text={text} />
      <Code text={text} language={text} path={text} />
      {LANGUAGES.map((language) => (
        <Code key={language} text={text} language={language} />
      ))}
      <Visible text={text} />
      <SafeLink address={text} words={text}>
        {text}
      </SafeLink>
      <ImageView image={{ mediaType: text, data }} />
      <ImageView image={{ mediaType: "image/svg+xml", data }} />
    </>
  );
}

test("there are enough of them, and each is another one", () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(150);
  expect(new Set(ATTACKS.map(({ text }) => text)).size).toBe(ATTACKS.length);
});

test("the looks would find it", () => {
  el.append(document.createElement("script"));
  const link = el.appendChild(document.createElement("a"));
  link.setAttribute("href", "javascript:alert(1)");
  link.setAttribute("onclick", "alert(1)");
  el.appendChild(document.createElement("img")).setAttribute("src", "http://evil.invalid/x.png");
  expect(findHarm(el).sort()).toEqual([
    "<script>",
    "a link into this window",
    "href=javascript:alert(1)",
    "onclick=alert(1)",
    "src=http://evil.invalid/x.png",
  ]);
  expect(findRemoved(el)).toHaveLength(3);
  el.replaceChildren();
});

test.each(ATTACKS)("$kind: $text", async ({ text }) => {
  act(() => render(<Everything text={text} />, el));
  await act(async () => void (await vi.advanceTimersByTimeAsync(5000)));
  expect(findHarm(el)).toEqual([]);
  expect(findRemoved(el)).toEqual([]);
});
