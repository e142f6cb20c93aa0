"""One execution as a file that stands alone: a page, a document, or its records.

The rule: what is written is redacted, and takes its place whole or not at all. It reads a
transcript and changes nothing of the execution.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claude_widget.errors import ExportFailed
from claude_widget.events import Record
from claude_widget.events.decode import as_text, decode
from claude_widget.models import ExecutionInfo
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.markdown import markdown_document
from claude_widget.report.page import html_document
from claude_widget.report.reading import read_report, redacted_info
from claude_widget.transcript import read_records

Write = Callable[[ExecutionInfo, Path, Redactor], Iterator[str]]


def export_execution(
    info: ExecutionInfo,
    transcript: Path,
    path: str | os.PathLike[str],
    redactor: Redactor,
) -> Path:
    """Write one execution to a file, in one step.

    Args:
        info: what is known of it by now.
        transcript: where its records are.
        path: the file; its suffix says the format: `.html`, `.md` or `.jsonl`. One that is there is
            replaced; of a symbolic link, what that leads to.
        redactor: what takes its secrets out.

    Returns:
        The file that was written.

    Raises:
        ExportFailed: the suffix names no format, the transcript cannot be read, or the file cannot
            be written; what was there before is there still.
    """
    file = Path(path).expanduser()
    write = _FORMATS.get(file.suffix.lower())
    if write is None:
        raise ExportFailed(
            f"{file} names no format: its suffix is {file.suffix or 'missing'!r}.",
            path=str(file),
            execution_id=info.execution_id,
            hint=f"Take one of {', '.join(_FORMATS)}.",
        )
    try:
        file = file.resolve()
        _replace(file, write(info, transcript, redactor))
    except OSError as error:
        raise ExportFailed(
            f"Execution {info.execution_id} cannot be exported to {file}: "
            f"{error.filename or transcript}: {error.strerror or error}.",
            path=str(file),
            execution_id=info.execution_id,
            hint="Choose a folder that is there and that you may write to.",
        ) from error
    return file


def _page(info: ExecutionInfo, transcript: Path, redactor: Redactor) -> Iterator[str]:
    yield html_document(read_report(info, transcript, redactor))


def _document(info: ExecutionInfo, transcript: Path, redactor: Redactor) -> Iterator[str]:
    yield markdown_document(read_report(info, transcript, redactor))


def _records(info: ExecutionInfo, transcript: Path, redactor: Redactor) -> Iterator[str]:
    """What is known of it, and then each record, as one JSON object a line."""
    yield _line({"execution": redacted_info(info, redactor).model_dump()})
    for record in redactor.records(read_records(transcript)):
        yield _line(_told(record))


def _told(record: Record) -> dict[str, Any]:
    frame = decode(record.data)
    said = {"text": as_text(record.data)} if frame is None else {"frame": frame}
    return {"time": round(record.time, 6), "stream": record.stream, **said}


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


_FORMATS: dict[str, Write] = {".html": _page, ".md": _document, ".jsonl": _records}


def _replace(file: Path, pieces: Iterator[str]) -> None:
    """Write a file in one step, with the mode of the one that was there."""
    temporary = file.with_name(f".claude-widget-{secrets.token_hex(8)}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(fd, "wb") as new:
            for piece in pieces:
                new.write(piece.encode("utf-8", "replace"))
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(file.stat().st_mode & 0o777)
        temporary.replace(file)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
