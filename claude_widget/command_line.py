"""The `claude-widget` command: doctor, freeze, transcript, history, nbval-sanitize.

The rule: a face. It prints what other modules find; exit code 0 is done, 1 is an error that it
says, 2 is a call that it does not understand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from claude_widget.backend import Run
from claude_widget.cells.freeze import freeze_file
from claude_widget.diagnosis import doctor
from claude_widget.errors import ClaudeWidgetError, ExecutionNotFound, InvalidRequest
from claude_widget.history.command import add_history, in_words_of_the_shell, opened
from claude_widget.state_folder import StateFolder
from claude_widget.transcript import read_records

NBVAL_SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")
"""What differs between two equal runs of a notebook, for nbval's `--nbval-sanitize-with`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.run(asked))
    except ClaudeWidgetError as error:
        said = in_words_of_the_shell(error)
        print(f"claude-widget: {said}", file=sys.stderr)  # noqa: T201 - it talks to a person
        return 1
    except BrokenPipeError:
        return 0  # the reader has seen enough


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="claude-widget", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    look = commands.add_parser("doctor", help="what this machine has, and what would be used")
    look.add_argument("--cli-path", help="the CLI to look at")
    look.add_argument("--state-dir", help="the state folder to look at")
    look.set_defaults(run=_doctor)

    freeze = commands.add_parser("freeze", help="make a saved notebook readable without a kernel")
    freeze.add_argument("files", nargs="+", metavar="FILE.ipynb")
    freeze.add_argument("--state-dir", help="the state folder that knows its executions")
    freeze.set_defaults(run=_freeze)

    show = commands.add_parser("transcript", help="print what an execution's CLI printed")
    show.add_argument("execution_id", metavar="ID", help="its id, or the beginning of it")
    show.add_argument("--state-dir", help="the state folder that it is in")
    show.add_argument("--stderr", action="store_true", help="its stderr instead of its stdout")
    show.set_defaults(run=_transcript)

    sanitize = commands.add_parser(
        "nbval-sanitize", help="print where the file is that has nbval compare a notebook's outputs"
    )
    sanitize.set_defaults(run=_nbval_sanitize)

    add_history(commands)
    return parser


def _doctor(asked: argparse.Namespace) -> int:
    report = doctor(asked.cli_path, asked.state_dir)
    print(report)  # noqa: T201
    return 1 if report.problems else 0


def _freeze(asked: argparse.Namespace) -> int:
    if asked.state_dir:
        opened(asked.state_dir)
    for file in asked.files:
        count = freeze_file(file, asked.state_dir)
        print(f"{file}: {count} output{'' if count == 1 else 's'} frozen")  # noqa: T201
    return 0


def _transcript(asked: argparse.Namespace) -> int:
    """The CLI's own lines again, byte for byte."""
    wanted = "err" if asked.stderr else "out"
    run = _one(opened(asked.state_dir), asked.execution_id)
    out = sys.stdout.buffer
    for record in read_records(run.transcript):
        if record.stream == wanted:
            out.write(record.data + (b"\n" if record.complete else b""))
    out.flush()
    return 0


def _one(folder: StateFolder, beginning: str) -> Run:
    """The execution whose id begins so, forgotten or not, also one that still runs."""
    names = [path.name for path in folder.executions.iterdir() if beginning]
    those = (folder.find_one(name) for name in names if name.startswith(beginning))
    found = [run for run in those if run is not None]
    if len(found) > 1:
        raise InvalidRequest(
            f"Several ids begin with {beginning!r}.", field="execution_id", hint="Give more."
        )
    if not found:
        raise ExecutionNotFound(beginning)
    return found[0]


def _nbval_sanitize(_: argparse.Namespace) -> int:
    print(NBVAL_SANITIZE)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
