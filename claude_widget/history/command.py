"""`claude-widget history`: list, search, show, export, rebuild, prune, pin and unpin.

The rule: a face, and no manager: it follows nothing and owns nothing. What agents wrote is hostile:
on the terminal every control character of it is visible as its code point, and JSON is ASCII.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ByteSize, TypeAdapter, ValidationError

from claude_widget.cleanup.retention import Retention
from claude_widget.errors import ClaudeWidgetError, ExecutionNotFound, InvalidRequest
from claude_widget.history.entry import HistoryEntry, ToolCall, tool_calls_of
from claude_widget.history.filter import Since, Wanted, wanted
from claude_widget.history.index import HistoryIndex
from claude_widget.history.pins import pin
from claude_widget.history.sync import HistorySync
from claude_widget.history.view import cost, moment, table
from claude_widget.markup.characters import visible
from claude_widget.on_disk import OnDisk
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.export import export_execution
from claude_widget.report.reading import secrets_of
from claude_widget.state_folder import STATE_VARIABLE, StateFolder

_SECONDS = {"": 86_400, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhdw]?)")
_DAYS = re.compile(r"\d{1,3}(?:\.\d+)?")
"""A number alone that can only be so many days; a longer one may be a year, a date or a moment."""
_EPOCH = re.compile(r"\d{9,11}(?:\.\d+)?")
_LONGEST = 36_525 * 86_400
"""Seconds of a hundred years."""
_INPUT_CHARACTERS = 200
_NAMED = 5
"""Unreadable transcripts that are named; of the others it is said how many there are."""
_SAID_HERE = logging.NullHandler()
_HINTS = {
    "since": "Give a date (2026-01-31), so long ago (7d, 12h), or epoch seconds (1700000000).",
    "status": "--status takes completed, failed or killed.",
    "limit": "Such as --limit 100.",
    "older_than": "Give --older-than (such as 30d, 12h), --max-size (such as 2GB), or both.",
    "max_size": "Such as --max-size 500MB, 2GB.",
    "redact": "--redact takes a regular expression.",
}
"""What to do about a wrong argument, in words of the command line."""


def add_history(commands: Any) -> None:
    """Add `history` and its own commands to the parser of `claude-widget`."""
    about = "find, show and remove executions that have ended"
    parser: argparse.ArgumentParser = commands.add_parser("history", help=about)
    own = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_finding(own)
    _add_one(own, "show", _show, "what one was asked, did and said").add_argument(
        "--json", action="store_true", help="as JSON"
    )
    export = _add_one(own, "export", _export, "write one to a file that stands alone")
    export.add_argument("file", metavar="FILE", help="its suffix says how: .html, .md or .jsonl")
    about = "take out what it matches, too; may be given more than once"
    export.add_argument("--redact", action="append", default=[], metavar="REGEX", help=about)
    _add(own, "rebuild", _rebuild, "make the index anew from the transcripts")
    prune = _add(own, "prune", _prune, "remove the oldest for good, but for those that are pinned")
    prune.add_argument("--older-than", metavar="AGE", help="such as 30d, 12h; days by default")
    prune.add_argument("--max-size", metavar="SIZE", help="of all that is kept, such as 2GB")
    prune.add_argument("--dry-run", action="store_true", help="only say what would go")
    prune.add_argument("--json", action="store_true", help="as JSON")
    _add_one(own, "pin", _pin, "keep one, whatever its age and size").set_defaults(pinned=True)
    _add_one(own, "unpin", _pin, "take its pin away").set_defaults(pinned=False)


def _add(
    own: Any, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = own.add_parser(name, help=about)
    parser.add_argument("--state-dir", help="the state folder")
    parser.set_defaults(run=run)
    return parser


def _add_one(
    own: Any, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    parser = _add(own, name, run, about)
    parser.add_argument("execution_id", metavar="ID", help="its id, or the beginning of it")
    return parser


def _add_finding(own: Any) -> None:
    for name, about in (("list", "the newest"), ("search", "those that have all these words")):
        found = _add(own, name, _list, about)
        found.set_defaults(words=[])
        if name == "search":
            found.add_argument("words", nargs="+", metavar="WORD", help="nothing in it is syntax")
        found.add_argument("--project", metavar="FOLDER", help="of that folder, or below it")
        found.add_argument("--status", help="completed, failed or killed")
        found.add_argument("--since", metavar="WHEN", help="such as 2026-01-31, or 7d ago")
        found.add_argument("--model", help="a part of its name")
        found.add_argument("--limit", type=int, default=20, help="how many at most (20)")
        found.add_argument("--json", action="store_true", help="a JSON object a line")


def opened(state_dir: str | None) -> StateFolder:
    """The state folder that a command reads.

    Args:
        state_dir: as it was given; None is the user's own.

    Raises:
        ClaudeWidgetError: one was named, here or by the environment, and it is none, or it cannot
            be used. None is made in its place.
    """
    given = state_dir or os.environ.get(STATE_VARIABLE)
    hint = "Name another one with --state-dir."
    if given and not (Path(given).expanduser() / "executions").is_dir():
        raise ClaudeWidgetError(f"{given} is no state folder: it has no executions.", hint=hint)
    try:
        return StateFolder(state_dir)
    except ClaudeWidgetError as error:
        raise ClaudeWidgetError(error.message, hint=hint) from None


def in_words_of_the_shell(error: ClaudeWidgetError) -> str:
    """What went wrong and what to do next, as who types commands can do it."""
    hint = error.hint
    if isinstance(error, ExecutionNotFound):
        hint = "`claude-widget history list` shows those that have ended."
    elif isinstance(error, InvalidRequest):
        hint = _HINTS.get(error.field, hint)
    return f"{error.message} {hint}".strip()


class _History:
    """The history of the state folder that was asked for, up to date."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.folder = opened(asked.state_dir)
        logging.getLogger(HistoryIndex.__module__).addHandler(_SAID_HERE)  # and not by the log
        self.index = HistoryIndex(self.folder.path)
        self.sync = HistorySync(self.folder.executions, self.index)
        self._said = 0

    def look(self) -> _History:
        """Take in what has ended meanwhile, and say what was wrong."""
        for note in self.sync.sync().notes[self._said :]:
            self._said += 1
            _say(note, to_stderr=True)
        return self

    def search(self, found: Wanted) -> list[HistoryEntry]:
        """What is wanted, newest first."""
        while True:
            self.look()
            before = self.index.renewals
            entries = self.index.search(found)
            if self.index.renewals == before:  # else it was searched while it was empty
                return entries

    def one(self, beginning: str) -> HistoryEntry:
        """The execution whose id begins so.

        Raises:
            ExecutionNotFound: there is none.
            InvalidRequest: there are several.
        """
        ids = self.look().index.ids_that_begin(beginning) if beginning else []
        if len(ids) > 1:
            raise InvalidRequest(
                f"Several ids begin with {beginning!r}.", field="execution_id", hint="Give more."
            )
        entry = self.index.get(ids[0]) if ids else None
        if entry is None:
            raise ExecutionNotFound(beginning)
        return entry


