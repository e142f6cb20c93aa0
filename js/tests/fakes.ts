/**
 * The far end, faked: a model whose `send` is recorded, and transcripts framed as the shim does.
 *
 * The rule: only what lies beyond the page's own code is faked; a test says what the kernel answers.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Model } from "../src/connection.ts";
import type {
  ExecutionRow,
  KernelMessage,
  PageMessage,
  Refused,
  Welcome,
} from "../src/protocol.ts";
import { readRow } from "../src/store.ts";

type Listener = (...values: unknown[]) => void;

export class FakeModel implements Model {
  readonly sent: PageMessage[] = [];
  readonly listeners = new Map<string, Set<Listener>>();
  gone = false;

  constructor(readonly traits: Record<string, unknown> = {}) {}

  get(name: string): unknown {
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
    if (this.gone) throw new Error("Cannot send");
    this.sent.push(content as PageMessage);
  }

  emit(name: string, ...values: unknown[]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener(...values);
  }
  say(message: KernelMessage, buffers: DataView[] = []): void {
    this.emit("msg:custom", message, buffers);
  }
  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }
  count(): number {
    return [...this.listeners.values()].reduce((sum, listeners) => sum + listeners.size, 0);
  }
  last<T extends PageMessage["type"]>(type: T): Extract<PageMessage, { type: T }> {
    const found = this.sent.findLast((message) => message.type === type);
    if (!found) throw new Error(`no ${type} was sent`);
    return found as Extract<PageMessage, { type: T }>;
  }
  all(type: PageMessage["type"]): PageMessage[] {
    return this.sent.filter((message) => message.type === type);
  }
}

export const row = (fields: Partial<ExecutionRow> & { executionId: string }): ExecutionRow =>
  readRow(fields);

export const welcome = (requestId: string, fields: Partial<Welcome> = {}): Welcome => ({
  type: "claude:welcome",
  requestId,
  protocolVersion: 1,
  managerId: "m",
  backend: "local",
  notice: "",
  now: Date.now() / 1000,
  projectPath: "/home/user/project",
  models: [
    { value: "sonnet", name: "", description: "", efforts: [] },
    { value: "opus", name: "", description: "", efforts: [] },
  ],
  sequence: 0,
  maxConcurrency: 2,
  queue: null,
  suggestedQueries: [],
  executions: [],
  ...fields,
});

export const refused = (requestId: string, fields: Partial<Refused> = {}): Refused => ({
  type: "claude:refused",
  requestId,
  kind: "InvalidRequest",
  message: "That cannot be done.",
  hint: "",
  executionId: null,
  mcpConfig: null,
  ...fields,
});

const TRANSCRIPTS = join(import.meta.dirname, "..", "..", "tests", "transcripts");

export const recordings: readonly string[] = readdirSync(TRANSCRIPTS)
  .filter((name) => name.endsWith(".jsonl"))
  .sort();

export const readRecording = (name: string): string =>
  readFileSync(join(TRANSCRIPTS, name), "utf8");

/** Of the kernel's state after the recording; see tests/ of the package. */
export interface Golden {
  readonly tool_counts: Readonly<Record<string, number>>;
  readonly num_turns: number | null;
  readonly duration_ms: number | null;
  readonly structured_output: unknown;
}
export const readGolden = (name: string): Golden =>
  JSON.parse(readFileSync(join(TRANSCRIPTS, "golden", name.replace(".jsonl", ".json")), "utf8"))
    .info;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Frames as they lie in a transcript; long lines in pieces that split characters, too. */
export function framed(frames: string, pieceLength = 1000): Uint8Array {
  const parts: Uint8Array[] = [bytes('0.000000 meta {"event":"transcript","version":1}\n')];
  frames
    .split("\n")
    .filter(Boolean)
    .forEach((line, index) => {
      const whole = bytes(line);
      for (let at = 0; at < whole.length; at += pieceLength) {
        const more = at + pieceLength < whole.length;
        parts.push(bytes(`${(index / 10).toFixed(6)} ${more ? "out+" : "out"} `));
        parts.push(whole.subarray(at, at + pieceLength), bytes("\n"));
      }
    });
  parts.push(bytes('9.500000 meta {"event":"ended","exit_code":0}\n'));
  return concat(parts);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
