/** The output of one execution: its blocks, its tabs, what is folded, and what cannot be drawn. */
import { beforeEach, describe, expect, test } from "vitest";
import { pace } from "../src/pane/pace.ts";
import { bytes, framed, readRecording, row } from "./fakes.ts";
import { layOut } from "./layout.ts";
import {
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  HOSTILE,
  item,
  model,
  one,
  pass,
  press,
  region,
  say,
  usePage,
} from "./stage.ts";

usePage();

/** The kernel sends all of a transcript to the pane that was opened last. */
async function give(executionId: string, whole: Uint8Array, ended = true): Promise<void> {
  const { requestId, paneId } = model.last("claude:open-pane");
  await say({ type: "claude:done", requestId });
  const data = { executionId, paneId, offset: 0, nextOffset: whole.length, ended };
  await say({ type: "claude:pane-data", ...data }, [new DataView(whole.slice().buffer)]);
  await pass(0, () => pace.finish());
}

const records = (...frames: object[]): Uint8Array =>
  bytes(frames.map((frame) => `0.1 out ${JSON.stringify(frame)}\n`).join(""));
const text = (id: string, said: string, parent: string | null = null) => ({
  type: "assistant",
  session_id: "s",
  parent_tool_use_id: parent,
  message: { id, content: [{ type: "text", text: said }] },
});
const call = (id: string, name: string, input: object) => ({
  type: "assistant",
  session_id: "s",
  message: { id: `m-${id}`, content: [{ type: "tool_use", id, name, input }] },
});
const notice = (content: string) => ({ type: "system", subtype: "informational", content });

async function view(whole: Uint8Array, ended = true): Promise<void> {
  await dashboard({ executions: EXECUTIONS });
  await press("View", item("Run it"));
  await give("run", whole, ended);
}

