/**
 * Requests and answers over one model's comm, and what is known of the kernel behind it.
 *
 * The rule: a request has one id for its life; a repeat, because its answer was lost, uses the same
 * one. `send` that throws means that the kernel is gone; silence means that it is busy. Knows
 * nothing of what the messages mean, except that an answer repeats a `requestId`.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type KernelMessage,
  MAX_PAGE_MESSAGE,
  type PageMessage,
  type Refused,
} from "./protocol.ts";

/** What of an anywidget model is used. */
export interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(name: string, listener: (...values: never[]) => void): void;
  off(name: string, listener: (...values: never[]) => void): void;
}

// biome-ignore lint/suspicious/noExplicitAny: the loader hands over messages that nobody has read
export type Queued = [message: any, buffers: DataView[]];
export type ConnectionState = "connecting" | "connected" | "busy" | "disconnected";

/** A request that came to nothing; `refused` is the kernel's own word, if it got that far. */
export class RequestError extends Error {
  constructor(
    readonly kind: string,
    message: string,
    readonly hint = "",
    readonly refused: Refused | null = null,
  ) {
    super(message);
  }

  get answered(): boolean {
    return this.refused !== null;
  }
}

export const DISCONNECTED =
  "Disconnected: the kernel was restarted or shut down. Run the cell again.";
export const BUSY = "Kernel busy: will act when the cell ends.";
export const BUSY_AFTER = 1500;
export const PING_EVERY = 5000;
const SLOWEST_PING = 30_000;
/** A page that nobody sees beats so seldom: the kernel still counts it as one that can answer. */
export const HIDDEN_PING = 30_000;
/** Shorter silences are a cell that ran; after longer ones messages may have been lost. */
const RESYNC_AFTER = 10_000;
const REPEAT_AFTER = 3000;

interface Pending {
  readonly message: PageMessage;
  readonly since: number;
  sentAt: number;
  resolve(answer: KernelMessage): void;
  reject(error: RequestError): void;
}

