/** The list of executions: what its rows say, what is shown and announced, how little is drawn. */

import type { VNode } from "preact";
import { options } from "preact";
import { describe, expect, onTestFinished, test } from "vitest";
import { GATHER_MS } from "../src/views/announce.tsx";
import { refused, row } from "./fakes.ts";
import { click, many, names, rows, voice } from "./listed.ts";
import {
  all,
  button,
  change,
  dashboard,
  EXECUTIONS,
  el,
  item,
  model,
  nameOf,
  one,
  pass,
  pick,
  press,
  region,
  say,
  show,
  tell,
  type,
  usePage,
} from "./stage.ts";

usePage();

describe("a row", () => {
  test("says status, place, reason, duration and cost, and is named by its query", async () => {
    const costly = { executionId: "c", query: "Pay", costUsd: 0.5, numTurns: 2, name: "dear" };
    await dashboard({ executions: [...EXECUTIONS, row({ ...costly, status: "completed" })] });
    expect(names()).toEqual(["Run it", "Wait for it", "Held", "dear: Pay", "Fail"]);
    expect(item("Run it").textContent).toContain("running");
    expect(item("Wait for it").textContent).toContain("#1 in the queue");
    expect(item("Held").textContent).toContain("held");
    const failed = item("Fail").textContent;
    for (const part of ["failed", "1:05", "replayed", "stale", "Budget spent: spent"]) {
      expect(failed).toContain(part);
    }
    expect(item("dear: Pay").textContent).toContain("$0.50");
    expect(item("dear: Pay").innerHTML).toContain("cost: estimate at list prices");
    expect(failed).not.toContain("attempt");
    expect(all("button", "Kill", item("Fail"))).toEqual([]);
  });

  test("says which attempt it is, and of which execution", async () => {
    const again = { executionId: "b", query: "Again", attempt: 2, attemptOf: "a" };
    await dashboard({ executions: [row(again)] });
    const tag = [...item("Again").querySelectorAll<HTMLElement>(".cw-tag")].find(
      (one) => one.textContent === "attempt 2",
    );
    expect(tag?.title).toContain("A further attempt of a;");
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
    await pick("Order", "status");
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
