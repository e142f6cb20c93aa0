"""Which values are secret because of where they stand: the environment, and MCP configurations.

The rule: pure. A variable is judged by its name, in words; every value that is given to a server or
to an execution by name counts. What is too short or too plain to be told from other text does not:
to replace each `true` of a transcript would hide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from claude_widget.models import ExecutionRequest
from claude_widget.redaction.secret_shapes import Span, known_shapes, looks_secret

SHORTEST = 8
"""Characters of a variable's value that is looked for."""
_SHORTEST_LINE = 16
"""Characters of one line of a secret with several."""
_WORD_LENGTH = 12
"""Up to this many letters or digits alone are looked for as a whole word only."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORD = re.compile(
    r"(?:API|APP|ACCESS|AUTH|SECRET|PRIVATE|MASTER|SIGNING|ENCRYPTION)?(?:KEYS?|TOKENS?)"
    r"|\w*SECRETS?|\w*PASSW(?:OR)?DS?|PASS|PASSPHRASE|CREDENTIALS?|CREDS?|AUTH|AUTHORIZATION"
    r"|BEARER|COOKIES?|JWT|PAT|PWD|DSN"
)
_NOT_ITSELF = re.compile(
    "SOCK|SOCKET|FILES?|PATH|DIR|FOLDER|HOME|NAMES?|TYPE|TTL|TIMEOUT|LIMIT|LENGTH|SIZE|COUNT"
    "|ENABLED|DISABLED|REQUIRED|HELPER|COMMAND|METHOD|MODE|REGION"
)
"""Last words of names that say something about a secret: where it is, how it is called."""
_WORKING_FOLDER = frozenset({"PWD", "OLDPWD"})
_COMMON = re.compile(
    "password|passwort|changeme|development|production|disabled|undefined|required|optional"
    "|anonymous|localhost|administrator",
    re.IGNORECASE,
)
_OPEN = re.compile(r"(?:file:/)?(?:~|\.{1,2})?/[\w./@~+: -]*\Z|https?://[^\s@?#]*\Z")
"""Paths, lists of them, and addresses without anything that opens them."""
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?", re.ASCII)
_WORD = re.compile(r"[a-z]+\Z|[A-Z]+\Z|[0-9]+\Z")


def names_a_secret(variable: str) -> bool:
    """Whether the name of a variable says that its value is one: `GH_TOKEN`, not `AUTHOR_NAME`."""
    if variable in _WORKING_FOLDER:
        return False
    words = [word.upper() for word in _WORDS.findall(variable)]
    if not words or _NOT_ITSELF.fullmatch(words[-1]):
        return False
    return any(_SECRET_WORD.fullmatch(word) for word in words) or "APIKEY" in variable.upper()


def environment_values(environ: Mapping[str, str]) -> Iterator[str]:
    """The values of an environment that are secret, by the variable's name or by their shape."""
    for name, value in environ.items():
        if names_a_secret(name) or any(
            span.end - span.start == len(value) for span in known_shapes(value)
        ):
            yield value


def configured_values(config: Any) -> Iterator[str]:
    """What an MCP configuration gives its servers: all of `env` and `headers`, at any depth."""
    if isinstance(config, Mapping):
        for name, value in config.items():
            if name in ("env", "headers") and isinstance(value, Mapping):
                yield from given_values(value)
            else:
                yield from configured_values(value)
    elif isinstance(config, list | tuple):
        for item in config:
            yield from configured_values(item)


def given_values(given: Mapping[str, Any]) -> Iterator[str]:
    """The values that an execution or a server is given by name, less those that tell nothing."""
    for name, value in given.items():
        if not isinstance(value, str):
            continue
        scheme, _, credential = value.partition(" ")
        if credential and scheme.isalpha():  # "Bearer ..."
            yield credential
        if names_a_secret(name) or looks_secret(value) or not _OPEN.match(value):
            yield value


def requested_values(request: ExecutionRequest) -> Iterator[str]:
    """What an execution and its MCP servers are given by name."""
    yield from given_values(request.env)
    yield from configured_values(request.mcp_config)


class Needles:
    """Values that are looked for, wherever they stand.

    Args:
        values: the secrets; what is too short or a common word is left out.
        kind: what their placeholder says.
    """

    def __init__(self, values: Iterable[str], kind: str) -> None:
        self.kind = kind
        kept = {piece for value in values for piece in _pieces(value)}
        kept |= {value.replace(" ", "+") for value in kept if " " in value}  # as forms send it
        self._texts = _sorted(kept)
        self._numbers = frozenset(_number(value) for value in kept if _NUMBER.fullmatch(value))
        self._bytes = _sorted(kept | {_as_bytes(value) for value in kept})

    def are(self, number: float) -> bool:
        """Whether one of them is this number, however that is written."""
        return number in self._numbers

    def found(self, text: str, *, binary: bool = False) -> Iterator[Span]:
        """Where they stand; in `binary` text each character is a byte."""
        for needle in self._bytes if binary else self._texts:
            start = text.find(needle)
            whole = start >= 0 and len(needle) <= _WORD_LENGTH and _WORD.match(needle) is not None
            while start >= 0:
                end = start + len(needle)
                if not whole or not _continues(text, start, end):
                    yield Span(start, end, self.kind)
                start = text.find(needle, start + 1)


def _number(value: str) -> float:
    return float(value) if "." in value else int(value)


def _pieces(value: str) -> Iterator[str]:
    """The value, and each long line of it: it may be shown with numbers, or indented."""
    value = value.strip()
    if len(value) < SHORTEST or _COMMON.fullmatch(value) or len(set(value)) < 3:
        return
    yield value
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        for line in lines:
            if len(line) >= _SHORTEST_LINE and not line.startswith("-----"):
                yield line


def _sorted(values: set[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def _as_bytes(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def _continues(text: str, start: int, end: int) -> bool:
    """It is a part of a longer word."""
    return text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()