def _list(asked: argparse.Namespace) -> int:
    text = " ".join(asked.words) or None
    since = None if asked.since is None else _since(asked.since)
    found = wanted(
        text,
        project=asked.project,
        status=asked.status,
        since=since,
        model=asked.model,
        limit=asked.limit,
    )
    entries = _History(asked).search(found)
    if asked.json:
        for entry in entries:
            _say(json.dumps(_as_data(entry)))
    else:
        _say(table(entries))
    return 0


def _show(asked: argparse.Namespace) -> int:
    history = _History(asked)
    entry = history.one(asked.execution_id)
    transcript = history.folder.executions / entry.execution_id / "transcript"
    calls = tool_calls_of(entry.execution_id, transcript)
    if asked.json:
        _say(json.dumps({**_as_data(entry), "tool_calls": [call._asdict() for call in calls]}))
        return 0
    _say(f"{entry.execution_id}  {entry.status} ({entry.reason})")
    for name, value in (
        ("Name", entry.name),
        ("Folder", entry.project_path),
        ("Model", entry.model),
        ("Claude Code", entry.cli_version),
        ("Asked for", moment(entry.created_time)),
        ("Duration", "" if entry.duration is None else f"{entry.duration:.1f} s"),
        ("Cost", cost(entry)),
        ("Tokens", f"{entry.input_tokens:,} in, {entry.output_tokens:,} out"),
        ("Session", entry.session_id),
        ("Continues", entry.resumed_from),
        ("Pinned", "yes" if entry.pinned else ""),
        ("Error", entry.error),
    ):
        if value:
            _say(f"{name + ':':13}{value}")
    _say(f"\n> {entry.query}\n")
    for call in calls:
        _say(_call_line(call))
    _say(entry.result or "(no result)")
    return 0


