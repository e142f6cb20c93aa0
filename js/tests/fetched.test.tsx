/** What is drawn of the panels while they are not there: what is said, what is asked, what ends. */
import { expect, test } from "vitest";
import * as made from "../src/parts/panels.ts";
import { panels } from "../src/parts/panelspart.ts";
import { attach } from "../src/widget.ts";
import { FakeModel, refused } from "./fakes.ts";
import { abort, dashboard, el, model, pass, press, usePage } from "./stage.ts";

usePage({ withPanels: false });

const asked = (of = model) =>
  of.sent.filter((message) => message.type === "claude:get-part" && message.name === "panels");
const key = (name: string) =>
  pass(0, () =>
    el
      .querySelector(".cw-dashboard")
      ?.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true })),
  );
const timeline = () => el.querySelector("[role=tabpanel]:not([hidden])")?.textContent;

test("they are asked for once the page has settled, and once as long as the kernel is busy", async () => {
  await dashboard();
  expect(asked()).toHaveLength(0);
  await pass(2000);
  expect(asked()).toHaveLength(1);
  await press("Timeline");
  expect(timeline()).toBe("Asking the kernel…");
  await pass(600_000);
  expect(asked()).toHaveLength(1);
});

test("a view asks its own kernel, and another one's only where that is silent", async () => {
  await dashboard();
  const other = new FakeModel({ kind: "dashboard", manager_id: "another" });
  attach(other, [], abort.signal);
  await press("Timeline");
  expect([asked().length, asked(other).length]).toEqual([1, 0]);
  await pass(3000);
  expect([asked().length, asked(other).length]).toEqual([1, 1]);
});

test("a kernel that refuses is asked again while somebody looks", async () => {
  await dashboard();
  await press("Timeline");
  await pass(0, () => model.say(refused(String(asked()[0]?.requestId))));
  await pass(9000);
  expect(asked()).toHaveLength(1);
  await pass(2000);
  expect(asked()).toHaveLength(2);
});

test("a kernel that is away is said to be away", async () => {
  await dashboard();
  model.gone = true;
  await press("Timeline");
  await pass(1000);
  expect(timeline()).toBe("The kernel, which has this panel, is away.");
});

test("keys that were asked for say nothing until they are there, and Escape takes it back", async () => {
  await dashboard();
  await key("?");
  expect(el.textContent).not.toContain("Asking the kernel");
  await key("Escape");
  panels.provide(async () => made);
  await pass(3000, () => panels.want());
  expect(panels.value.value).not.toBeNull();
  expect(el.querySelector("dialog")).toBeNull();
});
