/** The History tab: what it asks the kernel for, what it shows of it, and what is done with a row. */
import { describe, expect, test } from "vitest";
import { DISCONNECTED } from "../src/connection.ts";
import type { HistoryAnswer, HistoryRow } from "../src/protocol.ts";
import { readRow } from "../src/store.ts";
import { render } from "../src/widget.ts";
import { refused } from "./fakes.ts";
import {
  alerts,
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
  type,
  usePage,
} from "./stage.ts";

usePage();

const past = (number: number, fields: Partial<HistoryRow> = {}): HistoryRow => ({
  ...readRow({
    executionId: `past${number}`,
    query: `Query ${number}`,
    status: "completed",
    reason: "success",
    sessionId: "s",
    model: "claude-opus-4-1",
    projectPath: "/projects/one",
    createdTime: Date.now() / 1000 - 3600 * number,
    startTime: 10,
    endTime: 75,
    costUsd: 0.25,
  }),
  pinned: false,
  ...fields,
});
const PAST = [1, 2, 3].map((number) => past(number));
const asked = () => model.last("claude:search-history");
const searches = () => model.all("claude:search-history").length;
const answer = (found: HistoryRow[], fields: Partial<HistoryAnswer> = {}) =>
  say({
    type: "claude:search-history",
    requestId: asked().requestId,
    found,
    total: found.length,
    following: null,
    models: ["claude-opus-4-1", "claude-sonnet-4-5"],
    notes: [],
    ...fields,
  });
/** It is seen to end, be it known already or not. */
const end = (executionId: string, sequence = 1) =>
  say({
    type: "claude:events",
    sequence,
    events: [
      {
        type: "claude:changed",
        executionId,
        changes: { status: "completed", reason: "success", endTime: 99 },
      },
    ],
  });
const chips = (within: Element | null) =>
  [...(within?.querySelectorAll(".cw-chip") ?? [])].map((chip) => chip.textContent);
const tab = (name: string) => one<HTMLElement>("[role=tab]", name);
const rowNames = () =>
  [...region("History").querySelectorAll("[role=row]")].map((row) =>
    row.getAttribute("aria-label"),
  );
const told = () => region("History").textContent ?? "";
const done = (kind: "claude:pin-execution" | "claude:delete-execution") =>
  say({ type: "claude:done", requestId: model.last(kind).requestId });
