"""What is looked for in the history, as it was asked for and as SQLite is asked.

The rule: checks and words only; it opens nothing. Whatever a user types is text to be found: no
character of it is syntax, and no length of it is an error.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from claude_widget.errors import InvalidRequest
from claude_widget.models import ExecutionStatus

Since = float | str | date | timedelta
"""Epoch seconds, a date or a moment (as text in ISO 8601), or how long ago."""
ENDED = tuple(str(status) for status in ExecutionStatus if status.ended)
_BETWEEN_WORDS = re.compile(r"[\s\x00-\x1f]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_WORDS = 10_000
"""Different words of one search; more than a person types."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Characters of scripts that put no spaces between words: Chinese, Japanese, Thai and the like."""
_LONGEST_UNSPACED = 500
"""Characters of such a word that are looked for: each is one of its own to the index."""


class Wanted(NamedTuple):
    """Which executions are wanted; None is whichever.

    Attributes:
        text: words, all of which are in the query, the result or the inputs.
        project: a folder; those below it count as well.
        status: completed, failed or killed.
        since: epoch seconds; the request is not older.
        model: a part of the model's name.
        limit: how many at most, the newest; None is all.
        before: only rows of a lower number: what comes behind a page.
    """

    text: str | None = None
    project: str | None = None
    status: str | None = None
    since: float | None = None
    model: str | None = None
    limit: int | None = None
    before: int | None = None


def wanted(
    text: str | None = None,
    *,
    project: str | os.PathLike[str] | None = None,
    status: str | None = None,
    since: Since | None = None,
    model: str | None = None,
    limit: int | None = None,
) -> Wanted:
    """What was asked for, checked.

    Raises:
        InvalidRequest: the status, the moment or the limit is none, or a text is no text.
    """
    for field, given in (("text", text), ("model", model)):
        if given is not None and not isinstance(given, str):
            raise InvalidRequest(f"{field} must be text, not {given!r}.", field=field)
    if project is not None and not isinstance(project, str | os.PathLike):
        raise InvalidRequest(f"project must be a folder, not {project!r}.", field="project")
    if status is not None and str(status) not in ENDED:
        raise InvalidRequest(
            f"status cannot be {str(status)!r}: the history is of what has ended.",
            field="status",
            hint="One of: " + ", ".join(ENDED) + "; manager.get_active_executions() has the rest.",
        )
    if limit is not None and (type(limit) is not int or limit < 0):
        raise InvalidRequest(f"limit must be a number from 0 on, not {limit!r}.", field="limit")
    return Wanted(
        text=None if text is None or not text.strip("\0 \t\r\n") else clean(text),
        project=None if project is None else _folder(project),
        status=None if status is None else str(status),
        since=None if since is None else _moment(since),
        model=None if model is None else clean(model),
        limit=None if limit is None else min(limit, 2**62),
    )


def _folder(project: str | os.PathLike[str]) -> str:
    """As executions name theirs: absolute and without links."""
    try:
        return clean(str(Path(project).expanduser().resolve()))
    except (OSError, ValueError, RuntimeError):  # no path; then no execution has it
        return clean(str(project))


def clean(text: str) -> str:
    """The text as UTF-8 can hold it."""
    return _SURROGATE.sub("\ufffd", text)


def conditions(asked: Wanted) -> tuple[list[str], list[object]]:
    """SQL conditions over `executions` as `e`, joined by AND, and their values; not the text's."""
    found: list[tuple[str, tuple[object, ...]]] = []
    if asked.project is not None:
        below = asked.project.rstrip("/") + "/"
        after = below[:-1] + "0"  # the character after the slash
        said = "(e.project_path = ? OR (e.project_path >= ? AND e.project_path < ?))"
        found.append((said, (asked.project, below, after)))
    if asked.status is not None:
        found.append(("e.status = ?", (asked.status,)))
    if asked.since is not None:
        said = "(e.id >= ? AND e.created_time >= ?)"
        found.append((said, (row_id(asked.since), asked.since)))
    if asked.before is not None:
        found.append(("e.id < ?", (asked.before,)))
    if asked.model is not None:
        found.append((r"e.model LIKE ? ESCAPE '\'", (f"%{_escaped(asked.model)}%",)))
    return [said for said, _ in found], [value for _, values in found for value in values]


def _escaped(text: str) -> str:
    """As LIKE takes it for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def row_id(created_time: float) -> int:
    """The least id of a row whose execution was asked for then: the order of ids is that of time.

    Args:
        created_time: epoch seconds.
    """
    return int(max(-1e15, min(1e15, created_time * 1000)))


def match_of(text: str) -> str:
    """The FTS5 expression that finds every word of a text, the last one as a beginning.

    Empty if there is no word in it. Each word is a quoted string, in which nothing is syntax.
    """
    said = list(_words(text))
    if not said:
        return ""
    words = list(dict.fromkeys(said[:-1]))
    if len(words) >= _MOST_WORDS:  # the longest tell most
        words = sorted(words, key=len)[1 - _MOST_WORDS :]
    words.append(said[-1])
    quoted = ['"' + _phrase(word).replace('"', '""') + '"' for word in words]
    return " ".join(quoted) + "*"


def words_apart(text: str) -> str:
    """A text as the index takes it in: what has no spaces between its words gets some.

    A character of such a script is a word of its own then, and what is looked for a phrase of them,
    so that a word is found wherever it stands.
    """
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", text)


def _phrase(word: str) -> str:
    apart = words_apart(word)
    return apart if apart == word else words_apart(word[:_LONGEST_UNSPACED]).strip()


def _words(text: str) -> Iterator[str]:
    for word in _BETWEEN_WORDS.split(text):
        if any(character.isalnum() for character in word):
            yield word


def _moment(since: Since) -> float:
    """Epoch seconds.

    Raises:
        InvalidRequest: it is no moment.
    """
    try:
        if isinstance(since, timedelta):
            return time.time() - since.total_seconds()
        if isinstance(since, str):
            since = datetime.fromisoformat(since)
        if isinstance(since, datetime):
            return since.timestamp()
        if isinstance(since, date):
            return datetime(since.year, since.month, since.day).timestamp()  # noqa: DTZ001 - local
        if not isinstance(since, bool) and math.isfinite(since):
            return float(since)
    except (ValueError, TypeError, OverflowError, OSError):
        pass
    raise InvalidRequest(
        f"since cannot be {since!r}.",
        field="since",
        hint="Epoch seconds, a datetime, a date such as '2026-01-31', or a timedelta.",
    )
