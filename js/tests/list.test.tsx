/** The list of executions: what a row says, what is shown, what keys and clicks do, what is drawn. */
import { options, type VNode } from "preact";
import { describe, expect, onTestFinished, test } from "vitest";
import { KEY_GROUPS } from "../src/list/keys.ts";
import type { Events, ExecutionRow } from "../src/protocol.ts";
import { GATHER_MS } from "../src/views/announce.tsx";
import { refused, row } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  item,
  model,
  nameOf,
  one,
  pass,
  press,
  region,
  say,
  show,
  type,
  usePage,
} from "./stage.ts";

usePage();

const rows = () => [...el.querySelectorAll<HTMLElement>("[role=row]")];
const names = () => rows().map(nameOf);
const grid = () => one<HTMLElement>("[role=grid]", "Executions");
const focused = () => document.activeElement as HTMLElement;
const selected = () => rows().filter((one) => one.getAttribute("aria-selected") === "true");
let sequence = 0;
const tell = (...events: Events["events"]) => {
  sequence += 1;
  return say({ type: "claude:events", sequence, events });
};
const change = (executionId: string, changes: Partial<ExecutionRow>): Events["events"][number] => ({
  type: "claude:changed",
  executionId,
  changes,
});
const remove = (executionId: string): Events["events"][number] => ({
  type: "claude:removed",
  executionId,
});
/** A key where the focus is; true if the page took it for itself. */
async function key(name: string, more: KeyboardEventInit = {}): Promise<boolean> {
  const event = new KeyboardEvent("keydown", {
    key: name,
    bubbles: true,
    cancelable: true,
    ...more,
  });
  await pass(0, () => focused().dispatchEvent(event));
  return event.defaultPrevented;
}
const click = (element: Element, more: MouseEventInit = {}) =>
  pass(0, () => {
    element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...more }));
  });
const focus = (element: HTMLElement) => pass(0, () => element.focus());
const many = (count: number): ExecutionRow[] =>
  Array.from({ length: count }, (_, index) =>
    row({ executionId: `m${index}`, query: `Part ${index}`, createdTime: count - index }),
  );
const dialog = () => el.querySelector<HTMLDialogElement>("dialog");
const voice = () => el.querySelector("[aria-live]")?.textContent;

describe("a row", () => {
  test("says status, place, reason, duration and cost, and is named by its query", async () => {
    const costly = { executionId: "c", query: "Pay", costUsd: 0.5, numTurns: 2, name: "dear" };
    await dashboard({ executions: [...EXECUTIONS, row({ ...costly, status: "completed" })] });
    expect(names()).toEqual(["Run it", "Wait for it", "Held", "dear: Pay", "Fail"]);
    expect(item("Run it").textContent).toContain("running");
    expect(item("Wait for it").textContent).toContain("place 1 in the queue");
    expect(item("Held").textContent).toContain("held");
    const failed = item("Fail").textContent;
    for (const part of ["failed", "1:05", "replayed", "stale", "Budget spent: spent"]) {
      expect(failed).toContain(part);
    }
    expect(item("dear: Pay").textContent).toContain("$0.50");
    expect(all("button", "Kill", item("Fail"))).toEqual([]);
  });

  test("says who needs the user, and who waits for input", async () => {
    await dashboard({ executions: EXECUTIONS });
    await tell(change("run", { requestCount: 1 }), change("wait", { awaitsInput: true }));
    expect(item("Run it").textContent).toContain("Needs you");
    expect(item("Wait for it").textContent).toContain("waits for input");
    await tell(change("run", { requestCount: 0 }));
    expect(item("Run it").textContent).not.toContain("Needs you");
  });

  test("counts the seconds of what runs, by the kernel's clock", async () => {
    const startTime = Date.now() / 1000 + 490;
    const running = row({ executionId: "a", query: "A", status: "running", startTime });
    await dashboard({ now: Date.now() / 1000 + 500, executions: [running] });
    expect(item("A").querySelector("time")?.textContent).toBe("0:10");
    await pass(3000);
    expect(item("A").querySelector("time")?.textContent).toBe("0:13");
  });

  test("Kill answers at once, and a refusal of it is shown on its row", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("Kill", item("Run it"));
    const sent = model.last("claude:kill-execution");
    expect(sent.executionId).toBe("run");
    await press("Killing…", item("Run it"));
    expect(model.all("claude:kill-execution")).toHaveLength(1);
    button("Kill", item("Wait for it"));
    await say(refused(sent.requestId, { kind: "X", message: "It is not here." }));
    expect(item("Run it").textContent).toContain("It is not here.");
    button("Kill", item("Run it"));
  });
});

