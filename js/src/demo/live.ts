/**
 * Executions that run while the page is looked at.
 *
 * The rule: bytes are written to the transcripts as a CLI writes them, some each tenth of a second;
 * when they reach the page is the courier's business.
 */
import { frameTranscript, record } from "./framing.ts";
import { turns } from "./traffic.ts";
import { MODEL, type World } from "./world.ts";

const TICK = 100;
const STATUSES = ["completed", "failed", "running", "pending", "killed"] as const;
const REASONS = { completed: "success", failed: "api_error", killed: "user" } as const;
const encoder = new TextEncoder();

/** So many executions of all kinds, newest first. */
export function addMany(world: World, count: number, now: number): void {
  for (let index = 0; index < count; index += 1) {
    const status = STATUSES[index % 7] ?? "completed";
    const startTime = status === "pending" ? null : now - index * 30;
    const over = status !== "pending" && status !== "running";
    const row = { executionId: `many${index}`, query: `Look at part ${index} of the project` };
    world.addBytes(
      {
        ...row,
        status,
        reason: status in REASONS ? REASONS[status as keyof typeof REASONS] : null,
        createdTime: now - index * 30,
        startTime,
        endTime: over ? now - index * 30 + 25 : null,
        model: MODEL,
        toolCount: index % 9,
        costUsd: (index % 11) / 100,
      },
      new Uint8Array(0),
      over,
    );
  }
}

/** Executions `stream0`, `stream1`... that write `rate` frames a second each until stopped. */
export class Stream {
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly sources: { id: string; frames: Generator<string>; written: number }[] = [];
  private begun = performance.now();
  private seconds = 0;

  constructor(
    private readonly world: World,
    count: number,
    private readonly rate: number,
  ) {
    for (let index = 0; index < count; index += 1) {
      const id = `stream${index}`;
      const query = `Stream number ${index}`;
      const startTime = Date.now() / 1000;
      const row = { executionId: id, query, status: "running", startTime, model: MODEL } as const;
      world.addBytes(row, frameTranscript({ query, frames: " " }), false);
      this.sources.push({ id, frames: turns(), written: 0 });
    }
    this.timer = setInterval(() => this.write(), TICK);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** As many frames as are due, however late the timer is. */
  private write(): void {
    const seconds = (performance.now() - this.begun) / 1000;
    for (const source of this.sources) {
      const parts: string[] = [];
      for (; source.written < seconds * this.rate; source.written += 1) {
        parts.push(record(seconds, "out", source.frames.next().value));
      }
      if (parts.length > 0) this.world.append(source.id, encoder.encode(parts.join("")));
    }
    if (Math.floor(seconds) > this.seconds) this.tellRows(Math.floor(seconds));
  }

  /** Rows change once a second, as they do when a tool is called. */
  private tellRows(seconds: number): void {
    this.seconds = seconds;
    for (const { id, written } of this.sources) {
      const activity = seconds % 2 ? "Bash: ls -la" : "Edit: a.txt";
      this.world.change(id, { activity, toolCount: Math.floor(written / 100) });
    }
  }
}

const WORDS = "It is an image whose error handler would run code, so it stays text here. ";

/** A sentence into one execution's transcript, a word at a time. */
export function streamWords(world: World, executionId: string): void {
  const start = {
    type: "content_block_start",
    index: 0,
    content_block: { type: "text", text: "" },
  };
  const deltas = WORDS.split(" ").map((word) => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: `${word} ` },
  }));
  [start, ...deltas].forEach((event, index) => {
    const frame = { type: "stream_event", session_id: "live", api_message_id: "msg_live", event };
    const line = record(9, "out", JSON.stringify(frame));
    setTimeout(() => world.append(executionId, encoder.encode(line)), 800 + 150 * index);
  });
}
