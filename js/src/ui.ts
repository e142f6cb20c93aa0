/**
 * What only this page knows: what was typed, drafted, selected and clicked.
 *
 * The rule: UI-only; nothing of the kernel's state is copied here. One per model, so that two views
 * of a widget show the same form and drafts; the selection is each view's own.
 */
import { type Signal, signal } from "@preact/signals";
import type { Problem } from "./problem.ts";
import type { Execute } from "./protocol.ts";

export type Effort = NonNullable<Execute["effort"]>;
export type PermissionMode = NonNullable<Execute["permissionMode"]>;

export interface Settings {
  readonly query: string;
  readonly projectPath: string;
  /** Empty for a new session. */
  readonly sessionId: string;
  /** Go on in a new session, and leave the earlier one as it is. */
  readonly forkSession: boolean;
  readonly mcpConfig: string;
  /** Of the file whose commands the user has confirmed, or empty. */
  readonly confirmedDigest: string;
  /** Of what the project's own settings would do, as the user has confirmed it, or empty. */
  readonly confirmedSettings: string;
  readonly model: string;
  /** Empty for the CLI's own default, as is `permissionMode`. */
  readonly effort: Effort | "";
  readonly permissionMode: PermissionMode | "";
  readonly keepOpen: boolean;
}

export interface Draft {
  readonly id: string;
  readonly settings: Settings;
  readonly sending: boolean;
  readonly problem: Problem | null;
  /** Of an attempt that got no answer: the next one must not start a second execution. */
  readonly requestId: string | null;
}

export class Ui {
  readonly query = signal("");
  /** Null until it is typed in: then the kernel's own working folder counts. */
  readonly projectPath = signal<string | null>(null);
  readonly sessionId = signal("");
  readonly forkSession = signal(false);
  readonly mcpConfig = signal("");
  readonly confirmedDigest = signal("");
  readonly confirmedSettings = signal("");
  readonly model = signal("");
  readonly effort = signal<Settings["effort"]>("");
  readonly permissionMode = signal<Settings["permissionMode"]>("");
  readonly keepOpen = signal(false);
  /** A template is being filled in: the form's primary button is that one's. */
  readonly fillsTemplate = signal(false);
  readonly drafts = signal<readonly Draft[]>([]);
  /** Executions whose Kill was clicked and has not shown an effect yet. */
  readonly killing = signal<ReadonlySet<string>>(new Set());
  readonly killProblems = signal<ReadonlyMap<string, Problem>>(new Map());
  /** What a new view starts with. */
  readonly lastSelected: Signal<string | null> = signal(null);
  /** An execution that the user wants to see, such as by a click on a notification. */
  readonly wanted = signal<{ readonly executionId: string } | null>(null);
  /** The execution whose follow-up is to get the focus once it is drawn. */
  readonly toResume = signal<string | null>(null);
  private readonly keptNow = new Map<string, Signal<unknown>>();

  /**
   * State of a part of a view that may be taken off the page and drawn again: what is typed into a
   * card survives that the card is scrolled away.
   */
  kept<T>(key: string, initial: T): Signal<T> {
    let known = this.keptNow.get(key);
    if (!known) {
      known = signal<unknown>(initial);
      this.keptNow.set(key, known);
    }
    return known as Signal<T>;
  }

  /** `digest` is of the content that the user has seen; another choice confirms nothing. */
  chooseConfig(mcpConfig: string, digest: string): void {
    this.mcpConfig.value = mcpConfig;
    this.confirmedDigest.value = digest;
  }

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
