"""What a call of a tool did, in one line.

The rule: pure; in the past once it is done (`Read README.md, 42 lines`), before that what it is
about to do, and never as done what was denied or failed. The words of the agent are the subject,
apart from ours, so that whoever shows them can mark them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from claude_widget.blocks.calls import Call, read_mcp_name
from claude_widget.blocks.outcomes import told_by_command
from claude_widget.blocks.tellers import TELLERS, Teller
from claude_widget.blocks.values import as_text

_TELLING = (
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
)
"""Fields that say the most of a call, the best first."""
_LONGEST_SUBJECT = 200
_LONGEST_NAME = 200
_LINE_END = re.compile(r"\r\n|\r|\n")


class Summary(NamedTuple):
    """A line in three parts; the subject and the outcome may be empty.

    Attributes:
        verb: our words before the subject.
        subject: the agent's words: a path, a command, an address.
        outcome: on what came of it.
    """

    verb: str
    subject: str
    outcome: str

    def __str__(self) -> str:
        return ", ".join(filter(None, (" ".join(filter(None, self[:2])), self.outcome)))


def summarize(call: Call) -> Summary:
    """What a call did, or is about to do."""
    teller = TELLERS.get(call.name) or _other_teller(call)
    subject = _one_line(teller.subject(call))
    failed_well = call.phase == "failed" and teller.is_command and told_by_command(call)
    return Summary(
        _verb(teller, call, subject, failed_well=failed_well),
        subject,
        _outcome(teller, call, failed_well=failed_well),
    )


def _verb(teller: Teller, call: Call, subject: str, *, failed_well: bool) -> str:
    if call.phase == "running":
        return teller.doing if subject else f"{teller.doing}…"
    if call.phase == "done":
        return teller.found(call) if teller.found else teller.did
    if call.phase == "failed":
        return teller.did if failed_well else f"Could not {teller.todo}"
    begin = {"asked": "Wants to", "denied": "Was not allowed to", "over": "Began to"}[call.phase]
    return f"{begin} {teller.todo}"


def _outcome(teller: Teller, call: Call, *, failed_well: bool) -> str:
    if call.phase == "over":
        return "no result"
    return _one_line(teller.outcome(call)) if call.phase == "done" or failed_well else ""


def _other_teller(call: Call) -> Teller:
    """Of a tool of an MCP server, or one that this version does not know."""
    if mcp := read_mcp_name(call.name[:_LONGEST_NAME]):
        server, tool = mcp
        return Teller("Calling", "Called", "call", lambda _: f"{server}: {tool}")
    name = _one_line(call.name)
    return Teller(f"Using {name}", f"Used {name}", f"use {name}", _first_told)


def _first_told(call: Call) -> str:
    told = (as_text(call.input.get(name)) for name in _TELLING)
    return next((text for text in told if text.strip()), "")


def _one_line(text: str) -> str:
    """The first line that says something; of what is left out there is a sign."""
    whole = text.strip()
    short = _LINE_END.split(whole, maxsplit=1)[0][:_LONGEST_SUBJECT]
    return f"{short.rstrip()}…" if len(short) < len(whole) else short
