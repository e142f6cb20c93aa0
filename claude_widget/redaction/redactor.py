"""Redaction: what must not be saved beside a notebook, or exported, is taken out of it.

The rule: text, bytes, JSON values and records in, the same out, and nothing else of the world than
what it was made with. Each secret becomes `[redacted:<kind>]`, which says nothing of its length or
value and stays one whole word in JSON, URLs and code. What is redacted already stays as it is:
doing it twice changes nothing. What it cannot find is in SECURITY.md.

    secret_shapes   what secrets look like       personal_paths   the home folder, the user's name
    secret_values   secrets of the environment   delta_joining    secrets that were streamed
    key_lines       parts of private keys        found_parts      parts of a text, replaced
    encoded_text    escapes, URLs, base64        protocol_names   what says nothing
"""

from __future__ import annotations

import copy
import getpass
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from claude_widget.errors import InvalidRequest
from claude_widget.events import Record, StreamEvent
from claude_widget.models import ExecutionRequest
from claude_widget.redaction.delta_joining import Block, Joiner, Splitter
from claude_widget.redaction.encoded_text import Content, unescaped, views
from claude_widget.redaction.found_parts import (
    RULE,
    VALUE,
    Found,
    beside,
    changed,
    everywhere,
    merged,
)
from claude_widget.redaction.key_lines import key_lines
from claude_widget.redaction.personal_paths import PersonalPaths
from claude_widget.redaction.protocol_names import Inside, is_word, model_of, names_of
from claude_widget.redaction.secret_shapes import SHAPES, known_shapes, looks_secret, names_secret
from claude_widget.redaction.secret_values import Needles, environment_values, requested_values

KINDS = frozenset({shape.kind for shape in SHAPES} | {RULE, VALUE})
"""What a placeholder may say."""
_PLACEHOLDER = rf"\[redacted:(?:{'|'.join(sorted(KINDS))})\]"
PLACEHOLDER = re.compile(_PLACEHOLDER)
"""What stands where a secret was."""
_NAMED = "[redacted:password]"

_LAYERS = 3
"""Layers of encoding that are taken off: JSON in JSON in base64."""
_PATH_LAYERS = 2
_NO_TEXT = re.compile(r"[^\t\n\r -~]")
_REMEMBERED = 4096
_SHORT = 256
"""Characters of a string that is remembered: the names and ids of frames come again and again."""


