"""What the scripted Messages API can be asked to play: data, and the shapes it is made of.

The rule: a scenario is a list of turns, a turn a list of blocks; nothing here runs. `${name}` in a
text or a tool's input is an argument from the prompt, as in `SCENARIO:bash {"command": "ls"}`; an
input that is nothing but `${name}` keeps the argument's type. Delays are seconds before each piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Text:
    """Streamed text, `chunk` characters at a time, the whole of it `times` over."""

    text: str
    chunk: int = 16
    delay: float = 0.0
    times: int = 1


@dataclass(frozen=True)
class Thinking:
    """Streamed thinking."""

    text: str
    chunk: int = 16
    delay: float = 0.0


@dataclass(frozen=True)
class ToolUse:
    """A tool call; the CLI runs it and asks for the next turn. `chunk` is of its input's JSON."""

    name: str
    input: Mapping[str, Any]
    delay: float = 0.0
    chunk: int = 40


@dataclass(frozen=True)
class Whole:
    """A content block of any type, all of it in its start."""

    content: Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """An HTTP error in place of an answer."""

    status: int
    kind: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Never:
    """No answer at all, until the server closes."""


Block = Text | Thinking | ToolUse | Whole | Failure | Never


@dataclass(frozen=True)
class Turn:
    """One answer of the model. `before` is how long its first byte takes, in seconds."""

    blocks: list[Block]
    before: float = 0.0
    input_tokens: int = 1200
    cached_tokens: int = 0


Scenario = list[Turn]

_PASSAGE = "The quick brown fox jumps over the lazy dog while the band plays on. "
_QUESTION = {
    "question": "Which colour should the button have?",
    "header": "Colour",
    "multiSelect": False,
    "options": [
        {"label": "Green", "description": "Go"},
        {"label": "Red", "description": "Stop"},
    ],
}
_SUBAGENT = {
    "description": "Look around",
    "prompt": 'SCENARIO:slow {"text": "The subagent looked around."}',
    "subagent_type": "general-purpose",
    "run_in_background": True,
}


def _bash(command: str, **more: Any) -> ToolUse:
    return ToolUse("Bash", {"command": command, "description": "Run a command", **more})


# Four ways to outlive a shell, each with its pid written down: a session of its own, an orphan in
# the shell's group, both at once (found by neither parent nor group), and the shell itself.
_DAEMONIZE = (
    "run() { echo $$BASHPID > $$1.tmp; mv $$1.tmp $$1.pid; exec sleep 300; }; export -f run; "
    "setsid bash -c 'run session' >/dev/null 2>&1 </dev/null & "
    "( bash -c 'run orphan' >/dev/null 2>&1 </dev/null & ); "
    "( setsid bash -c 'run daemon' >/dev/null 2>&1 </dev/null & ); "
    "until [ -e session.pid -a -e orphan.pid -a -e daemon.pid ]; do sleep 0.02; done; run shell"
)

SCENARIOS: dict[str, Scenario] = {
    # Text only.
    "hello": [Turn([Text("Hello from the scripted model.")])],
    "say": [Turn([Text("${text}")])],
    "think": [Turn([Thinking("Let me think about that."), Text("Thought about it.")])],
    "long": [Turn([Text(_PASSAGE, chunk=23, delay=0.005, times=40)])],
    "minute": [Turn([Text(_PASSAGE, chunk=17, delay=0.25, times=300)])],  # or five, if need be
    "slow": [Turn([Text("${text}")], before=0.5)],
    "slow_first_byte": [Turn([Text("Better late than never.")], before=3.0)],
    "never": [Turn([Never()])],
    # Tools.
    "bash": [Turn([Text("Running it."), _bash("${command}")]), Turn([Text("It ran.")])],
    "bash_twice": [
        Turn([_bash("echo one")]),
        Turn([_bash("echo two")]),
        Turn([Text("Ran both.")]),
    ],
    "daemonize": [Turn([_bash(_DAEMONIZE)])],
    "files": [
        Turn([ToolUse("Write", {"file_path": "${path}", "content": "alpha\nbeta\n"})]),
        Turn([ToolUse("Read", {"file_path": "${path}"})]),
        Turn(
            [ToolUse("Edit", {"file_path": "${path}", "old_string": "beta", "new_string": "gamma"})]
        ),
        Turn([Text("Wrote, read and edited it.")]),
    ],
    "read": [Turn([ToolUse("Read", {"file_path": "${path}"})]), Turn([Text("Read it.")])],
    "subagent": [
        Turn([Text("Sending someone."), ToolUse("Agent", _SUBAGENT)]),
        Turn([Text("First answer, while the subagent works.")]),
        Turn([Text("Second answer, with what the subagent found.")]),
    ],
    "background_bash": [
        Turn([_bash("${command}", run_in_background=True)]),
        Turn([Text("It runs in the background.")]),
        Turn([Text("The background command has ended.")]),
    ],
    "ask": [
        Turn([ToolUse("AskUserQuestion", {"questions": [_QUESTION]})]),
        Turn([Text("Thank you for the answer.")]),
    ],
    "structured": [
        Turn([ToolUse("StructuredOutput", {"name": "Ada", "age": 36})]),
        Turn([Text("There it is.")]),
    ],
    # In its second turn it gives what it was told to.
    "corrected": [
        Turn([ToolUse("StructuredOutput", {"name": "Ada"})]),
        Turn([ToolUse("StructuredOutput", {"name": "Ada Lovelace"})]),
    ],
    "unstructured": [Turn([Text("I would rather not.")])] * 12,
    "misstructured": [Turn([ToolUse("StructuredOutput", {"name": 36})])] * 12,
    # A tool that nobody permitted.
    "denied": [
        Turn([Text("Writing it."), ToolUse("Write", {"file_path": "${path}", "content": "no\n"})]),
        Turn([Text("I was not permitted to write.")]),
    ],
    # Errors of the API.
    "http_400": [Turn([Failure(400, "invalid_request_error", "messages: scripted bad request")])],
    "http_401": [Turn([Failure(401, "authentication_error", "invalid x-api-key")])] * 20,
    "http_403": [Turn([Failure(403, "permission_error", "scripted: not allowed")])] * 20,
    "http_429": [
        Turn([Failure(429, "rate_limit_error", "scripted rate limit", {"retry-after": "1"})])
    ]
    * 20,
    "http_500": [Turn([Failure(500, "api_error", "scripted server error")])] * 20,
    "http_529": [Turn([Failure(529, "overloaded_error", "Overloaded")])] * 20,
    # Replies that are none: no stream where one was asked for, and a block of no type in one.
    "no_stream": [Turn([Failure(200, "nonsense", "This is no answer.")])] * 20,
    "no_block": [Turn([Text("It begins."), Whole({"type": "", "odd": [1]})])] * 20,
    "late_400": [
        Turn([_bash("echo before the error")]),
        Turn([Failure(400, "invalid_request_error", "messages: scripted late bad request")]),
    ],
}
