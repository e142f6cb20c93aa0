/** What an execution uses: in its row and in its pane's header, now and once it has ended. */
import { expect, test } from "vitest";
import type { ExecutionRow } from "../src/protocol.ts";
import { usedText } from "../src/views/list/usage.tsx";
import { row } from "./fakes.ts";
import { button, change, dashboard, EXECUTIONS, el, item, press, tell, usePage } from "./stage.ts";

usePage();

const usage = (within: Element = el) => within.querySelector<HTMLElement>(".cw-usage");
const header = () => usage(el.querySelector(".cw-output-head") ?? el);

test("processor and memory are in the row and in the pane's header while it runs", async () => {
  await dashboard({ executions: EXECUTIONS });
  await press("View", item("Run it"));
  expect(usage()).toBeNull();
  await tell(change("run", { cpuPercent: 12, memoryBytes: 310_000_000 }));
  expect(usage(item("Run it"))?.textContent).toBe("12 % CPU, 310 MB");
  expect(usage(item("Run it"))?.title).toContain("all that it started");
  expect(header()?.textContent).toBe("12 % CPU, 310 MB");
  await tell(change("run", { cpuPercent: 0 }));
  expect(header()?.textContent).toBe("0 % CPU, 310 MB");
});

test("once it has ended its header says what it used, its row no more than in a tooltip", async () => {
  await dashboard({ executions: EXECUTIONS });
  await press("View", item("Run it"));
  await tell(change("run", { cpuPercent: 12, memoryBytes: 310_000_000 }));
  const ended = { status: "completed", endTime: 9, cpuPercent: null, costUsd: 0.5 } as const;
  await tell(change("run", { ...ended, cpuSeconds: 3.25, memoryBytes: 412_345_678 }));
  expect(usage(item("Run it"))).toBeNull();
  expect(header()?.textContent).toBe("3.3 s CPU, 412 MB peak");
  expect(item("Run it").innerHTML).toContain("3.3 s CPU, 412 MB peak");
  button("View", item("Run it"));
});

test("what is not known is left out", () => {
  const used = (known: Partial<ExecutionRow>) => usedText(row({ executionId: "a", ...known }));
  expect(used({})).toBe("");
  expect(used({ cpuSeconds: 200 })).toBe("3:20 CPU");
  expect(used({ memoryBytes: 5_000_000 })).toBe("5.0 MB peak");
});
