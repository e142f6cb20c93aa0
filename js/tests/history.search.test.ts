/** The History tab: what it asks the kernel for, and what it shows of the answer. */
import { describe, expect, test } from "vitest";
import { DISCONNECTED } from "../src/connection.ts";
import { render } from "../src/widget.ts";
import { refused } from "./fakes.ts";
import {
  activate,
  answer,
  asked,
  chips,
  choose,
  end,
  opened,
  PAST,
  past,
  rowNames,
  searches,
  tab,
  told,
} from "./historytab.ts";
import {
  alerts,
  all,
  dashboard,
  EXECUTIONS,
  el,
  HOSTILE,
  item,
  model,
  one,
  pass,
  pong,
  press,
  region,
  say,
  type,
  usePage,
} from "./stage.ts";

usePage();

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
      await end(`now${nth}`);
      await pass(200);
    }
    expect(searches()).toBe(2);
    expect(asked().text).toBe("abc");
    await answer(PAST);
    for (let nth = 5; nth <= 10; nth += 1) {
      await end(`now${nth}`);
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
    await pong();
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
