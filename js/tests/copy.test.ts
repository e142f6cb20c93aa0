// @vitest-environment jsdom
/** Copying where the page may not use the clipboard. */
import { expect, test, vi } from "vitest";
import { copyText } from "../src/views/text/copy.tsx";

test("gives the focus back, in a shadow root as well", async () => {
  const host = document.body.appendChild(document.createElement("div"));
  const root = host.attachShadow({ mode: "open" });
  const pressed = root.appendChild(document.createElement("button"));
  pressed.focus();
  // As browsers do it, and this document does not.
  vi.spyOn(HTMLTextAreaElement.prototype, "select").mockImplementation(function (
    this: HTMLElement,
  ) {
    this.focus();
  });
  document.execCommand = vi.fn(() => document.activeElement instanceof HTMLTextAreaElement);
  expect(await copyText("text")).toBe(true);
  expect(root.activeElement).toBe(pressed);
  host.remove();
});
