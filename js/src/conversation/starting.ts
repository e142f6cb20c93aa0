/**
 * Starting what the form and the drafts say.
 *
 * The rule: what was typed is cleared only once its execution has started; an attempt that got no
 * answer is repeated under its id, so that it never starts twice.
 */

import { type Connection, newId, RequestError } from "../connection.ts";
import { problem, problemOf } from "../problem.ts";
import type { Execute } from "../protocol.ts";
import type { Draft, Settings, Ui } from "../ui.ts";
import type { Actions } from "./actions.ts";

/** The action of the form's Execute. */
export const EXECUTE = "execute";

export class Starting {
  constructor(
    private readonly connection: Connection,
    private readonly actions: Actions,
    private readonly ui: Ui,
    private readonly projectPath: () => string,
  ) {}

  settings(): Settings {
    const { query, sessionId, forkSession, mcpConfig, model, effort, permissionMode } = this.ui;
    return {
      query: query.value,
      projectPath: this.projectPath(),
      sessionId: sessionId.value,
      forkSession: sessionId.value !== "" && forkSession.value,
      mcpConfig: mcpConfig.value,
      confirmedDigest: this.ui.confirmedDigest.value,
      confirmedSettings: this.ui.confirmedSettings.value,
      model: model.value,
      effort: effort.value,
      permissionMode: permissionMode.value,
      keepOpen: this.ui.keepOpen.value,
    };
  }

  /** Starts what the form says; resolves with the execution's id, or null when it was refused. */
  async execute(): Promise<string | null> {
    const settings = this.settings();
    if (!this.hasQuery(settings)) return null;
    const answer = await this.actions.ask(EXECUTE, requestOf(settings));
    if (answer?.type !== "claude:execute") return null;
    if (this.ui.query.value === settings.query) this.ui.query.value = "";
    return answer.executionId;
  }

  addDraft(): void {
    const settings = this.settings();
    if (!this.hasQuery(settings)) return;
    const draft: Draft = { id: newId(), settings, sending: false, problem: null, requestId: null };
    this.ui.drafts.value = [...this.ui.drafts.value, draft];
    this.actions.setProblem(EXECUTE, null);
    this.ui.query.value = "";
  }

  /** Starts it; `link` says which others it comes after. It stays, and says why, where it is refused. */
  async executeDraft(draft: Draft, link: Partial<Execute> = {}): Promise<string | null> {
    const requestId = draft.requestId ?? newId();
    this.ui.changeDraft(draft.id, { sending: true, problem: null, requestId });
    try {
      const request = { ...requestOf(draft.settings), ...link };
      const answer = await this.connection.request(request, requestId);
      this.ui.removeDraft(draft.id);
      return answer.type === "claude:execute" ? answer.executionId : null;
    } catch (error) {
      const answered = error instanceof RequestError && error.answered;
      const kept = answered ? null : requestId;
      this.ui.changeDraft(draft.id, {
        sending: false,
        problem: problemOf(error),
        requestId: kept,
      });
      return null;
    }
  }

  private hasQuery(settings: Settings): boolean {
    if (settings.query.trim() !== "") return true;
    const said = problem("The query is blank.", "Type what Claude should do.");
    this.actions.setProblem(EXECUTE, said);
    return false;
  }
}

export function requestOf(settings: Settings): Omit<Execute, "requestId"> {
  return {
    type: "claude:execute",
    query: settings.query,
    projectPath: settings.projectPath.trim() || ".",
    sessionId: settings.sessionId || null,
    forkSession: settings.forkSession,
    mcpConfig: settings.mcpConfig.trim() || null,
    model: settings.model.trim() || null,
    effort: settings.effort || null,
    permissionMode: settings.permissionMode || null,
    keepOpen: settings.keepOpen,
    confirmedDigest: settings.confirmedDigest || null,
    confirmedSettings: settings.confirmedSettings || null,
  };
}
