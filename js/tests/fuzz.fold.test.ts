/** Frames that nobody would send: never an error, and the same blocks at every split. */
import { describe, expect, test } from "vitest";
import { bytes } from "./fakes.ts";
import { chunks, foldParts, foldSlowly, foldWhole, randomFrom } from "./folding.ts";
import { recordedRuns, transcriptOf } from "./recorded.ts";

type Random = () => number;
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  "",
  "x",
  "__proto__",
  "constructor",
  [],
  {},
  [null, 1, "x", []],
  { type: 1 },
  { type: "text" },
  "\ud800",
];

const pick = <T>(list: readonly T[], random: Random): T =>
  list[Math.floor(random() * list.length)] as T;

/** The value with some of it dropped, doubled, or of another type. */
function mutated(value: unknown, random: Random, rate: number): unknown {
  if (random() < rate) return pick(ODD, random);
  if (Array.isArray(value)) {
    const items = value.map((item) => mutated(item, random, rate));
    return random() < rate ? [...items, ...items] : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(() => random() > rate / 2);
  return Object.fromEntries(fields.map(([name, field]) => [name, mutated(field, random, rate)]));
}

/** Lines of a recording, some of them mutated, dropped, doubled, moved to another stream or cut. */
function worsened(whole: Uint8Array, random: Random): Uint8Array {
  const lines = new TextDecoder().decode(whole).split("\n").slice(0, 150);
  const worse = lines.flatMap((line) => {
    const found = /^(\S+) (\S+) (.*)$/.exec(line);
    if (!found) return [line];
    const [, seconds = "", stream = "", body = ""] = found;
    if (random() < 0.05) return [];
    if (random() < 0.05) return [line.slice(0, Math.floor(random() * line.length))];
    const name =
      random() < 0.05 ? pick(["in", "out", "meta", "err", "out+", "other"], random) : stream;
    const frame = body.startsWith("{") ? JSON.parse(body) : body;
    const again = random() < 0.1 ? [line] : [];
    const rate = random() < 0.5 ? 0 : 0.05;
    return [`${seconds} ${name} ${JSON.stringify(mutated(frame, random, rate))}`, ...again];
  });
  return bytes(`${worse.join("\n")}\n`);
}

describe.each(recordedRuns)("%s, worsened", (name) => {
  test("is folded to something, and to the same at every split", () => {
    const whole = transcriptOf(name);
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = randomFrom(seed);
      const worse = worsened(whole, random);
      const slow = foldSlowly(worse);
      const split = foldParts(chunks(worse, () => Math.ceil(random() * 900)));
      expect(split.list(), `seed ${seed}`).toEqual(slow.list());
      expect(split.keys()).toEqual(slow.keys());
      expect(split.facts).toEqual(slow.facts);
      expect(new Set(split.keys()).size).toBe(split.keys().length);
    }
  });
});

test("a frame of each kind, with any value in any of its fields", () => {
  const types = [
    ...["assistant", "user", "stream_event", "result", "control_request", "control_response"],
    ...["command_lifecycle", "rate_limit_event", "tool_progress", "conversation_reset", "toString"],
  ];
  const subtypes = [
    ...["init", "status", "api_retry", "task_started", "task_progress", "task_updated"],
    ...["task_notification", "background_tasks_changed", "permission_denied", "valueOf"],
  ];
  const names = [
    ...["message", "event", "request", "response", "request_id", "errors", "mcp_servers"],
    ...["supersedes", "tasks", "task_id", "tool_use_id", "patch", "usage", "parent_tool_use_id"],
    ...[
      "rate_limit_info",
      "retry_delay_ms",
      "session_id",
      "command_uuid",
      "tool_use_result",
      "uuid",
    ],
  ];
  const lines = [...types, ...subtypes].flatMap((type) =>
    names.flatMap((name) =>
      ODD.flatMap((value) => {
        const frame = subtypes.includes(type) ? { type: "system", subtype: type } : { type };
        return ["out", "in"].map(
          (stream) => `1.0 ${stream} ${JSON.stringify({ ...frame, [name]: value })}`,
        );
      }),
    ),
  );
  const events = ["requested", "answered", "ended", "kill", "limit", "hasOwnProperty", 7];
  const metas = events.flatMap((event) =>
    ODD.map((value) => {
      const fields = { epoch: value, request: value, reason: value, request_id: value, by: value };
      return `1.0 meta ${JSON.stringify({ event, ...fields, exit_code: value, error: value })}`;
    }),
  );
  const whole = bytes(`${[...lines, ...metas].join("\n")}\n`);
  expect(foldWhole(whole).list()).toEqual(foldSlowly(whole).list());
});
