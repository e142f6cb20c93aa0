"""The history's index: one SQLite file in the state folder, with a full text search over it.

The rule: it can always be made again from the transcripts, so it is never mended: a file that is
corrupt, of another version, or held for too long is moved aside, and a new one begun. It knows
rows and SQL, and no transcript. A connection lives for one piece of work; several processes may
be at it at once. Where no file can be written, the index is in memory.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from claude_widget.history import schema
from claude_widget.history.entry import HistoryEntry
from claude_widget.history.errors import HistoryUnavailable
from claude_widget.history.filter import Wanted, clean, conditions, match_of, row_id, words_apart
from claude_widget.own_files import open_own

NAME = f"history-{schema.VERSION}.sqlite3"
LOCK = "history.lock"
"""The file that is locked while an index is moved aside."""
BUSY = 10.0
"""Seconds that another process may hold the index; nobody who works does so for a tenth of that."""
_TRIES = 4
_LOCK_TRIES = 100
_LOCK_PAUSE = 0.01
_COMPANIONS = ("-journal", "-wal", "-shm")
_LOOKED_THROUGH = 2_000
"""Executions whose texts are looked through for what is no word, and so in no index."""
_AMONG_THE_NEWEST = (
    "e.id > coalesce((SELECT id FROM executions ORDER BY id DESC LIMIT 1 OFFSET ?), -1e18)"
)
_OPENING = threading.Lock()
"""Held while a file is made: a descriptor that is closed lets go of all locks of the process."""
_LOG = logging.getLogger(__name__)
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class HistoryIndex:
    """The index of one state folder. Safe from any thread.

    Args:
        folder: the state folder.
        busy: seconds that another process may hold it.

    Attributes:
        path: the file.
        notes: what was moved aside, and why it is in memory, in words; each is said once.
        renewals: how often it was begun anew, so that it has to be filled again.
    """

    def __init__(self, folder: Path, *, busy: float = BUSY) -> None:
        self.path = folder / NAME
        self.notes: list[str] = []
        self.renewals = 0
        self._busy = busy
        self._lock = threading.RLock()
        self._memory: sqlite3.Connection | None = None

    # -- what it has -------------------------------------------------------------------------

    @property
    def in_memory(self) -> bool:
        """It lies in no file, and is filled anew by each process."""
        return self._memory is not None

    def is_complete(self) -> bool:
        """Whether it was filled with all that there was when it was begun."""
        return bool(self._do(lambda db: db.execute("SELECT complete FROM about").fetchone()[0]))

    def sizes(self) -> dict[str, int]:
        """Bytes of the transcript that each entry was made of, by execution id."""
        said = "SELECT execution_id, size FROM executions"
        return dict(self._do(lambda db: db.execute(said).fetchall()))

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of these executions that are in it."""
        asked = ",".join("?" * len(ids))
        said = f"SELECT execution_id FROM executions WHERE execution_id IN ({asked})"  # noqa: S608
        return {row[0] for row in self._do(lambda db: db.execute(said, ids).fetchall())}

    def get(self, execution_id: str) -> HistoryEntry | None:
        """The entry of one execution, or None."""
        said = f"{schema.SELECT} {schema.TEXTS} WHERE e.execution_id = ?"
        found = self._do(lambda db: _entries(db, said, (clean(execution_id),)))
        return found[0] if found else None

    def ids_that_begin(self, beginning: str) -> list[str]:
        """Ids of executions that begin so; two at most, which is one too many."""
        said = "SELECT execution_id FROM executions WHERE execution_id >= ? AND execution_id < ?"
        between = (clean(beginning), clean(beginning) + "\U0010ffff")
        rows = self._do(lambda db: db.execute(f"{said} LIMIT 2", between).fetchall())
        return [row[0] for row in rows]

    def search(self, asked: Wanted) -> list[HistoryEntry]:
        """What is wanted, newest request first."""
        found, values, join = _where(asked)
        order = "search.rowid" if join == schema.MATCHED else "e.id"  # FTS5 stops at the limit, too
        texts = "" if join == schema.TEXTS else schema.TEXTS
        said = f"{schema.SELECT} {join} {texts} WHERE {found} ORDER BY {order} DESC LIMIT ?"
        values.append(-1 if asked.limit is None else asked.limit)
        return self._do(lambda db: _entries(db, said, values))

    def number(self, entry: HistoryEntry) -> int:
        """The number of an entry's row: those that were asked for earlier have lower ones."""
        said = "SELECT id FROM executions WHERE execution_id = ?"
        row = self._do(lambda db: db.execute(said, (clean(entry.execution_id),)).fetchone())
        return row[0] if row else row_id(entry.created_time)  # removed a moment ago

    def count(self, asked: Wanted) -> int:
        """How many are wanted, whatever the limit and the page."""
        found, values, join = _where(asked._replace(before=None))
        said = f"SELECT count(*) FROM executions e {join} WHERE {found}"  # noqa: S608
        return int(self._do(lambda db: db.execute(said, values).fetchone())[0])

    def models(self, limit: int) -> list[str]:
        """The models there are, those of most executions first."""
        rows = self._do(lambda db: db.execute(schema.MODELS, (limit,)).fetchall())
        return [row[0] for row in rows]

    def totals(self, asked: Wanted) -> list[tuple[Any, ...]]:
        """Sums of all that is wanted, whatever the limit: a row a day, model and project."""
        found, values, join = _where(asked)
        said = f"{schema.TOTALS} {join} WHERE {found} {schema.GROUPED}"
        return self._do(lambda db: db.execute(said, values).fetchall())

    # -- what changes it ---------------------------------------------------------------------

    def put(self, entries: Sequence[HistoryEntry]) -> int:
        """Keep entries, in one transaction; how many were new. One that is there stays."""
        return self._do(lambda db: _put(db, entries))

    def remove(self, ids: Iterable[str]) -> None:
        """Keep nothing of these executions any longer."""
        gone = list(ids)
        if gone:
            self._do(lambda db: _remove(db, gone))

    def pin(self, execution_id: str, *, pinned: bool) -> None:
        """Note that retention keeps an execution, or no longer does."""
        said = "UPDATE executions SET pinned = ? WHERE execution_id = ?"
        self._do(lambda db: db.execute(said, (pinned, execution_id)))

    def set_complete(self) -> None:
        """All that there is, is in it."""
        self._do(lambda db: db.execute("UPDATE about SET complete = 1"))

    def begin_anew(self) -> Path | None:
        """Begin another index; where the one before lies now, for whoever removes it later."""
        with self._lock:
            if self._memory is not None:
                self._memory = _in_memory()
                return None

            def move(db: sqlite3.Connection) -> Path | None:
                db.execute("BEGIN EXCLUSIVE")  # nobody is to be amid a change of it
                return self._move_aside("replaced", _inode(self.path))

            return self._do(move)

    # -- how ---------------------------------------------------------------------------------

    def _do(self, work: Work[T]) -> T:
        """Do a piece of work on a connection; another one where the index must be begun anew.

        Raises:
            HistoryUnavailable: it cannot be done now, such as on a full disk.
        """
        with self._lock:
            for _ in range(_TRIES):
                inode = _inode(self.path)
                try:
                    with self._opened() as connection:
                        return work(connection)
                except schema.NotOurs as error:
                    self._set_aside(error.why, inode)
                except sqlite3.Error as error:
                    self._recover(error, inode)
                except OSError as error:
                    self._go_to_memory(error.strerror or str(error))
        raise HistoryUnavailable("The history's index cannot be opened.", path=str(self.path))

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        if self._memory is not None:
            yield self._memory
            return
        with _OPENING:
            _make_file(self.path)
            connection = sqlite3.connect(self.path, timeout=self._busy, isolation_level=None)
        try:
            schema.prepare(connection, self.path)
            yield connection
        finally:
            connection.close()

    def _recover(self, error: sqlite3.Error, inode: int) -> None:
        """Make that the next try can do better.

        Raises:
            HistoryUnavailable: it cannot.
        """
        kind = schema.kind_of(error)
        if self._memory is not None or kind == "other":
            raise HistoryUnavailable(
                f"The history's index cannot be used: {error}.", path=str(self.path)
            ) from error
        if kind == "unwritable":
            self._go_to_memory(str(error))
        elif kind != "moved":  # by another process, which has begun a new one
            self._set_aside(kind, inode)

    def _set_aside(self, why: str, inode: int) -> None:
        """Move the file aside that could not be used, and say so."""
        self.renewals += 1
        try:
            kept = self._move_aside(why, inode)
        except OSError as error:
            self._go_to_memory(error.strerror or str(error))
            return
        if kept is not None:
            self._note(
                f"The history's index was {schema.WORDS[why]}; it is kept as {kept}, and a new "
                "one is made from the transcripts."
            )

    def _move_aside(self, why: str, inode: int) -> Path | None:
        """Move the file aside, if it is that one still; where it is now."""
        with self._moving():
            if not inode or _inode(self.path) != inode:
                return None
            stem = f"{NAME}.{why}-{time.strftime('%Y%m%d-%H%M%S')}"
            kept, number = self.path.with_name(stem), 1
            while kept.exists():
                number += 1
                kept = self.path.with_name(f"{stem}-{number}")
            for suffix in _COMPANIONS:  # a journal that stays would be played into the new file
                companion = self.path.with_name(NAME + suffix)
                with contextlib.suppress(FileNotFoundError):
                    if companion.stat(follow_symlinks=False).st_size:
                        companion.rename(f"{kept}{suffix}")
                    else:
                        companion.unlink()
            self.path.rename(kept)
            if why != "foreign":
                self._remove_earlier(why, kept)
            return kept

    def _remove_earlier(self, why: str, kept: Path) -> None:
        """Keep one index of ours for each reason: what is in one is in the transcripts, too."""
        stay = {f"{kept.name}{suffix}" for suffix in ("", *_COMPANIONS)}
        for path in self.path.parent.glob(f"{NAME}.{why}-*"):
            if path.name not in stay:
                with contextlib.suppress(OSError):
                    path.unlink()

    @contextlib.contextmanager
    def _moving(self) -> Iterator[None]:
        """One process at a time; a stopped one is not waited for."""
        fd = open_own(self.path.with_name(LOCK), os.O_RDWR | os.O_CREAT)
        try:
            for _ in range(_LOCK_TRIES):
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                time.sleep(_LOCK_PAUSE)
            yield
        finally:
            os.close(fd)

    def _go_to_memory(self, problem: str) -> None:
        self._memory = _in_memory()
        self.renewals += 1
        self._note(
            f"The history's index {self.path} cannot be written ({problem}): this process reads "
            "the transcripts instead, and keeps no index."
        )

    def _note(self, note: str) -> None:
        self.notes.append(note)
        _LOG.warning("%s", note)


