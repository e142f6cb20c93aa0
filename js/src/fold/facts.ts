/**
 * What the CLI tells of its session: model, mode, choices, MCP servers.
 *
 * The rule: a change that we asked for holds once the CLI has said so; until then, and when it
 * refuses, what was known stays.
 */

import { asList, asObject, asText, type Json } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import type { ModelFact, SessionFacts } from "./blocks.ts";

type Facts = { -readonly [name in keyof SessionFacts]?: SessionFacts[name] };

/** Those fields of the facts that say something; a list says something even when it is empty. */
function learn(fold: BlockFold, facts: Facts): void {
  const told = Object.entries(facts).filter(([, value]) => value !== "" && value !== undefined);
  fold.learn(Object.fromEntries(told));
}

export function learnFromInit(fold: BlockFold, frame: Json): void {
  const servers = serversOf(frame.mcp_servers);
  learn(fold, {
    sessionId: asText(frame.session_id),
    model: asText(frame.model),
    permissionMode: asText(frame.permissionMode),
    cwd: asText(frame.cwd),
    ...(servers && { servers }),
  });
}

export const learnMode = (fold: BlockFold, frame: Json): void =>
  learn(fold, { permissionMode: asText(frame.permissionMode) });

export const learnSession = (fold: BlockFold, sessionId: unknown): void =>
  learn(fold, { sessionId: asText(sessionId) });

/** What was asked for, where the CLI never says it. */
export const learnFromRequest = (fold: BlockFold, request: Json): void =>
  learn(fold, { effort: asText(request.effort) });

function serversOf(value: unknown): SessionFacts["servers"] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value
    .map(asObject)
    .map(({ name, status }) => ({ name: asText(name), status: asText(status) }));
}

/** A control request of ours; its answer tells whether it was heard. */
export function foldSentRequest(fold: BlockFold, frame: Json): void {
  const request = asObject(frame.request);
  fold.memory.sent.set(asText(frame.request_id), request);
  if (request.subtype === "interrupt") fold.notice("info", "Interrupt asked for");
}

/** The CLI's answer to one. */
export function foldControlResponse(fold: BlockFold, frame: Json): void {
  const response = asObject(frame.response);
  const id = asText(response.request_id);
  const request = fold.memory.sent.get(id) ?? {};
  fold.memory.sent.delete(id);
  const subtype = asText(request.subtype);
  const wish = Object.hasOwn(WISHES, subtype) ? WISHES[subtype] : undefined;
  const body = asObject(response.response);
  if (response.subtype === "error") {
    if (wish) fold.notice("warning", `Refused: ${wish.words}`, asText(response.error));
    return;
  }
  learnFromAnswer(fold, body);
  const facts = wish?.facts?.(request, body);
  if (!wish || !facts) return;
  learn(fold, facts);
  fold.notice("info", `${wish.words}: ${Object.values(facts).join(", ")}`);
}

/** What is told by the form of an answer, whatever was asked. */
function learnFromAnswer(fold: BlockFold, body: Json): void {
  const models = Array.isArray(body.models) ? body.models.map(modelOf) : undefined;
  const servers = serversOf(body.mcpServers);
  const applied = asObject(body.applied);
  learn(fold, {
    model: asText(applied.model),
    effort: asText(applied.effort),
    permissionMode: asText(body.current_permission_mode),
    ...(models && { models }),
    ...(servers && { servers }),
  });
}

interface Wish {
  readonly words: string;
  /** What holds now that the CLI has agreed. */
  readonly facts?: (request: Json, answer: Json) => Facts;
}

const WISHES: Readonly<Record<string, Wish>> = {
  set_model: {
    words: "Change of model",
    // The CLI says which one the name stands for.
    facts: (request, answer) => ({ model: asText(answer.model) || asText(request.model) }),
  },
  set_permission_mode: {
    words: "Change of permission mode",
    facts: (request, answer) => ({ permissionMode: asText(answer.mode) || asText(request.mode) }),
  },
  apply_flag_settings: {
    words: "Change of effort",
    facts: (request) => ({ effort: asText(asObject(request.settings).effortLevel) }),
  },
  interrupt: { words: "Interrupt" },
  stop_task: { words: "Stopping the task" },
  mcp_reconnect: { words: "Reconnecting the MCP server" },
};

function modelOf(value: unknown): ModelFact {
  const model = asObject(value);
  return {
    value: asText(model.value),
    name: asText(model.displayName),
    description: asText(model.description),
    efforts: asList(model.supportedEffortLevels).map(asText).filter(Boolean),
  };
}
