/** The views in a document: names that people and tests find, what is possible when, and no HTML. */
import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import type { KernelMessage } from "../src/protocol.ts";
import { render } from "../src/widget.ts";
import { row } from "./fakes.ts";
import {
  abort,
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  model,
  one,
  pass,
  pong,
  press,
  region,
  say,
  show,
  usePage,
} from "./stage.ts";

usePage();

describe("the dashboard", () => {
  test("has the names that it is known by", async () => {
    await dashboard({ executions: EXECUTIONS });
    region("Executions");
    region("Output");
    for (const name of ["Project path", "Query", "MCP config", "Model"]) {
      one("input, textarea", name);
    }
    one("select", "Session");
    for (const name of ["Execute", "Add to drafts"]) button(name);
    expect(all("button", "View")).toHaveLength(4);
    expect(all("button", "Kill")).toHaveLength(3);
  });

  test("keeps the host's shortcuts away from what is focused in it", async () => {
    await dashboard();
    expect(button("Execute").closest("[data-lm-suppress-shortcuts]")).not.toBeNull();
  });

  test("says the kernel's notice, and fills in its folder and models", async () => {
    await dashboard({ notice: "A demo." });
    expect(el.textContent).toContain("A demo.");
    expect(one<HTMLInputElement>("input", "Project path").value).toBe("/home/user/project");
    const options = [...el.querySelectorAll("datalist option")];
    expect(options.map((option) => option.getAttribute("value"))).toEqual(["sonnet", "opus"]);
  });
});

describe("a message that was lost", () => {
  const changed = (sequence: number): KernelMessage => ({
    type: "claude:events",
    sequence,
    events: [{ type: "claude:changed", executionId: "x", changes: { status: "running" } }],
  });
  const pong = (sequence: number): KernelMessage => ({
    type: "claude:pong",
    requestId: "?",
    now: 0,
    closedPanes: [],
    sequence,
  });

  test("is noticed by its number, and the state is asked for anew", async () => {
    await dashboard();
    const hellos = () => model.all("claude:hello").length;
    const before = hellos();
    await say(changed(1));
    await say(changed(2));
    await say(pong(2));
    expect(hellos()).toBe(before);
    await say(changed(4));
    expect(hellos()).toBe(before + 1);
    await say(changed(5));
    expect(hellos()).toBe(before + 1);
  });

  test("is noticed by the heartbeat when it was the last one", async () => {
    await dashboard();
    const before = model.all("claude:hello").length;
    await say(pong(3));
    expect(model.all("claude:hello")).toHaveLength(before + 1);
  });
});

describe("the view of one execution", () => {
  test("has its row from the trait, its output from a pane, and asks for no list", async () => {
    const own = row({ executionId: "own", query: "Mine", status: "running" });
    show({ kind: "execution", execution_id: "own", row: own });
    expect(model.all("claude:hello")).toHaveLength(0);
    expect(model.last("claude:open-pane").executionId).toBe("own");
    expect(region("Output").textContent).toContain("Mine");
    expect(region("Output").textContent).toContain("running");
    await press("Kill");
    expect(model.last("claude:kill-execution").executionId).toBe("own");
    await pass(0, () => model.set("row", { ...own, status: "killed", reason: "user" }));
    expect(region("Output").textContent).toContain("Killed by the user");
    expect(all("button", "Killing…")).toEqual([]);
  });
});

test("the view of an execution beats while it runs, naming its pane, and then no more", async () => {
  const own = row({ executionId: "own", query: "Mine", status: "running" });
  show({ kind: "execution", execution_id: "own", row: own });
  const { paneId } = model.last("claude:open-pane");
  const pings = () => model.all("claude:ping").length;
  await pong();
  await pass(5000);
  expect(model.last("claude:ping").paneIds).toEqual([paneId]);
  await pong();
  const data = { executionId: "own", paneId, offset: 0, nextOffset: 0, ended: true };
  await say({ type: "claude:pane-data", ...data });
  await pass(0, () => model.set("row", { ...own, status: "completed" }));
  const before = pings();
  await pass(120_000);
  expect(pings()).toBe(before);
});

test("two views of one model show the same state and form, each with its own selection", async () => {
  await dashboard({ executions: EXECUTIONS });
  const second = document.createElement("div");
  el.append(second);
  act(() => render({ model, el: second, signal: abort.signal }));
  const ids = [...el.querySelectorAll("[id]")].map((element) => element.id);
  expect(new Set(ids).size).toBe(ids.length);
  const queries = [...el.querySelectorAll("textarea")];
  await pass(0, () => {
    const first = queries[0] as HTMLTextAreaElement;
    first.value = "shared";
    first.dispatchEvent(new Event("input", { bubbles: true }));
  });
  expect(queries.map((query) => query.value)).toEqual(["shared", "shared"]);
  expect(second.querySelectorAll("[role=row]")).toHaveLength(4);
  const view = second.querySelector("[role=row] [aria-pressed]") as HTMLButtonElement;
  await pass(0, () => view.click());
  expect(el.querySelectorAll("[aria-current=true]")).toHaveLength(1);
  second.remove();
});
