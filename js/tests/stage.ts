/**
 * The page as a test meets it: one model, its view in a document, and who speaks to it.
 *
 * The rule: what is on the page is found by role and accessible name; time passes only as a test
 * lets it.
 */
import { act } from "preact/test-utils";
import { afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { panels } from "../src/parts/panelspart.ts";
import type { Events, ExecutionRow, KernelMessage, Welcome } from "../src/protocol.ts";
import { attach, render } from "../src/widget.ts";
import { FakeModel, row, welcome } from "./fakes.ts";
import { layOut } from "./layout.ts";

export const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
export let abort: AbortController;
export let el: HTMLElement;
export let model: FakeModel;
let managers = 0;
let sequence = 0;

/** For each test of a file; after it nothing of the page is left. The panels are there from the start. */
export function usePage({ withPanels = true } = {}): void {
  beforeAll(async () => {
    if (!withPanels) return;
    panels.provide(() => import("../src/parts/panels.ts"));
    panels.want();
    // A machine that is busy imports for seconds.
    await vi.waitFor(() => expect(panels.value.value).not.toBeNull(), { timeout: 15_000 });
  });
  beforeEach(() => {
    vi.useFakeTimers();
    layOut({ height: 2000, row: () => 40 });
    abort = new AbortController();
    el = document.createElement("div");
    document.body.append(el);
  });
  afterEach(() => {
    act(() => abort.abort());
    expect(el.childElementCount).toBe(0);
    expect(model.count()).toBe(0);
    el.remove();
    vi.useRealTimers();
  });
}

/** For a test that draws a part of the page by itself. */
export function useModel(made: FakeModel): void {
  model = made;
  sequence = 0;
}

/** Lets time pass, and all that follows from what was done happen. */
export const pass = (milliseconds = 0, first: () => void = () => {}) =>
  act(async () => {
    first();
    await vi.advanceTimersByTimeAsync(milliseconds);
  });
export const say = (message: KernelMessage, buffers?: DataView[]) =>
  pass(0, () => model.say(message, buffers));

/** What is known of an execution changes, as the kernel tells it. */
export const change = (
  executionId: string,
  changes: Partial<ExecutionRow>,
): Events["events"][number] => ({ type: "claude:changed", executionId, changes });
/** The kernel tells what has happened, in one message. */
export const tell = (...events: Events["events"]) => {
  sequence += 1;
  return say({ type: "claude:events", sequence, events });
};
/** The kernel answers the last ping: it is there, and has told all. */
export const pong = () => {
  const { requestId } = model.last("claude:ping");
  const now = Date.now() / 1000;
  return say({ type: "claude:pong", requestId, now, sequence, closedPanes: [] });
};

export function show(traits: Record<string, unknown>): void {
  managers += 1;
  useModel(new FakeModel({ manager_id: `views-${managers}`, ...traits }));
  attach(model, [], abort.signal);
  act(() => render({ model, el, signal: abort.signal }));
}

export async function dashboard(fields: Partial<Welcome> = {}): Promise<void> {
  show({ kind: "dashboard" });
  await say(welcome(model.last("claude:hello").requestId, fields));
}

export const EXECUTIONS: ExecutionRow[] = [
  row({ executionId: "run", query: "Run it", status: "running", createdTime: 3, startTime: 3 }),
  row({ executionId: "wait", query: "Wait for it", createdTime: 2 }),
  row({ executionId: "held", query: "Held", createdTime: 1, held: true }),
  row({
    executionId: "bad",
    query: "Fail",
    status: "failed",
    reason: "budget",
    error: "spent",
    startTime: 1,
    endTime: 66,
    recorded: true,
    stale: true,
  }),
];

/** The accessible name, by the parts of its computation that are used here. */
export function nameOf(element: Element): string {
  const label = element.getAttribute("aria-label");
  const id = element.getAttribute("id");
  const labelled = id ? el.querySelector(`label[for="${id}"]`) : null;
  return label ?? labelled?.textContent ?? element.textContent?.trim() ?? "";
}
export const all = (selector: string, name: string, root: Element = el) =>
  [...root.querySelectorAll(selector)].filter((element) => nameOf(element) === name);
export function one<T extends Element>(selector: string, name: string, root: Element = el): T {
  const found = all(selector, name, root);
  expect(found, `${selector} named ${name}`).toHaveLength(1);
  return found[0] as T;
}
export const button = (name: string, root?: Element) =>
  one<HTMLButtonElement>("button", name, root);
export const region = (name: string) => one<HTMLElement>("[role=region]", name);
export const item = (name: string) => one<HTMLElement>("[role=row]", name);
export const press = (name: string, root?: Element) => pass(0, () => button(name, root).click());
export const alerts = () =>
  [...el.querySelectorAll("[role=alert]")].map((alert) => alert.textContent);
export const status = () => el.querySelector("[role=status]")?.textContent;

export async function type(name: string, text: string): Promise<void> {
  const field = one<HTMLInputElement>("input, textarea", name);
  await pass(0, () => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
export async function pick(name: string, value: string): Promise<void> {
  const list = one<HTMLSelectElement>("select", name);
  await pass(0, () => {
    list.value = value;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

export const focused = () => document.activeElement as HTMLElement;
/** A key where the focus is; true if the page took it for itself. */
export async function key(name: string, more: KeyboardEventInit = {}): Promise<boolean> {
  const init = { key: name, bubbles: true, cancelable: true, ...more };
  const event = new KeyboardEvent("keydown", init);
  await pass(0, () => focused().dispatchEvent(event));
  return event.defaultPrevented;
}
