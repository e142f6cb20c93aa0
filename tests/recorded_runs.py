"""What the real CLI is recorded at for the tests: each run's prompts, its model, and its user.

The rule: data. A prompt picks its scenario by its exact text; who plays the person is in
`recorded_users`. `tests.record` runs them and keeps the transcripts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claude_widget.protocol import Deny
from tests.recorded_users import (
    World,
    allows_twice,
    always,
    asks_cost,
    calls,
    cancels,
    changes,
    interrupts,
    nothing,
    plans,
    queues,
    stops_task,
)
from tests.scenarios import Scenario, Text, Thinking, ToolUse, Turn, Whole


@dataclass(frozen=True)
class Recorded:
    """One run: its prompts' scenarios (the first is the query), the user, the options."""

    scenarios: Mapping[str, Scenario]
    act: Callable[[World], None] = nothing
    reason: str = "success"
    options: Mapping[str, Any] = field(default_factory=dict)


def _bash(command: str, description: str, **more: Any) -> ToolUse:
    return calls("Bash", command=command, description=description, **more)


def _turn(*blocks: Any, before: float = 0.0) -> Turn:
    return Turn(list(blocks), before=before)


QUESTIONS = [
    {
        "question": "Which colour should the button have?",
        "header": "Colour",
        "multiSelect": False,
        "options": [
            {"label": "Green", "description": "Go"},
            {"label": "Red", "description": "Stop"},
        ],
    },
    {
        "question": "Which sizes are needed?",
        "header": "Sizes",
        "multiSelect": True,
        "options": [
            {"label": "Small", "description": "16 px"},
            {"label": "Medium", "description": "24 px"},
            {"label": "Large", "description": "32 px"},
        ],
    },
    {
        "question": "What should it say?",
        "header": "Label",
        "multiSelect": False,
        "options": [
            {"label": "Save", "description": "The usual word"},
            {"label": "Store", "description": "Another one"},
        ],
    },
]
ANSWERS: dict[str, Any] = {
    "Which colour should the button have?": "Green",
    "Which sizes are needed?": ["Small", "Large"],
    "What should it say?": "Keep it safe",
}
_EDIT = {
    "file_path": "${project}/greet.py",
    "old_string": 'return "Hello"',
    "new_string": 'return f"Hello, {name}"',
}
_AGENT = {
    "description": "Count the files",
    "prompt": "Subagent: count the files of the project.",
    "subagent_type": "general-purpose",
}
_SUBAGENT: Scenario = [
    _turn(Text("I look at the files first."), _bash("ls | wc -l", "Count the files")),
    _turn(Thinking("Three files."), Text("There are three files.")),
]
_FOUND = [
    Whole(
        {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "web_search",
            "input": {"query": "scripted search"},
        }
    ),
    Whole(
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_1",
            "content": [
                {
                    "type": "web_search_result",
                    "title": f"The {which} page",
                    "url": f"https://example.com/{which}",
                    "encrypted_content": "",
                    "page_age": None,
                }
                for which in ("first", "second")
            ],
        }
    ),
]
_STREAM = Text("The quick brown fox jumps over the lazy dog. ", chunk=15, delay=0.05, times=30)
_GREETER = Path(__file__).with_name("mcp_server.py")