describe("the output", () => {
  beforeEach(() => layOut({ height: 2000, row: () => 40 }));

  test("View opens the pane and draws its blocks; another View closes it", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    await give("run", framed(readRecording("bash_tool.jsonl")));
    const text = region("Output").textContent;
    for (const part of ["Using Bash.", "ls -la && echo done", "a.txt", "All done", "2 turns"]) {
      expect(text).toContain(part);
    }
    await press("View", item("Wait for it"));
    expect(model.last("claude:open-pane").executionId).toBe("wait");
    expect(region("Output").textContent).not.toContain("All done");
  });

  test("says that its cost is an estimate at list prices", async () => {
    const paid = { status: "completed", costUsd: 0.5, model: "small" } as const;
    await dashboard({ executions: [row({ executionId: "paid", query: "Paid", ...paid })] });
    await press("View", item("Paid"));
    const cost = region("Output").querySelector<HTMLElement>(".cw-output-head .cw-meta[title]");
    expect(cost?.textContent).toBe("small · $0.50 est.");
    expect(cost?.title).toBe("Cost: estimate at list prices");
  });

  test("says of a replayed one when it was recorded, that its costs are, and what stale means", async () => {
    const recordedTime = new Date(2026, 10, 21, 9, 5).getTime() / 1000;
    const replayed = { recorded: true, recordedTime, costUsd: 0.5, status: "completed" } as const;
    const executions = [
      row({ executionId: "run", query: "Run it", ...replayed }),
      row({ executionId: "old", query: "Outdated", ...replayed, recordedTime: null, stale: true }),
    ];
    await dashboard({ executions });
    await press("View", item("Run it"));
    const text = region("Output").textContent;
    expect(text).toContain("replayed");
    expect(text).toContain("Replayed from a recording of 2026-11-21 09:05: nothing ran");
    expect(text).toContain("$0.50 as recorded");
    expect(text).not.toContain("Stale");
    await press("View", item("Outdated"));
    const outdated = region("Output").textContent;
    expect(outdated).toContain("Replayed from a recording: nothing ran");
    expect(outdated).toContain("asks for something else by now. manager.stale() says what differs");
  });

  test("closes the pane of an execution that is no longer looked at", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Run it"));
    const { paneId } = model.last("claude:open-pane");
    await press("View", item("Wait for it"));
    expect(model.last("claude:close-pane").paneId).toBe(paneId);
  });

  test("draws hostile text as text, wherever it comes from", async () => {
    const name = HOSTILE;
    const input = { command: HOSTILE, other: HOSTILE };
    const content = [
      { type: "text", text: HOSTILE },
      { type: "thinking", thinking: HOSTILE },
      { type: "tool_use", id: "t", name, input },
      { type: HOSTILE },
    ];
    const result = { type: "tool_result", tool_use_id: "t", content: HOSTILE, is_error: true };
    const frames = [
      { type: "assistant", error: HOSTILE, message: { id: "m", content } },
      { type: "user", message: { content: [result] } },
      { type: "user", message: { content: HOSTILE } },
      { type: "system", subtype: "init", session_id: HOSTILE, model: HOSTILE, cwd: HOSTILE },
      { type: "system", subtype: HOSTILE },
      { type: "result", subtype: HOSTILE, result: HOSTILE, errors: [HOSTILE] },
    ];
    const text = [
      ...frames.map((frame) => `0.1 out ${JSON.stringify(frame)}`),
      `0.2 out ${HOSTILE}`,
      `0.3 err ${HOSTILE}`,
      `0.4 meta ${JSON.stringify({ event: "lost", error: HOSTILE })}`,
    ];
    const hostile = row({
      executionId: "h",
      name: HOSTILE,
      query: HOSTILE,
      model: HOSTILE,
      activity: HOSTILE,
      error: HOSTILE,
      status: "failed",
      reason: "lost",
    });
    await dashboard({ notice: HOSTILE, executions: [hostile], suggestedQueries: [HOSTILE] });
    await press("View");
    await give("h", bytes(`${text.join("\n")}\n`));
    expect(el.querySelectorAll("img, script, [onerror]")).toHaveLength(0);
    expect(el.textContent?.split("onerror").length).toBeGreaterThan(15);
  });

  test("asks once more for the bytes when the end was told and they did not come", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Fail"));
    await pass(2000);
    expect(model.all("claude:open-pane")).toHaveLength(2);
  });
});

describe("the header", () => {
  test("says the query in one line, and more of it when asked", async () => {
    const query = `A ${"long ".repeat(40)}query`;
    await dashboard({ executions: [row({ executionId: "run", query })] });
    await press("View");
    const more = button("Show more of the query");
    expect(more.getAttribute("aria-expanded")).toBe("false");
    await pass(0, () => more.click());
    expect(button("Show one line of the query").getAttribute("aria-expanded")).toBe("true");
  });
});

describe("the tabs", () => {
  beforeEach(() => layOut({ height: 400, row: () => 20 }));
  const tab = (name: string) => one<HTMLButtonElement>("[role=tab]", name);
  const shown = () =>
    [...region("Output").querySelectorAll<HTMLElement>("[role=tabpanel]")].filter(
      (panel) => !panel.hidden,
    );

  test("show one panel each, named by its tab", async () => {
    await view(bytes("0.1 err one\n0.2 err two\n"));
    expect(shown()).toHaveLength(1);
    await pass(0, () => tab("stderr 2").click());
    expect(tab("stderr 2").getAttribute("aria-selected")).toBe("true");
    expect(shown().map((panel) => panel.getAttribute("aria-labelledby"))).toEqual([
      tab("stderr 2").id,
    ]);
    expect(region("stderr").textContent).toBe("onetwo");
  });

  test.each([{ recorded: true }, { branch: "claude-widget/a" }])(
    "have Changes where %o, which asks for them when it is opened",
    async (fields) => {
      await dashboard({
        executions: [row({ executionId: "run", status: "completed", ...fields })],
      });
      await press("View");
      expect(model.all("claude:get-diff")).toEqual([]);
      await pass(0, () => tab("Changes").click());
      expect(model.last("claude:get-diff").executionId).toBe("run");
    },
  );

  test("are one stop for Tab, with arrows between them", async () => {
    await view(records(text("a", "Hello")));
    const stops = () => [...region("Output").querySelectorAll('[role=tab][tabindex="0"]')];
    expect(stops()).toEqual([tab("Conversation")]);
    const key = (name: string) =>
      pass(0, () => {
        const event = new KeyboardEvent("keydown", { key: name, bubbles: true });
        stops()[0]?.dispatchEvent(event);
      });
    await key("ArrowLeft");
    expect(stops()).toEqual([tab("stderr")]);
    expect(document.activeElement).toBe(tab("stderr"));
    await key("Home");
    expect(stops()).toEqual([tab("Conversation")]);
  });
});

