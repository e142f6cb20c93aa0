/** The part of the front end that is fetched when it is needed: asked for once, and plain till then. */
import { expect, test, vi } from "vitest";
import type { TextBlock } from "../src/fold/blocks.ts";
import { PartFetcher } from "../src/parts/fetching.ts";
import { readAnsi } from "../src/text/ansi.ts";
import { highlighter } from "../src/text/highlight.ts";
import { TextView } from "../src/views/text/text.tsx";
import { draw } from "./drawn.tsx";
import { el, model, pass, say, usePage } from "./stage.ts";

usePage();

const TEXT: TextBlock = {
  kind: "text",
  key: "1",
  parent: null,
  text: "```python\ndef f(): pass\n```\n\n```py\ndef g(): pass\n```",
  streaming: false,
  aborted: false,
  error: "",
};

test("source is plain until the highlighter came, which is asked for once", async () => {
  await draw(TextView, TEXT);
  expect(model.all("claude:get-part")).toHaveLength(1);
  expect(el.textContent).toContain("def f(): pass");
  expect(el.querySelector("[class*='cw-hl-']")).toBeNull();
});

test("a terminal's colours are dropped, and no more than they, until it came", () => {
  expect(readAnsi("a\u001b[31mb\u001b[0m\rc")).toEqual([{ text: "c", looks: [] }]);
  expect(readAnsi("a\u001b[31mb")).toEqual([{ text: "ab", looks: [] }]);
});

test("a kernel that has none leaves it plain, and is asked again later", async () => {
  vi.advanceTimersByTime(60_000);
  await draw(TextView, TEXT);
  const { requestId } = model.last("claude:get-part");
  await say({
    type: "claude:refused",
    requestId,
    kind: "InvalidMessage",
    message: "no such message",
    hint: "",
    executionId: null,
    mcpConfig: null,
  });
  await pass(60_000);
  expect(highlighter.value).toBeNull();
  expect(el.textContent).toContain("def g(): pass");
});

test("its code is imported as a module of its own", async () => {
  vi.useRealTimers();
  const code = new TextEncoder().encode("export const answer = 42;");
  const made: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    made.push(blob as Blob);
    return `data:text/javascript,${encodeURIComponent("export const answer = 42;")}`;
  });
  const done = { type: "claude:get-part", requestId: "1", name: "panels" } as const;
  const parts: PartFetcher = new PartFetcher({
    request: async () => {
      parts.receive("panels", new DataView(code.buffer));
      return done;
    },
  });
  expect((await parts.fetch<{ answer: number }>("panels")).answer).toBe(42);
  expect(made[0]?.type).toBe("text/javascript");
});
