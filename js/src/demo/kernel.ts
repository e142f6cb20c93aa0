/**
 * What the kernel answers, with no kernel: one fake for each widget of the page.
 *
 * The rule: the messages and the pace are the kernel's own (batches of at most 256 KB, one courier
 * for the page); the views know no difference. What a request would change outside of the page is
 * answered with "done" and changes nothing.
 */
import type { Model } from "../connection.ts";
import {
  type DiffAnswer,
  type Events,
  type ExecutionRow,
  type KernelMessage,
  MAX_BATCH,
  type OpenPane,
  type PageMessage,
  type Welcome,
} from "../protocol.ts";
import type { Courier } from "./courier.ts";
import { pastOf } from "./past.ts";
import { type Change, PATH, type World } from "./world.ts";

interface OpenedPane {
  readonly paneId: string;
  readonly executionId: string;
  at: number;
  toldEnd: boolean;
}
type Listener = (...values: unknown[]) => void;

const LATENCY = 5;

export class FakeKernel implements Model {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly panes = new Map<string, OpenedPane>();
  private readonly dirty = new Map<string, Partial<ExecutionRow>>();
  private readonly answers: KernelMessage[] = [];
  private sequence = 0;
  private started = 0;
  private turn = 0;
  /** How many messages the page sent. */
  heard = 0;

  constructor(
    private readonly world: World,
    private readonly courier: Courier,
    private readonly traits: Readonly<Record<string, unknown>>,
    private readonly welcome: Partial<Welcome> = {},
  ) {
    world.listen((change) => this.onChange(change));
    courier.add(() => this.sendOne());
  }

