/**
 * What the CLI tells of its session: model, mode, choices, MCP servers.
 *
 * The rule: a change that we asked for holds once the CLI has said so; until then, and when it
 * refuses, what was known stays.
 */

import type { BlockFold } from "./blockfold.ts";
import type { ModelFact, SessionFacts } from "./blocks.ts";
import { asList, asObject, asText, type Json } from "./json.ts";

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
  const asked = Object.hasOwn(WISHES, subtype) ? WISHES[subtype] : undefined;
  if (response.subtype === "error") {
    if (asked) fold.notice("warning", `${asked.refused} was refused`, asText(response.error));
    return;
  }
  const body = asObject(response.response);
  const models = Array.isArray(body.models) ? body.models.map(modelOf) : undefined;
  const servers = serversOf(body.mcpServers);
  learn(fold, {
    permissionMode: asText(body.current_permission_mode),
    ...(models && { models }),
    ...(servers && { servers }),
    ...asked?.facts(request),
  });
}

interface Wish {
  readonly refused: string;
  readonly facts: (request: Json) => Facts;
}

const WISHES: Readonly<Record<string, Wish>> = {
  set_model: {
    refused: "The change of model",
    facts: (request) => ({ model: asText(request.model) }),
  },
  set_permission_mode: {
    refused: "The change of permission mode",
    facts: (request) => ({ permissionMode: asText(request.mode) }),
  },
  apply_flag_settings: {
    refused: "The change of effort",
    facts: (request) => ({ effort: asText(asObject(request.settings).effortLevel) }),
  },
  interrupt: { refused: "The interrupt", facts: () => ({}) },
  stop_task: { refused: "Stopping the task", facts: () => ({}) },
  mcp_reconnect: { refused: "Reconnecting the MCP server", facts: () => ({}) },
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
