"""A patch without what is secret in it, which can still be applied.

The rule: the lines of a hunk are redacted together, as they were before and as they are after, and
stay as many as they were, so that the patch keeps its form. No id of a content with a secret stays:
from all else of a file, it would tell a guess from the truth. It does not know what is secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from claude_widget.changes.patches import Hunk, Section

UNTOLD = "f" * 40
"""Stands for the id of a content that holds a secret."""
_MARK = b"[redacted:"


class Redacts(Protocol):
    """What knows what is secret."""

    def for_contents(self) -> Redacts:
        """The same for what files hold."""

    def for_names(self) -> Redacts:
        """The same for paths below a project."""

    def text(self, text: str) -> str:
        """The text without its secrets."""

    def lines(self, lines: Sequence[str]) -> list[str]:
        """The lines of one text without its secrets, as many as there were."""

    def data(self, data: bytes) -> bytes:
        """Bytes of any kind without their secrets."""


class Clean(NamedTuple):
    """Sections without secrets.

    Attributes:
        sections: they.
        gone: files that could not stay, as (path, why).
        placeholders: files that get another content than they had, or another name.
    """

    sections: list[Section]
    gone: list[tuple[str, str]]
    placeholders: list[str]


def redacted(sections: Iterable[Section], redactor: Redacts) -> Clean:
    """The sections without secrets, and what became of the files."""
    clean = Clean([], [], [])
    names, contents = redactor.for_names(), redactor.for_contents()
    named: dict[str, str] = {}
    for section in sections:
        path = names.text(section.path)
        if section.binary is not None and contents.data(section.binary) != section.binary:
            clean.gone.append((section.path, "is no text and holds what is secret"))
        elif named.setdefault(path, section.path) != section.path:
            clean.gone.append((section.path, "has a secret name, as another file has"))
        else:
            hunks = tuple(_hunk(hunk, contents) for hunk in section.hunks)
            if path != section.path or _added(hunks) != _added(section.hunks):
                clean.placeholders.append(path)
            clean.sections.append(_without_ids(replace(section, path=path, hunks=hunks), section))
    return clean


def _added(hunks: Iterable[Hunk]) -> list[bytes]:
    return [line for hunk in hunks for line in hunk.lines if line[:1] == b"+"]


def _without_ids(section: Section, before: Section) -> Section:
    """Without the ids of contents in which something became a placeholder."""
    was, now = _placeholders(before, b"-"), _placeholders(section, b"-")
    old_id = UNTOLD if now > was and section.old_mode is not None else section.old_id
    secret = now > was or _placeholders(section, b"+") > _placeholders(before, b"+")
    new_id = UNTOLD if secret and section.new_mode is not None else section.new_id
    return replace(section, old_id=old_id, new_id=new_id)


def _placeholders(section: Section, sign: bytes) -> int:
    return sum(line.count(_MARK) for hunk in section.hunks for line in hunk.image(sign))


def _hunk(hunk: Hunk, redactor: Redacts) -> Hunk:
    """Of what stands in both, each image shows a part of what may be a secret over many lines."""
    made = list(hunk.lines)
    for sign in (b"-", b"+"):
        places = [at for at, line in enumerate(hunk.lines) if line[:1] in (b" ", sign)]
        texts = [hunk.lines[at][1:].decode("utf-8").removesuffix("\n") for at in places]
        for at, text, clean in zip(places, texts, redactor.lines(texts), strict=True):
            if clean != text:
                line = hunk.lines[at]
                end = b"\n" if line.endswith(b"\n") else b""
                made[at] = line[:1] + clean.encode("utf-8") + end
    return replace(hunk, lines=tuple(made))
