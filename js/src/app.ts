/**
 * One model of the page: its connection, the store of its manager, and what a reader can do.
 *
 * The rule: messages are routed and actions are carried out here; what is drawn is in views/, and
 * nothing here touches the DOM. A text that was refused is never lost.
 */
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Connection, type Model, PING_EVERY, type Queued } from "./connection.ts";
import { Actions } from "./conversation/actions.ts";
import { Conversation } from "./conversation/conversation.ts";
import { Starting } from "./conversation/starting.ts";
import { followRow, followStore } from "./page/notifications.ts";
import { Panes } from "./pane/pane.ts";
import { PartFetcher } from "./parts/fetching.ts";
import { problemOf } from "./problem.ts";
import type { ExecutionRow, KernelMessage } from "./protocol.ts";
import { isEnded, readRow, type Store, storeOf } from "./store.ts";
import { provideHighlighter } from "./text/highlight.ts";
import { Ui } from "./ui.ts";

export class App {
  /** Number of the last events that were heard; null until the first welcome. */
  private heardTo: number | null = null;
  readonly kind: "dashboard" | "execution";
  readonly store: Store;
  readonly connection: Connection;
  readonly panes: Panes;
  readonly ui = new Ui();
  readonly actions: Actions;
  readonly starting: Starting;
  readonly conversation: Conversation;
  readonly parts: PartFetcher;
  /** Of the one execution, when the model shows just that. */
  readonly ownRow: Signal<ExecutionRow>;

  constructor(
    private readonly model: Model,
    queued: readonly Queued[],
    private readonly abort: AbortSignal,
  ) {
    this.kind = model.get("kind") === "execution" ? "execution" : "dashboard";
    this.store = storeOf(String(model.get("manager_id")), abort);
    this.connection = new Connection(model, abort);
    this.panes = new Panes(this.connection);
    this.parts = new PartFetcher(this.connection);
    this.actions = new Actions(this.connection);
    this.conversation = new Conversation(this.actions);
    const path = () => this.projectPath();
    provideHighlighter(() => this.parts.fetch("highlighter"), this.store, abort);
    this.starting = new Starting(this.connection, this.actions, this.ui, path);
    this.ownRow = signal(this.readOwnRow());
    this.connection.heartbeat = () => this.heartbeat();
    this.connection.onReturn = () => {
      this.greet();
      this.panes.reopen();
    };
    this.listen("msg:custom", (message: KernelMessage, buffers: DataView[]) =>
      this.receive(message, buffers),
    );
    this.listen("change:row", () => {
      this.ownRow.value = this.readOwnRow();
    });
    const open = (executionId: string) => {
      this.ui.wanted.value = { executionId };
    };
    if (this.kind === "dashboard") followStore(this.store, open, abort);
    else followRow(this.ownRow, this.store, open, abort);
    for (const [message, buffers] of queued) this.receive(message, buffers);
    this.greet();
    if (this.kind === "dashboard") this.refreshSessions();
  }

  row(executionId: string): ReadonlySignal<ExecutionRow> | undefined {
    const own = this.kind === "execution" && this.ownRow.value.executionId === executionId;
    return own ? this.ownRow : this.store.row(executionId);
  }

  private listen(name: string, listener: (...values: never[]) => void): void {
    this.model.on(name, listener);
    this.abort.addEventListener("abort", () => this.model.off(name, listener));
  }

  private readOwnRow(): ExecutionRow {
    const row = readRow(this.model.get("row"));
    return { ...row, executionId: row.executionId || String(this.model.get("execution_id") ?? "") };
  }

  private receive(message: KernelMessage, buffers: DataView[]): void {
    if (message.type === "claude:pane-data") this.panes.receive(message, buffers[0]);
    else if (message.type === "claude:get-part") this.parts.receive(message.name, buffers[0]);
    else this.store.apply(message);
    this.watchForGap(message);
    if (message.type === "claude:pong") this.panes.reopenClosed(message.closedPanes ?? []);
    this.connection.receive(message);
  }

  /** Jupyter's server drops messages in a burst, in silence: what is missing is asked for anew. */
  private watchForGap(message: KernelMessage): void {
    const heard = this.heardTo;
    if (message.type === "claude:welcome") this.heardTo = message.sequence ?? 0;
    if (heard === null) return;
    if (message.type === "claude:events") {
      this.heardTo = message.sequence;
      if (message.sequence !== heard + 1) this.greet();
    } else if (message.type === "claude:pong" && (message.sequence ?? 0) > heard) {
      this.greet();
    }
  }

  /**
   * The view of one execution beats slowly, since a notebook may have many, and not at all once
   * there is nothing left to kill or to wait for.
   */
  private heartbeat(): { every: number; paneIds: string[] } | null {
    const paneIds = this.panes.ids();
    if (this.kind === "dashboard") return { every: PING_EVERY, paneIds };
    const over = isEnded(this.ownRow.peek().status) && paneIds.length === 0;
    return over ? null : { every: 4 * PING_EVERY, paneIds };
  }

  /** All state for the dashboard; the view of one execution has its row, and only needs the time. */
  private greet(): void {
    const type = this.kind === "dashboard" ? "claude:hello" : "claude:ping";
    this.connection.request({ type }).catch(() => {});
  }

  // -- sessions --------------------------------------------------------------------------------

  /** Of the welcome until another was typed. */
  projectPath(): string {
    return this.ui.projectPath.value ?? this.store.welcome.value?.projectPath ?? "";
  }

  /** Asks for the earlier sessions whenever the path settles or an execution ends. */
  private refreshSessions(): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      const path = this.projectPath();
      const known = this.store.welcome.value !== null;
      void this.store.ended.value;
      clearTimeout(timer);
      if (known && path.trim()) timer = setTimeout(() => this.getSessions(path), SESSIONS_DELAY);
    });
    this.abort.addEventListener("abort", () => {
      stop();
      clearTimeout(timer);
    });
  }

  private async getSessions(projectPath: string): Promise<void> {
    try {
      const answer = await this.connection.request({ type: "claude:get-sessions", projectPath });
      if (answer.type === "claude:get-sessions") {
        this.store.setSessions(projectPath, answer.sessions);
      }
    } catch {
      // A path that does not exist has no sessions; Execute tells what is wrong with it.
      this.store.setSessions(projectPath, []);
    }
  }

  // -- ending ----------------------------------------------------------------------------------

  async kill(executionId: string): Promise<void> {
    this.ui.setKilling(executionId, true);
    try {
      await this.connection.request({ type: "claude:kill-execution", executionId });
      // It says "Killing…" until its row has ended; a kill that had no effect may be asked again.
      setTimeout(() => this.ui.setKilling(executionId, false), KILL_AGAIN_AFTER);
    } catch (error) {
      const row = this.row(executionId)?.value;
      const moot = row === undefined || isEnded(row.status);
      this.ui.setKilling(executionId, false, moot ? null : problemOf(error));
    }
  }
}

const SESSIONS_DELAY = 400;
const KILL_AGAIN_AFTER = 20_000;