RUNS: dict[str, Recorded] = {
    "permission_allowed": Recorded(
        {
            "Make greet() greet by name.": [
                _turn(calls("Read", file_path="${project}/greet.py")),
                _turn(Text("I change the function."), calls("Edit", **_EDIT)),
                _turn(_bash("touch done.txt", "Leave a mark")),
                _turn(Text("It greets by name now.")),
            ]
        },
        allows_twice,
    ),
    "permission_denied": Recorded(
        {
            "Delete what is old.": [
                _turn(_bash("rm -r old", "Delete the old files")),
                _turn(Text("Then I leave the old files where they are.")),
            ]
        },
        lambda world: world.answer(Deny(message="Keep them; they are still needed.")),
        reason="denied",
    ),
    "permission_always": Recorded(
        {
            "Make two marks.": [
                _turn(_bash("touch mark.txt", "Make a mark")),
                _turn(_bash("touch mark.txt", "Make it again")),
                _turn(Text("Both are made.")),
            ]
        },
        lambda world: world.answer(always),
    ),
    "permission_cancelled": Recorded(
        {
            "Make a mark, please.": [_turn(_bash("touch mark.txt", "Make a mark"))],
            "Say that you stopped.": [_turn(Text("I stopped."))],
        },
        cancels,
        options={"keep_open": True},
    ),
    "questions": Recorded(
        {
            "Design a button with me.": [
                _turn(Text("Three things first."), calls("AskUserQuestion", questions=QUESTIONS)),
                _turn(Text("A green button it is.")),
            ]
        },
        lambda world: world.answer(lambda request: request.answer(ANSWERS)),
    ),
    "plan_approved": Recorded(
        {
            "Plan how to greet by name.": [
                _turn(_bash("ls", "Look around"), before=1.5),
                _turn(Text("(the plan is written)")),
                _turn(calls("ExitPlanMode")),
                _turn(Text("I would begin now.")),
            ]
        },
        plans(True),
        options={"permission_mode": "plan"},
    ),
    "plan_rejected": Recorded(
        {
            "Plan a shorter greeting.": [
                _turn(_bash("ls", "Look around"), before=1.5),
                _turn(Text("(the plan is written)")),
                _turn(calls("ExitPlanMode")),
                _turn(Text("I will think again.")),
            ]
        },
        plans(Deny(message="Leave the tests out.")),
        reason="denied",
        options={"permission_mode": "plan"},
    ),
    "follow_up_queued": Recorded(
        {
            "Tell me about the fox.": [_turn(_STREAM)],
            "And what about the cat?": [_turn(Text("The cat sleeps."))],
        },
        queues,
    ),
    "interrupted_and_continued": Recorded(
        {
            "Tell me all about the fox.": [_turn(_STREAM)],
            "Go on more briefly.": [_turn(Text("Briefly, then."))],
        },
        interrupts,
        options={"keep_open": True},
    ),
    "session_changed": Recorded(
        {
            "Tell the story of the fox.": [_turn(_STREAM)],
            "Which model are you?": [_turn(Text("Another one."))],
        },
        changes,
        options={"keep_open": True},
    ),
    "session_cost": Recorded(
        {
            "What does it cost to look around?": [
                _turn(_bash("sleep 1; ls", "Look around"), before=1.0),
                _turn(_STREAM),
            ]
        },
        asks_cost,
        options={"keep_open": True, "allowed_tools": ["Bash"]},
    ),
    "subagent_forwarded": Recorded(
        {
            "Have somebody count the files.": [
                _turn(Text("I send somebody."), calls("Agent", **_AGENT)),
                _turn(Text("It counted three files.")),
            ],
            _AGENT["prompt"]: _SUBAGENT,
        },
        options={"allowed_tools": ["Bash"]},
    ),
    "subagent_in_background": Recorded(
        {
            "Have somebody count the files meanwhile.": [
                _turn(
                    Text("I send somebody."),
                    calls("Agent", **{**_AGENT, "run_in_background": True}),
                ),
                _turn(Text("Meanwhile I wait.")),
                _turn(Text("It counted three files.")),
            ],
            _AGENT["prompt"]: [
                _turn(*_SUBAGENT[0].blocks, before=1.0),
                _SUBAGENT[1],
            ],
        },
        options={"allowed_tools": ["Bash"]},
    ),
    "task_stopped": Recorded(
        {
            "Watch the log.": [
                _turn(_bash("sleep 60", "Watch the log", run_in_background=True)),
                _turn(Text("I watch it.")),
                _turn(Text("It was stopped.")),
            ]
        },
        stops_task,
        options={"allowed_tools": ["Bash"]},
    ),
    "todo_list": Recorded(
        {
            "Keep a list of what to do.": [
                _turn(
                    calls(
                        "TodoWrite",
                        todos=[
                            {
                                "content": "Read the code",
                                "status": "in_progress",
                                "activeForm": "Reading the code",
                            },
                            {
                                "content": "Run the tests",
                                "status": "pending",
                                "activeForm": "Running the tests",
                            },
                        ],
                    )
                ),
                _turn(
                    calls(
                        "TodoWrite",
                        todos=[
                            {
                                "content": "Read the code",
                                "status": "completed",
                                "activeForm": "Reading the code",
                            },
                            {
                                "content": "Run the tests",
                                "status": "in_progress",
                                "activeForm": "Running the tests",
                            },
                        ],
                    )
                ),
                _turn(Text("The list is kept.")),
            ]
        },
        options={"env": {"CLAUDE_CODE_ENABLE_TODO_TOOLS": "1", "CLAUDE_CODE_ENABLE_TASKS": "0"}},
    ),
    "task_list": Recorded(
        {
            "Keep a list of tasks.": [
                _turn(
                    calls(
                        "TaskCreate",
                        subject="Read the code",
                        description="All of it",
                        activeForm="Reading the code",
                    )
                ),
                _turn(calls("TaskUpdate", taskId="1", status="in_progress")),
                _turn(calls("TaskUpdate", taskId="1", status="completed")),
                _turn(calls("TaskList")),
                _turn(Text("The tasks are kept.")),
            ]
        },
        options={"env": {"CLAUDE_CODE_ENABLE_TODO_TOOLS": "1"}},
    ),
    "web_tools": Recorded(
        {
            "Look it up on the web.": [
                _turn(calls("WebSearch", query="scripted search")),
                _turn(
                    calls(
                        "WebFetch", url="https://example.invalid/page", prompt="What does it say?"
                    )
                ),
                _turn(Text("That is what the web says.")),
            ],
            "Perform a web search for the query: scripted search": [
                _turn(Text("I search."), *_FOUND, Text("Two pages were found."))
            ],
        },
        options={"allowed_tools": ["WebSearch", "WebFetch"]},
    ),
    "mcp_tool": Recorded(
        {
            "Greet Ada by the greeter.": [
                _turn(calls("mcp__greeter__greet", name="Ada")),
                _turn(Text("She was greeted.")),
            ]
        },
        options={
            "allowed_tools": ["mcp__greeter"],
            "mcp_config": {
                "mcpServers": {"greeter": {"command": sys.executable, "args": [str(_GREETER)]}}
            },
            "required_mcp_servers": ["greeter"],
        },
    ),
    "notebook_edit": Recorded(
        {
            "Change the notebook's first cell.": [
                _turn(calls("Read", file_path="${project}/notes.ipynb")),
                _turn(
                    calls(
                        "NotebookEdit",
                        notebook_path="${project}/notes.ipynb",
                        cell_id="first",
                        new_source="print(2)",
                    )
                ),
                _turn(Text("The cell is changed.")),
            ]
        },
        options={"permission_mode": "acceptEdits"},
    ),
}
