/**
 * What the kernel says: the executions of one manager, its notice, models and sessions.
 *
 * The rule: kernel-owned; only `apply` changes it, and only with what a message said. A welcome
 * replaces everything (state is level-triggered), an event changes the fields that it names. All
 * models of a manager on the page share one store; what the reader typed is in ui.ts, never here.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type {
  Events,
  ExecutionRow,
  ExecutionStatus,
  KernelMessage,
  QueueState,
  SessionRow,
  Welcome,
} from "./protocol.ts";

type PageEvent = Events["events"][number];

export const isEnded = (status: ExecutionStatus): boolean =>
  status === "completed" || status === "failed" || status === "killed";

/** A row before and after a message; undefined where there was or is none. */
export interface RowChange {
  readonly executionId: string;
  readonly before: ExecutionRow | undefined;
  readonly after: ExecutionRow | undefined;
}

export class Store {
  private readonly rows = new Map<string, Signal<ExecutionRow>>();
  private readonly recalledNow = signal<ReadonlyMap<string, Signal<ExecutionRow>>>(new Map());
  private readonly orderChanges = signal(0);
  private readonly queueChanges = signal(0);
  private readonly welcomeNow = signal<Welcome | null>(null);
  private readonly queueNow = signal<QueueState | null>(null);
  private readonly endedNow = signal(0);
  private readonly sessionsNow = signal<ReadonlyMap<string, readonly SessionRow[]>>(new Map());
  private queueChanged = false;
  private orderChanged = false;
  /** What the message has changed so far: rows as they were before it. */
  private readonly touched = new Map<string, ExecutionRow | undefined>();
  private readonly listeners = new Set<(changes: readonly RowChange[]) => void>();

  /** Newest first. Worked out only for those who look. */
  readonly ids: ReadonlySignal<readonly string[]> = computed(() => {
    void this.orderChanges.value;
    return this.sortIds();
  });
  /** The place in the queue of each pending execution that will start by itself, from 1. */
  readonly places: ReadonlySignal<ReadonlyMap<string, number>> = computed(() => {
    void this.queueChanges.value;
    return this.countPlaces();
  });
  /** How many wait whose kernel is gone: nobody starts them. */
  readonly left: ReadonlySignal<number> = computed(() => {
    void this.queueChanges.value;
    return this.pending().filter((row) => row.held).length;
  });
  readonly welcome: ReadonlySignal<Welcome | null> = this.welcomeNow;
  /** Why nothing is started, how many may run, how many wait. */
  readonly queue: ReadonlySignal<QueueState | null> = this.queueNow;
  /** How often an execution was seen to end: earlier sessions may have changed with each. */
  readonly ended: ReadonlySignal<number> = this.endedNow;
  /** By project path. */
  readonly sessions: ReadonlySignal<ReadonlyMap<string, readonly SessionRow[]>> = this.sessionsNow;
  /** Seconds to add to the page's clock to get the kernel's. */
  readonly clockOffset = signal(0);

  row(executionId: string): ReadonlySignal<ExecutionRow> | undefined {
    return this.rows.get(executionId) ?? this.recalledNow.value.get(executionId);
  }

  /** Keeps one that only the history has, so that it can be looked at; it is in no list. */
  recall(row: ExecutionRow): void {
    if (this.rows.has(row.executionId)) return;
    const known = signal({ ...EMPTY_ROW, ...row });
    this.recalledNow.value = new Map(this.recalledNow.peek()).set(row.executionId, known);
  }

  apply(message: KernelMessage): void {
    batch(() => {
      if (message.type === "claude:welcome") this.replace(message);
      else if (message.type === "claude:pong") this.setClock(message.now);
      else if (message.type === "claude:events") for (const event of message.events) this.on(event);
      else if (message.type === "claude:get-execution") this.set(message.execution);
      else if ("executions" in message) for (const row of message.executions) this.set(row);
      if (this.orderChanged) this.orderChanges.value += 1;
      if (this.queueChanged) this.queueChanges.value += 1;
      this.orderChanged = false;
      this.queueChanged = false;
      this.tell();
    });
  }

