/**
 * Which body a tool's card has.
 *
 * The rule: a table by the tool's name; a tool that is not in it, those of MCP servers with it, gets
 * the one that can draw any.
 */
import type { ComponentType } from "preact";
import type { ToolBlock } from "../../fold/blocks.ts";
import { type Call, readMCPName } from "../../tools/toolcall.ts";
import { AgentBody } from "./agent.tsx";
import { PlanBody, QuestionsBody } from "./ask.tsx";
import { CommandBody } from "./command.tsx";
import { EditBody, WriteBody } from "./edit.tsx";
import { MCPBody, OtherBody } from "./other.tsx";
import { ReadBody } from "./read.tsx";
import { GlobBody, GrepBody } from "./search.tsx";
import { TodosBody } from "./todos.tsx";
import { WebFetchBody, WebSearchBody } from "./web.tsx";

export interface BodyProps {
  readonly call: Call;
  readonly block: ToolBlock;
}
type Body = ComponentType<BodyProps>;

const BODIES: ReadonlyMap<string, Body> = new Map<string, Body>([
  ["Bash", CommandBody],
  ["PowerShell", CommandBody],
  ["Monitor", CommandBody],
  ["Read", ReadBody],
  ["Edit", EditBody],
  ["MultiEdit", EditBody],
  ["NotebookEdit", EditBody],
  ["Write", WriteBody],
  ["Grep", GrepBody],
  ["Glob", GlobBody],
  ["TodoWrite", TodosBody],
  ["TaskList", TodosBody],
  ["WebFetch", WebFetchBody],
  ["WebSearch", WebSearchBody],
  ["web_search", WebSearchBody],
  ["Agent", AgentBody],
  ["Task", AgentBody],
  ["AskUserQuestion", QuestionsBody],
  ["ExitPlanMode", PlanBody],
]);
const EDITORS: ReadonlySet<string> = new Set(["Edit", "MultiEdit", "NotebookEdit", "Write"]);

export function bodyOf(name: string): Body {
  return BODIES.get(name) ?? (readMCPName(name) ? MCPBody : OtherBody);
}

export const isEditor = (name: string): boolean => EDITORS.has(name);
