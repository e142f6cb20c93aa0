"""From a seed to an input that nobody would send: bytes, lines and JSON, changed at random.

The rule: an input depends on the seeds and on the random numbers alone, so that its number finds
it again. It knows that lines may hold JSON, and no surface; what an input means is a target's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

LONGEST = 1 << 17
"""Bytes of an input; larger ones have tests of their own."""
_MARK = "\x01raw:"
_BYTES = (
    *(b"\x00", b"\n", b"\r", b"\n\n", b" ", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":"),
    *(b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"),
    *(b"\\ud800", b"\\u0000", b"\x1b[2J", b"\x7f", b"-", b"+", b"1e999", b"NaN", b"null"),
    *(b'{"', b"}\n{", b"out", b"out+", b"out-", b"meta", b"err", b"in", b"1.0 ", b"nan ", b"inf "),
)
_RAW = (
    *("NaN", "-Infinity", "1e999", "-1e999", "1E400", "-0", "0.1e-400", "9" * 400, "9" * 5000),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '{"a":1,"a":2}', '{"type":1,"type":"result"}'),
    *("[" * 150 + "]" * 150, "[" * 5000 + "]" * 5000, '{"a":' * 3000 + "1" + "}" * 3000),
    *("[" * 20_000, "tru", "'x'", "01", "+1", "[1,]", "{,}", '"\t"', "/**/1"),
)
"""JSON, or nearly, that no Python value is written as."""
_STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 2**31, 2**53, 2**53 + 1, 2**63),
    *(2**64, -(2**63) - 1, 10**30, 1e18, "", " ", "x", "x" * 3000, "\u202e\u2066", "\u2028\u0085"),
    *(
        "\ud83d",
        "\x00",
        "a\nb",
        "a\rb",
        "\x1b]0;x\x07",
        "../../etc/passwd",
        "/etc/passwd",
        "~",
        ".",
    ),
    *("__proto__", "constructor", "__class__", "{0.__class__}", "%s%n", "<script>", "' OR 1=1"),
    *([], {}, [[]], [None], [1, "x", {}], {"": ""}, {"type": None}, [[[[[[]]]]]]),
)


class Mutator:
    """Makes inputs of seeds.

    Args:
        seeds: what it begins with.
        words: strings that are put in the place of others.
    """

    def __init__(self, seeds: Sequence[bytes], words: Sequence[str]) -> None:
        self._seeds = seeds
        self._words = words
        self._ways: tuple[Callable[[bytes, Random], bytes], ...] = (
            *(self._in_json, self._in_json, self._in_json, self._in_json),
            *(_bytes_changed, self._lines_changed, self._spliced, _cut, self._repeated),
        )

    def fresh(self, random: Random) -> bytes:
        """One more input."""
        return self.changed(random.choice(self._seeds), random)

    def changed(self, data: bytes, random: Random) -> bytes:
        """The same input, changed in one to four places."""
        for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
            data = random.choice(self._ways)(data, random)
        return data[:LONGEST]

    def _lines_changed(self, data: bytes, random: Random) -> bytes:
        lines = data.split(b"\n")
        at, to = random.randrange(len(lines)), random.randrange(len(lines))
        match random.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines[at], lines[to] = lines[to], lines[at]
            case 2:
                lines.insert(to, lines[at])
            case _:
                lines.insert(to, random.choice(random.choice(self._seeds).split(b"\n")))
        return b"\n".join(lines)

    def _spliced(self, data: bytes, random: Random) -> bytes:
        """The beginning of one and the end of another."""
        other = random.choice(self._seeds)
        return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]

    def _repeated(self, data: bytes, random: Random) -> bytes:
        start = random.randint(0, len(data))
        piece = data[start : start + random.choice((1, 2, 10, 100))]
        return data[:start] + piece * random.choice((2, 3, 10, 100)) + data[start:]

    # -- JSON --------------------------------------------------------------------------------

    def _in_json(self, data: bytes, random: Random) -> bytes:
        """With a value in the JSON of one line changed."""
        lines = data.split(b"\n")
        at = random.randrange(len(lines))
        head, brace, body = lines[at].partition(b"{")
        try:
            value = json.loads(brace + body)
        except (ValueError, RecursionError):
            return _bytes_changed(data, random)
        value = self._worse(value, random)
        lines[at] = head + _written(value, random)
        return b"\n".join(lines)

    def _worse(self, value: Any, random: Random) -> Any:
        """The value with one of its parts changed, at any depth."""
        for _ in range(random.choice((1, 1, 1, 2, 5))):
            parent: Any = value
            key = random.choice(list(value)) if value else self._word(random)
            while isinstance(inner := _item(parent, key), dict | list) and inner:
                if random.random() < 0.25:
                    break
                parent = inner
                keys = list(inner) if isinstance(inner, dict) else range(len(inner))
                key = random.choice(keys)
            self._change(parent, key, value, random)
        return value

    def _change(self, parent: Any, key: Any, whole: Any, random: Random) -> None:
        choice = random.randrange(10)
        if choice < 5 or key not in (parent if isinstance(parent, dict) else range(len(parent))):
            parent[key] = self._value(random)
        elif choice == 5:
            del parent[key]
        elif choice == 6 and isinstance(parent, dict):
            parent[self._word(random)] = parent.pop(key)
        elif choice == 7:
            parent[key] = [parent[key]] * random.choice((1, 2, 40))
        elif choice == 8:
            parent[key] = {self._word(random): parent[key]}
        else:  # a value from elsewhere in the same object
            parent[key] = json.loads(json.dumps(random.choice(list(_nodes(whole)))))

    def _value(self, random: Random) -> Any:
        match random.randrange(6):
            case 0 | 1:
                return self._word(random)
            case 2:
                return _MARK + str(random.randrange(len(_RAW)))
            case _:
                return json.loads(json.dumps(random.choice(_STRANGE)))

    def _word(self, random: Random) -> str:
        return random.choice(self._words)


def _item(parent: Any, key: Any) -> Any:
    return parent.get(key) if isinstance(parent, dict) else parent[key]


def _nodes(value: Any, most: int = 60) -> list[Any]:
    """Some of the values in a value, itself first."""
    found = [value]
    for one in found:
        if isinstance(one, dict | list) and len(found) < most:
            found += one.values() if isinstance(one, dict) else one
    return found[:most]


def _written(value: Any, random: Random) -> bytes:
    """As JSON, tight, as the CLI writes, or loose; with what only raw text can be put in."""
    separators = (", ", ": ") if random.random() < 0.1 else (",", ":")
    text = json.dumps(value, separators=separators, ensure_ascii=random.random() < 0.5)
    while _ESCAPED_MARK in text:
        head, _, tail = text.partition(_ESCAPED_MARK)
        number, _, tail = tail.partition('"')
        text = head[:-1] + _RAW[int(number)] + tail
    return text.encode("utf-8", random.choice(("replace", "surrogatepass")))


_ESCAPED_MARK = json.dumps(_MARK)[1:-1]


# -- bytes ---------------------------------------------------------------------------------------


def _bytes_changed(data: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    end = start + random.choice((0, 0, 1, 1, 2, 8, 60))
    match random.randrange(3):
        case 0:
            new = random.randbytes(random.choice((1, 1, 2, 4, 16)))
        case 1:
            new = random.choice(_BYTES)
        case _:
            new = bytes(byte ^ (1 << random.randrange(8)) for byte in data[start:end])
    return data[:start] + new + data[end:]


def _cut(data: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    return data[:start] if random.random() < 0.5 else data[start:]
