/**
 * The recorded runs of the real CLI as transcripts, and what Python's fold says of them.
 *
 * The rule: bytes as `tests/recorded.py` makes them, record for record, since its golden files name
 * records by their number. A `.transcript` is one already.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bytes } from "./fakes.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "tests", "transcripts");
const EPOCH = 1_700_000_000;

/** Without their endings. */
export const recordedRuns: readonly string[] = readdirSync(FOLDER)
  .filter((name) => /\.(jsonl|transcript)$/.test(name))
  .map((name) => name.replace(/\.\w+$/, ""))
  .sort();

export interface Golden {
  readonly info: {
    readonly session_id: string | null;
    readonly model: string | null;
    readonly permission_mode: string | null;
    readonly mcp_servers: readonly { readonly name: string; readonly status: string }[];
    readonly tool_counts: Readonly<Record<string, number>>;
    readonly num_turns: number | null;
    readonly duration_ms: number | null;
    readonly result: string | null;
    readonly structured_output: unknown;
    readonly denials: readonly { readonly tool_use_id: string }[];
  };
  /** After so many records. */
  readonly open: readonly {
    readonly after: number;
    readonly requests: readonly string[];
    readonly tasks: readonly string[];
  }[];
}

/** Null where Python has none. */
export function goldenOf(name: string): Golden | null {
  const path = join(FOLDER, "golden", `${name}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

export function transcriptOf(name: string): Uint8Array {
  const whole = join(FOLDER, `${name}.transcript`);
  if (existsSync(whole)) return new Uint8Array(readFileSync(whole));
  return bytes(`${wrapped(name).join("\n")}\n`);
}

const EXIT_CODES: Readonly<Record<string, number>> = {
  api_error_400: 1,
  api_retry_killed: 143,
  budget_exhausted: 1,
  interrupted: 1,
  max_turns: 1,
  unknown_session: 1,
};
const RESUMED: ReadonlySet<string> = new Set(["resumed", "unknown_session"]);

const record = (seconds: number, stream: string, data: object): string =>
  `${seconds.toFixed(6)} ${stream} ${JSON.stringify(data)}`;

function wrapped(name: string): string[] {
  const frames = readFileSync(join(FOLDER, `${name}.jsonl`), "utf8")
    .split("\n")
    .filter(Boolean);
  const session_id = RESUMED.has(name) ? "11111111-1111-4111-8111-111111111111" : null;
  const lines = [
    record(0, "meta", { event: "transcript", version: 1, epoch: EPOCH }),
    record(0.25, "meta", { event: "requested", request: { query: "do it", session_id } }),
    record(0.5, "meta", { event: "spawned", pid: 4242 }),
    record(0.5, "in", { type: "user", message: { role: "user", content: "do it" } }),
  ];
  frames.forEach((frame, index) => {
    lines.push(`${(index + 1).toFixed(6)} out ${frame}`, ...answers(frame, index + 1.5));
  });
  const killed = name === "api_retry_killed";
  if (killed) lines.push(record(50, "meta", { event: "kill", reason: "user" }));
  lines.push(record(50, "meta", killed ? SIGNALLED : { event: "stdin_closed" }));
  lines.push(record(60, "meta", { event: "ended", exit_code: EXIT_CODES[name] ?? 0 }));
  return lines;
}

const SIGNALLED = { event: "signalled", signal: "SIGTERM" };

function answers(line: string, seconds: number): string[] {
  const frame = JSON.parse(line);
  if (frame.type !== "control_request") return [];
  const response = { behavior: "allow", updatedInput: frame.request.input };
  const answer = { subtype: "success", request_id: frame.request_id, response };
  return [record(seconds, "in", { type: "control_response", response: answer })];
}