  get(name: string): unknown {
    if (name === "manager_id") return "demo";
    if (name === "row") return this.ownRow() ?? null;
    return this.traits[name] ?? null;
  }
  on(name: string, listener: (...values: never[]) => void): void {
    const known = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, known.add(listener as Listener));
  }
  off(name: string, listener: (...values: never[]) => void): void {
    this.listeners.get(name)?.delete(listener as Listener);
  }
  send(content: unknown): void {
    this.heard += 1;
    setTimeout(() => this.answer(content as PageMessage), LATENCY);
  }

  private emit(name: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(name) ?? []) listener(...values);
  }

  private ownRow(): ExecutionRow | undefined {
    return this.world.executions.get(String(this.traits.execution_id))?.row;
  }

  private onChange(change: Change): void {
    const { executionId } = change;
    if (change.type === "bytes") {
      const watched = [...this.panes.values()].some((pane) => pane.executionId === executionId);
      if (watched) this.courier.call();
    } else if (this.traits.kind !== "execution") {
      this.dirty.set(executionId, { ...this.dirty.get(executionId), ...change.changes });
      this.courier.call();
    } else if (this.traits.execution_id === executionId) {
      this.emit("change:row");
    }
  }

  // -- to the page -------------------------------------------------------------------------------

  /** Changes, answers and output have their turns, so that none starves. */
  private sendOne(): boolean {
    const ways = [this.sendChanges, this.sendAnswer, this.sendOutput];
    for (let tried = 0; tried < ways.length; tried += 1) {
      this.turn = (this.turn + 1) % ways.length;
      if (ways[this.turn]?.call(this)) return true;
    }
    return false;
  }

  private say(message: KernelMessage, buffers: DataView[] = []): true {
    this.emit("msg:custom", message, buffers);
    return true;
  }

  private sendChanges(): boolean {
    if (this.dirty.size === 0) return false;
    const events: Events["events"] = [...this.dirty].map(([executionId, changes]) => ({
      type: "claude:changed",
      executionId,
      changes,
    }));
    this.dirty.clear();
    this.sequence += 1;
    return this.say({ type: "claude:events", sequence: this.sequence, events });
  }

  private sendAnswer(): boolean {
    const message = this.answers.shift();
    return message !== undefined && this.say(message);
  }

  private sendOutput(): boolean {
    for (const pane of [...this.panes.values()]) {
      this.panes.delete(pane.paneId);
      const sent = this.sendBatch(pane);
      if (!pane.toldEnd) this.panes.set(pane.paneId, pane);
      if (sent) return true;
    }
    return false;
  }

  private sendBatch(pane: OpenedPane): boolean {
    const { paneId, executionId, at: offset } = pane;
    const execution = this.world.executions.get(executionId);
    if (!execution) return false;
    const bytes = execution.transcript.slice(offset, offset + MAX_BATCH);
    const ended = execution.ended && bytes.length < MAX_BATCH;
    if (bytes.length === 0 && !ended) return false;
    pane.toldEnd = ended;
    pane.at += bytes.length;
    const data = { paneId, executionId, offset, nextOffset: pane.at, ended };
    return this.say({ type: "claude:pane-data", ...data }, [new DataView(bytes.buffer)]);
  }

  // -- from the page -----------------------------------------------------------------------------

  private answer(message: PageMessage): void {
    this.answers.push(this.answerTo(message));
    this.courier.call();
  }

  private answerTo(message: PageMessage): KernelMessage {
    const { requestId } = message;
    const done: KernelMessage = { type: "claude:done", requestId };
    const now = Date.now() / 1000;
    switch (message.type) {
      case "claude:hello":
        return this.welcomeOf(requestId, now);
      case "claude:ping": {
        const { sequence } = this;
        return { type: "claude:pong", requestId, now, closedPanes: [], sequence };
      }
      case "claude:get-sessions":
        return { type: "claude:get-sessions", requestId, sessions: sessionsAt(now) };
      case "claude:get-templates":
        return { type: "claude:get-templates", requestId, templates: [], more: 0 };
      case "claude:get-diff":
        return { type: "claude:get-diff", requestId, ...NO_CHANGES };
      case "claude:search-history":
        return pastOf(this.world, message);
      case "claude:open-pane":
        this.openPane(message);
        return done;
      case "claude:close-pane":
        this.panes.delete(message.paneId);
        return done;
      case "claude:execute":
        return this.start(message.query, requestId);
      case "claude:kill-execution":
        this.world.change(message.executionId, { status: "killed", reason: "user", endTime: now });
        return done;
      default:
        return done;
    }
  }

  private openPane({ paneId, executionId, offset = 0 }: OpenPane): void {
    const length = this.world.executions.get(executionId)?.transcript.length ?? 0;
    const at = offset < 0 ? Math.max(0, length + offset) : offset;
    this.panes.set(paneId, { paneId, executionId, at, toldEnd: false });
  }

  private welcomeOf(requestId: string, now: number): KernelMessage {
    return {
      type: "claude:welcome",
      requestId,
      protocolVersion: 1,
      managerId: "demo",
      backend: "replay",
      notice: "",
      now,
      projectPath: PATH,
      models: MODELS,
      sequence: this.sequence,
      maxConcurrency: 2,
      queue: null,
      suggestedQueries: [],
      executions: [...this.world.executions.values()].map(({ row }) => row),
      ...this.welcome,
    };
  }

  private start(query: string, requestId: string): KernelMessage {
    if (query.includes("refuse")) {
      const [kind, hint] = ["ProjectPathError", "Choose a folder that exists."];
      const message = "There is no such folder.";
      const about = { executionId: null, mcpConfig: null };
      return { type: "claude:refused", requestId, kind, message, hint, ...about };
    }
    this.started += 1;
    const executionId = `new${this.started}`;
    this.world.change(executionId, { query, createdTime: Date.now() / 1000, status: "pending" });
    return { type: "claude:execute", requestId, executionId };
  }
}

const MODELS: Welcome["models"] = ["sonnet", "opus", "haiku"].map((value) => ({
  value,
  name: "",
  description: "",
  efforts: [],
}));

/** The demo's recordings have no patch. */
const NO_CHANGES: Omit<DiffAnswer, "type" | "requestId"> = {
  state: "clean",
  branch: "",
  base: "",
  path: "",
  appliedTime: null,
  files: [],
  fileCount: 0,
  added: 0,
  removed: 0,
  commits: 0,
  text: "",
  truncated: false,
  notes: [],
  recorded: true,
  mayApply: false,
};

const sessionsAt = (now: number) => [
  {
    sessionId: "43648c55-fe40-431f",
    firstPrompt: "List the files",
    modifiedTime: now - 7200,
    sizeBytes: 4096,
  },
  {
    sessionId: "13626804-aa20-4a3b",
    firstPrompt: "Write b.py",
    modifiedTime: now - 200_000,
    sizeBytes: 4096,
  },
];
