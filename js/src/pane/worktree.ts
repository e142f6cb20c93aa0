/**
 * What the kernel says of an execution's worktree, and what the reader has it do.
 *
 * The rule: one answer is kept for each execution, the newest; after whatever was asked to become of
 * it, it is asked for again. Nothing is guessed from what was pressed.
 */
import { type Signal, signal } from "@preact/signals";
import type { App } from "../app.ts";
import { actionKey } from "../conversation/conversation.ts";
import type { DiffAnswer, SettleWorktree } from "../protocol.ts";

export type SettleAction = SettleWorktree["action"];

export const diffKey = (executionId: string): string => actionKey("diff", executionId);
export const settleKey = (executionId: string): string => actionKey("settle", executionId);

interface Known {
  readonly told: Signal<DiffAnswer | null>;
  /** How many draw it now. */
  drawn: number;
}

/** Of each page's app: a diff may be large, so only what is drawn, and what was drawn last. */
const known = new WeakMap<App, Map<string, Known>>();
const MOST_LEFT = 8;

function diffsOf(app: App): Map<string, Known> {
  const diffs = known.get(app) ?? new Map<string, Known>();
  known.set(app, diffs);
  return diffs;
}

/** It becomes the one that was drawn last. */
function knownOf(app: App, executionId: string): Known {
  const diffs = diffsOf(app);
  const found = diffs.get(executionId) ?? { told: signal(null), drawn: 0 };
  diffs.delete(executionId);
  diffs.set(executionId, found);
  return found;
}

export const diffOf = (app: App, executionId: string): Signal<DiffAnswer | null> =>
  knownOf(app, executionId).told;

/** Keeps its diff for as long as it is drawn; what is returned ends that. */
export function drawDiff(app: App, executionId: string): () => void {
  knownOf(app, executionId).drawn += 1;
  return () => {
    knownOf(app, executionId).drawn -= 1;
    const diffs = diffsOf(app);
    const left = [...diffs].filter(([, { drawn }]) => drawn === 0);
    for (const [id] of left.slice(0, -MOST_LEFT)) diffs.delete(id);
  };
}

export async function askDiff(app: App, executionId: string): Promise<void> {
  const request = { type: "claude:get-diff", executionId } as const;
  const answer = await app.actions.ask(diffKey(executionId), request);
  const asked = diffsOf(app).get(executionId);
  if (answer?.type === "claude:get-diff" && asked) asked.told.value = answer;
}

export async function settle(app: App, executionId: string, action: SettleAction): Promise<void> {
  const request = { type: "claude:settle-worktree", executionId, action } as const;
  await app.actions.ask(settleKey(executionId), request);
  await askDiff(app, executionId);
}
