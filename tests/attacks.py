"""Attacks, and every place where an agent's text can appear: the data of the front end's tests.

The rule: data only. A record of `places.jsonl` is written with an attack's text in place of
`%TEXT%`, in keys as well, and with what makes ids its own in place of `%N%`.
"""

from __future__ import annotations

import json
from typing import Any

from scripts.paths import JS

FOLDER = JS / "tests" / "attacks"
CORPUS: dict[str, list[str]] = json.loads((FOLDER / "corpus.json").read_text("utf-8"))
"""Texts by kind."""
ATTACKS = [text for texts in CORPUS.values() for text in texts]
LOOK = (FOLDER / "look.js").read_text("utf-8").partition("\nexport ")[0]
"""`findHarm(root)` and `openFolded(root)` as JavaScript for a page."""

_PLACES = [json.loads(line) for line in (FOLDER / "places.jsonl").read_text("utf-8").splitlines()]
_ENDINGS = ("limit", "kill", "signalled", "%TEXT%", "ended")


def _fill(value: Any, text: str, serial: str) -> Any:
    if isinstance(value, str):
        quoted = json.dumps(text)[1:-1]
        known = value.replace("%N%", serial).replace("%TEXT_JSON%", quoted)
        return known.replace("%TEXT%", text)
    if isinstance(value, list):
        return [_fill(item, text, serial) for item in value]
    if isinstance(value, dict):
        return {_fill(k, text, serial): _fill(v, text, serial) for k, v in value.items()}
    return value


def _is_ending(stream: str, content: Any) -> bool:
    return stream == "meta" and content["event"] in _ENDINGS


def lines(text: str, serial: str) -> list[tuple[str, str]]:
    """The attack in all places but those that end an execution, as stream and line."""
    return [
        _line(stream, content, text, serial)
        for stream, content in _PLACES
        if not _is_ending(stream, content)
    ]


def ending_lines(text: str, serial: str) -> list[tuple[str, str]]:
    """The attack in the records that end an execution."""
    return [
        _line(stream, content, text, serial)
        for stream, content in _PLACES
        if _is_ending(stream, content)
    ]


def mixed_lines(first: int) -> list[tuple[str, str]]:
    """Each place with another attack, from that one on."""
    return [
        _line(stream, content, ATTACKS[(first + number) % len(ATTACKS)], "0")
        for number, (stream, content) in enumerate(_PLACES)
        if not _is_ending(stream, content)
    ]


def _line(stream: str, content: Any, text: str, serial: str) -> tuple[str, str]:
    filled = _fill(content, text, serial)
    if not isinstance(filled, str):
        return stream, json.dumps(filled)
    # A line has no end of a line in it, and no half of a character.
    whole = filled.replace("\r", " ").replace("\n", " ")
    return stream, whole.encode("utf-8", "replace").decode("utf-8")


def transcript(found: list[tuple[str, str]]) -> str:
    """Lines as they lie in a transcript."""
    return "".join(f"1.000000 {stream} {line}\n" for stream, line in found)
