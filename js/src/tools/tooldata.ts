/**
 * What the results of the CLI's tools say, beyond their text.
 *
 * The rule: pure; from `tool_use_result` where it has the field, else from the text that the model
 * got. A field of the wrong type reads as if it were not there.
 */

import { asList, asNumber, asObject, asText, parseObject } from "../json.ts";
import { splitLines } from "./diff.ts";
import type { Call } from "./toolcall.ts";

export interface FileText {
  readonly lines: readonly string[];
  readonly firstLine: number;
  /** Null where the result does not say. */
  readonly totalLines: number | null;
}

/** Of a Read; null where it read no text. */
export function readFileText({ text, data }: Call): FileText | null {
  const file = asObject(data.file);
  if (data.type === "text" && typeof file.content === "string") {
    const lines = file.content.split("\n");
    const firstLine = asNumber(file.startLine) ?? 1;
    const totalLines = asNumber(file.totalLines);
    const atEnd = totalLines === null || firstLine + lines.length > totalLines;
    // The end of the last line is not a line of its own, though the CLI counts it as one.
    if (atEnd && lines.at(-1) === "") lines.pop();
    return { lines, firstLine, totalLines: totalLines !== null && atEnd ? null : totalLines };
  }
  return data.type === undefined ? readNumbered(text) : null;
}

function readNumbered(text: string): FileText | null {
  const lines: string[] = [];
  let firstLine: number | null = null;
  for (const line of splitLines(text)) {
    const match = /^\s*(\d+)[\t→](.*)$/s.exec(line);
    if (match) firstLine ??= Number(match[1]);
    else if (firstLine === null) return null;
    lines.push(match ? (match[2] ?? "") : line);
  }
  return firstLine === null ? null : { lines, firstLine, totalLines: null };
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null where it is 0, or not told. */
  readonly exitCode: number | null;
  readonly interrupted: boolean;
  /** Why it still runs though the call is over; empty where it does not. */
  readonly background: string;
  /** The CLI's words for an exit code that is no error. */
  readonly meaning: string;
}

export function readCommandResult({ input, text, data, phase }: Call): CommandResult {
  const told = typeof data.stdout === "string" || typeof data.stderr === "string";
  const match = phase === "failed" ? /^(?:Error: )?Exit code (\d+)(?:\n|$)/.exec(text) : null;
  const rest = match ? text.slice(match[0].length) : text;
  const timedOut = asNumber(data.timedOutAfterMs);
  const inBackground =
    input.run_in_background === true || asText(data.backgroundTaskId) !== "" || timedOut !== null;
  return {
    stdout: told ? asText(data.stdout) : rest,
    stderr: asText(data.stderr),
    exitCode: match ? Number(match[1]) : null,
    interrupted: data.interrupted === true,
    background: inBackground ? (timedOut === null ? "in the background" : "beyond its time") : "",
    meaning: asText(data.returnCodeInterpretation),
  };
}

export interface Todo {
  readonly text: string;
  readonly status: "pending" | "in_progress" | "completed";
  readonly id: string;
}

/** Of TodoWrite and of the task tools that list. */
export function readTodos({ input, data }: Call): readonly Todo[] {
  const lists = [data.newTodos, data.tasks, input.todos];
  const found = lists.find((list) => Array.isArray(list));
  return asList(found).map((item) => {
    const { content, subject, status, id } = asObject(item);
    const known = status === "in_progress" || status === "completed" ? status : "pending";
    return { text: asText(content) || asText(subject), status: known, id: asText(id) };
  });
}

export interface WebHit {
  readonly title: string;
  readonly url: string;
}

export interface WebResults {
  readonly hits: readonly WebHit[];
  /** What was said of them. */
  readonly said: readonly string[];
}

/** Of a web search; null where the result is only text. */
export function readWebResults({ data, text }: Call): WebResults | null {
  if (!Array.isArray(data.results)) return readServerResults(text);
  const results = asList(data.results);
  const hits = results.flatMap((item) => asList(asObject(item).content)).map(asObject);
  return {
    hits: hits.map(({ title, url }) => ({ title: asText(title), url: asText(url) })),
    said: results.map(asText).filter((said) => said !== ""),
  };
}

/** The API's own search gives an object for each hit. */
function readServerResults(text: string): WebResults | null {
  if (!/^\s*\{/.test(text)) return null;
  const items = text.split(/\n(?=\{)/).map(parseObject);
  const hits = items.flatMap((item) => (item?.type === "web_search_result" ? [item] : []));
  if (hits.length === 0) return null;
  return {
    hits: hits.map(({ title, url }) => ({ title: asText(title), url: asText(url) })),
    said: [],
  };
}

/** Of AskUserQuestion: each question with the answer, which may be missing. */
export function readAnswers({
  input,
  data,
}: Call): readonly { question: string; answer: string }[] {
  const answers = asObject(data.answers ?? input.answers);
  return asList(input.questions ?? data.questions).map((item) => {
    const question = asText(asObject(item).question);
    return { question, answer: Object.hasOwn(answers, question) ? asText(answers[question]) : "" };
  });
}
