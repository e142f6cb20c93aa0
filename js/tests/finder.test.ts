/** The search of one output: as one types, as it grows, and to what is folded away. */
import { beforeEach, describe, expect, test } from "vitest";
import { pace } from "../src/pane/pace.ts";
import { bytes } from "./fakes.ts";
import { layOut } from "./layout.ts";
import {
  button,
  dashboard,
  EXECUTIONS,
  el,
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
beforeEach(() => layOut({ height: 200, row: () => 28 }));

let length = 0;
const said = (id: string, text: string, parent: string | null = null) => ({
  type: "assistant",
  session_id: "s",
  parent_tool_use_id: parent,
  message: { id, content: [{ type: "text", text }] },
});

async function give(...frames: object[]): Promise<void> {
  const { paneId } = model.last("claude:open-pane");
  const more = bytes(frames.map((frame) => `0.1 out ${JSON.stringify(frame)}\n`).join(""));
  const [offset, nextOffset] = [length, length + more.length];
  length = nextOffset;
  const data = { executionId: "run", paneId, offset, nextOffset, ended: false };
  await say({ type: "claude:pane-data", ...data }, [new DataView(more.slice().buffer)]);
  await pass(0, () => pace.finish());
}

async function view(...frames: object[]): Promise<void> {
  length = 0;
  await dashboard({ executions: EXECUTIONS });
  await press("View", item("Run it"));
  await give(...frames);
}

const output = () => region("Output");
const field = () => one<HTMLInputElement>("input", "Search the output");
const told = () => output().querySelector(".cw-search-count")?.textContent;
async function search(query: string): Promise<void> {
  await pass(1000, () => {
    field().value = query;
    field().dispatchEvent(new Event("input", { bubbles: true }));
  });
}
const key = (name: string, shiftKey = false) =>
  pass(200, () => {
    field().dispatchEvent(new KeyboardEvent("keydown", { key: name, shiftKey, bubbles: true }));
  });

const MANY = Array.from({ length: 200 }, (_, index) =>
  said(`m${index}`, index % 50 === 0 ? `A needle, and a Needle: ${index}.` : `Hay ${index}.`),
);

describe("the search", () => {
  test("counts in all blocks, and leads from match to match and around", async () => {
    await view(...MANY);
    await press("Search", output());
    expect(document.activeElement).toBe(field());
    await search("needle");
    expect(told()).toMatch(/ of 8$/);
    for (let step = 0; told() !== "1 of 8" && step < 8; step += 1) await key("Enter");
    expect(told()).toBe("1 of 8");
    expect(region("Blocks").textContent).toContain("Needle: 0.");
    await key("Enter", true);
    expect(told()).toBe("8 of 8");
    expect(region("Blocks").textContent).toContain("Needle: 150.");
    await press("Next", output());
    expect(told()).toBe("1 of 8");
  });

  test("says that there is nothing, and ends with Escape", async () => {
    await view(...MANY);
    await press("Search", output());
    await search("no such words");
    expect(told()).toBe("No match");
    await search("  ");
    expect(told()).toBe("");
    await key("Escape");
    expect(output().querySelector(".cw-search")).toBeNull();
    expect(button("Search", output()).getAttribute("aria-expanded")).toBe("false");
  });

  test("counts what comes while it is open", async () => {
    await view(said("a", "One needle."));
    await press("Search", output());
    await search("needle");
    expect(told()).toBe("1 of 1");
    await give(said("b", "Another needle."));
    await pass(1000);
    expect(told()).toBe("1 of 2");
  });

  test("opens the lane that a match is folded in", async () => {
    const call = { type: "tool_use", id: "t", name: "Task", input: { prompt: "Look" } };
    await view(
      { type: "assistant", session_id: "s", message: { id: "c", content: [call] } },
      said("s1", "A needle in the lane.", "t"),
      said("b", "The main one."),
    );
    await press("Hide 1 step of the subagent", output());
    expect(region("Blocks").textContent).not.toContain("needle");
    await press("Search", output());
    await search("needle");
    expect(told()).toBe("1 of 1");
    expect(region("Blocks").textContent).toContain("needle in the lane");
    expect(el.querySelector(".cw-found-row")).not.toBeNull();
  });

  test("is what Ctrl+F means in an output, and Ctrl+Shift+F is not", async () => {
    await view(said("a", "Text."));
    const find = (shiftKey: boolean) => {
      const options = { key: "f", ctrlKey: true, shiftKey, bubbles: true, cancelable: true };
      const event = new KeyboardEvent("keydown", options);
      return pass(0, () => region("Blocks").dispatchEvent(event)).then(() => event);
    };
    expect((await find(true)).defaultPrevented).toBe(false);
    expect((await find(false)).defaultPrevented).toBe(true);
    expect(document.activeElement).toBe(field());
    field().blur();
    await find(false);
    expect(document.activeElement).toBe(field());
  });
});
