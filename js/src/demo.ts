/**
 * A plain page that draws the real views on recorded executions, with no kernel and no Jupyter.
 *
 * The rule: `FakeKernel` answers as the kernel would, from the recorded frames of the tests; the
 * views know no difference. Built by `npm run demo`, opened as demo.html; never in the package.
 */
import apiError from "../../tests/transcripts/api_error_400.jsonl";
import retries from "../../tests/transcripts/api_retry_killed.jsonl";
import subagent from "../../tests/transcripts/background_subagent.jsonl";
import edits from "../../tests/transcripts/write_read_edit.jsonl";
import type { Model } from "./connection.ts";
import type { ExecutionRow, KernelMessage, PageMessage } from "./protocol.ts";
import { readRow } from "./store.ts";
import { attach, render } from "./widget.ts";

interface Recorded {
  readonly row: Partial<ExecutionRow> & { executionId: string };
  readonly frames: string;
  readonly end?: object;
  readonly stderr?: string;
}

const now = Date.now() / 1000;
const PATH = "/home/user/project";
const MODEL = "claude-opus-5-5";

const RECORDED: readonly Recorded[] = [
  {
    row: {
      executionId: "edit",
      query: "Create b.py with a function f, read a.txt, and change its greeting to goodbye.",
      status: "completed",
      reason: "success",
      startTime: now - 340,
      endTime: now - 331.5,
      costUsd: 0.0226,
      numTurns: 4,
      toolCount: 3,
      recorded: true,
    },
    frames: edits,
    end: { event: "ended", exit_code: 0, descendants: 0 },
  },
  {
    row: {
      executionId: "bad",
      query: "Summarise the open issues",
      status: "failed",
      reason: "api_error",
      error: "API Error: 400 bad request",
      startTime: now - 200,
      endTime: now - 198,
      costUsd: 0,
    },
    frames: apiError,
    end: { event: "ended", exit_code: 1 },
    stderr: "warning: the network is slow\n[debug] attempt 1",
  },
  {
    row: {
      executionId: "killed",
      name: "retries",
      query: "Refactor the parser, then run the tests until all of them pass",
      status: "killed",
      reason: "user",
      startTime: now - 160,
      endTime: now - 64,
    },
    frames: retries,
    end: { event: "ended", exit_code: -15, descendants: 1 },
  },
  {
    row: {
      executionId: "live",
      query: "Look at <img src=x onerror=alert(1)> and ask a subagent what it thinks of it",
      status: "running",
      activity: "Agent: sub",
      startTime: now - 47,
      costUsd: 0.0113,
      toolCount: 1,
    },
    frames: subagent.split("\n").slice(0, 9).join("\n"),
  },
  { row: { executionId: "p1", query: "Write the changelog", priority: 0 }, frames: "" },
  { row: { executionId: "p2", query: "Update the docs", priority: 5 }, frames: "" },
];

const WORDS = "It is an image whose error handler would run code, so it stays text here. ".split(
  " ",
);

export function frameTranscript({ row, frames, end, stderr }: Recorded): Uint8Array {
  const query = { type: "user", message: { role: "user", content: row.query ?? "" } };
  const records = [
    `0.000000 meta ${JSON.stringify({ event: "transcript", version: 1 })}`,
    `0.000100 meta ${JSON.stringify({ event: "requested", request: {} })}`,
    ...(frames ? [`0.050000 meta ${JSON.stringify({ event: "spawned", pid: 4242 })}`] : []),
    ...(frames ? [`0.060000 in ${JSON.stringify(query)}`] : []),
    ...frames
      .split("\n")
      .filter(Boolean)
      .map((line, index) => `${(0.1 + index / 10).toFixed(6)} out ${line}`),
    ...(stderr ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => `1.000000 err ${line}`),
    ...(row.status === "killed" ? [`8.0 meta {"event":"kill","reason":"user"}`] : []),
    ...(end ? [`9.000000 meta ${JSON.stringify(end)}`] : []),
  ];
  return new TextEncoder().encode(records.map((record) => `${record}\n`).join(""));
}

class FakeKernel implements Model {
  private readonly listeners = new Set<(message: KernelMessage, buffers: DataView[]) => void>();
  private sequence = 0;
  private readonly transcripts = new Map<string, Uint8Array>();
  private readonly panes = new Map<string, { paneId: string; at: number }>();
  private readonly rows = new Map<string, ExecutionRow>();
  private started = 0;

  constructor(private readonly traits: Readonly<Record<string, unknown>>) {
    RECORDED.forEach((recorded, index) => {
      const createdTime = recorded.row.startTime ?? now - 10 + index;
      const fixed = { projectPath: PATH, createdTime, model: recorded.frames ? MODEL : null };
      this.rows.set(recorded.row.executionId, readRow({ ...fixed, ...recorded.row }));
      this.transcripts.set(recorded.row.executionId, frameTranscript(recorded));
    });
  }

  get(name: string): unknown {
    return this.traits[name] ?? null;
  }
  on(name: string, listener: (...values: never[]) => void): void {
    if (name === "msg:custom") this.listeners.add(listener as never);
  }
  off(_name: string, listener: (...values: never[]) => void): void {
    this.listeners.delete(listener as never);
  }
  send(content: unknown): void {
    setTimeout(() => this.answer(content as PageMessage), 20);
  }

