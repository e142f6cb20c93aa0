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
import type {
  BatchProgress,
  ExecutionRow,
  ExecutionStatus,
  KernelMessage,
  PipelineProgress,
  Promotion,
} from "./protocol.ts";
import { isEnded, readRow, type Store, storeOf } from "./store.ts";
import { provideHighlighter } from "./text/highlight.ts";
import { Ui } from "./ui.ts";

export class App {
  /** Number of the last events that were heard; null until the first welcome. */
  private heardTo: number | null = null;
  readonly kind: (typeof KINDS)[number];
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
  /** How far the batch is, when the model shows one. */
  readonly batch: Signal<BatchProgress | null>;
  /** How far the pipeline is, when the model shows one. */
  readonly pipeline: Signal<PipelineProgress | null>;
  /** What can be promoted of the comparison, when the model shows one. */
  readonly promotion: Signal<Promotion | null>;

  constructor(
    private readonly model: Model,
    queued: readonly Queued[],
    private readonly abort: AbortSignal,
  ) {
    this.kind = KINDS.find((kind) => kind === model.get("kind")) ?? "dashboard";
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
    this.batch = this.trait("batch", "progress");
    this.pipeline = this.trait("pipeline", "progress");
    this.promotion = this.trait("comparison", "promotion");
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
    else if (this.kind === "execution") followRow(this.ownRow, this.store, open, abort);
    for (const [message, buffers] of queued) this.receive(message, buffers);
    this.greet();
    if (this.kind === "dashboard") this.refreshSessions();
  }

  row(executionId: string): ReadonlySignal<ExecutionRow> | undefined {
    const own = this.kind === "execution" && this.ownRow.value.executionId === executionId;
    return own ? this.ownRow : this.store.row(executionId);
  }

  /** Of a step that is not open no more is known than its pipeline tells. */
  private statusOf(executionId: string): ExecutionStatus | undefined {
    const step = this.pipeline.peek()?.steps.find((one) => one.executionId === executionId);
    return step?.status ?? this.row(executionId)?.peek().status;
  }

  private listen(name: string, listener: (...values: never[]) => void): void {
    this.model.on(name, listener);
    this.abort.addEventListener("abort", () => this.model.off(name, listener));
  }

  private readOwnRow(): ExecutionRow {
    const row = readRow(this.model.get("row"));
    return { ...row, executionId: row.executionId || String(this.model.get("execution_id") ?? "") };
  }

  /** What a view of that kind shows, as the kernel has said last; null in the others. */
  private trait<T>(kind: App["kind"], name: string): Signal<T | null> {
    const read = () => (this.kind === kind ? (this.model.get(name) as T) : null);
    const told = signal(read());
    this.listen(`change:${name}`, () => {
      told.value = read();
    });
    return told;
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
   * The view of one execution or batch beats slowly, since a notebook may have many, and not at all once
   * there is nothing left to kill or to wait for.
   */
  private heartbeat(): { every: number; paneIds: string[] } | null {
    const paneIds = this.panes.ids();
    if (this.kind === "dashboard") return { every: PING_EVERY, paneIds };
    const many = this.batch.peek() ?? this.pipeline.peek();
    const ended = many?.ended ?? isEnded(this.ownRow.peek().status);
    const over = ended && paneIds.length === 0;
    return over ? null : { every: 4 * PING_EVERY, paneIds };
  }

  /** All state for the dashboard; the other views have theirs as a trait, and only need the time. */
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
      const status = this.statusOf(executionId);
      const moot = status === undefined || isEnded(status);
      this.ui.setKilling(executionId, false, moot ? null : problemOf(error));
    }
  }
}

const KINDS = ["dashboard", "execution", "batch", "pipeline", "comparison"] as const;
const SESSIONS_DELAY = 400;
const KILL_AGAIN_AFTER = 20_000;
