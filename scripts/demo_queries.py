"""What the demo's recorded executions are asked, and what the scripted model does about it.

The rule: data. A query is what a person would type; its turns are what a model would answer, at a
model's pace, about the project of `demo_sample`; the tools in them are run by the real CLI. What a
text claims of the project must be true of it, whatever a tool printed this time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claude_widget.permissions import Decision, PermissionRequest
from claude_widget.protocol import Allow
from scripts.demo_texts import (
    EXPLAIN,
    FAST,
    FIX,
    PROFILE,
    REVIEW,
    SLOW,
    SPEED,
    TESTS,
    USAGE,
)
from tests.scenarios import Block, Failure, Scenario, Text, Thinking, ToolUse, Turn


@dataclass(frozen=True)
class Demo:
    """One recording: its folder's name, the query, the options of the start, and the turns.

    Attributes:
        follow_ups: what is asked then, each in an execution of its own that resumes the session.
    """

    slug: str
    query: str
    scenario: Scenario
    reason: str = "success"
    options: Mapping[str, Any] = field(default_factory=dict)
    follow_ups: tuple[Demo, ...] = ()


def _decide(request: PermissionRequest) -> Decision:
    """What the user of the recorded conversation answers."""
    if request.asks == "questions":
        return request.answer({_WHICH_COUNTS["question"]: "The last one"})
    return Allow()


def _says(text: str, delay: float = 0.09) -> Text:
    return Text(text, chunk=26, delay=delay)


def _thinks(text: str) -> Thinking:
    return Thinking(text, chunk=30, delay=0.08)


def _calls(name: str, **given: str) -> ToolUse:
    """A tool call in one piece: a path that is torn over two frames could not be written over."""
    return ToolUse(name, given, delay=0.4, chunk=1 << 20)


def _runs(command: str, description: str) -> ToolUse:
    return _calls("Bash", command=command, description=description)


def _reads(path: str) -> ToolUse:
    return _calls("Read", file_path="${project}/" + path)


def _edits(path: str, old: str, new: str) -> ToolUse:
    return _calls("Edit", file_path="${project}/" + path, old_string=old, new_string=new)


def _turn(*blocks: Block, before: float = 0.8, cached: int = 14_800, new: int = 320) -> Turn:
    return Turn(list(blocks), before=before, input_tokens=new, cached_tokens=cached)


_WHICH_COUNTS: dict[str, Any] = {
    "question": "When a time is repeated, which of its rows should count?",
    "header": "Repeated time",
    "multiSelect": False,
    "options": [
        {"label": "The last one", "description": "As today, and as the docstring says"},
        {"label": "The first one", "description": "Simpler, and changes what reports show"},
    ],
}


DEMOS: tuple[Demo, ...] = (
    Demo(
        "explain-stats",
        "Explain what src/stats.py does",
        [
            _turn(_says("I'll read it first."), _reads("src/stats.py")),
            _turn(_says(EXPLAIN), before=1.1, cached=15_300),
        ],
    ),
    Demo(
        "fix-failing-test",
        "Find and fix the failing test",
        [
            _turn(_says("I'll run the tests to see which one."), _runs(TESTS, "Run the tests")),
            _turn(
                _thinks(
                    "median([4, 1, 3, 2]) gives 3. The test wants 2.5, the mean of the two middle "
                    "values, which is the usual definition. So the code is wrong, not the test."
                ),
                _says("The test is right: `median` ignores the lower of two middle values."),
                _reads("src/stats.py"),
                before=1.2,
            ),
            _turn(
                _edits(
                    "src/stats.py",
                    "    ordered = sorted(values)\n    return ordered[len(ordered) // 2]\n",
                    FIX,
                ),
                cached=15_900,
            ),
            _turn(_says("And once more:"), _runs(TESTS, "Run the tests again"), cached=16_400),
            _turn(
                _says(
                    "All four tests pass now. `median` in `src/stats.py` returned the upper of the "
                    "two middle values for an even number of them; it returns their mean now. For "
                    "an odd number nothing changes."
                ),
                cached=16_700,
            ),
        ],
        options={"permission_mode": "acceptEdits", "allowed_tools": ["Bash"]},
    ),
    Demo(
        "readme-usage",
        "Write a Usage section for the README",
        [
            _turn(
                _says("I'll look at the README and at what there is to use."),
                _reads("README.md"),
                _reads("src/loader.py"),
                _reads("src/report.py"),
            ),
            _turn(_edits("README.md", "## Layout\n", USAGE), before=1.3, cached=16_100),
            _turn(
                _says(
                    "The README has a **Usage** section now, above Layout: a loop over "
                    "`daily(load(...))` that can be pasted as it is, and what a CSV file must look "
                    "like. I left the rest alone."
                ),
                cached=16_900,
            ),
        ],
        options={"permission_mode": "acceptEdits", "model": "sonnet"},
    ),
    Demo(
        "profile-load",
        "Profile load() in src/loader.py and suggest a speed-up",
        [
            _turn(_says("Let me measure before guessing."), _runs(PROFILE, "Profile load()")),
            _turn(_says("That points at one line."), _reads("src/loader.py"), cached=15_500),
            _turn(_says(SPEED), before=1.4, cached=16_200),
        ],
        options={"allowed_tools": ["Bash"]},
    ),
    Demo(
        "list-todos",
        "List every TODO in the sources",
        [
            _turn(_runs("grep -rn TODO src", "Search for TODO")),
            _turn(
                _says(
                    "There are two:\n\n- `src/stats.py`, in `rolling_mean`: keep a running sum "
                    "instead of adding each window up again\n- `src/report.py`, in `daily`: say "
                    "how many readings a day had"
                ),
                cached=15_000,
            ),
        ],
        options={"model": "haiku"},
    ),
    Demo(
        "delete-reports",
        "Delete the old reports",
        [
            _turn(
                _says("The old reports are in `reports/`."),
                _runs("rm -r reports", "Delete the reports folder"),
            ),
            _turn(
                _says(
                    "I was not permitted to run `rm -r reports`, so nothing has been deleted. If "
                    "you want it done, allow it (`allowed_tools`, for instance `Bash(rm:*)`) and "
                    "ask again, or delete the folder yourself: it holds only `2025.txt`."
                ),
            ),
        ],
        reason="denied",
    ),
    Demo(
        "speed-up-load",
        "Make load() in src/loader.py fast",
        [
            _turn(_says("I'll measure first."), _runs(PROFILE, "Profile load()")),
            _turn(
                _says(
                    "The list is walked once for each row. A dict does away with that, but one "
                    "thing is yours to decide."
                ),
                ToolUse("AskUserQuestion", {"questions": [_WHICH_COUNTS]}, chunk=1 << 20),
                before=1.1,
                cached=15_600,
            ),
            _turn(_reads("src/loader.py"), cached=15_900),
            _turn(_edits("src/loader.py", "    readings = []\n", "    readings = {}\n")),
            _turn(_edits("src/loader.py", SLOW, FAST), cached=16_300),
            _turn(
                _says(
                    "`load` keeps its readings in a dict now, so each row costs the same however "
                    "long the file is. The **last** row of a repeated time counts, and keeps its "
                    "place at the end, as before."
                ),
                cached=16_700,
            ),
        ],
        options={"permissions": _decide},
        follow_ups=(
            Demo(
                "sort-days",
                "Now sort the days of the report",
                [
                    _turn(_reads("src/report.py"), cached=17_000),
                    _turn(
                        _edits(
                            "src/report.py",
                            "for day, values in days.items()}",
                            "for day, values in sorted(days.items())}",
                        ),
                        cached=17_200,
                    ),
                    _turn(
                        _says("The days come out in order, whatever the order of the files is."),
                        cached=17_500,
                    ),
                ],
            ),
        ),
    ),
    Demo(
        "translate-comments",
        "Translate the comments into German",
        [
            _turn(_says("I'll collect them first."), _runs('grep -rn \'"""\' src', "Find them")),
            *[
                _turn(
                    Failure(
                        429,
                        "rate_limit_error",
                        "This request would exceed your organization's rate limit.",
                        {"retry-after": "2"},
                    )
                )
            ]
            * 4,
        ],
        reason="rate_limit",
        options={"env": {"CLAUDE_CODE_MAX_RETRIES": "2"}},
    ),
    Demo(
        "review-modules",
        "Review every module and say what could break",
        [
            _turn(
                _says("I'll read all of it."),
                _reads("src/loader.py"),
                _reads("src/stats.py"),
                _reads("src/report.py"),
                _reads("tests/test_stats.py"),
            ),
            _turn(_runs(TESTS, "Run the tests"), cached=17_000),
            _turn(_says(REVIEW, delay=0.34), before=2.0, cached=17_600),
        ],
        options={"allowed_tools": ["Bash"]},
    ),
)
