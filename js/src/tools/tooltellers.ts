/**
 * The words for the CLI's own tools.
 *
 * The rule: pure; a table by the tool's name, each with the words for every phase of a call.
 */
import { formatCount } from "../format.ts";
import { asList, asNumber, asText } from "../json.ts";
import type { Call } from "./toolcall.ts";
import { readAnswers, readCommandResult, readTodos, readWebResults } from "./tooldata.ts";
import {
  countPaths,
  field,
  hostOf,
  pathField,
  quoted,
  tellChanges,
  tellExit,
  tellFetched,
  tellMatches,
  tellRead,
  tellSearch,
  tellTaskChange,
  tellWritten,
} from "./tooloutcomes.ts";

export interface Teller {
  /** "Reading", "Read" and "read", as in "wants to read". */
  readonly doing: string;
  readonly did: string;
  readonly todo: string;
  readonly subject?: (call: Call) => string;
  readonly outcome?: (call: Call) => string;
  /** Instead of `did`, of a result that says more. */
  readonly found?: (call: Call) => string;
  /** An error of it is an outcome: it was done, and that is what came of it. */
  readonly failsWith?: (call: Call) => boolean;
}

const WORDS: Readonly<Record<string, Teller>> = {
  Read: {
    doing: "Reading",
    did: "Read",
    todo: "read",
    subject: pathField("file_path"),
    outcome: tellRead,
  },
  Edit: edit("file_path"),
  MultiEdit: edit("file_path"),
  NotebookEdit: edit("notebook_path"),
  Write: {
    doing: "Writing",
    did: "Wrote",
    todo: "write",
    subject: pathField("file_path"),
    outcome: tellWritten,
  },
  Bash: command(),
  Monitor: command(),
  PowerShell: command(),
  Grep: {
    doing: "Searching",
    did: "Searched",
    todo: "search",
    subject: tellSearch,
    outcome: tellMatches,
  },
  Glob: {
    doing: "Looking for",
    did: "Looked for",
    todo: "look for",
    subject: field("pattern"),
    found: (call) => `Found ${formatCount(countPaths(call), "file")} for`,
  },
  LS: { doing: "Listing", did: "Listed", todo: "list", subject: pathField("path") },
  TodoWrite: todos("Updating todos", "Updated todos", "update todos"),
  TaskList: todos("Listing tasks", "Listed tasks", "list tasks"),
  TaskCreate: {
    doing: "Adding a task:",
    did: "Added a task:",
    todo: "add a task:",
    subject: field("subject"),
  },
  TaskUpdate: {
    doing: "Updating task",
    did: "Updated task",
    todo: "update task",
    subject: field("taskId"),
    outcome: tellTaskChange,
  },
  TaskGet: {
    doing: "Looking at task",
    did: "Looked at task",
    todo: "look at task",
    subject: field("taskId"),
  },
  TaskOutput: output("task_id"),
  BashOutput: output("bash_id"),
  TaskStop: stop("task_id"),
  KillShell: stop("shell_id"),
  WebFetch: {
    doing: "Fetching",
    did: "Fetched",
    todo: "fetch",
    subject: (call) => hostOf(field("url")(call)),
    outcome: tellFetched,
  },
  WebSearch: webSearch(),
  web_search: webSearch(),
  Agent: subagent(),
  Task: subagent(),
  Skill: {
    doing: "Using the skill",
    did: "Used the skill",
    todo: "use the skill",
    subject: field("skill", "command"),
  },
  ToolSearch: {
    doing: "Searching tools for",
    did: "Searched tools for",
    todo: "search tools for",
    subject: (call) => quoted(field("query")(call)),
    outcome: ({ data }) => `${asList(data.matches).length} found`,
  },
  AskUserQuestion: {
    doing: "Asking",
    did: "Asked",
    todo: "ask",
    subject: (call) => readAnswers(call)[0]?.question ?? "",
    outcome: (call) => readAnswers(call)[0]?.answer ?? "",
  },
  EnterPlanMode: { doing: "Beginning to plan", did: "Began to plan", todo: "begin to plan" },
  ExitPlanMode: { doing: "Proposing a plan", did: "Proposed a plan", todo: "propose a plan" },
  StructuredOutput: {
    doing: "Giving the structured output",
    did: "Gave the structured output",
    todo: "give the structured output",
  },
};

/** By the name of the tool, which anything may be. */
export const TELLERS: ReadonlyMap<string, Teller> = new Map(Object.entries(WORDS));

function edit(path: string): Teller {
  return {
    doing: "Editing",
    did: "Edited",
    todo: "edit",
    subject: pathField(path),
    outcome: tellChanges,
  };
}

function command(): Teller {
  return {
    doing: "Running",
    did: "Ran",
    todo: "run",
    subject: field("command"),
    outcome: tellExit,
    failsWith: (call) =>
      readCommandResult(call).exitCode !== null || call.data.interrupted === true,
  };
}

function todos(doing: string, did: string, todo: string): Teller {
  return {
    doing,
    did,
    todo,
    outcome: (call) => {
      const list = readTodos(call);
      const done = list.filter(({ status }) => status === "completed").length;
      return `${done} of ${list.length} done`;
    },
  };
}

function output(id: string): Teller {
  return {
    doing: "Reading the output of",
    did: "Read the output of",
    todo: "read the output of",
    subject: field(id, "task_id"),
  };
}

function stop(id: string): Teller {
  return { doing: "Stopping", did: "Stopped", todo: "stop", subject: field(id, "task_id") };
}

function webSearch(): Teller {
  return {
    doing: "Searching the web for",
    did: "Searched the web for",
    todo: "search the web for",
    subject: (call) => quoted(field("query")(call)),
    outcome: (call) => {
      const found = readWebResults(call);
      return found ? formatCount(found.hits.length, "result") : "";
    },
  };
}

function subagent(): Teller {
  return {
    doing: "Asking a subagent:",
    did: "Asked a subagent:",
    todo: "ask a subagent:",
    subject: field("description", "prompt"),
    outcome: ({ data }) => {
      if (asText(data.status).endsWith("_launched")) return "it works in the background";
      const count = asNumber(data.totalToolUseCount);
      return count === null ? "" : formatCount(count, "tool call");
    },
  };
}