  private say(message: KernelMessage, buffers: DataView[] = []): void {
    for (const listener of this.listeners) listener(message, buffers);
  }

  private answer(message: PageMessage): void {
    const { requestId } = message;
    switch (message.type) {
      case "claude:hello":
        return this.say(this.welcome(requestId));
      case "claude:ping":
        return this.say({
          type: "claude:pong",
          requestId,
          now: Date.now() / 1000,
          closedPanes: [],
          sequence: this.sequence,
        });
      case "claude:get-sessions":
        return this.say({ type: "claude:get-sessions", requestId, sessions: SESSIONS });
      case "claude:open-pane":
        this.panes.set(message.executionId, { paneId: message.paneId, at: message.offset ?? 0 });
        this.say({ type: "claude:done", requestId });
        return this.flush(message.executionId);
      case "claude:execute":
        return this.start(message.query, requestId);
      case "claude:kill-execution":
        this.change(message.executionId, { status: "killed", reason: "user" });
        return this.say({ type: "claude:done", requestId });
      default:
        return this.say({ type: "claude:done", requestId });
    }
  }

  private welcome(requestId: string): KernelMessage {
    return {
      type: "claude:welcome",
      requestId,
      protocolVersion: 1,
      managerId: "demo",
      backend: "replay",
      notice: "A demonstration on recorded executions: nothing runs, and nothing is charged.",
      now: Date.now() / 1000,
      projectPath: PATH,
      models: [
        { value: "sonnet", name: "", description: "", efforts: [] },
        { value: "opus", name: "", description: "", efforts: [] },
        { value: "haiku", name: "", description: "", efforts: [] },
      ],
      sequence: this.sequence,
      maxConcurrency: 2,
      suggestedQueries: RECORDED.slice(0, 2).map(({ row }) => row.query ?? ""),
      executions: [...this.rows.values()],
    };
  }

  private start(query: string, requestId: string): void {
    if (query.includes("refuse")) {
      const [kind, hint] = ["ProjectPathError", "Choose a folder that exists."];
      return this.say({
        type: "claude:refused",
        requestId,
        kind,
        message: "There is no such folder.",
        hint,
        executionId: null,
      });
    }
    this.started += 1;
    const executionId = `new${this.started}`;
    this.transcripts.set(executionId, frameTranscript({ row: { executionId }, frames: "" }));
    this.change(executionId, { query, createdTime: Date.now() / 1000, status: "pending" });
    this.say({ type: "claude:execute", requestId, executionId });
  }

  private change(executionId: string, changes: Partial<ExecutionRow>): void {
    this.say({
      type: "claude:events",
      sequence: ++this.sequence,
      events: [{ type: "claude:changed", executionId, changes }],
    });
  }

  private flush(executionId: string): void {
    const pane = this.panes.get(executionId);
    const bytes = this.transcripts.get(executionId);
    if (!pane || !bytes) return;
    const fresh = bytes.slice(pane.at);
    const [offset, nextOffset] = [pane.at, bytes.length];
    pane.at = nextOffset;
    const ended = RECORDED.some(({ row, end }) => row.executionId === executionId && end);
    const { paneId } = pane;
    const data = { type: "claude:pane-data", executionId, paneId, offset, nextOffset, ended };
    this.say(data as KernelMessage, [new DataView(fresh.buffer)]);
  }

  /** More of the live one's text, a word at a time. */
  stream(word: string, index: number): void {
    const event =
      index === 0
        ? { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }
        : {
            type: "content_block_delta",
            index: 0,
            delta: { type: "text_delta", text: `${word} ` },
          };
    const frame = { type: "stream_event", session_id: "live", api_message_id: "msg_live", event };
    const more = new TextEncoder().encode(`9.0 out ${JSON.stringify(frame)}\n`);
    const before = this.transcripts.get("live") ?? new Uint8Array(0);
    const after = new Uint8Array(before.length + more.length);
    after.set(before);
    after.set(more, before.length);
    this.transcripts.set("live", after);
    this.flush("live");
  }
}

const SESSIONS = [
  { sessionId: "43648c55-fe40-431f", firstPrompt: "List the files", modifiedTime: now - 7200 },
  { sessionId: "13626804-aa20-4a3b", firstPrompt: "Write b.py", modifiedTime: now - 200_000 },
].map((session) => ({ ...session, sizeBytes: 4096 }));

function show(traits: Readonly<Record<string, unknown>>, place: string): FakeKernel {
  const kernel = new FakeKernel({ manager_id: "demo", ...traits });
  const { signal } = new AbortController();
  const el = document.getElementById(place);
  attach(kernel, [], signal);
  if (el) render({ model: kernel, el, signal });
  return kernel;
}

const dashboard = show({ kind: "dashboard" }, "dashboard");
const edit = RECORDED[0]?.row;
show({ kind: "execution", execution_id: "edit", row: readRow(edit) }, "execution");
["", ...WORDS].forEach((word, index) => {
  setTimeout(() => dashboard.stream(word, index), 800 + 150 * index);
});