class Redactor:
    """Takes secrets, and what says whose machine it was, out of what is to be kept.

    Args:
        rules: patterns of the user's own; all that they match is taken out, but for names and
            words of the protocol.
        environ: whose secret values are looked for; None is the process's own, as it is now.
        home: the folder that becomes `~`; None is the user's.
        user: the name that becomes `user`, as a part of a path and before a host; None is the
            user's, empty is nobody's.
        values: further secrets, such as an execution's `env` and what its MCP servers are given.

    Raises:
        InvalidRequest: a rule is no pattern; it names the rule.
    """

    def __init__(
        self,
        rules: Iterable[str | re.Pattern[str]] = (),
        *,
        environ: Mapping[str, str] | None = None,
        home: Path | None = None,
        user: str | None = None,
        values: Iterable[str] = (),
    ) -> None:
        self._rules = _compiled(rules)
        self._environ = environ
        self._home = Path.home() if home is None else home
        self._user = _user_name() if user is None else user
        self._values = frozenset(values)
        self._seen = dict(os.environ if environ is None else environ)
        self._needles = Needles({*environment_values(self._seen), *self._values}, VALUE)
        homes = dict.fromkeys((self._home, self._home.resolve()))
        self._homes = tuple(homes)
        self._paths = PersonalPaths(self._homes, self._user)
        self._splitter = Splitter(_PLACEHOLDER)
        self._remembered: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._seeks = True

    def also(
        self, values: Iterable[str] = (), rules: Iterable[str | re.Pattern[str]] = ()
    ) -> Redactor:
        """One that looks for more, and at the process's environment as it is now."""
        known, more = self._values.union(values), (*self._rules, *_compiled(rules))
        same = known == self._values and more == self._rules
        if same and (self._environ is not None or self._seen == dict(os.environ)):
            return self
        return Redactor(more, environ=self._environ, home=self._home, user=self._user, values=known)

    def for_replayed(self) -> Redactor:
        """One for what was redacted when it was recorded: only this machine's paths are in it."""
        return self._but(_seeks=False)

    def for_contents(self) -> Redactor:
        """One for what files hold: another's path in a program would be another program."""
        return self._but(_paths=PersonalPaths(self._homes, self._user, sure=True))

    def for_names(self) -> Redactor:
        """One for paths below a project, which are the project's and say nothing of a machine."""
        return self._but(_paths=PersonalPaths((), ""))

    def for_keys(self) -> Redactor:
        """One for what is compared with other machines' and not saved: nobody's name is in that."""
        return self._but(_paths=PersonalPaths(self._homes, "", anybody=True))

    def _but(self, **otherwise: object) -> Redactor:
        other = copy.copy(self)
        vars(other).update(otherwise, _remembered={}, _words={})
        return other

    def for_request(self, request: ExecutionRequest) -> Redactor:
        """One for that execution: it knows what the execution and its servers are given by name."""
        return self.also(requested_values(request))

    def text(self, text: str) -> str:
        """The text without its secrets."""
        if len(text) > _SHORT:
            return self._redacted([text])[0]
        redacted = self._remembered.get(text)
        if redacted is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            redacted = self._remembered[text] = self._redacted([text])[0]
        return redacted

    def data(self, data: bytes) -> bytes:
        """Bytes that are text, or mostly: those that are no UTF-8 stay as they are."""
        return _encoded(self.text(_decoded(data)))

    def lines(self, lines: Sequence[str]) -> list[str]:
        """Lines of one text, as many as there were; a secret may go over several of them."""
        kept = list(lines)
        while True:
            redacted = [self.text(line) for line in self._redacted(kept)]
            if redacted == kept:
                return kept
            kept = redacted

    def value(self, value: Any, model: type[BaseModel] | None = None) -> Any:
        """A JSON value: every string in it, the keys of objects as well.

        A value whose key says that it is a secret is taken out if it looks like one. Strings of a
        list are the lines of one text, too.

        Args:
            value: what is redacted.
            model: whose fields it is, or each item of a list: their names stay.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._object(value, {} if model is None else names_of(model))
        if isinstance(value, list | tuple):
            if len(value) > 1 and all(isinstance(item, str) for item in value):
                return self.lines(value)
            return [self.value(item, model) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value)
        return value

    def _number(self, value: float) -> float | str:
        """A number that is a secret value, such as a PIN, is no number any more."""
        return f"[redacted:{VALUE}]" if self._seeks and self._needles.are(value) else value

    def records(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records of one transcript, which is held in memory meanwhile.

        JSON lines are redacted inside their strings, others as the lines of one text a stream.
        Deltas of a partial message are joined, redacted and split anew, by the text alone.
        """
        kept = list(records)
        instead: list[list[bytes]] = [[] for _ in kept]
        plain: dict[str, list[int]] = {}
        joiner = Joiner()
        for number, record in enumerate(kept):
            frame = None if record.stream == "err" else _parsed(_decoded(record.data))
            if frame is None:
                plain.setdefault(record.stream, []).append(number)
            elif record.stream != "out" or not joiner.take(number, frame.value):
                instead[number] = [self._frame(record, frame)]
        for block in joiner.blocks:
            for number, piece in self._splitter.split(block, self._streamed(block), self._delta):
                instead[number].append(_written(piece))
        for numbers in plain.values():
            lines = self.lines([_decoded(kept[number].data) for number in numbers])
            for number, line in zip(numbers, lines, strict=True):
                instead[number] = [_encoded(line)]
        for record, lines_instead in zip(kept, instead, strict=True):
            for data in lines_instead:
                yield record if data == record.data else record._replace(data=data)

    def _frame(self, record: Record, frame: _Parsed) -> bytes:
        try:
            redacted = self.value(frame.value, model_of(record.stream, frame.value))
        except RecursionError:
            return self.data(record.data)
        same = redacted == frame.value and not frame.repeats
        return record.data if same else _written(redacted)

    def _delta(self, frame: dict[str, Any]) -> dict[str, Any]:
        return self._object(frame, names_of(StreamEvent))

    def _streamed(self, block: Block) -> str:
        """What the deltas of a block add up to; the input of a tool is JSON once it is whole."""
        parsed = _parsed(block.text) if block.name == "partial_json" else None
        if parsed is None:
            return self.text(block.text)
        redacted = self.value(parsed.value)
        if redacted == parsed.value and not parsed.repeats:
            return block.text
        return json.dumps(redacted, ensure_ascii=False)

    def _object(
        self, value: Mapping[Any, Any], known: Mapping[str, Inside], others: Inside | None = None
    ) -> dict[Any, Any]:
        redacted: dict[Any, Any] = {}
        for key, item in value.items():
            own = isinstance(key, str) and key not in known
            plain = name = self.text(key) if own else key
            number = 1
            while name in redacted:  # several keys were secrets of one kind
                number += 1
                name = f"{plain} ({number})"
            redacted[name] = self._item(key, item, known.get(key, others))
        return redacted

    def _item(self, key: Any, item: Any, inside: Inside | None) -> Any:
        """The value of a field; of one of the protocol, what is known to be in it."""
        if isinstance(key, str) and isinstance(item, str):
            if inside is not None and is_word(key, item):
                return self._word(item)
            return self._named(key, item) if names_secret(key) else self.value(item)
        if inside is None:
            return self.value(item)
        if inside.by_name and isinstance(item, Mapping):
            return self._object(item, {}, Inside(inside.model))
        return self.value(item, inside.model)

    def _word(self, word: str) -> str:
        """A word of the protocol: secrets are sought in it, and the user's rules are not for it."""
        if word not in self._words:
            self._words[word] = self._but(_rules=()).text(word)
        return self._words[word]

    def _named(self, key: str, value: str) -> str:
        """The value of a field whose name says that it is a secret."""
        value, said = self.text(value), f"{key}: "
        together = self.text(said + value)
        if together.startswith(said):
            value = together[len(said) :]
        if PLACEHOLDER.search(value) or len(value.split()) != 1 or not looks_secret(value):
            return value
        return _NAMED

    def _redacted(self, lines: list[str]) -> list[str]:
        """The lines once nothing is found any more; what goes may bare what stood beside it.

        Each round leaves fewer characters in no placeholder, or it is the last.
        """
        while True:
            text = "\n".join(lines)
            changes = (self._seeks and self._secrets(text)) or self._personal(text)
            redacted = changed(lines, changes)
            if redacted == lines:
                return lines
            lines = redacted

    def _secrets(self, text: str) -> list[Found]:
        found = list(everywhere(self._known, text, _LAYERS, views))
        if not found:
            return []
        together = merged(beside(found, [held.span() for held in PLACEHOLDER.finditer(text)]))
        return [(start, end, f"[redacted:{kind}]") for start, end, kind in together]

    def _personal(self, text: str) -> list[Found]:
        return merged(everywhere(self._mentions, text, _PATH_LAYERS, unescaped))

    def _mentions(self, text: str, binary: bool, content: Content) -> Iterator[Found]:
        del binary, content
        return self._paths.found(text)

    def _known(self, text: str, binary: bool, content: Content) -> Iterator[Found]:
        yield from self._needles.found(text, binary=binary)
        if content == "data":
            return
        yield from known_shapes(text)
        yield from key_lines(text)
        if content != "text" or (binary and _NO_TEXT.search(text)):
            return  # in a picture, a rule would match anywhere
        for rule in self._rules:
            for one in rule.finditer(text):
                if one.end() > one.start():
                    yield *one.span(), RULE


class _Parsed(NamedTuple):
    """A JSON object, and whether one in it has a key twice: only the last of them was read."""

    value: dict[str, Any]
    repeats: bool


def _parsed(text: str) -> _Parsed | None:
    repeats = False

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        value = dict(pairs)
        repeats = repeats or len(value) < len(pairs)
        return value

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None
    return _Parsed(value, repeats) if isinstance(value, dict) else None


def _written(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a pair, or what was no UTF-8
        return json.dumps(value, separators=(",", ":")).encode()


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _compiled(rules: Iterable[str | re.Pattern[str]]) -> tuple[re.Pattern[str], ...]:
    if isinstance(rules, str | re.Pattern):
        rules = (rules,)
    compiled = []
    for rule in rules:
        pattern = rule.pattern if isinstance(rule, re.Pattern) else rule
        if not isinstance(pattern, str):
            raise InvalidRequest(f"redact: {pattern!r} is no pattern for text.", field="redact")
        try:
            compiled.append(re.compile(rule))
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidRequest(
                f"redact: {pattern!r} is no regular expression: {error}.",
                field="redact",
                hint="re.escape() makes a pattern of plain text.",
            ) from None
    return tuple(compiled)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name
        return ""
