/** The list of executions by keys and clicks: its active row, several selected, the focus. */
import { describe, expect, test } from "vitest";
import { KEY_GROUPS } from "../src/list/keys.ts";
import { refused } from "./fakes.ts";
import { click, dialog, focus, grid, many, names, remove, rows, selected } from "./listed.ts";
import {
  alerts,
  button,
  change,
  dashboard,
  EXECUTIONS,
  focused,
  item,
  key,
  model,
  nameOf,
  one,
  pass,
  press,
  region,
  say,
  tell,
  type,
  usePage,
} from "./stage.ts";

usePage();

describe("the keyboard", () => {
  test("the list is one stop, and hands the focus to its active row", async () => {
    await dashboard({ executions: EXECUTIONS });
    expect(grid().tabIndex).toBe(0);
    expect(rows().map((one) => one.tabIndex)).toEqual([-1, -1, -1, -1]);
    await focus(grid());
    expect(nameOf(focused())).toBe("Run it");
    expect(grid().tabIndex).toBe(-1);
    expect(rows().map((one) => one.tabIndex)).toEqual([0, -1, -1, -1]);
    expect(button("Kill", item("Run it")).tabIndex).toBe(0);
    expect(button("Kill", item("Held")).tabIndex).toBe(-1);
    await focus(button("Execute"));
    expect(grid().tabIndex).toBe(0);
  });

  test("arrows, Home and End move; Enter opens; nothing else is selected or opened", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    expect(await key("ArrowDown")).toBe(true);
    expect(nameOf(focused())).toBe("Wait for it");
    await key("End");
    expect(nameOf(focused())).toBe("Fail");
    await key("ArrowUp");
    expect(nameOf(focused())).toBe("Held");
    expect(model.all("claude:open-pane")).toHaveLength(0);
    expect(selected()).toEqual([]);
    await key("Enter");
    expect(model.last("claude:open-pane").executionId).toBe("held");
    expect(nameOf(focused())).toBe("Held");
    expect(focused().getAttribute("aria-current")).toBe("true");
    expect(await key("x")).toBe(false);
  });

  test("far rows are drawn when the keyboard gets there", async () => {
    await dashboard({ executions: many(1000) });
    await focus(grid());
    await key("End");
    expect(nameOf(focused())).toBe("Part 999");
    expect(focused().getAttribute("aria-rowindex")).toBe("1000");
    expect(grid().getAttribute("aria-rowcount")).toBe("1000");
    expect(rows().length).toBeLessThan(100);
    await key("Home");
    expect(nameOf(focused())).toBe("Part 0");
    await key("PageDown");
    expect(nameOf(focused())).toBe("Part 49");
  });

  test("Space, Shift and Ctrl select, Escape does no more", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    await key(" ");
    expect(selected().map(nameOf)).toEqual(["Run it"]);
    await key("ArrowDown", { shiftKey: true });
    await key("ArrowDown", { shiftKey: true });
    expect(selected().map(nameOf)).toEqual(["Run it", "Wait for it", "Held"]);
    await key("ArrowUp", { shiftKey: true });
    expect(selected().map(nameOf)).toEqual(["Run it", "Wait for it"]);
    await key("Escape");
    expect(selected()).toEqual([]);
    expect(await key("a", { ctrlKey: true })).toBe(true);
    expect(selected()).toHaveLength(4);
    expect(await key("c", { ctrlKey: true })).toBe(false);
  });

  test("keys on a button of a row are the button's", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(button("View", item("Run it")));
    expect(await key("Enter")).toBe(false);
    expect(await key(" ")).toBe(false);
    expect(selected()).toEqual([]);
    await key("ArrowDown");
    expect(nameOf(focused())).toBe("Wait for it");
  });

  test("/ goes to the search, from there to the list, and Escape clears", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(button("Execute"));
    expect(await key("/")).toBe(true);
    const search = one<HTMLInputElement>("input", "Search executions");
    expect(focused()).toBe(search);
    expect(await key("/")).toBe(false);
    await type("Search executions", "held");
    await key("ArrowDown");
    expect(nameOf(focused())).toBe("Held");
    await focus(search);
    await key("Escape");
    expect(search.value).toBe("");
    expect(names()).toHaveLength(4);
  });

  test("? shows the table of keys, and Escape leads back; in a field it is a character", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(one<HTMLElement>("textarea", "Query"));
    expect(await key("?")).toBe(false);
    await focus(grid());
    await key("?");
    expect(dialog()?.open).toBe(true);
    for (const { lines } of KEY_GROUPS) {
      for (const { does } of lines) expect(dialog()?.textContent).toContain(does);
    }
    await pass(0, () => button("Close").focus());
    await key("Escape");
    expect(dialog()).toBeNull();
    expect(nameOf(focused())).toBe("Run it");
    await press("Keys");
    await press("Close");
    expect(dialog()).toBeNull();
  });
});

