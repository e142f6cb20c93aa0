/** The end of a long transcript comes first, and gives way to the whole once that is there. */
import { beforeEach, describe, expect, test } from "vitest";
import { pace } from "../src/pane/pace.ts";
import { MAX_BATCH } from "../src/protocol.ts";
import { bytes } from "./fakes.ts";
import { layOut } from "./layout.ts";
import {
  button,
  dashboard,
  EXECUTIONS,
  el,
  item,
  model,
  pass,
  press,
  region,
  say,
  usePage,
} from "./stage.ts";

usePage();
beforeEach(() => layOut({ height: 400, row: () => 28 }));

const said = (index: number, more = "") =>
  `0.1 out {"type":"assistant","session_id":"s","message":{"id":"m${index}","content":[{"type":"text","text":"Text ${index}.${more}"}]}}\n`;
const LONG = bytes(
  Array.from({ length: 300 }, (_, index) => said(index, " ".repeat(2000))).join(""),
);

async function give(paneId: string, offset: number, end: number, ended = false): Promise<void> {
  const part = LONG.slice(offset, end);
  const data = { executionId: "run", paneId, offset, nextOffset: offset + part.length, ended };
  await say({ type: "claude:pane-data", ...data }, [new DataView(part.buffer)]);
  await pass(0, () => pace.finish());
}

const opened = () => model.all("claude:open-pane") as { paneId: string; offset?: number }[];
const blocks = () => region("Blocks").textContent ?? "";

/** The end has come, and the rest is asked for. */
async function begin(): Promise<{ main: string; tail: string }> {
  await dashboard({ executions: EXECUTIONS });
  await press("View", item("Run it"));
  const tail = model.last("claude:open-pane");
  expect(tail.offset).toBe(-MAX_BATCH);
  expect(el.textContent).toContain("Loading…");
  await give(tail.paneId, LONG.length - MAX_BATCH, LONG.length);
  const main = model.last("claude:open-pane");
  expect(main.offset).toBe(0);
  return { main: main.paneId, tail: tail.paneId };
}

describe("a long transcript", () => {
  test("shows its end while the rest is on its way, and then all of it", async () => {
    const { main, tail } = await begin();
    expect(blocks()).toContain("Text 299.");
    await give(main, 0, MAX_BATCH);
    expect(blocks()).toContain("Text 299.");
    expect(el.textContent).toContain("Reading what came before… 41 %");
    expect(button("Copy").disabled).toBe(true);
    for (let at = MAX_BATCH; at < LONG.length; at += MAX_BATCH) {
      await give(main, at, at + MAX_BATCH, at + MAX_BATCH >= LONG.length);
    }
    expect(blocks()).toContain("Text 299.");
    expect(el.textContent).not.toContain("Reading what came before");
    expect(button("Copy").disabled).toBe(false);
    expect(model.last("claude:close-pane").paneId).toBe(tail);
    await pass(0, () => {
      region("Blocks").scrollTop = 0;
    });
    expect(blocks()).toContain("Text 0.");
  });

  test("has no unreadable record where its end begins in one", async () => {
    await begin();
    await pass(0, () => {
      region("Blocks").scrollTop = 0;
    });
    expect(blocks()).not.toContain("unreadable");
  });

  test("gives both of its panes back", async () => {
    const { main, tail } = await begin();
    await press("View", item("Wait for it"));
    const closed = model.all("claude:close-pane") as { paneId: string }[];
    expect(closed.map(({ paneId }) => paneId).sort()).toEqual([main, tail].sort());
  });
});

test("a short transcript is asked for once", async () => {
  await dashboard({ executions: EXECUTIONS });
  await press("View", item("Run it"));
  await give(model.last("claude:open-pane").paneId, 0, 5000);
  expect(opened()).toHaveLength(1);
});