  /** Hears of the rows that a message has changed, once a message; returns how to stop. */
  onChange(listener: (changes: readonly RowChange[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    const changes = [...this.touched].map(([executionId, before]) => ({
      executionId,
      before,
      after: this.rows.get(executionId)?.peek(),
    }));
    this.touched.clear();
    if (changes.length > 0) for (const listener of this.listeners) listener(changes);
  }

  private touch(executionId: string): void {
    if (this.touched.has(executionId)) return;
    this.touched.set(executionId, this.rows.get(executionId)?.peek());
  }

  private unrecall(executionId: string): void {
    if (!this.recalledNow.peek().has(executionId)) return;
    const left = new Map(this.recalledNow.peek());
    left.delete(executionId);
    this.recalledNow.value = left;
  }

  private delete(executionId: string): void {
    if (!this.rows.has(executionId)) return;
    this.touch(executionId);
    this.rows.delete(executionId);
    this.orderChanged = true;
    this.queueChanged = true;
  }

  setSessions(projectPath: string, sessions: readonly SessionRow[]): void {
    this.sessionsNow.value = new Map(this.sessionsNow.value).set(projectPath, sessions);
  }

  private setClock(now: number): void {
    const offset = now - Date.now() / 1000;
    // Less is only the way of the message, and would make each duration jump.
    if (Math.abs(offset - this.clockOffset.value) > 0.5) this.clockOffset.value = offset;
  }

  private replace(welcome: Welcome): void {
    this.welcomeNow.value = welcome;
    this.queueNow.value = readQueue(welcome.queue);
    this.setClock(welcome.now);
    const present = new Set(welcome.executions.map((row) => row.executionId));
    for (const id of [...this.rows.keys()]) if (!present.has(id)) this.delete(id);
    for (const row of welcome.executions) this.set(row);
    this.orderChanged = true;
    this.queueChanged = true;
  }

  private on(event: PageEvent): void {
    if (event.type === "claude:queue") {
      this.queueNow.value = readQueue(event.state);
      return;
    }
    const executionId = event.executionId;
    switch (event.type) {
      case "claude:changed":
        return this.merge({ ...event.changes, executionId });
      case "claude:removed":
        this.unrecall(executionId);
        return this.delete(executionId);
      case "claude:complete":
        return this.update(executionId, { status: event.status, reason: event.reason });
      case "claude:started":
      case "claude:error":
        // What they change of the row comes as `claude:changed`; these two are for listeners.
        return;
    }
  }

  private update(executionId: string, changes: Partial<ExecutionRow>): void {
    if (this.rows.has(executionId)) this.merge({ ...changes, executionId });
  }

  /** A whole row; the kernel leaves out of it what is null. */
  private set(row: ExecutionRow): void {
    this.merge({ ...EMPTY_ROW, ...row });
  }

  private merge(changes: Partial<ExecutionRow> & { executionId: string }): void {
    const known = this.rows.get(changes.executionId);
    const before = known?.peek();
    if (before && !differs(before, changes)) return;
    this.touch(changes.executionId);
    const after: ExecutionRow = { ...(before ?? EMPTY_ROW), ...changes };
    if (known) known.value = after;
    else this.rows.set(changes.executionId, signal(after));
    if (!known || before?.createdTime !== after.createdTime) this.orderChanged = true;
    if (before?.status === "pending" || after.status === "pending") this.queueChanged = true;
    if (before && !isEnded(before.status) && isEnded(after.status)) this.endedNow.value += 1;
  }

  private sortIds(): readonly string[] {
    const created = (id: string) => this.rows.get(id)?.peek().createdTime ?? 0;
    // Sorting keeps the order of equals: of two made at once the later one comes first.
    return [...this.rows.keys()].reverse().sort((a, b) => created(b) - created(a));
  }

  private pending(): ExecutionRow[] {
    const rows = [...this.rows.values()].map((row) => row.peek());
    return rows.filter((row) => row.status === "pending");
  }

  private countPlaces(): ReadonlyMap<string, number> {
    const waiting = this.pending()
      .filter((row) => !(row.held || row.onHold))
      .sort((a, b) => b.priority - a.priority || rankOf(a) - rankOf(b));
    return new Map(waiting.map((row, index) => [row.executionId, index + 1]));
  }
}

/** The kernel leaves out of it what is null. */
function readQueue(state: QueueState | null): QueueState | null {
  if (!state) return null;
  const pause = state.pause && { ...EMPTY_PAUSE, ...state.pause };
  return { ...state, pause: pause ?? null };
}

const EMPTY_PAUSE = { until: null, executionId: null };

/** Those that another kernel starts have no rank here. */
const rankOf = (row: ExecutionRow) => row.queueRank ?? row.createdTime ?? 0;

function differs(row: ExecutionRow, changes: Partial<ExecutionRow>): boolean {
  const fields = Object.keys(changes) as (keyof ExecutionRow)[];
  return fields.some((field) => row[field] !== changes[field]);
}

const EMPTY_ROW: ExecutionRow = {
  executionId: "",
  name: null,
  query: "",
  projectPath: "",
  status: "pending",
  reason: null,
  sessionId: null,
  model: null,
  activity: "",
  permissionMode: null,
  priority: 0,
  queueRank: null,
  createdTime: null,
  startTime: null,
  endTime: null,
  costUsd: null,
  overBudget: null,
  numTurns: null,
  toolCount: 0,
  denialCount: 0,
  error: null,
  recorded: false,
  recordedTime: null,
  stale: false,
  held: false,
  onHold: false,
  effort: null,
  requestCount: 0,
  awaitsInput: false,
  taskCount: 0,
  continues: null,
  after: null,
  afterCount: null,
  batchId: null,
  attempt: null,
  attemptOf: null,
  branch: null,
  cpuPercent: null,
  memoryBytes: null,
  cpuSeconds: null,
};

/** A row as a trait carries it, which may be null or made by another version. */
export function readRow(value: unknown): ExecutionRow {
  const fields = typeof value === "object" && value !== null ? value : {};
  return { ...EMPTY_ROW, ...fields };
}

// Of this module, which the loader holds once a page and bundle on globalThis: so by hash as well.
const stores = new Map<string, { store: Store; users: number }>();

/** The store of a manager, shared until the signal of its last user is aborted. */
export function storeOf(managerId: string, abort: AbortSignal): Store {
  const entry = stores.get(managerId) ?? { store: new Store(), users: 0 };
  stores.set(managerId, entry);
  entry.users += 1;
  abort.addEventListener("abort", () => {
    entry.users -= 1;
    if (entry.users === 0 && stores.get(managerId) === entry) stores.delete(managerId);
  });
  return entry.store;
}
