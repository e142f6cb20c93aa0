/**
 * A subagent: what it was asked, how it does, what it said in the end.
 *
 * The rule: its own blocks are drawn below the card by the list of blocks, not here.
 */
import { formatCount, formatDuration } from "../../format.ts";
import { asList, asNumber, asObject, asText, type Json } from "../../json.ts";
import { Markdown } from "../text/markdown.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { LongText } from "./longtext.tsx";
import { TaskView } from "./task.tsx";

export function AgentBody({ call, block }: BodyProps) {
  const { input, data, phase, text } = call;
  const facts = [
    asText(input.subagent_type) || asText(data.agentType),
    asText(input.model) || asText(data.resolvedModel),
    ...figures(data),
  ].filter(Boolean);
  return (
    <>
      {facts.length > 0 && (
        <div class="cw-meta">
          <Visible text={facts.join(" · ")} as="line" />
        </div>
      )}
      <LongText name="prompt" class="cw-tool-input" text={asText(input.prompt)} />
      {block.task && <TaskView task={block.task} />}
      <Report text={reportOf(data, text)} failed={phase === "failed"} />
    </>
  );
}

function figures(data: Json): string[] {
  const duration = asNumber(data.totalDurationMs);
  const calls = asNumber(data.totalToolUseCount);
  const tokens = asNumber(data.totalTokens);
  return [
    duration === null ? "" : formatDuration(duration / 1000),
    calls === null ? "" : formatCount(calls, "tool call"),
    tokens === null ? "" : formatCount(tokens, "token"),
  ];
}

/** The text that the model got is framed by the CLI with words that are not for readers. */
function reportOf(data: Json, text: string): string {
  if (asText(data.status).endsWith("_launched")) return "";
  const parts = asList(data.content).map((part) => asText(asObject(part).text));
  return parts.filter(Boolean).join("\n\n") || text;
}

function Report({ text, failed }: { text: string; failed: boolean }) {
  if (text === "") return null;
  if (failed) return <LongText class="cw-result-text cw-bad" text={text} />;
  return <Markdown text={text} streaming={false} />;
}
