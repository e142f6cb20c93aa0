/**
 * Starting all drafts: side by side, one after another, or one after another in one session.
 *
 * The rule: a chain is made of the ids that the kernel answers with, one request at a time. What is
 * refused stops it; the rest stays, and goes on behind the same execution when it is tried again.
 */
import type { App } from "../app.ts";
import { type Problem, problem } from "../problem.ts";
import type { Execute } from "../protocol.ts";
import type { Draft, Settings } from "../ui.ts";

export const DRAFT_ORDERS = {
  parallel: "in parallel",
  sequence: "one after another",
  session: "one after another, in one session",
} as const;
export type DraftOrder = keyof typeof DRAFT_ORDERS;

/** As far as it has got. */
export interface Chain {
  readonly order: DraftOrder;
  readonly last: { readonly executionId: string; readonly settings: Settings } | null;
  /** The drafts that are to come, in their order; the first one was refused if it stands still. */
  readonly left: readonly string[];
}

export const orderOf = (app: App) => app.ui.kept<DraftOrder>("draft-order", "parallel");
export const chainOf = (app: App) => app.ui.kept<Chain | null>("draft-chain", null);
const goesOn = (app: App) => app.ui.kept("draft-chain-goes-on", false);

/** Nothing is to be started twice. */
export const isStarting = (app: App): boolean =>
  goesOn(app).value || app.ui.drafts.value.every((draft) => draft.sending);

/** Starts every draft, in the order in which they stand; resolves with what was started. */
export async function executeAll(app: App): Promise<string[]> {
  if (isStarting(app)) return [];
  const waiting = app.ui.drafts.peek().filter((draft) => !draft.sending);
  const order = orderOf(app).peek();
  if (order !== "parallel") return executeInTurn(app, order, waiting);
  chainOf(app).value = null;
  const ids = await Promise.all(waiting.map((draft) => app.starting.executeDraft(draft)));
  return ids.filter((id) => id !== null);
}

async function executeInTurn(
  app: App,
  order: DraftOrder,
  waiting: readonly Draft[],
): Promise<string[]> {
  const stopped = chainOf(app).peek();
  const known = stopped && waiting.some(({ id }) => stopped.left.includes(id));
  const left = waiting.map(({ id }) => id);
  chainOf(app).value = { order, last: known ? stopped.last : null, left };
  goesOn(app).value = true;
  const started: string[] = [];
  try {
    for (const id of left) {
      // It may have been removed, or changed, while the one before it was started.
      const draft = app.ui.drafts.peek().find((one) => one.id === id);
      const executionId = draft && (await executeLinked(app, draft));
      if (executionId === null) break;
      if (executionId !== undefined) started.push(executionId);
    }
  } finally {
    goesOn(app).value = false;
  }
  return started;
}

/** Starts one draft, behind what was started before it if it is of a chain. */
export async function executeLinked(app: App, draft: Draft): Promise<string | null> {
  const chain = chainOf(app).peek();
  if (!chain?.left.includes(draft.id)) return app.starting.executeDraft(draft);
  const wrong = misfit(chain, draft.settings);
  if (wrong) {
    app.ui.changeDraft(draft.id, { problem: wrong });
    return null;
  }
  const executionId = await app.starting.executeDraft(draft, linkOf(chain));
  if (executionId === null) return null;
  const left = (chainOf(app).peek() ?? chain).left.filter((id) => id !== draft.id);
  const last = { executionId, settings: draft.settings };
  chainOf(app).value = left.length > 0 ? { ...chain, last, left } : null;
  return executionId;
}

function linkOf({ order, last }: Chain): Partial<Execute> {
  if (last === null) return {};
  const after = [last.executionId];
  if (order !== "session") return { after };
  return { after, continues: last.executionId, sessionId: null, forkSession: false };
}

/** Why that draft cannot go on with the session of those before it. */
function misfit({ order, last }: Chain, settings: Settings): Problem | null {
  if (order !== "session" || last === null) return null;
  if (settings.sessionId !== "") {
    return problem(
      "It goes on with an earlier session of its own.",
      "Remove it, or execute the drafts in another order.",
    );
  }
  if (settings.projectPath.trim() === last.settings.projectPath.trim()) return null;
  return problem(
    "It works in another folder than the one before it, and a session is of its folder.",
    "Remove it, or execute the drafts in another order.",
  );
}
