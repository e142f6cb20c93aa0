/**
 * What a call of a tool did, in one line.
 *
 * The rule: pure; in the past once it is done (`Read README.md, 42 lines`), before that what it is
 * about to do, and never as done what was denied or failed. The words of the agent are the subject,
 * apart from ours, so that a view can show what hides in them.
 */
import { asText } from "../json.ts";
import { type Call, type Phase, readMCPName } from "./toolcall.ts";
import { TELLERS, type Teller } from "./tooltellers.ts";

export interface Summary {
  /** Our words before the subject. */
  readonly verb: string;
  /** The agent's words: a path, a command, an address. */
  readonly subject: string;
  /** Our words on what came of it; may be empty. */
  readonly outcome: string;
}

export function summarize(call: Call): Summary {
  const teller = TELLERS.get(call.name) ?? otherTeller(call);
  const subject = oneLine(teller.subject?.(call) ?? "");
  const verb = tellVerb(teller, call, subject);
  const outcome = tellOutcome(teller, call);
  return { verb, subject, outcome };
}

/** The whole as one text. */
export function summaryText({ verb, subject, outcome }: Summary): string {
  return [[verb, subject].filter(Boolean).join(" "), outcome].filter(Boolean).join(", ");
}

function tellVerb(teller: Teller, call: Call, subject: string): string {
  const { doing, did, todo } = teller;
  const verbs: Record<Phase, string> = {
    streaming: subject === "" ? `${doing}…` : doing,
    running: subject === "" ? `${doing}…` : doing,
    asked: `Wants to ${todo}`,
    done: teller.found?.(call) ?? did,
    failed: teller.failsWith?.(call) ? did : `Could not ${todo}`,
    denied: `Was not allowed to ${todo}`,
    over: `Began to ${todo}`,
  };
  return verbs[call.phase];
}

function tellOutcome(teller: Teller, call: Call): string {
  if (call.phase === "over") return "no result";
  const told =
    call.phase === "done" || (call.phase === "failed" && teller.failsWith?.(call) === true);
  return told ? (teller.outcome?.(call) ?? "") : "";
}

/** Of a tool of an MCP server, or one that this version does not know. */
function otherTeller({ name }: Call): Teller {
  const mcp = readMCPName(name);
  if (mcp) {
    return {
      doing: "Calling",
      did: "Called",
      todo: "call",
      subject: () => `${mcp.server}: ${mcp.tool}`,
    };
  }
  return {
    doing: `Using ${name}`,
    did: `Used ${name}`,
    todo: `use ${name}`,
    subject: firstTold,
  };
}

/** Fields that say the most of a call, the best first. */
const TELLING = [
  "description",
  "title",
  "subject",
  "command",
  "file_path",
  "path",
  "pattern",
  "query",
  "url",
  "name",
  "prompt",
] as const;

function firstTold({ input }: Call): string {
  return TELLING.map((field) => asText(input[field])).find((text) => text.trim() !== "") ?? "";
}

const LONGEST_SUBJECT = 200;

/** Whether the line has all of the text that it is about. */
export const fitsOneLine = (text: string): boolean => oneLine(text) === text;

/** The first line that says something; of what is left out there is a sign. */
function oneLine(text: string): string {
  const whole = text.trim();
  const first = whole.split(/\r\n|\r|\n/, 1)[0] ?? "";
  const short = first.slice(0, LONGEST_SUBJECT);
  return short.length < whole.length ? `${short.trimEnd()}…` : short;
}
