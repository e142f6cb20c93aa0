/** Notices that count down, what was not understood, and results: each thing said, and once. */
import { describe, expect, test } from "vitest";
import type { NoticeBlock, RawBlock, ResultBlock } from "../src/fold/blocks.ts";
import { RowActivity } from "../src/views/list/activity.tsx";
import { NoticeView, RawView } from "../src/views/tools/notice.tsx";
import { ResultView } from "../src/views/tools/result.tsx";
import { draw } from "./drawn.tsx";
import { row } from "./fakes.ts";
import { el, pass, say, usePage } from "./stage.ts";

usePage();

const NOTICE: NoticeBlock = {
  kind: "notice",
  key: "notice:1",
  parent: null,
  level: "warning",
  text: "The API answered 529: retry 2 of 10",
  detail: "",
  until: null,
};
const RESULT: ResultBlock = {
  kind: "result",
  key: "result:1",
  parent: null,
  subtype: "success",
  isError: false,
  text: "All done.",
  repeats: false,
  errors: [],
  costUsd: 0.0123,
  durationMs: 65_400,
  turns: 2,
  denials: 0,
  structured: null,
  replaced: false,
};
const notice = (fields: Partial<NoticeBlock>) => draw(NoticeView, { ...NOTICE, ...fields });
const result = (fields: Partial<ResultBlock>) => draw(ResultView, { ...RESULT, ...fields });

describe("a notice", () => {
  test("says its level, and an error only once", async () => {
    await notice({});
    expect(el.textContent).toBe("Warning: The API answered 529: retry 2 of 10");
    await notice({ level: "error", text: "API error: API Error: 400 no" });
    expect(el.textContent).toBe("API error: 400 no");
    await notice({ level: "error", text: "Lost", detail: "gone" });
    expect(el.textContent).toBe("Error: Lostgone");
  });

  test("counts down by the kernel's clock, and then no more", async () => {
    await notice({ until: Date.now() / 1000 + 65 });
    const left = () => el.querySelector("time")?.textContent ?? "";
    const seconds = () => {
      const [, minutes, rest] = /\((\d+):(\d\d) left\)/.exec(left()) ?? [];
      return Number(minutes) * 60 + Number(rest);
    };
    const before = seconds();
    expect(before).toBeGreaterThan(55);
    await pass(10_000);
    expect(seconds()).toBe(before - 10);
    const now = Date.now() / 1000 + 20;
    await say({ type: "claude:pong", requestId: "?", closedPanes: [], sequence: 0, now });
    expect(seconds()).toBe(before - 30);
    await pass(60_000);
    expect(left()).toBe("");
  });

  test("of the past, or of no number, does not count", async () => {
    await notice({ until: Date.now() / 1000 - 5 });
    expect(el.querySelector("time")).toBeNull();
  });
});

describe("what was not understood", () => {
  const RAW: RawBlock = {
    kind: "raw",
    key: "raw:1",
    parent: null,
    label: "brand_new",
    text: '{"type":"brand_new"}',
    elided: 0,
    range: null,
  };

  test("is folded, and a short line that is not JSON is not", async () => {
    await draw(RawView, RAW);
    expect(el.querySelector("details")?.open).toBe(false);
    expect(el.textContent).toBe("brand_new");
    await draw(RawView, { ...RAW, label: "not JSON", text: "[Sandbox] hi" });
    expect(el.querySelector("details")?.open).toBe(true);
    expect(el.textContent).toContain("[Sandbox] hi");
  });
});

test("why an execution failed is said once in its row", async () => {
  const failed = row({ executionId: "run", status: "failed", reason: "api_error" });
  const error = "API Error: 400 no";
  await draw(({ block: _ }) => <RowActivity row={{ ...failed, error }} />, NOTICE);
  expect(el.textContent).toBe("API error: 400 no");
});

describe("a result", () => {
  test("has its text, cost, duration and turns", async () => {
    await result({ denials: 1 });
    expect(el.textContent).toBe("Result $0.01 est. · 1:05 · 2 turns · 1 denialAll done.");
    expect(el.querySelector(".cw-end-bad")).toBeNull();
  });

  test("does not repeat the last text, nor in its errors", async () => {
    await result({ repeats: true, isError: true, text: "API Error: 400 no", errors: ["400 no"] });
    expect(el.textContent).not.toContain("400");
    expect(el.querySelector(".cw-end-bad")).not.toBeNull();
  });

  test.each([
    ["error_max_turns", "stopped at its limit of turns"],
    ["error_max_budget_usd", "stopped at its budget"],
    ["brand_new", "brand_new"],
  ])("of %s says so", async (subtype, words) => {
    await result({ subtype, text: "", errors: ["Error: Too much"] });
    expect(el.textContent).toContain(words);
    expect(el.textContent).toContain("Error: Too much");
  });

  test("has structured output as a tree, to be copied whole", async () => {
    await result({ structured: { name: "bob", tags: ["a"] } });
    expect(el.textContent).toContain('name: "bob"');
    expect(el.querySelector("button[aria-label='Copy structured output']")).not.toBeNull();
    expect(el.textContent).not.toContain("All done.");
  });

  test("that a later one replaced says so", async () => {
    await result({ replaced: true });
    expect(el.textContent).toContain("Earlier result");
  });
});