export const newId = (): string => {
  // Not randomUUID: Jupyter is often served over plain http, where that is missing.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** A request as its caller writes it: the id is filled in. */
export type Unsent = PageMessage extends infer M
  ? M extends PageMessage
    ? Omit<M, "requestId">
    : never
  : never;

export class Connection {
  private readonly current = signal<ConnectionState>("connecting");
  private readonly pending = new Map<string, Pending>();
  private watchers = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private quietSince: number | null = null;
  readonly state: ReadonlySignal<ConnectionState> = this.current;
  /** How often to ping, and the panes that the ping names; null when nothing hangs on it. */
  heartbeat: () => { every: number; paneIds: string[] } | null = () => ({
    every: PING_EVERY,
    paneIds: [],
  });
  /** Called when the kernel is heard again after it was away: what was missed is asked for. */
  onReturn: () => void = () => {};

  constructor(
    private readonly model: Model,
    private readonly abort: AbortSignal,
  ) {
    abort.addEventListener("abort", () => this.stop());
    // JupyterLab tells of a restart here, seconds before the next heartbeat would.
    const look = () => this.ping();
    model.on("comm_live_update", look);
    abort.addEventListener("abort", () => model.off("comm_live_update", look));
  }

  /** Resolves with the answer; rejects when it is refused, too large or cannot be sent. */
  request(unsent: Unsent, requestId = newId()): Promise<KernelMessage> {
    const message = { ...unsent, requestId } as PageMessage;
    const size = sizeOf(message);
    if (size > MAX_PAGE_MESSAGE) {
      const text = `This is too large to send: ${megabytes(size)} of at most 8 MB.`;
      return Promise.reject(new RequestError("TooLarge", text, "Put the text into a file."));
    }
    return new Promise((resolve, reject) => {
      const now = Date.now();
      this.pending.set(requestId, { message, since: now, sentAt: now, resolve, reject });
      if (this.send(message)) setTimeout(() => this.checkLate(requestId), BUSY_AFTER);
    });
  }

  /** Sends without waiting for an answer. */
  tell(unsent: Unsent): void {
    if (this.current.value !== "disconnected") {
      this.send({ ...unsent, requestId: newId() } as PageMessage);
    }
  }

  receive(message: KernelMessage): void {
    const id = "requestId" in message ? message.requestId : undefined;
    const pending = id === undefined ? undefined : this.pending.get(id);
    if (id === undefined || !pending) return;
    this.pending.delete(id);
    this.heard(pending, message.type === "claude:welcome");
    if (message.type !== "claude:refused") return pending.resolve(message);
    pending.reject(new RequestError(message.kind, message.message, message.hint, message));
  }

  /** Beats while something that shows this connection is mounted. */
  watch(): () => void {
    this.watchers += 1;
    if (this.watchers === 1) {
      document.addEventListener("visibilitychange", this.onVisible);
      this.schedule(PING_EVERY);
    }
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.watchers -= 1;
      if (this.watchers === 0) this.rest();
    };
  }

  private send(message: PageMessage): boolean {
    try {
      this.model.send(message);
      return true;
    } catch {
      this.disconnect();
      return false;
    }
  }

  private disconnect(): void {
    this.current.value = "disconnected";
    this.quietSince ??= Date.now();
    const lost = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of lost) reject(new RequestError("Disconnected", DISCONNECTED));
  }

  private checkLate(requestId: string): void {
    const pending = this.pending.get(requestId);
    if (!pending || this.abort.aborted || this.current.value === "disconnected") return;
    this.current.value = "busy";
    this.quietSince ??= pending.since;
    // Right after a restart the first send may still go out; the second one tells.
    if (pending.message.type === "claude:ping") this.repeat(pending);
  }

  private heard(answered: Pending, welcome: boolean): void {
    const now = Date.now();
    const away = this.current.value === "disconnected";
    const quiet = this.quietSince === null ? 0 : now - this.quietSince;
    if ([...this.pending.values()].every((other) => now - other.since < BUSY_AFTER)) {
      this.current.value = "connected";
      this.quietSince = null;
    }
    if ((away || quiet > RESYNC_AFTER) && !welcome) this.onReturn();
    // The kernel answers in order: an older request without its answer has lost it.
    for (const other of this.pending.values()) {
      if (other.sentAt < answered.sentAt && now - other.sentAt > REPEAT_AFTER) this.repeat(other);
    }
  }

  private repeat(pending: Pending): void {
    pending.sentAt = Date.now();
    this.send(pending.message);
  }

  private readonly onVisible = () => {
    if (document.visibilityState === "hidden") return;
    this.ping();
    this.schedule(PING_EVERY);
  };

  private schedule(after: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const beat = this.heartbeat();
      if (beat) this.ping();
      const hidden = document.visibilityState === "hidden";
      const every = Math.max(beat?.every ?? PING_EVERY, hidden ? HIDDEN_PING : 0);
      // A busy kernel has all the pings to answer in the end: they become rarer.
      const busy = this.current.value === "busy";
      this.schedule(busy ? Math.min(Math.max(after * 2, every), SLOWEST_PING) : every);
    }, after);
  }

  private ping(): void {
    if (this.abort.aborted) return;
    const paneIds = this.heartbeat()?.paneIds ?? [];
    const open = [...this.pending.values()].find(({ message }) => message.type === "claude:ping");
    if (open) this.repeat(open);
    else this.request({ type: "claude:ping", paneIds }).catch(() => {});
  }

  private rest(): void {
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  private stop(): void {
    this.rest();
    const left = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of left) reject(new RequestError("Closed", "The view was closed."));
  }
}

function sizeOf(message: PageMessage): number {
  const text = JSON.stringify(message);
  // Most messages are short: a character has at most three bytes in UTF-8.
  return text.length * 3 <= MAX_PAGE_MESSAGE ? text.length : new TextEncoder().encode(text).length;
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
