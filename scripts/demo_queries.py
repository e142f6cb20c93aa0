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
_SLOW = """            time = datetime.strptime(row["time"], "%Y-%m-%dT%H:%M")
            readings = [reading for reading in readings if reading[0] != time]
            readings.append((time, float(row["celsius"])))
    return readings
"""
_FAST = """            time = datetime.fromisoformat(row["time"])
            readings.pop(time, None)
            readings[time] = float(row["celsius"])
    return list(readings.items())
"""
_TESTS = "python3 -m unittest discover -s tests"
_PROFILE = """PYTHONPATH=src python3 -c "
import cProfile, pstats
from loader import load
profile = cProfile.Profile()
profile.runcall(load, 'data/march.csv')
pstats.Stats(profile).sort_stats('tottime').print_stats(5)
\""""

_EXPLAIN = """`src/stats.py` has the project's arithmetic, in three functions:

- **`mean(values)`** adds the values up and divides by how many there are. An empty series raises \
`ZeroDivisionError`.
- **`median(values)`** sorts a copy and returns the element in the middle. For an even number of \
values it returns the upper of the two middle ones, not their mean, so `median([4, 1, 3, 2])` is \
3 where most people expect 2.5.
- **`rolling_mean(values, window)`** returns the mean of every run of `window` neighbours. It \
adds each window up from scratch, which a TODO in it points out.

Nothing in it keeps state or reads files; `src/report.py` is what uses it."""

_FIX = """    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
"""

_USAGE = """## Usage

```python
from loader import load
from report import daily

for day, (mean, median) in daily(load("data/march.csv")).items():
    print(f"{day}  mean {mean:.1f}  median {median:.1f}")
```

Put `src` on `PYTHONPATH` first. A CSV file needs the columns `time` (such as `2026-03-01T06:10`)
and `celsius`; when a time is repeated, its last row counts.

## Layout
"""

_SPEED = """The time goes where it should not: the list comprehension in `load` (line 13) runs \
once for each of the 2,016 rows and walks every reading that there is so far, so the work grows \
with the square of the file. `strptime` comes next, far behind it.

A dict keeps the last value of a repeated time and drops the walk altogether:

```python
def load(path):
    readings = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            time = datetime.fromisoformat(row["time"])
            readings[time] = float(row["celsius"])
    return list(readings.items())
```

Two notes before you take it:

1. `datetime.fromisoformat` is several times faster than `strptime` and reads this format as it is.
2. A repeated time now keeps its *first* place in the list. Today it moves to the end. Nothing in \
the project depends on that, because `daily` groups by day."""

_REVIEW = """## What could break, module by module

### src/loader.py

**Repeated times are found by walking the list.** Each row filters all the readings before it. \
Two weeks are fine, a year of ten-minute readings is about 1.4 billion comparisons, and the file \
will look as if it hung. This is the first thing that I would change.

**One bad row ends everything.** A logger that loses power in the middle of a line leaves a short \
row: `row["celsius"]` is then `None`, and `float(None)` raises a `TypeError` that names neither \
the file nor the line. Catch it, say which line it was, and decide once whether to skip or to \
stop.

**Times have no zone.** They are naive, so the night on which clocks go back has an hour twice. \
With "the last one counts", the first of the two hours is silently lost: six readings, \
once a year, with no trace. Have the logger write UTC.

**The encoding is the machine's.** `open(path, newline="")` without `encoding="utf-8"` reads the \
same file differently on another computer. Here only the header could be affected, and a byte \
order mark there turns `time` into `\\ufefftime` and the first row into a `KeyError`.

### src/stats.py

**`median` is wrong for an even number of values.** It returns the upper of the two middle ones. \
There is a test for it, and that test fails today. Because `daily` usually sees 144 readings a \
day, every median in every report so far has been slightly high.

**Empty series raise three different things.** `mean([])` is a `ZeroDivisionError`, `median([])` \
an `IndexError`, and `rolling_mean([], 3)` an empty list. Pick one; `ValueError` with a sentence \
in it is what the standard library's `statistics` does.

**`rolling_mean` accepts nonsense.** A window of 0 or less divides by zero, far from the caller \
who got it wrong, and a window longer than the series quietly gives nothing. It also adds each \
window up from scratch, so a wide window over a long series is slow; the TODO knows.

**Floating point adds up.** `sum` over many thousand values drifts in the last digits. It does \
not matter for temperatures, but `math.fsum` costs nothing here and ends the question.

### src/report.py

**It imports `stats` by its bare name.** That works only while `src` is on the path. The tests \
put it there by hand; anybody else gets a `ModuleNotFoundError`, or, worse, another module of \
that name.

**Days follow insertion order.** They come out in the order of the file. Two files loaded one \
after the other, the later month first, give a report that jumps backwards. Sort the days.

**It promises to print and does not.** The module says "Prints one line a day"; `daily` returns a \
dict and prints nothing. Whoever reads only the first line will look for the bug in their own \
code.

### tests/test_stats.py

**Only `stats` is tested.** `loader` has the logic that is easiest to get wrong (repeated times, \
odd rows) and no test at all. A test with five rows of CSV in a temporary file would have caught \
most of what is above.

**The path is patched at import.** `sys.path.insert` at the top makes the order of test modules \
matter. A `pyproject.toml` with the package declared would make that line unnecessary.

## In which order

1. Fix `median`; the failing test is already there.
2. Replace the list in `load` by a dict, and write the first test of `load` while at it.
3. Make bad rows say their line number.
4. Sort the days in `daily`.
5. Everything else can wait until somebody touches the file anyway.
"""

DEMOS: tuple[Demo, ...] = (
    Demo(
        "explain-stats",
        "Explain what src/stats.py does",
        [
            _turn(_says("I'll read it first."), _reads("src/stats.py")),
            _turn(_says(_EXPLAIN), before=1.1, cached=15_300),
        ],
    ),
    Demo(
        "fix-failing-test",
        "Find and fix the failing test",
        [
            _turn(_says("I'll run the tests to see which one."), _runs(_TESTS, "Run the tests")),
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
                    _FIX,
                ),
                cached=15_900,
            ),
            _turn(_says("And once more:"), _runs(_TESTS, "Run the tests again"), cached=16_400),
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
            _turn(_edits("README.md", "## Layout\n", _USAGE), before=1.3, cached=16_100),
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
            _turn(_says("Let me measure before guessing."), _runs(_PROFILE, "Profile load()")),
            _turn(_says("That points at one line."), _reads("src/loader.py"), cached=15_500),
            _turn(_says(_SPEED), before=1.4, cached=16_200),
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
            _turn(_says("I'll measure first."), _runs(_PROFILE, "Profile load()")),
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
            _turn(_edits("src/loader.py", _SLOW, _FAST), cached=16_300),
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
            _turn(_runs(_TESTS, "Run the tests"), cached=17_000),
            _turn(_says(_REVIEW, delay=0.34), before=2.0, cached=17_600),
        ],
        options={"allowed_tools": ["Bash"]},
    ),
)
