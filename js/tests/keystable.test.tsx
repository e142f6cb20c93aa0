/** The table of keys where the panels come late: it opens for who still waits, and for nobody else. */
import { expect, test } from "vitest";
import * as made from "../src/parts/panels.ts";
import { panels } from "../src/parts/panelspart.ts";
import { dashboard, el, pass, usePage } from "./stage.ts";

usePage({ withPanels: false });

const ask = () =>
  pass(0, () =>
    el
      .querySelector(".cw-dashboard")
      ?.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true, cancelable: true })),
  );

test("it interrupts nobody who asked for it long ago", async () => {
  await dashboard();
  await ask();
  await pass(5000);
  panels.provide(async () => made);
  await pass(0, () => panels.want());
  expect(panels.value.value).not.toBeNull();
  expect(el.querySelector("dialog")).toBeNull();
  await ask();
  expect(el.querySelector("dialog")?.textContent).toContain("Keys");
});
