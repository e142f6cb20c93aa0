"""The house rules that a linter does not know, over everything that is tracked or about to be.

The rule: small files that open by saying what they are for, tests that wait for states and never
for time, and nothing in the repository that is true of one machine only.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PYTHON_LINES, TYPESCRIPT_LINES, BODY_LINES = 400, 400, 40
MAY_SLEEP = {
    "tests/waiting.py",
    "tests/fake_claude.py",
    "tests/fake_children.py",
    "tests/fake_usage.py",
}
"""The polling helper, and the executable that plays a slow CLI, with its parts."""
LOCAL = re.compile(
    "|".join(
        [
            r"registry\.npm" + r"js\.org",
            r"pypi\." + r"org/simple",
            r"files\.pythonhosted" + r"\.org",
            r"(?<![\w.-])/(?:root|work)/\w",
            r"/home/(?!user\b|me\b|you\b|alice\b)\w",
        ]
    )
)
"""Registry hosts, and paths of the machine that a file was made on."""
KEPT = re.compile(r"tests/older_shims/\d[^/]*/")
"""The code of earlier versions, which stays as it was."""
TEXT = {".py", ".md", ".toml", ".txt", ".in", ".json", ".ts", ".tsx", ".mjs", ".css", ".ipynb", ""}


def tracked() -> list[Path]:
    """The files of the repository, and those that git would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = (ROOT / name for name in listed.split("\0") if name and not KEPT.match(name))
    return sorted(path for path in named if path.is_file())


FILES = tracked()
PYTHON = [path for path in FILES if path.suffix == ".py"]
GENERATED = ROOT / "js" / "src" / "protocol.ts"
TYPESCRIPT = [
    path
    for folder in ("src", "tests")
    for path in (ROOT / "js" / folder).rglob("*")
    if path.suffix in {".ts", ".tsx"}
    and path in FILES
    and not path.name.endswith(".d.ts")
    and path != GENERATED
]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def lines_of(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()


class Shape(NamedTuple):
    """What the rules ask of a Python file: its tree is not kept, all of them are hundreds of MB.

    Attributes:
        opens: whether its docstring comes first.
        long: the first function that is too long, and how long it is.
        sleeps: the first line that waits for time.
    """

    opens: bool
    long: str
    sleeps: int | None


@cache
def shape_of(path: Path) -> Shape:
    tree = ast.parse("\n".join(lines_of(path)))
    nodes = list(ast.walk(tree))
    functions = [one for one in nodes if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    counts = ((one.name, _lines_in(one)) for one in functions)
    long = (f"{name} has {count} lines" for name, count in counts if count > BODY_LINES)
    sleeps = (one.lineno for one in nodes if isinstance(one, ast.Call) and _sleeps(one))
    return Shape(ast.get_docstring(tree) is not None, next(long, ""), next(sleeps, None))


def _lines_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    documented = ast.get_docstring(function) and function.body[1:]
    body = function.body[1:] if documented else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def offenders(problem: Callable[[Path], str], paths: Iterable[Path]) -> list[str]:
    """Of each file that has the problem its name, and what is wrong."""
    found = ((relative(path), problem(path)) for path in paths)
    return [f"{name}: {said}" for name, said in found if said]


def test_modules_open_with_their_rule() -> None:
    def problem(path: Path) -> str:
        says = not any(lines_of(path)) or shape_of(path).opens
        return "" if says else "a module says first what it is for"

    assert offenders(problem, PYTHON) == []


def test_python_files_are_small() -> None:
    def problem(path: Path) -> str:
        count = len(lines_of(path))
        return f"{count} lines" if count > PYTHON_LINES else ""

    assert offenders(problem, PYTHON) == []


def test_typescript_files_are_small_and_say_their_rule() -> None:
    def problem(path: Path) -> str:
        if len(lines_of(path)) > TYPESCRIPT_LINES:
            return f"{len(lines_of(path))} lines"
        says = lines_of(path)[0].startswith(("//", "/*"))
        return "" if says else "a module says first what it is for"

    assert offenders(problem, TYPESCRIPT) == []


def test_functions_are_short() -> None:
    assert offenders(lambda path: shape_of(path).long, PYTHON) == []


def test_tests_do_not_sleep() -> None:
    def problem(path: Path) -> str:
        line = shape_of(path).sleeps
        return f"line {line}: wait for a state (tests/waiting.py), not for time" if line else ""

    names = {relative(path): path for path in PYTHON}
    tests = [path for name, path in names.items() if name.startswith("tests/")]
    assert offenders(problem, [path for path in tests if relative(path) not in MAY_SLEEP]) == []


def _sleeps(node: ast.Call) -> bool:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    yields = name == "sleep" and [ast.unparse(argument) for argument in node.args] == ["0"]
    return name in {"sleep", "wait_for_timeout"} and not yields


def test_files_are_not_of_one_machine() -> None:
    def problem(path: Path) -> str:
        found = LOCAL.findall("\n".join(lines_of(path)))
        return f"{found[0]} is true of one machine or one registry only" if found else ""

    assert offenders(problem, [path for path in FILES if path.suffix in TEXT]) == []
