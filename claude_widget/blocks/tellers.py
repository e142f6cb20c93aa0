"""The words for the CLI's own tools, equal to the page's.

The rule: pure; a table by the tool's name, each with the words for every phase of a call.
"""

from __future__ import annotations

from dataclasses import dataclass

from claude_widget.blocks import outcomes
from claude_widget.blocks.calls import Call
from claude_widget.blocks.outcomes import Tell, field, path_field, quoted_field
from claude_widget.blocks.results import first_answer
from claude_widget.blocks.values import as_list


def _nothing(call: Call) -> str:
    del call
    return ""


@dataclass(frozen=True, slots=True)
class Teller:
    """Words for one tool.

    Attributes:
        doing: such as "Reading"; did: "Read"; todo: "read", as in "wants to read".
        subject: the agent's words: a path, a command, an address.
        outcome: our words on what came of it.
        found: in place of `did`, of a result that says more.
        is_command: an error of it is an outcome.
    """

    doing: str
    did: str
    todo: str
    subject: Tell = _nothing
    outcome: Tell = _nothing
    found: Tell | None = None
    is_command: bool = False


def _edit(path: str) -> Teller:
    return Teller("Editing", "Edited", "edit", path_field(path), outcomes.tell_changes)


def _output(name: str) -> Teller:
    words = "Reading the output of", "Read the output of", "read the output of"
    return Teller(*words, field(name, "task_id"))


def _stop(name: str) -> Teller:
    return Teller("Stopping", "Stopped", "stop", field(name, "task_id"))


def _tools_found(call: Call) -> str:
    return f"{len(as_list(call.data.get('matches')))} found"


_COMMAND = Teller(
    "Running", "Ran", "run", field("command"), outcomes.tell_exit, None, is_command=True
)
_WEB_SEARCH = Teller(
    "Searching the web for",
    "Searched the web for",
    "search the web for",
    quoted_field("query"),
    outcomes.tell_hits,
)
_SUBAGENT = Teller(
    "Asking a subagent:",
    "Asked a subagent:",
    "ask a subagent:",
    field("description", "prompt"),
    outcomes.tell_subagent,
)
TELLERS: dict[str, Teller] = {
    "Read": Teller("Reading", "Read", "read", path_field("file_path"), outcomes.tell_read),
    "Edit": _edit("file_path"),
    "MultiEdit": _edit("file_path"),
    "NotebookEdit": _edit("notebook_path"),
    "Write": Teller("Writing", "Wrote", "write", path_field("file_path"), outcomes.tell_written),
    "Bash": _COMMAND,
    "Monitor": _COMMAND,
    "PowerShell": _COMMAND,
    "Grep": Teller("Searching", "Searched", "search", outcomes.tell_search, outcomes.tell_matches),
    "Glob": Teller(
        "Looking for",
        "Looked for",
        "look for",
        field("pattern"),
        found=outcomes.tell_found_files,
    ),
    "LS": Teller("Listing", "Listed", "list", path_field("path")),
    "TodoWrite": Teller(
        "Updating todos", "Updated todos", "update todos", outcome=outcomes.tell_todos
    ),
    "TaskList": Teller("Listing tasks", "Listed tasks", "list tasks", outcome=outcomes.tell_todos),
    "TaskCreate": Teller("Adding a task:", "Added a task:", "add a task:", field("subject")),
    "TaskUpdate": Teller(
        "Updating task", "Updated task", "update task", field("taskId"), outcomes.tell_task_change
    ),
    "TaskGet": Teller("Looking at task", "Looked at task", "look at task", field("taskId")),
    "TaskOutput": _output("task_id"),
    "BashOutput": _output("bash_id"),
    "TaskStop": _stop("task_id"),
    "KillShell": _stop("shell_id"),
    "WebFetch": Teller("Fetching", "Fetched", "fetch", outcomes.tell_host, outcomes.tell_fetched),
    "WebSearch": _WEB_SEARCH,
    "web_search": _WEB_SEARCH,
    "Agent": _SUBAGENT,
    "Task": _SUBAGENT,
    "Skill": Teller(
        "Using the skill", "Used the skill", "use the skill", field("skill", "command")
    ),
    "ToolSearch": Teller(
        "Searching tools for",
        "Searched tools for",
        "search tools for",
        quoted_field("query"),
        _tools_found,
    ),
    "AskUserQuestion": Teller(
        "Asking",
        "Asked",
        "ask",
        lambda call: first_answer(call)[0],
        lambda call: first_answer(call)[1],
    ),
    "EnterPlanMode": Teller("Beginning to plan", "Began to plan", "begin to plan"),
    "ExitPlanMode": Teller("Proposing a plan", "Proposed a plan", "propose a plan"),
    "StructuredOutput": Teller(
        "Giving the structured output",
        "Gave the structured output",
        "give the structured output",
    ),
}
