/**
 * One execution as a document that can be read without this page.
 *
 * The rule: pure. Everything an agent, a tool or a file said is inert in it (`inert.ts`); what a
 * block left out is said. It tells what the blocks tell, in their order.
 */
import type { Block, TextBlock, ToolBlock } from "../fold/blocks.ts";
import { formatCost, formatCount, formatDuration } from "../format.ts";
import { asText, type Json, pretty } from "../json.ts";
import type { ExecutionRow } from "../protocol.ts";
import { escapeLine, escapeMarkdown, fence, inertMarkdown } from "../text/inert.ts";

/** An execution's row, and its blocks in the order in which they are drawn. */
export interface Exported {
  readonly row: ExecutionRow;
  readonly blocks: readonly Block[];
}

/** The executions of a thread, oldest first. */
export function toMarkdown(parts: readonly Exported[]): string {
  return `${parts.map(({ row, blocks }) => [heading(row), ...blocks.map(section)].filter(Boolean).join("\n\n")).join("\n\n")}\n`;
}

const LONGEST_NAME = 60;

/** A file name that any system takes, whatever the execution was called. */
export function exportName(row: ExecutionRow, extension: string): string {
  const said = (row.name || row.query).normalize("NFKD").replace(/[^\w]+/g, "-");
  const name = said
    .replace(/^[-_]+|[-_]+$/g, "")
    .slice(0, LONGEST_NAME)
    .toLowerCase();
  const id = row.executionId.replace(/[^\w-]+/g, "").slice(0, 8);
  return `claude-${[name, id].filter(Boolean).join("-")}.${extension}`;
}

function heading(row: ExecutionRow): string {
  const { startTime, endTime } = row;
  const reason = row.reason && row.reason !== "success" ? ` (${row.reason})` : "";
  const facts = [
    row.status + reason,
    row.model && escapeLine(row.model),
    startTime !== null &&
      endTime !== null &&
      formatDuration(endTime - startTime) + (row.recorded ? " (replayed from a recording)" : ""),
    row.numTurns !== null && formatCount(row.numTurns, "turn"),
    row.costUsd !== null && formatCost(row.costUsd) + (row.recorded ? " (recorded)" : ""),
    startTime !== null && new Date(startTime * 1000).toISOString(),
  ];
  const title = escapeLine(row.name || row.query.slice(0, 200)) || "Execution";
  return `# ${title}\n\n${facts.filter(Boolean).join(" · ")}`;
}

function section(block: Block): string {
  const below = block.parent === null ? "" : " (subagent)";
  switch (block.kind) {
    case "prompt":
      return `## Prompt${below}\n\n${escapeMarkdown(block.text)}`;
    case "text":
      return `## Claude${below}\n\n${textOf(block)}`;
    case "thinking":
      return block.text === "" ? "" : `## Thinking${below}\n\n${textOf(block)}`;
    case "tool":
      return toolSection(block, below);
    case "image":
      return `*An image, ${escapeLine(block.image.mediaType)}*`;
    case "task":
      return `*Task: ${escapeLine(block.task.description)}, ${block.task.status}*`;
    case "request":
      return `*Asked: ${escapeLine(block.title || block.tool)}, ${block.state}*`;
    case "notice":
      return `*${escapeLine([block.text, block.detail].filter(Boolean).join(" · "))}*`;
    case "result":
      return resultSection(block);
    case "raw":
      return `## ${escapeLine(block.label)}\n\n${fence(block.text)}`;
  }
}

function textOf(block: TextBlock): string {
  const broken = block.aborted ? "\n\n*(broken off)*" : "";
  const error = block.error === "" ? "" : `\n\n*Error: ${escapeLine(block.error)}*`;
  return inertMarkdown(block.text) + broken + error;
}

function toolSection(block: ToolBlock, below: string): string {
  const { result } = block;
  const parts = [`## Tool: ${escapeLine(block.name)}${below}`];
  parts.push(block.input === null ? fence(block.inputText) : inputOf(block.input));
  if (block.permission === "denied") parts.push(`*Denied: ${escapeLine(block.denial)}*`);
  if (result) {
    if (result.isError) parts.push("*It failed:*");
    parts.push(result.text === "" ? "*(no output)*" : fence(result.text));
    if (result.images.length > 0) parts.push(`*${formatCount(result.images.length, "image")}*`);
    if (result.elided > 0) parts.push(`*${formatCount(result.elided, "character")} left out*`);
  } else if (block.over) parts.push("*No result*");
  return parts.join("\n\n");
}

/** A command as it was run; all else as JSON. */
function inputOf(input: Json): string {
  const { command, description: _, ...others } = input;
  if (asText(command) === "") return fence(pretty(input), "json");
  const rest = Object.keys(others).length > 0 ? `\n\n${fence(pretty(others), "json")}` : "";
  return fence(asText(command), "bash") + rest;
}

function resultSection(block: Extract<Block, { kind: "result" }>): string {
  const figures = [
    escapeLine(block.subtype),
    block.costUsd !== null && formatCost(block.costUsd),
    block.turns !== null && formatCount(block.turns, "turn"),
    block.denials > 0 && formatCount(block.denials, "denial"),
  ];
  const parts = [`## Result\n\n${figures.filter(Boolean).join(" · ")}`];
  if (block.structured !== null) parts.push(fence(pretty(block.structured), "json"));
  else if (!block.repeats && block.text !== "") parts.push(inertMarkdown(block.text));
  for (const error of block.errors) parts.push(`*Error: ${escapeLine(error)}*`);
  return parts.join("\n\n");
}
