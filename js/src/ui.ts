/**
 * What only this page knows: what was typed, drafted, selected and clicked.
 *
 * The rule: UI-only; nothing of the kernel's state is copied here. One per model, so that two views
 * of a widget show the same form and drafts; the selection is each view's own.
 */
import { type Signal, signal } from "@preact/signals";

export interface Settings {
  readonly query: string;
  readonly projectPath: string;
  /** Empty for a new session. */
  readonly sessionId: string;
  readonly mcpConfig: string;
  readonly model: string;
}

export interface Draft {
  readonly id: string;
  readonly settings: Settings;
  readonly sending: boolean;
  readonly problem: Problem | null;
  /** Of an attempt that got no answer: the next one must not start a second execution. */
  readonly requestId: string | null;
}

export interface Problem {
  readonly message: string;
  readonly hint: string;
}

export class Ui {
  readonly query = signal("");
  /** Null until it is typed in: then the kernel's own working folder counts. */
  readonly projectPath = signal<string | null>(null);
  readonly sessionId = signal("");
  readonly mcpConfig = signal("");
  readonly model = signal("");
  readonly problem = signal<Problem | null>(null);
  readonly sending = signal(false);
  readonly drafts = signal<readonly Draft[]>([]);
  /** Executions whose Kill was clicked and has not shown an effect yet. */
  readonly killing = signal<ReadonlySet<string>>(new Set());
  readonly killProblems = signal<ReadonlyMap<string, Problem>>(new Map());
  /** What a new view starts with. */
  readonly lastSelected: Signal<string | null> = signal(null);
  /** The unanswered attempt of the form, as `Draft.requestId`. */
  attempt: { readonly body: string; readonly requestId: string } | null = null;

  changeDraft(id: string, changes: Partial<Draft>): void {
    this.drafts.value = this.drafts.value.map((draft) =>
      draft.id === id ? { ...draft, ...changes } : draft,
    );
  }

  removeDraft(id: string): void {
    this.drafts.value = this.drafts.value.filter((draft) => draft.id !== id);
  }

  setKilling(executionId: string, killing: boolean, problem: Problem | null = null): void {
    const ids = new Set(this.killing.value);
    if (killing) ids.add(executionId);
    else ids.delete(executionId);
    this.killing.value = ids;
    const problems = new Map(this.killProblems.value);
    if (problem) problems.set(executionId, problem);
    else problems.delete(executionId);
    this.killProblems.value = problems;
  }
}