describe("several at once", () => {
  test("clicks select and open as in other lists", async () => {
    await dashboard({ executions: EXECUTIONS });
    await click(item("Wait for it"));
    expect(model.last("claude:open-pane").executionId).toBe("wait");
    expect(selected()).toEqual([]);
    await click(item("Fail"), { shiftKey: true });
    expect(selected().map(nameOf)).toEqual(["Wait for it", "Held", "Fail"]);
    await click(item("Held"), { ctrlKey: true });
    await click(item("Run it"), { metaKey: true });
    expect(selected().map(nameOf)).toEqual(["Run it", "Wait for it", "Fail"]);
    expect(model.all("claude:open-pane")).toHaveLength(1);
    await click(item("Held"));
    expect(selected()).toEqual([]);
  });

  test("Kill asks first, says how many, and kills just those that have not ended", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    await key("a", { ctrlKey: true });
    await press("Kill…");
    expect(dialog()?.textContent).toContain("Kill 3 executions?");
    expect(dialog()?.textContent).toContain("1 of the selected ended already.");
    expect(nameOf(focused())).toBe("Cancel");
    await press("Cancel");
    expect(model.all("claude:kill-execution")).toHaveLength(0);
    await press("Kill…");
    await tell(change("held", { status: "killed" }));
    await press("Kill 3 executions");
    const killed = model.sent.filter((message) => message.type === "claude:kill-execution");
    expect(killed.map(({ executionId }) => executionId)).toEqual(["run", "wait"]);
    expect(selected()).toEqual([]);
  });

  test("k asks about the active one; pressing it again or Enter kills nothing", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    await key("k");
    expect(dialog()?.textContent).toContain("Kill 1 execution?");
    expect(dialog()?.textContent).toContain("Run it");
    await key("k");
    await pass(0, () => focused().click());
    expect(dialog()).toBeNull();
    expect(model.all("claude:kill-execution")).toHaveLength(0);
    expect(nameOf(focused())).toBe("Run it");
    await key("End");
    await key("k");
    expect(dialog()).toBeNull();
  });

  test("Re-run starts each again, the oldest first, and tells of those that were refused", async () => {
    await dashboard({ executions: EXECUTIONS });
    await click(item("Wait for it"));
    await click(item("Fail"), { shiftKey: true });
    await press("Re-run…");
    await press("Re-run 3 executions");
    const asked = () =>
      model.sent.filter((message) => message.type === "claude:rerun-execution") as {
        executionId: string;
        requestId: string;
      }[];
    const answer = async (executionId: string) => {
      const { requestId } = model.last("claude:rerun-execution");
      await say({ type: "claude:rerun-execution", requestId, executionId });
    };
    expect(asked().map(({ executionId }) => executionId)).toEqual(["bad"]);
    await answer("new1");
    await say(refused(model.last("claude:rerun-execution").requestId, { message: "Not now." }));
    await answer("new2");
    expect(asked().map(({ executionId }) => executionId)).toEqual(["bad", "held", "wait"]);
    expect(alerts()).toContain("1 of 3 were not run again: Not now.");
  });

  test("one that was run again is shown", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    await key("r");
    await press("Re-run 1 execution");
    const { requestId } = model.last("claude:rerun-execution");
    await say({ type: "claude:rerun-execution", requestId, executionId: "again" });
    await tell(change("again", { query: "Again" }));
    expect(model.last("claude:open-pane").executionId).toBe("again");
  });

  test("what is shown no more is selected no more, and all that is shown can be", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    await key(" ");
    await press("Select all 4");
    expect(selected()).toHaveLength(4);
    await press("Failed 1");
    expect(region("Executions").textContent).toContain("1 selected");
    await tell(remove("bad"));
    expect(region("Executions").textContent).not.toContain("selected");
  });
});

describe("the focus", () => {
  test("is its row's when the execution ends under its Kill button", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(button("Kill", item("Run it")));
    await press("Kill", item("Run it"));
    expect(nameOf(focused())).toBe("Killing…");
    await tell(change("run", { status: "killed" }));
    expect(nameOf(focused())).toBe("Run it");
  });

  test("goes to the neighbour when its row is removed or filtered out, to the list without one", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(grid());
    await key("ArrowDown");
    await tell(remove("wait"));
    expect(nameOf(focused())).toBe("Held");
    await tell(change("held", { status: "running" }));
    await press("Running 2");
    await focus(item("Held"));
    await tell(change("held", { status: "failed" }));
    expect(nameOf(focused())).toBe("Run it");
    await tell(remove("run"), remove("held"), remove("bad"));
    expect(focused()).toBe(region("Executions"));
  });

  test("stays with its row when others come in above it or the order changes", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(item("Held"));
    await tell(change("new", { query: "New", createdTime: 9 }));
    expect(nameOf(focused())).toBe("Held");
    await tell(change("held", { createdTime: 10 }));
    expect(names()[0]).toBe("Held");
    expect(nameOf(focused())).toBe("Held");
  });

  test("is left where a reader left it", async () => {
    await dashboard({ executions: EXECUTIONS });
    await focus(item("Held"));
    await pass(0, () => focused().blur());
    await tell(remove("held"), change("new", { query: "New", createdTime: 9 }));
    expect(focused()).toBe(document.body);
  });
});
