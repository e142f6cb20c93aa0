/**
 * The History tab, as a test looks at it, works it, and answers for the kernel.
 *
 * The rule: what it finds is what a test says that the kernel has found.
 */
import type { HistoryAnswer, HistoryRow } from "../src/protocol.ts";
import { readRow } from "../src/store.ts";
import {
  change,
  dashboard,
  EXECUTIONS,
  item,
  model,
  one,
  pass,
  pick,
  region,
  say,
  tell,
} from "./stage.ts";

export const past = (number: number, fields: Partial<HistoryRow> = {}): HistoryRow => ({
  ...readRow({
    executionId: `past${number}`,
    query: `Query ${number}`,
    status: "completed",
    reason: "success",
    sessionId: "s",
    model: "claude-opus-4-1",
    projectPath: "/projects/one",
    createdTime: Date.now() / 1000 - 3600 * number,
    startTime: 10,
    endTime: 75,
    costUsd: 0.25,
  }),
  pinned: false,
  ...fields,
});
export const PAST = [1, 2, 3].map((number) => past(number));
export const asked = () => model.last("claude:search-history");
export const searches = () => model.all("claude:search-history").length;
export const answer = (found: HistoryRow[], fields: Partial<HistoryAnswer> = {}) =>
  say({
    type: "claude:search-history",
    requestId: asked().requestId,
    found,
    total: found.length,
    following: null,
    models: ["claude-opus-4-1", "claude-sonnet-4-5"],
    notes: [],
    ...fields,
  });
/** It is seen to end, be it known already or not. */
export const end = (executionId: string) =>
  tell(change(executionId, { status: "completed", reason: "success", endTime: 99 }));
export const chips = (within: Element | null) =>
  [...(within?.querySelectorAll(".cw-chip") ?? [])].map((chip) => chip.textContent);
export const tab = (name: string) => one<HTMLElement>("[role=tab]", name);
export const rowNames = () =>
  [...region("History").querySelectorAll("[role=row]")].map((row) =>
    row.getAttribute("aria-label"),
  );
export const told = () => region("History").textContent ?? "";
export const done = (kind: "claude:pin-execution" | "claude:delete-execution") =>
  say({ type: "claude:done", requestId: model.last(kind).requestId });

/** Narrows what is shown, and lets the search follow. */
export async function choose(name: string, value: string): Promise<void> {
  await pick(name, value);
  await pass(1);
}

export async function opened(found: HistoryRow[] = PAST, fields: Partial<HistoryAnswer> = {}) {
  await dashboard({ executions: EXECUTIONS });
  await pass(0, () => tab("History").click());
  await answer(found, fields);
}

export async function activate(name: string): Promise<void> {
  await pass(0, () => item(name).click());
  await pass(0, () => item(name).focus());
}
