"""The history's tables, and how a row and an entry become each other.

The rule: SQL and what SQLite says; it opens no file. The id of a row is the millisecond in which
the execution was asked for (or the next one that is free), so that the order of ids is that of
time: a listing and a search stop at their limit and need no other index, even one that finds next
to nothing (rows are small, since texts lie apart: 100,000 are read in 30 ms). FTS5 keeps no
text (it is contentless); an execution's texts are kept once, packed, in `texts`.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import psutil

from claude_widget.history.entry import HistoryEntry
from claude_widget.history.filter import clean

VERSION = 1
"""Of the tables (`user_version`), which is in the file's name as well: two versions of this package
that work on one state folder have a file each. What has another one inside is moved aside."""
SAFE_WAL = (3, 51, 3)
"""Before it a file in WAL mode can become corrupt when two connections reset the log at once."""
_LOCAL = frozenset(
    {"apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "tmpfs", "ufs", "xfs"}
    | {"zfs"}
)
"""File systems whose locks and shared memory hold; a network's may not."""
_LEVEL = 1
"""Of zlib: a fifth more room than the best one takes, in a third of the time."""
_TEXT = ("query", "result", "inputs")
_FIGURES = tuple(name for name in HistoryEntry._fields if name not in _TEXT)
_COLUMNS = {
    "execution_id": "TEXT NOT NULL UNIQUE",
    "status": "TEXT NOT NULL",
    "reason": "TEXT NOT NULL",
    "project_path": "TEXT NOT NULL",
    "created_time": "REAL NOT NULL",
    "start_time": "REAL",
    "end_time": "REAL",
    "cost_usd": "REAL",
    "input_tokens": "INTEGER NOT NULL",
    "output_tokens": "INTEGER NOT NULL",
    "cache_creation_input_tokens": "INTEGER NOT NULL",
    "cache_read_input_tokens": "INTEGER NOT NULL",
    "num_turns": "INTEGER",
    "tool_count": "INTEGER NOT NULL",
    "recorded": "INTEGER NOT NULL",
    "error": "TEXT NOT NULL",
    "size": "INTEGER NOT NULL",
    "pinned": "INTEGER NOT NULL",
}
_TABLES = (
    "CREATE TABLE about(complete INTEGER NOT NULL)",
    "INSERT INTO about VALUES (0)",
    "CREATE TABLE executions(id INTEGER PRIMARY KEY, "
    + ", ".join(f"{name} {_COLUMNS.get(name, 'TEXT')}" for name in _FIGURES)
    + ")",
    "CREATE TABLE texts(id INTEGER PRIMARY KEY, packed BLOB NOT NULL)",
    (
        "CREATE VIRTUAL TABLE search USING fts5(query, result, inputs, content='', "
        "tokenize='unicode61 remove_diacritics 2')"
    ),
)
SELECT = (
    f"SELECT {', '.join(f'e.{name}' for name in _FIGURES)}, "  # noqa: S608 - names of our own
    "texts.packed FROM executions e"
)
TEXTS = "JOIN texts ON texts.id = e.id"
MATCHED = "JOIN search ON search.rowid = e.id"
CONTAINS = "contains(texts.packed, ?)"
"""A function of ours: whether one of the texts has that in it, as it stands."""
INSERT = f"INSERT INTO executions VALUES ({', '.join('?' * (len(_FIGURES) + 1))})"  # noqa: S608
INSERT_SEARCH = "INSERT INTO search(rowid, query, result, inputs) VALUES (?,?,?,?)"
DELETE_SEARCH = "INSERT INTO search(search, rowid, query, result, inputs) VALUES ('delete',?,?,?,?)"
TOTAL_FIELDS = (
    "day",
    "model",
    "project_path",
    "executions",
    "failed",
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cost_usd",
    "recorded_cost_usd",
    "recorded_tokens",
    "seconds",
    "tool_calls",
)
TOTALS = """
SELECT date(e.created_time, 'unixepoch', 'localtime'), coalesce(e.model, ''), e.project_path,
    count(*), sum(e.status != 'completed'),
    sum(iif(e.recorded, 0, e.input_tokens)), sum(iif(e.recorded, 0, e.output_tokens)),
    sum(iif(e.recorded, 0, e.cache_creation_input_tokens)),
    sum(iif(e.recorded, 0, e.cache_read_input_tokens)),
    total(iif(e.recorded, 0, e.cost_usd)), total(iif(e.recorded, e.cost_usd, 0)),
    sum(iif(e.recorded, e.input_tokens + e.output_tokens + e.cache_creation_input_tokens
        + e.cache_read_input_tokens, 0)),
    total(e.end_time - e.start_time), sum(e.tool_count)
FROM executions e
"""
MODELS = (
    "SELECT model FROM executions WHERE model != '' GROUP BY model ORDER BY count(*) DESC, model "
    "LIMIT ?"
)
GROUPED = "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
WORDS = {
    "corrupt": "corrupt",
    "locked": "locked by another process for too long",
    "newer": "written by a newer version of claude-widget",
    "foreign": "not a file of ours",
}
"""Why one is moved aside."""
_BUSY, _LOCKED = 5, 6
_FULL = 13
_CORRUPT = (11, 24, 26)
_UNWRITABLE = (3, 8, 10, 14, 23)
_MOVED = 1032
"""SQLite's codes: SQLITE_BUSY and so on; SQLITE_READONLY_DBMOVED."""