def _where(asked: Wanted) -> tuple[str, list[object], str]:
    """The conditions, their values, and what they need beside the executions."""
    found, values = conditions(asked)
    join = ""
    if asked.text is not None:
        match = match_of(asked.text)
        if match:
            join = schema.MATCHED
            found.insert(0, "search MATCH ?")
            values.insert(0, match)
            if asked.before is not None:  # so that FTS5 begins there
                found.append("search.rowid < ?")
                values.append(asked.before)
        else:  # not a word in it: such as an arrow, which is looked for as it stands
            join = schema.TEXTS
            found.insert(0, schema.CONTAINS)
            values.insert(0, asked.text.strip())
            found.append(_AMONG_THE_NEWEST)
            values.append(_LOOKED_THROUGH)
    return " AND ".join(found) or "1", values, join


def _entries(db: sqlite3.Connection, said: str, values: Sequence[object]) -> list[HistoryEntry]:
    return [schema.entry_in(row) for row in db.execute(said, values)]


def _put(db: sqlite3.Connection, entries: Sequence[HistoryEntry]) -> int:
    new = 0
    db.execute("BEGIN IMMEDIATE")
    try:
        for entry in entries:
            there = "SELECT 1 FROM executions WHERE execution_id = ?"
            if db.execute(there, (clean(entry.execution_id),)).fetchone():
                continue
            number = row_id(entry.created_time)
            while db.execute("SELECT 1 FROM executions WHERE id = ?", (number,)).fetchone():
                number += 1
            figures, texts = schema.row_of(entry)
            db.execute(schema.INSERT, (number, *figures))
            db.execute("INSERT INTO texts VALUES (?,?)", (number, schema.pack(texts)))
            db.execute(schema.INSERT_SEARCH, (number, *map(words_apart, texts)))
            new += 1
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise
    return new