describe("a long transcript", () => {
  beforeEach(() => layOut({ height: 400, row: () => 28 }));

  test("draws only what is in sight, and starts at its end", async () => {
    const frames = Array.from({ length: 500 }, (_, index) => text(`m${index}`, `Text ${index}.`));
    await view(records(...frames));
    const drawn = region("Blocks").textContent ?? "";
    expect(drawn).toContain("Text 499.");
    expect(drawn).not.toContain("Text 100.");
    expect(el.querySelectorAll(".cw-step").length).toBeLessThan(40);
  });

  test("leaves a reader who went up where they are, counts what is new, and leads back", async () => {
    const frames = Array.from({ length: 100 }, (_, index) => text(`m${index}`, `Text ${index}.`));
    const first = records(...frames);
    await view(first, false);
    const box = region("Blocks");
    await pass(0, () => {
      box.scrollTop = 1000;
    });
    const more = records(text("n1", "More."), text("n2", "And more."));
    const { paneId } = model.last("claude:open-pane");
    const [offset, nextOffset] = [first.length, first.length + more.length];
    const data = { executionId: "run", paneId, offset, nextOffset, ended: false };
    await say({ type: "claude:pane-data", ...data }, [new DataView(more.slice().buffer)]);
    await pass(0, () => pace.finish());
    expect(box.scrollTop).toBe(1000);
    await press("Follow, 2 new");
    expect(region("Blocks").textContent).toContain("And more.");
    expect(all("button", "Follow")).toEqual([]);
  });
});

describe("a subagent", () => {
  beforeEach(() => layOut({ height: 2000, row: () => 40 }));
  const frames = [
    call("t1", "Task", { description: "Look", prompt: "Look closely" }),
    text("s1", "The subagent speaks.", "t1"),
    text("b", "The main one goes on."),
    text("s2", "The subagent again.", "t1"),
  ];

  test("has its lane below the call, which can be folded", async () => {
    await view(records(...frames));
    const order = () => region("Blocks").textContent ?? "";
    expect(order().indexOf("again")).toBeLessThan(order().indexOf("goes on"));
    expect(el.querySelectorAll(".cw-lane")).toHaveLength(2);
    await press("Hide 2 steps of the subagent");
    expect(order()).not.toContain("speaks");
    expect(order()).toContain("goes on");
    await press("Show 2 steps of the subagent");
    expect(order()).toContain("speaks");
  });
});

describe("notices", () => {
  beforeEach(() => layOut({ height: 2000, row: () => 40 }));

  test("that say little are one row when they come many in a row", async () => {
    const many = ["One", "Two", "Three", "Four"].map(notice);
    await view(records(text("a", "Before."), ...many, text("b", "After.")));
    const blocks = region("Blocks");
    expect(blocks.textContent).toContain("Four");
    expect(blocks.textContent).not.toContain("Two");
    await press("3 earlier notices");
    expect(blocks.textContent).toContain("Two");
  });
});