describe("what is shown", () => {
  test("the filters count all, and show theirs", async () => {
    await dashboard({ executions: EXECUTIONS });
    const counts = () => [...el.querySelectorAll(".cw-filter-buttons button")].map(nameOf);
    expect(counts()).toEqual([
      "All 4",
      "Needs you 0",
      "Running 1",
      "Queued 2",
      "Failed 1",
      "Done 0",
    ]);
    await press("Failed 1");
    expect(names()).toEqual(["Fail"]);
    expect(button("Failed 1").getAttribute("aria-pressed")).toBe("true");
    await tell(change("run", { status: "failed" }), change("wait", { requestCount: 1 }));
    expect(names()).toEqual(["Run it", "Fail"]);
    expect(counts()).toEqual([
      "All 4",
      "Needs you 1",
      "Running 0",
      "Queued 2",
      "Failed 2",
      "Done 0",
    ]);
  });

  test("a filter that nothing is in any more stays while it is chosen", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("Queued 2");
    await tell(change("wait", { status: "running" }), change("held", { status: "running" }));
    expect(button("Queued 0").getAttribute("aria-pressed")).toBe("true");
    await press("All 4");
    expect(all("button", "Queued 0")).toEqual([]);
  });

  test("the search narrows, and nothing found leads back to all", async () => {
    await dashboard({ executions: EXECUTIONS });
    await type("Search executions", "it");
    expect(names()).toEqual(["Run it", "Wait for it"]);
    await type("Search executions", "nobody");
    expect(region("Executions").textContent).toContain("No execution matches.");
    await press("Show all");
    expect(names()).toHaveLength(4);
    expect(one<HTMLInputElement>("input", "Search executions").value).toBe("");
  });

  test("the order is the chosen one", async () => {
    await dashboard({ executions: EXECUTIONS });
    const order = one<HTMLSelectElement>("select", "Order");
    await pass(0, () => {
      order.value = "status";
      order.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await tell(change("held", { requestCount: 1 }));
    expect(names()).toEqual(["Held", "Run it", "Wait for it", "Fail"]);
  });

  test("the header counts who needs the user, and a click shows them", async () => {
    await dashboard({ executions: EXECUTIONS });
    expect(el.textContent).not.toContain("needs you");
    await tell(change("wait", { requestCount: 1 }));
    await press("1 execution needs you");
    expect(names()).toEqual(["Wait for it"]);
    expect(model.last("claude:open-pane").executionId).toBe("wait");
    await tell(change("run", { requestCount: 2 }));
    button("2 executions need you");
    expect(names()).toEqual(["Run it", "Wait for it"]);
  });

  test("the form folds, and keeps what was typed", async () => {
    await dashboard();
    await type("Query", "half a thought");
    const fold = button("New execution");
    expect(fold.getAttribute("aria-expanded")).toBe("true");
    await press("New execution");
    expect(one("textarea", "Query").closest("[hidden]")).not.toBeNull();
    await press("New execution");
    expect(one("textarea", "Query").closest("[hidden]")).toBeNull();
    expect(one<HTMLTextAreaElement>("textarea", "Query").value).toBe("half a thought");
  });
});

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

describe("the voice", () => {
  test("tells of ends and requests, many in one sentence, and of nothing else", async () => {
    await dashboard({ executions: [...EXECUTIONS, ...many(3)] });
    await tell(change("run", { activity: "Bash: ls", toolCount: 3 }));
    await pass(GATHER_MS);
    expect(voice()).toBe("");
    await tell(change("m0", { status: "completed" }), change("m1", { status: "completed" }));
    await tell(change("m2", { status: "completed" }), change("run", { requestCount: 1 }));
    expect(voice()).toBe("");
    await pass(GATHER_MS);
    expect(voice()).toBe("Run it: needs you. 3 executions completed.");
    await pass(5000);
    expect(voice()).toBe("");
  });

  test("of one execution in a cell tells of it where no dashboard does", async () => {
    const own = row({ executionId: "own", query: "Mine", status: "running" });
    show({ kind: "execution", execution_id: "own", row: own });
    await pass(0, () => model.set("row", { ...own, activity: "Bash: ls" }));
    await pass(0, () => model.set("row", { ...own, status: "completed" }));
    await pass(GATHER_MS);
    expect(voice()).toBe("Mine: completed.");
  });

  test("tells the same thing twice when it happens twice", async () => {
    await dashboard({ executions: many(2) });
    await tell(change("m0", { status: "failed" }));
    await pass(GATHER_MS);
    expect(voice()).toBe("Part 0: failed.");
    await tell(change("m1", { status: "failed" }));
    await pass(GATHER_MS);
    expect(voice()).toBe("Part 1: failed.");
  });
});

describe("a thousand executions", () => {
  /** How often each component is drawn from now on. */
  function countDrawings(): Map<string, number> {
    const drawn = new Map<string, number>();
    const { diffed } = options;
    options.diffed = (vnode: VNode) => {
      const { name } = typeof vnode.type === "function" ? vnode.type : { name: "" };
      if (name) drawn.set(name, (drawn.get(name) ?? 0) + 1);
      diffed?.(vnode);
    };
    onTestFinished(() => {
      options.diffed = diffed;
    });
    return drawn;
  }

  test("are a few rows in the page", async () => {
    await dashboard({ executions: many(1000) });
    expect(rows().length).toBeGreaterThan(40);
    expect(rows().length).toBeLessThan(100);
  });

  test("a change of one draws its row, and nothing for a row that is not seen", async () => {
    await dashboard({ executions: many(1000) });
    await tell(change("m3", { status: "running" }));
    const drawn = countDrawings();
    await tell(change("m3", { status: "completed", costUsd: 0.1 }));
    expect(drawn.get("GridRow")).toBe(1);
    drawn.clear();
    await tell(change("m900", { activity: "Bash" }));
    expect([...drawn.keys()]).toEqual([]);
  });

  test("selecting and opening one draws that one and the one before", async () => {
    await dashboard({ executions: many(1000) });
    await click(item("Part 3"));
    const drawn = countDrawings();
    await click(item("Part 5"));
    expect(drawn.get("GridRow")).toBe(2);
    drawn.clear();
    await click(item("Part 7"), { ctrlKey: true });
    expect(drawn.get("GridRow")).toBeLessThanOrEqual(2);
  });
});