class NotOurs(Exception):
    """The file is none that this version can use.

    Attributes:
        why: a key of `WORDS`.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make a connection ready, and its file if that is new.

    Raises:
        NotOurs: the file is of another version, or of something else.
        OSError: there is no room for a new one.
    """
    connection.create_function("contains", 2, _contains, deterministic=True)
    version = _version(connection)
    mode = journal_mode(sqlite3.sqlite_version_info, path)
    connection.execute(f"PRAGMA journal_mode={mode}").fetchone()
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA secure_delete=ON")  # what was pruned is not to be read in the file
    if version == VERSION:
        return
    try:
        _begin(connection)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == _FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def _begin(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file."""
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection) != VERSION:  # another process may just have made them
        if _version(connection) > VERSION:
            raise NotOurs("newer")
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise NotOurs("foreign")
        create(connection)
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def create(connection: sqlite3.Connection) -> None:
    """Make the tables."""
    connection.create_function("contains", 2, _contains, deterministic=True)
    for table in _TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA user_version={VERSION}")


def journal_mode(version: tuple[int, ...], path: Path) -> str:
    """WAL where it is safe, by SQLite's version and the file system; else TRUNCATE."""
    return "WAL" if version >= SAFE_WAL and file_system(path) in _LOCAL else "TRUNCATE"


def file_system(path: Path) -> str:
    """The type of the file system that a file is on; empty if that cannot be known."""
    try:
        mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
        place = path.parent.resolve()
    except (OSError, psutil.Error):
        return ""
    return next((mounts[str(p)] for p in (place, *place.parents) if str(p) in mounts), "")


def kind_of(error: sqlite3.Error) -> str:
    """What an error says of the file: a key of `WORDS`, "moved", "unwritable" or "other"."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code == _MOVED:
        return "moved"
    primary = code & 0xFF
    if primary in (_BUSY, _LOCKED):
        return "locked"
    if primary in _CORRUPT or (primary == 1 and "no such " in str(error)):
        return "corrupt"
    return "unwritable" if primary in _UNWRITABLE else "other"


def row_of(entry: HistoryEntry) -> tuple[list[Any], list[str]]:
    """An entry's figures, and its texts, as SQLite can keep them."""
    said = entry._asdict()
    figures = [_kept(said[name]) for name in _FIGURES]
    return figures, [clean(said[name]) for name in _TEXT]


def pack(texts: list[str]) -> bytes:
    """An execution's texts in less room."""
    return zlib.compress(json.dumps(texts, ensure_ascii=False).encode(), _LEVEL)


def unpack(packed: bytes) -> list[str]:
    """The texts that were packed.

    Raises:
        NotOurs: they are damaged.
    """
    try:
        texts = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError, TypeError) as error:
        raise NotOurs("corrupt") from error
    return [str(text) for text in texts]


def _contains(packed: bytes, text: str) -> bool:
    try:
        return any(text in one for one in unpack(packed))
    except NotOurs:
        return False


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int):
        return max(-(2**63), min(2**63 - 1, value))
    return value


def entry_in(row: tuple[Any, ...]) -> HistoryEntry:
    """The entry of a row of `SELECT`.

    Raises:
        NotOurs: it is damaged.
    """
    said = dict(zip(_FIGURES, row[:-1], strict=True))
    said |= {"recorded": bool(said["recorded"]), "pinned": bool(said["pinned"])}
    said |= dict(zip(_TEXT, unpack(row[-1]), strict=True))
    return HistoryEntry(**said)
