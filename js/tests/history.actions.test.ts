/** The History tab: what is done with a row, by keys and buttons, and where the focus is. */
import { describe, expect, test } from "vitest";
import { refused } from "./fakes.ts";
import {
  activate,
  answer,
  asked,
  done,
  opened,
  past,
  rowNames,
  searches,
  tab,
  told,
} from "./historytab.ts";
import {
  all,
  button,
  el,
  item,
  key,
  model,
  one,
  pass,
  press,
  region,
  say,
  usePage,
} from "./stage.ts";

usePage();

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
