/** The timeline and the costs, as a reader meets them. */
import { describe, expect, test, vi } from "vitest";
import { CALL } from "./charted.ts";
import { refused, row } from "./fakes.ts";
import {
  all,
  button,
  change,
  dashboard,
  el,
  model,
  one,
  pass,
  press,
  region,
  say,
  tell,
  usePage,
} from "./stage.ts";

describe("the timeline", () => {
  usePage();
  const HOSTILE = "<b>rm</b> \u202e -rf";
  const now = () => Date.now() / 1000;
  const rows = () => [
    row({
      executionId: "live",
      query: "Work on it",
      status: "running",
      createdTime: now() - 30,
      startTime: now() - 20,
      toolCount: 2,
    }),
    row({
      executionId: "done",
      query: "Done it",
      status: "failed",
      createdTime: now() - 500,
      startTime: now() - 500,
      endTime: now() - 400,
      costUsd: 0.25,
    }),
    row({
      executionId: "old",
      query: "Old one",
      status: "completed",
      createdTime: now() - 90_000,
      startTime: now() - 90_000,
      endTime: now() - 89_000,
    }),
  ];
  async function open(executions = rows()): Promise<void> {
    await dashboard({ executions });
    await press("Timeline");
  }
  const tellCalls = () =>
    say({
      type: "claude:get-tool-calls",
      requestId: model.last("claude:get-tool-calls").requestId,
      found: [
        {
          executionId: "live",
          calls: [
            {
              ...CALL,
              name: "Bash",
              subject: HOSTILE,
              startTime: now() - 18,
              endTime: now() - 16.5,
              isError: true,
            },
            {
              ...CALL,
              name: "Read",
              subject: "README.md",
              startTime: now() - 10,
              endTime: null,
              nested: true,
            },
          ],
          leftOut: 3,
        },
      ],
    });
  const lanes = () => [...region("Timeline").querySelectorAll("li.cw-time-lane")];
  const tip = () => lanes()[0]?.querySelector("[role=status]")?.textContent;
  const key = (name: string) =>
    pass(0, () =>
      button("Work on it").dispatchEvent(
        new KeyboardEvent("keydown", { key: name, bubbles: true }),
      ),
    );

  test("has the executions of the range in which the newest ran, and says what is outside", async () => {
    await open();
    expect(button("Last 10 min").getAttribute("aria-pressed")).toBe("true");
    expect(lanes().map((lane) => lane.querySelector("button")?.textContent)).toEqual([
      "Work on it",
      "Done it",
    ]);
    expect(region("Timeline").textContent).toContain("2 executions; 1 outside of this range.");
    await press("All");
    expect(lanes()).toHaveLength(3);
  });

  test("tells status, times and cost in words beside the picture", async () => {
    await open();
    const figures = lanes()[1]?.querySelector<HTMLElement>(".cw-lane-figures");
    expect(figures?.textContent).toContain("failed · 1:40 · $0.25");
    expect(figures?.title).toBe("Cost: estimate at list prices");
    expect(lanes()[0]?.querySelector(".cw-lane-figures")?.textContent).toContain("waited 0:10");
  });

  test("asks for calls of what has called tools, and again when there are more", async () => {
    await open();
    expect(model.last("claude:get-tool-calls").executionIds).toEqual(["live"]);
    await tellCalls();
    await pass(3000);
    expect(model.all("claude:get-tool-calls")).toHaveLength(1);
    await tell(change("live", { toolCount: 3 }));
    await pass(1000);
    expect(model.all("claude:get-tool-calls")).toHaveLength(2);
  });

  test("tells its calls by the arrow keys, hidden characters shown and nothing of them markup", async () => {
    await open();
    await tellCalls();
    expect(lanes()[0]?.textContent).toContain("5 tool calls, 1 failed");
    await key("ArrowRight");
    expect(tip()).toContain("Bash <b>rm</b> U+202E");
    expect(tip()).toContain("1.5 s · failed");
    expect(region("Timeline").querySelector("b b")).toBeNull();
    await key("ArrowRight");
    expect(tip()).toMatch(/Read README\.md .*no result yet · by a subagent/);
    await key("Escape");
    expect(tip()).toBe("");
  });

  test("grows while something runs, and not a second longer", async () => {
    await open();
    const drawn = () => region("Timeline").querySelector("path.cw-grows")?.getAttribute("d");
    const before = drawn();
    await pass(5000);
    expect(drawn()).not.toBe(before);
    await tell(change("live", { status: "completed", endTime: now() }));
    expect(drawn()).toBeUndefined();
  });

  test("stands still on a page that nobody sees", async () => {
    await open();
    const drawn = () => region("Timeline").querySelector("path.cw-grows")?.getAttribute("d");
    const before = drawn();
    vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    await pass(5000);
    expect(drawn()).toBe(before);
  });

  test("asks a kernel that knows no charts again, but not at once", async () => {
    await open();
    const { requestId } = model.last("claude:get-tool-calls");
    await say(refused(requestId));
    await pass(3000);
    expect(model.all("claude:get-tool-calls")).toHaveLength(1);
    await pass(3000);
    expect(model.all("claude:get-tool-calls")).toHaveLength(2);
    expect(region("Timeline").textContent).toContain("Work on it");
  });

  test("opens an execution beside it", async () => {
    await open();
    await press("Done it", region("Timeline"));
    expect(button("Done it", region("Timeline")).getAttribute("aria-pressed")).toBe("true");
    expect(region("Output").textContent).toContain("Done it");
  });

  test("of a thousand draws the newest fifty, and says so", async () => {
    await open(
      Array.from({ length: 1000 }, (_, index) =>
        row({
          executionId: `e${index}`,
          query: `Query ${index}`,
          status: "completed",
          createdTime: now() - index / 10,
          startTime: now() - index / 10,
          endTime: now(),
          toolCount: 1,
        }),
      ),
    );
    expect(lanes()).toHaveLength(50);
    expect(region("Timeline").textContent).toContain("The newest 50 of 1,000 executions.");
    expect(model.last("claude:get-tool-calls").executionIds).toHaveLength(50);
  });

  test("says what the last day cost, added up", async () => {
    const cost = (executionId: string, costUsd: number, ago: number) =>
      row({
        executionId,
        query: executionId,
        status: "completed",
        createdTime: now() - ago - 5,
        startTime: now() - ago - 5,
        endTime: now() - ago,
        costUsd,
      });
    await open([cost("a", 0.25, 900), cost("b", 0.25, 300), cost("clock ahead", 0.25, -0.4)]);
    expect(region("Timeline").textContent).toContain(
      "Cost of the last day, added up: $0.75 (estimate at list prices)",
    );
    expect(region("Timeline").querySelectorAll(".cw-added-up rect")).toHaveLength(3);
  });

  test("without an execution says so", async () => {
    await open([]);
    expect(region("Timeline").textContent).toContain("No executions yet.");
  });

  test("has costs and tokens by day as pictures and as a table", async () => {
    await open();
    const days = [
      {
        day: "2026-01-30",
        executions: 3,
        costUsd: 0.42,
        recordedCostUsd: 0.1,
        inputTokens: 12_000,
        outputTokens: 900,
        recordedTokens: 3000,
      },
    ];
    const { requestId } = model.last("claude:get-spending");
    await say({ type: "claude:get-spending", requestId, today: "2026-01-31", days });
    const section = one<HTMLElement>("section", "Cost and tokens");
    const cells = [...section.querySelectorAll("tbody :is(th, td)")].map(
      (cell) => cell.textContent,
    );
    expect(cells).toEqual([
      "2026-01-30",
      "3",
      "$0.420 (and $0.100 as recorded)",
      "12,000",
      "900 (and 3,000 of both as recorded)",
    ]);
    expect(section.querySelectorAll("rect.cw-cost")).toHaveLength(2);
    expect(section.querySelectorAll("rect.cw-played")).toHaveLength(4);
    expect(section.querySelector("figcaption")?.textContent).toContain("estimate at list prices");
    expect(section.querySelector("thead")?.textContent).toContain("Cost (est.)");
    expect(section.textContent).toContain("$0.60");
    expect(section.textContent).toContain("20k");
    expect(all("section", "Cost and tokens")).toHaveLength(1);
    expect(el.querySelectorAll("section title")).not.toHaveLength(0);
  });
});