def _remove(db: sqlite3.Connection, ids: Sequence[str]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for execution_id in ids:
            said = "SELECT id FROM executions WHERE execution_id = ?"
            for (number,) in db.execute(said, (clean(execution_id),)).fetchall():
                packed = "SELECT packed FROM texts WHERE id = ?"
                texts = schema.unpack(db.execute(packed, (number,)).fetchone()[0])
                db.execute(schema.DELETE_SEARCH, (number, *map(words_apart, texts)))
                db.execute("DELETE FROM texts WHERE id = ?", (number,))
                db.execute("DELETE FROM executions WHERE id = ?", (number,))
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise


def _roll_back(db: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):  # the error has done so itself
        db.execute("ROLLBACK")


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    schema.create(connection)
    return connection


def _make_file(path: Path) -> None:
    """Make the file if there is none; SQLite gives its journals the same mode.

    Raises:
        NotOurs: something else is in its place.
        OSError: it cannot be made.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        os.close(open_own(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
        return
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise schema.NotOurs("foreign")
    if stat.S_IMODE(found.st_mode) != 0o600:
        path.chmod(0o600)


def _inode(path: Path) -> int:
    """The number of what is at a path; 0 if there is nothing."""
    try:
        return path.lstat().st_ino
    except OSError:
        return 0
