/** What the agent says, what it thinks, and what it was asked. */
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PromptBlock, TextBlock } from "../src/fold/blocks.ts";
import { ClippedText, PromptView, TextView, ThinkingView } from "../src/views/text/text.tsx";

let el: HTMLElement;
beforeEach(() => {
  el = document.createElement("div");
});
afterEach(() => act(() => render(null, el)));
const show = (node: preact.ComponentChild) => act(() => render(node, el));

const said = (fields: Partial<TextBlock>): TextBlock => ({
  kind: "text",
  key: "k",
  parent: null,
  text: "",
  streaming: false,
  aborted: false,
  error: "",
  ...fields,
});
const prompt = (fields: Partial<PromptBlock>): PromptBlock =>
  ({ kind: "prompt", key: "k", parent: null, text: "", queued: false, ...fields }) as PromptBlock;

test("text is markdown, and says that it broke off and why", () => {
  show(<TextView block={said({ text: "*one*", aborted: true, error: "over\u202eloaded" })} />);
  expect(el.querySelector("em")?.textContent).toBe("one");
  expect(el.textContent).toContain("(broken off)");
  expect(el.textContent).toContain("overU+202Eloaded");
});

test("text that streams has a caret, which nobody hears", () => {
  show(<TextView block={said({ text: "on", streaming: true })} />);
  expect(el.querySelector(".cw-caret")?.getAttribute("aria-hidden")).toBe("true");
});

test("thinking is folded, and costs nothing until it is opened", () => {
  show(<ThinkingView block={said({ kind: "thinking", text: "*hm*" })} />);
  const details = el.querySelector("details");
  expect(details?.open).toBe(false);
  expect(el.textContent).toBe("Thinking");
  act(() => {
    if (details) details.open = true;
    details?.dispatchEvent(new Event("toggle"));
  });
  expect(el.querySelector("em")?.textContent).toBe("hm");
});

test("thinking without a word is not there, unless it is on its way", () => {
  show(<ThinkingView block={said({ kind: "thinking" })} />);
  expect(el.textContent).toBe("");
  show(<ThinkingView block={said({ kind: "thinking", streaming: true })} />);
  expect(el.textContent).toBe("Thinking…");
});

test("a prompt is as it was typed, and says when it waits", () => {
  show(<PromptView block={prompt({ text: "*do* <b>it</b>", queued: true })} />);
  expect(el.textContent).toContain("*do* <b>it</b>");
  expect(el.querySelector("b, em")).toBeNull();
  expect(el.querySelector(".cw-tag")?.textContent).toBe("queued");
  show(<PromptView block={prompt({ text: "x" })} />);
  expect(el.querySelector(".cw-tag")).toBeNull();
});

test("long text shows its beginning, and more in steps", () => {
  show(<ClippedText text={"x".repeat(2_000_000)} length={1000} />);
  expect(el.textContent?.length).toBeLessThan(1100);
  const more = () => el.querySelector("button");
  expect(more()?.textContent).toBe("Show more (1,999,000 more characters)");
  act(() => more()?.click());
  expect(el.textContent?.length).toBeGreaterThan(500_000);
});
