/**
 * The list of executions, as a test looks at it and works it.
 *
 * The rule: its rows are found by their names; what it is told comes from the kernel.
 */
import type { Events, ExecutionRow } from "../src/protocol.ts";
import { row } from "./fakes.ts";
import { el, nameOf, one, pass } from "./stage.ts";

export const rows = () => [...el.querySelectorAll<HTMLElement>("[role=row]")];
export const names = () => rows().map(nameOf);
export const grid = () => one<HTMLElement>("[role=grid]", "Executions");
export const selected = () => rows().filter((one) => one.getAttribute("aria-selected") === "true");
export const remove = (executionId: string): Events["events"][number] => ({
  type: "claude:removed",
  executionId,
});
export const click = (element: Element, more: MouseEventInit = {}) =>
  pass(0, () => {
    element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...more }));
  });
export const focus = (element: HTMLElement) => pass(0, () => element.focus());
export const many = (count: number): ExecutionRow[] =>
  Array.from({ length: count }, (_, index) =>
    row({ executionId: `m${index}`, query: `Part ${index}`, createdTime: count - index }),
  );
export const dialog = () => el.querySelector<HTMLDialogElement>("dialog");
export const voice = () => el.querySelector("[aria-live]")?.textContent;
