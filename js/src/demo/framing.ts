/**
 * Frames of the CLI as they lie in a transcript.
 *
 * The rule: the format of the shim, `<seconds> <stream> <line>\n`, and nothing else; what the frames
 * say is not looked at.
 */

/** What a record is made of before it is framed. */
export interface Written {
  readonly query?: string;
  /** The CLI's own lines. */
  readonly frames: string;
  readonly stderr?: string;
  /** The record that ends it. */
  readonly end?: object;
  readonly killed?: boolean;
}

const encoder = new TextEncoder();

export const record = (seconds: number, stream: string, text: string): string =>
  `${seconds.toFixed(6)} ${stream} ${text}\n`;

const meta = (seconds: number, event: object): string =>
  record(seconds, "meta", JSON.stringify(event));

const linesOf = (text: string): string[] => text.split("\n").filter(Boolean);

/** The records of an execution from its request to its end. */
export function frameTranscript({ query, frames, stderr, end, killed }: Written): Uint8Array {
  const prompt = { type: "user", message: { role: "user", content: query ?? "" } };
  const lines = linesOf(frames);
  const parts = [
    meta(0, { event: "transcript", version: 1 }),
    meta(0.0001, { event: "requested", request: {} }),
  ];
  if (frames) {
    parts.push(meta(0.05, { event: "spawned", pid: 4242 }));
    parts.push(record(0.06, "in", JSON.stringify(prompt)));
  }
  lines.forEach((line, index) => {
    parts.push(record(0.1 + index / 10, "out", line));
  });
  for (const line of linesOf(stderr ?? "")) parts.push(record(1, "err", line));
  const last = 0.2 + lines.length / 10;
  if (killed) parts.push(meta(last, { event: "kill", reason: "user" }));
  if (end) parts.push(meta(last, end));
  return encoder.encode(parts.join(""));
}

/** Bytes that grow at their end. */
export class Growing {
  private bytes: Uint8Array;
  length: number;

  constructor(start: Uint8Array = new Uint8Array(0)) {
    this.bytes = start;
    this.length = start.length;
  }

  append(more: Uint8Array): void {
    const needed = this.length + more.length;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(more, this.length);
    this.length = needed;
  }

  /** A copy, as a message carries one. */
  slice(start: number, end: number): Uint8Array {
    return this.bytes.slice(start, Math.min(end, this.length));
  }
}
