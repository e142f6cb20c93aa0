/**
 * The lifecycle records of an execution to notices.
 *
 * The rule: what our own side did (asked, spawned, signalled, ended) in plain words. An event that
 * this version does not know is kept as it came.
 */

import { asList, asNumber, asObject, asText, type Json, pretty } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import type { NoticeBlock } from "./blocks.ts";
import { learnFromRequest } from "./facts.ts";
import { endStreams } from "./frames.ts";
import { endPrompts } from "./prompts.ts";
import { endRequests, foldAnswered } from "./requests.ts";
import { endTasks } from "./tasks.ts";
import { endTools } from "./tools.ts";

type Told = readonly [NoticeBlock["level"], string, string?] | null;

export function foldLifecycle(fold: BlockFold, meta: Json): void {
  const event = asText(meta.event);
  const tell = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  if (!tell) return fold.raw(`lifecycle: ${event}`, pretty(meta));
  learnFrom(fold, event, meta);
  const told = tell(meta);
  if (told) fold.notice(told[0], told[1], told[2]);
}

function learnFrom(fold: BlockFold, event: string, meta: Json): void {
  if (event === "transcript") fold.memory.epoch = asNumber(meta.epoch);
  else if (event === "requested") learnFromRequest(fold, asObject(meta.request));
  else if (event === "answered") foldAnswered(fold, meta);
  else if (event === "ended" || event === "lost") {
    endStreams(fold);
    endTools(fold);
    endRequests(fold);
    endTasks(fold);
    endPrompts(fold);
  }
}

const EVENTS: Readonly<Record<string, (meta: Json) => Told>> = {
  transcript: () => null,
  stdin_closed: () => null,
  answered: () => null,
  adopted: () => ["info", "Its kernel was gone: another one has taken it over"],
  held: () => ["info", "Held: it does not start until it is released"],
  released: () => ["info", "Released"],
  prioritised: (meta) => ["info", `Its priority is ${asNumber(meta.priority) ?? "?"} now`],
  filled: () => null,
  worktree: (meta) => ["info", `Works in a git worktree, on branch ${asText(meta.branch)}`],
  requested: tellRequested,
  refused: (meta) => ["error", `Not started: ${asText(meta.reason)}`, asText(meta.error)],
  spawned: (meta) => ["info", `Started, process ${asNumber(meta.pid) ?? "?"}`],
  kill: (meta) => [
    "warning",
    `Kill asked for by ${KILLERS[asText(meta.reason)] ?? asText(meta.reason)}`,
    asText(meta.error),
  ],
  limit: tellLimit,
  signalled: (meta) => ["warning", `${asText(meta.signal)} sent`],
  ended: tellEnded,
  lost: (meta) => ["error", "Lost: its supervisor is gone", asText(meta.error)],
};

const KILLERS: Readonly<Record<string, string>> = {
  user: "the user",
  batch: "its batch",
  budget_scope: "a budget",
  close: "closing the manager",
  sweep: "the sweep of left-over executions",
};

function tellRequested(meta: Json): Told {
  const config = asObject(meta.mcp_config);
  const servers = asList(config.servers).map(asText).join(", ");
  return servers ? ["info", `MCP servers asked for: ${servers}`] : null;
}

/** Not every limit has figures. */
function tellLimit(meta: Json): Told {
  const [figure, bound] = [asNumber(meta.figure), asNumber(meta.bound)];
  const figures = figure === null && bound === null ? "" : `${figure ?? "?"} of ${bound ?? "?"}`;
  return ["error", `Limit reached: ${asText(meta.reason)}`, asText(meta.error) || figures];
}

function tellEnded(meta: Json): Told {
  const error = asText(meta.error);
  const code = asNumber(meta.exit_code);
  const left = asNumber(meta.descendants) ?? 0;
  const more = [
    meta.forced === true && "it hung after its result and was ended",
    left > 0 && `${left} left-over ${left === 1 ? "process was" : "processes were"} killed`,
  ].filter(Boolean);
  const detail = [error, ...more].filter(Boolean).join("; ");
  if (code === null) return ["error", "It could not be run", detail];
  const text = code < 0 ? `Ended by signal ${-code}` : `Exited with code ${code}`;
  return [code === 0 && !error ? "info" : "warning", text, detail];
}
