/**
 * What can be done with the queue and with those that wait in it.
 *
 * The rule: each is a request to the kernel, which alone decides; what came of it is seen in the rows
 * and the queue's state. Only what waits for this kernel can be held or moved here.
 */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { App } from "../app.ts";
import { actionKey } from "../conversation/conversation.ts";
import { inTurns, summaryOf } from "../list/bulk.ts";
import type { Problem } from "../problem.ts";
import type { ChangeQueue, ExecutionRow } from "../protocol.ts";
import type { Store } from "../store.ts";

type Change = Pick<ChangeQueue, "action"> &
  Partial<Pick<ChangeQueue, "executionId" | "before" | "priority">>;
export type Move = "front" | "up" | "back";

/** Requests under way at a time: hundreds at once would hold up all else. */
const AT_ONCE = 8;

/** It waits for this kernel to start it. */
export const waitsHere = (row: ExecutionRow): boolean =>
  row.status === "pending" && row.queueRank !== null;

const stateKey = (executionId = "") => actionKey("queue", executionId);

/** How the last change of the queue, or of that execution's place, stands. */
export const changeOf = (app: App, executionId = "") => app.actions.state(stateKey(executionId));

/** Resolves with whether the kernel took it. */
export async function changeQueue(app: App, change: Change): Promise<boolean> {
  const key = stateKey(change.executionId ?? "");
  return (await app.actions.ask(key, { type: "claude:change-queue", ...change })) !== null;
}

const orders = new WeakMap<Store, ReadonlySignal<readonly string[]>>();

/** Those that this kernel starts by itself, the next one first. */
export function orderIn(store: Store): ReadonlySignal<readonly string[]> {
  let order = orders.get(store);
  if (!order) {
    order = computed(() =>
      [...store.places.value.keys()].filter((id) => {
        const row = store.row(id)?.peek();
        return row !== undefined && waitsHere(row);
      }),
    );
    orders.set(store, order);
  }
  return order;
}

/** The moves that would change something for that execution. */
export function movesOf(store: Store, executionId: string): readonly Move[] {
  const order = orderIn(store).value;
  const at = order.indexOf(executionId);
  if (at < 0) return [];
  const first: readonly Move[] = at > 0 ? ["front", "up"] : [];
  return at < order.length - 1 ? [...first, "back"] : first;
}

export async function move(app: App, executionId: string, to: Move): Promise<boolean> {
  if (!movesOf(app.store, executionId).includes(to)) return false;
  if (to !== "up") return changeQueue(app, { action: to, executionId });
  const order = orderIn(app.store).peek();
  const before = order[order.indexOf(executionId) - 1] ?? null;
  return changeQueue(app, { action: "before", executionId, before });
}

/** The ids of those that this kernel starts by itself, the next one first. */
function inOrder(app: App, rows: readonly ExecutionRow[]): string[] {
  const order = orderIn(app.store).peek();
  const ids = rows.map(({ executionId }) => executionId).filter((id) => order.includes(id));
  return ids.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** Higher goes first. The kernel puts each behind those that have it already: they keep their order. */
export async function prioritise(
  app: App,
  rows: readonly ExecutionRow[],
  by: 1 | -1,
): Promise<void> {
  for (const executionId of inOrder(app, rows)) {
    const priority = (app.row(executionId)?.peek().priority ?? 0) + by;
    await changeQueue(app, { action: "priority", executionId, priority });
  }
}

/** Several keep their order among each other. */
export async function moveAll(
  app: App,
  rows: readonly ExecutionRow[],
  to: "front" | "back",
): Promise<void> {
  const ids = inOrder(app, rows);
  if (to === "front") ids.reverse();
  for (const executionId of ids) await changeQueue(app, { action: to, executionId });
}

/** Why some of those that were chosen together stay as they were. */
export const refusedOf = (app: App) => app.ui.kept<Problem | null>("queue-refused", null);

export const toHold = (rows: readonly ExecutionRow[]): readonly ExecutionRow[] =>
  rows.filter((row) => waitsHere(row) && !row.onHold);
export const toRelease = (rows: readonly ExecutionRow[]): readonly ExecutionRow[] =>
  rows.filter((row) => waitsHere(row) && row.onHold);

export async function changeAll(
  app: App,
  rows: readonly ExecutionRow[],
  action: "hold" | "release",
): Promise<void> {
  const problems: Problem[] = [];
  await inTurns(rows, AT_ONCE, async ({ executionId }) => {
    const done = await changeQueue(app, { action, executionId });
    const { problem } = changeOf(app, executionId).peek();
    if (!done && problem) problems.push(problem);
  });
  const done = action === "hold" ? "put on hold" : "released";
  refusedOf(app).value = summaryOf(problems, rows.length, done);
}

/** Those that wait, whoever would start them, are ended before they have begun. */
export async function cancelAll(app: App, ids: readonly string[]): Promise<void> {
  await inTurns(ids, AT_ONCE, async (id) => {
    if (app.row(id)?.peek().status === "pending") await app.kill(id);
  });
}

/** What a key means for the chosen executions; whether it means something. */
export function queueKey(app: App, key: string, chosen: readonly ExecutionRow[]): boolean {
  const here = chosen.filter(waitsHere);
  const [first] = here;
  if (first === undefined) return false;
  if (key === "h") {
    const held = toHold(here);
    void (held.length > 0 ? changeAll(app, held, "hold") : changeAll(app, here, "release"));
  } else if (key === "u" && here.length === 1) void move(app, first.executionId, "up");
  else if (key === "f") void moveAll(app, here, "front");
  else if (key === "b") void moveAll(app, here, "back");
  else if (key === "+") void prioritise(app, here, 1);
  else if (key === "-") void prioritise(app, here, -1);
  else return false;
  return true;
}