def _call_line(call: ToolCall) -> str:
    said = json.dumps(call.input, ensure_ascii=False)
    shown = said[:_INPUT_CHARACTERS] + ("…" if len(said) > _INPUT_CHARACTERS else "")
    return f"- {call.name} {shown}" + (" (an error)" if call.is_error else "")


def _export(asked: argparse.Namespace) -> int:
    history = _History(asked)
    entry = history.one(asked.execution_id)
    one = OnDisk(history.folder).get(entry.execution_id)
    if one is None:
        raise ExecutionNotFound(entry.execution_id)
    redactor = Redactor(asked.redact, values=secrets_of(one.run.request))
    _say(str(export_execution(one.info, one.run.transcript, asked.file, redactor)))
    return 0


def _rebuild(asked: argparse.Namespace) -> int:
    report = _History(asked).sync.rebuild()
    _say(str(report))
    for execution_id, why in list(report.unreadable.items())[:_NAMED]:
        _say(f"{execution_id}: {why}", to_stderr=True)
    if len(report.unreadable) > _NAMED:
        _say(f"and {len(report.unreadable) - _NAMED:,} more", to_stderr=True)
    return 0


def _prune(asked: argparse.Namespace) -> int:
    history = _History(asked)
    older = None if asked.older_than is None else _seconds("older_than", asked.older_than)
    most = None if asked.max_size is None else _bytes(asked.max_size)
    if older is None and most is None:
        raise InvalidRequest("Say what is to go.", field="older_than")
    removed: list[str] = []
    retention = Retention(OnDisk(history.folder), removed.append)
    report = retention.prune(older, most, dry_run=asked.dry_run)
    history.index.remove(removed)
    if asked.json:
        _say(json.dumps(report.model_dump(mode="json")))
        return 0
    for one in report.removed:
        _say(f"{one.execution_id}  {moment(one.end_time)}  {one.size:,} bytes  {one.name or ''}")
    for batch_id in report.batches:
        _say(f"{batch_id}  the file of a batch")
    for execution_id, why in report.kept.items():
        _say(f"{execution_id}  kept: {why}")
    _say(repr(report).removeprefix("<PruneReport: ").removesuffix(">"))
    return 0


def _pin(asked: argparse.Namespace) -> int:
    history = _History(asked)
    entry = history.one(asked.execution_id)
    pin(history.folder.executions / entry.execution_id, pinned=asked.pinned)
    history.index.pin(entry.execution_id, pinned=asked.pinned)
    _say(f"{entry.execution_id} is {'' if asked.pinned else 'not '}pinned")
    return 0


def _as_data(entry: HistoryEntry) -> dict[str, Any]:
    said = entry._asdict()
    del said["inputs"]
    return {**said, "duration": entry.duration}


def _since(said: str) -> Since:
    """A moment as it stands, or so long ago."""
    if _EPOCH.fullmatch(said):
        return float(said)
    ago = _AGO.fullmatch(said)
    if ago is None or (not ago[2] and not _DAYS.fullmatch(said)):
        return said
    return timedelta(seconds=_seconds("since", said))


def _seconds(field: str, said: str) -> float:
    found = _AGO.fullmatch(said.strip())
    seconds = math.inf if found is None else float(found[1]) * _SECONDS[found[2]]
    if seconds > _LONGEST:
        raise InvalidRequest(f"{field} cannot be {said!r}.", field=field)
    return seconds


def _bytes(said: str) -> int:
    try:
        return int(TypeAdapter(ByteSize).validate_python(said))
    except ValidationError:
        raise InvalidRequest(f"max_size cannot be {said!r}.", field="max_size") from None


def _say(text: str, *, to_stderr: bool = False) -> None:
    """Print text, and nothing that a terminal would obey."""
    shown = visible(text).encode("utf-8", "replace").decode()
    print(shown, file=sys.stderr if to_stderr else sys.stdout)