const key = (name: string) =>
  pass(0, () => {
    const target = document.activeElement ?? document.body;
    target.dispatchEvent(
      new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
  });

async function choose(name: string, value: string): Promise<void> {
  const field = one<HTMLSelectElement>("select", name);
  await pass(0, () => {
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await pass(1);
}

async function opened(found: HistoryRow[] = PAST, fields: Partial<HistoryAnswer> = {}) {
  await dashboard({ executions: EXECUTIONS });
  await pass(0, () => tab("History").click());
  await answer(found, fields);
}

async function activate(name: string): Promise<void> {
  await pass(0, () => item(name).click());
  await pass(0, () => item(name).focus());
}

describe("what is asked for", () => {
  test("nothing before the tab is opened, then the newest of all", async () => {
    await dashboard({ executions: EXECUTIONS });
    expect(searches()).toBe(0);
    await pass(0, () => tab("History").click());
    const { requestId, ...wanted } = asked();
    expect(wanted).toEqual({ type: "claude:search-history", text: "", limit: 50 });
    expect(told()).toContain("Looking through the transcripts");
    await answer(PAST);
    expect(rowNames()).toEqual(["Query 1", "Query 2", "Query 3"]);
    expect(told()).toContain("3 executions");
  });

  test("the filters together, of the folder that the form names", async () => {
    await opened();
    await choose("Status", "failed");
    await answer([]);
    await choose("Model", "claude-sonnet-4-5");
    await answer([]);
    await choose("Projects", "here");
    await answer([]);
    await choose("Since", "week");
    const { requestId, since, ...wanted } = asked();
    expect(wanted).toEqual({
      type: "claude:search-history",
      text: "",
      status: "failed",
      model: "claude-sonnet-4-5",
      projectPath: "/home/user/project",
      limit: 50,
    });
    expect(Math.abs((since ?? 0) - (Date.now() / 1000 - 7 * 86_400))).toBeLessThan(5);
    await answer([]);
    expect(told()).toContain("Nothing in the history matches");
    await press("Show all");
    await pass(1);
    const { requestId: _, ...everything } = asked();
    expect(everything).toEqual({ type: "claude:search-history", text: "", limit: 50 });
  });

  test("once who types has paused, one search at a time, the last one as it is typed", async () => {
    await opened();
    await type("Search the history", "a");
    await type("Search the history", "ab");
    expect(searches()).toBe(1);
    await pass(300);
    expect(searches()).toBe(2);
    await type("Search the history", "abc");
    await pass(300);
    await type("Search the history", "abcd");
    await pass(300);
    expect(searches()).toBe(2);
    await answer([past(1)]);
    expect(searches()).toBe(3);
    expect(asked().text).toBe("abcd");
  });

  test("more of them, behind the last one", async () => {
    await opened(PAST, { total: 5, following: 77 });
    await press("Load more");
    expect(asked().before).toBe(77);
    await answer([past(4), past(5)], { total: null });
    expect(rowNames()).toHaveLength(5);
    expect(told()).toContain("5 executions");
    expect(all("button", "Load more")).toEqual([]);
  });

  test("anew, once, when some have ended, and not while the tab is not in front", async () => {
    await opened();
    await end("run");
    await end("wait");
    expect(searches()).toBe(1);
    await pass(1100);
    expect(searches()).toBe(2);
    await answer([past(0), ...PAST]);
    expect(rowNames()).toHaveLength(4);
    await pass(0, () => tab("Executions 4").click());
    await end("held");
    await pass(5000);
    expect(searches()).toBe(2);
    await pass(0, () => tab("History").click());
    expect(searches()).toBe(3);
  });

  test("what is typed and what has ended, though something ends all the time", async () => {
    await opened();
    await type("Search the history", "abc");
    for (let nth = 1; nth <= 4; nth += 1) {
      await end(`now${nth}`, nth);
      await pass(200);
    }
    expect(searches()).toBe(2);
    expect(asked().text).toBe("abc");
    await answer(PAST);
    for (let nth = 5; nth <= 10; nth += 1) {
      await end(`now${nth}`, nth);
      await pass(200);
    }
    expect(searches(), "once a second, not once the last has ended").toBe(3);
  });

  test("again, once the kernel is back that was gone before it had answered", async () => {
    await opened();
    model.gone = true;
    await choose("Status", "failed");
    expect(alerts()).toContain(DISCONNECTED);
    model.gone = false;
    await pass(0, () => model.emit("comm_live_update"));
    const { requestId } = model.last("claude:ping");
    await say({
      type: "claude:pong",
      requestId,
      now: Date.now() / 1000,
      sequence: 0,
      closedPanes: [],
    });
    expect(searches()).toBe(2);
    expect(asked().status).toBe("failed");
    await answer([past(7)]);
    expect(rowNames()).toEqual(["Query 7"]);
    expect(alerts()).toEqual([]);
  });

  test("what was typed into one view, though another one of it is closed", async () => {
    await opened();
    const [place, over] = [document.createElement("div"), new AbortController()];
    document.body.append(place);
    await pass(0, () => render({ model, el: place, signal: over.signal }));
    await pass(0, () => one<HTMLElement>("[role=tab]", "History", place).click());
    await answer(PAST);
    await type("Search the history", "abc");
    await pass(0, () => over.abort());
    place.remove();
    await pass(300);
    expect(asked().text).toBe("abc");
  });
});

describe("what is shown", () => {
  test("hostile text as text, with why it ended and what is known of it", async () => {
    const bad = { query: HOSTILE, name: HOSTILE, model: HOSTILE, projectPath: `/a/${HOSTILE}` };
    await opened([
      past(1, { ...bad, status: "failed", reason: "budget", error: HOSTILE, pinned: true }),
    ]);
    expect(el.querySelector("img, script")).toBeNull();
    const text = item(`${HOSTILE}: ${HOSTILE}`).textContent;
    for (const word of ["failed", "pinned", "Budget spent", "1 h ago", "1:05", "$0.25"]) {
      expect(text).toContain(word);
    }
  });

  test("characters that deceive are shown as what they are", async () => {
    await opened([past(1, { query: "safe \u202e txt.exe" })]);
    expect(chips(region("History"))).toEqual(["U+202E"]);
    await activate("safe \u202e txt.exe");
    await press("Delete…");
    expect(chips(el.querySelector("dialog"))).toEqual(["U+202E"]);
  });

  test("characters that deceive in why it ended, too, and its lines as lines", async () => {
    await opened([past(1, { status: "failed", reason: "api_error", error: "one\ntwo\u202e" })]);
    expect(chips(region("History"))).toEqual(["U+202E"]);
  });

  test("an empty history and one that cannot be used say so", async () => {
    await opened([]);
    expect(told()).toContain("Nothing has ended yet");
    await choose("Status", "killed");
    await say(
      refused(asked().requestId, { message: "The index cannot be used.", hint: "Rebuild it." }),
    );
    expect(region("History").querySelector("[role=alert]")?.textContent).toContain(
      "The index cannot be used. Rebuild it.",
    );
    await choose("Status", "");
    await answer([]);
    expect(told(), "nothing is narrowed any more").toContain("Nothing has ended yet");
    await choose("Status", "killed");
    await answer(PAST);
    expect(region("History").querySelector("[role=alert]")).toBeNull();
  });

  test("what was wrong with the index is said until it is put away, and then no more", async () => {
    const notes = ["The history's index was corrupt."];
    await opened(PAST, { notes });
    expect(told()).toContain(notes[0]);
    await press("OK");
    expect(told()).not.toContain(notes[0]);
    await choose("Status", "failed");
    await answer([], { notes });
    expect(told()).not.toContain(notes[0]);
  });

  test("what was searched for is still there when the tab is opened again", async () => {
    await opened();
    await choose("Status", "failed");
    await answer([past(7)]);
    await pass(0, () => tab("Executions 4").click());
    await pass(0, () => tab("History").click());
    expect(rowNames()).toEqual(["Query 7"]);
    expect(asked().status).toBe("failed");
  });
});

describe("what is done with one", () => {
  test("Enter opens it, though no list of the kernel has it", async () => {
    await opened();
    await activate("Query 2");
    expect(model.last("claude:open-pane").executionId).toBe("past2");
    expect(region("Output").textContent).toContain("Query 2");
    await pass(0, () => tab("Executions 4").click());
    expect(region("Executions").textContent).not.toContain("Query 2");
  });

  test("Resume opens it and goes to its follow-up; one without a session has none", async () => {
    await opened([past(1), past(2, { sessionId: null })]);
    await activate("Query 2");
    expect(all("button", "Resume")).toEqual([]);
    await activate("Query 1");
    await press("Resume");
    expect(document.activeElement).toBe(one("textarea", "Follow-up"));
    await activate("Query 1");
    await key("s");
    expect(document.activeElement).toBe(one("textarea", "Follow-up"));
  });

  test("it is run again after a question, and the new one is shown", async () => {
    await opened();
    await activate("Query 1");
    await key("r");
    await press("Re-run 1 execution");
    const { executionId, requestId } = model.last("claude:rerun-execution");
    expect(executionId).toBe("past1");
    await say({ type: "claude:rerun-execution", requestId, executionId: "run" });
    expect(model.last("claude:open-pane").executionId).toBe("run");
  });

  test("it is pinned and its pin is taken away", async () => {
    await opened();
    await activate("Query 1");
    await key("p");
    expect(model.last("claude:pin-execution")).toMatchObject({
      executionId: "past1",
      pinned: true,
    });
    await done("claude:pin-execution");
    expect(item("Query 1").textContent).toContain("pinned");
    await press("Unpin");
    expect(model.last("claude:pin-execution").pinned).toBe(false);
    await say(refused(model.last("claude:pin-execution").requestId, { message: "Read-only." }));
    expect(told()).toContain("Read-only.");
    expect(item("Query 1").textContent).toContain("pinned");
  });

  test("p and s are about the row of the keyboard, whatever is selected", async () => {
    await opened();
    await activate("Query 2");
    await key(" ");
    await key("ArrowDown");
    await key("p");
    expect(model.last("claude:pin-execution").executionId).toBe("past3");
    await key("r");
    expect(el.querySelector("dialog")?.textContent).toContain("Query 2");
    await press("Cancel");
    await key("s");
    expect(model.last("claude:open-pane").executionId).toBe("past3");
  });

  test("it is deleted after a question, looked at no more, and looked for anew", async () => {
    await opened();
    await activate("Query 2");
    await press("Delete…");
    expect(model.all("claude:delete-execution")).toEqual([]);
    await press("Delete 1 execution");
    expect(model.last("claude:delete-execution").executionId).toBe("past2");
    await done("claude:delete-execution");
    expect(region("Output").textContent).toContain("View an execution");
    expect(searches()).toBe(2);
    await answer([past(1), past(3)]);
    expect(rowNames()).toEqual(["Query 1", "Query 3"]);
  });

  test("it is gone at once, and who has loaded many stays where they are", async () => {
    const many = Array.from({ length: 150 }, (_, index) => past(index + 1));
    await opened(many.slice(0, 50), { total: 500, following: 50 });
    await press("Load more");
    await answer(many.slice(50), { total: null, following: 150 });
    await activate("Query 2");
    await press("Delete…");
    await press("Delete 1 execution");
    await done("claude:delete-execution");
    expect(told()).toContain("499 executions");
    expect(rowNames()).not.toContain("Query 2");
    expect(one("[role=grid]", "History").getAttribute("aria-rowcount")).toBe("149");
    expect(item("Query 3").tabIndex, "the next one has the keyboard").toBe(0);
    await pass(5000);
    expect(searches()).toBe(2);
    expect(asked().before).toBe(50);
  });

  test("what is pinned is not deleted, and what is refused says why", async () => {
    await opened([past(1, { pinned: true }), past(2)]);
    await activate("Query 1");
    await key("Delete");
    expect(all("dialog", "Delete 1 execution?")).toEqual([]);
    expect(told()).toContain("What is pinned is not deleted.");
    await key(" ");
    await activate("Query 2");
    await pass(0, () =>
      item("Query 1").dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true })),
    );
    await pass(0, () =>
      item("Query 2").dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey: true })),
    );
    await pass(0, () =>
      button("Delete…", region("History").querySelector("fieldset") ?? el).click(),
    );
    expect(el.querySelector("dialog")?.textContent).toContain("1 of the selected is pinned");
    await press("Delete 1 execution");
    await say(
      refused(model.last("claude:delete-execution").requestId, {
        kind: "ExecutionActive",
        message: "It is running.",
      }),
    );
    expect(told()).toContain("It is running.");
  });

  test("one that somebody else has deleted meanwhile is gone, without a complaint", async () => {
    await opened();
    await activate("Query 2");
    await key("Delete");
    await press("Delete 1 execution");
    const { requestId } = model.last("claude:delete-execution");
    await say(refused(requestId, { kind: "ExecutionNotFound" }));
    await answer([past(1), past(3)]);
    expect(region("History").querySelector("[role=alert]")).toBeNull();
  });
});

test("the tabs are one stop, with arrows between them, and / goes to the search in front", async () => {
  await opened();
  await pass(0, () => tab("History").focus());
  await key("/");
  expect(document.activeElement).toBe(one("input", "Search the history"));
  await key("Enter");
  expect(document.activeElement).toBe(item("Query 1"));
  await pass(0, () => tab("History").focus());
  await key("Home");
  expect(document.activeElement).toBe(tab("Executions 4"));
  await key("/");
  expect(document.activeElement).toBe(one("input", "Search executions"));
});
