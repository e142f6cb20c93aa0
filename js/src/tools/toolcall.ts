/**
 * A call of a tool, as those who tell of it and draw it look at it.
 *
 * The rule: pure; a call is in one phase, and its input is what came of it so far.
 */
import type { ToolBlock } from "../fold/blocks.ts";
import type { Json } from "../json.ts";
import { readPartial } from "./partialjson.ts";

/** `over`: the execution ended before a result came. */
export type Phase = "streaming" | "asked" | "running" | "done" | "failed" | "denied" | "over";

export interface Call {
  readonly name: string;
  readonly phase: Phase;
  readonly input: Json;
  /** Of the result; empty before it is there. */
  readonly text: string;
  readonly data: Json;
  /** The working folder, to which paths are told; empty where it is not known. */
  readonly cwd: string;
}

/** One and the same, so that what is made of it is made once. */
const NOTHING: Json = {};

export function readCall(block: ToolBlock, cwd: string): Call {
  return {
    name: block.name,
    phase: phaseOf(block),
    input: block.input ?? readPartial(block.inputText),
    text: plainError(block.result?.text ?? ""),
    data: block.result?.data ?? NOTHING,
    cwd,
  };
}

/** The CLI puts some errors into a tag, for the model to know them by. */
function plainError(text: string): string {
  return /^<tool_use_error>([\s\S]*)<\/tool_use_error>\s*$/.exec(text)?.[1] ?? text;
}

function phaseOf({ permission, result, over, input }: ToolBlock): Phase {
  if (permission === "denied") return "denied";
  if (result) return result.isError ? "failed" : "done";
  if (over) return "over";
  if (permission === "asked") return "asked";
  return input === null ? "streaming" : "running";
}

/** Below the folder without it; any other path as it is. */
export function relativePath(path: string, folder: string): string {
  if (folder === "" || !path.startsWith(folder)) return path;
  if (path === folder) return ".";
  const rest = path.slice(folder.length);
  if (/[\\/]$/.test(folder)) return rest;
  return /^[\\/]/.test(rest) ? rest.slice(1) : path;
}

export interface MCPName {
  readonly server: string;
  readonly tool: string;
}

/** Of a name such as `mcp__server__tool`; null for the CLI's own tools. */
export function readMCPName(name: string): MCPName | null {
  const match = /^mcp__(.+?)__(.+)$/s.exec(name);
  return match ? { server: match[1] ?? "", tool: match[2] ?? "" } : null;
}
