r"""A recording's transcript as it is kept: what differs between two equal runs is taken out of it.

The rule: pure text to text, byte for byte there and back. Times, ids, usage, costs, process ids
and places become numbered placeholders, and their values stand apart, so that an equal answer is
an equal text. A line is `<stream> <data>`; the time of each stands apart, too.

    @{id:3}     the third value of that kind: id, number, time, text or place
    @{byte:27}  a byte that no text file should have
    @{}         the two characters that a placeholder begins with

Behind a stream's name `?` says that the line is no JSON object, and `-` that it is a last one that
never got its newline.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic_core import from_json

from claude_widget.events import Record

FORMAT_VERSION = 1
KINDS = ("id", "number", "time", "text", "place")
_NAMES = ("id", "place")
_OWN = re.compile(
    rb'\{"event": ?"(?:transcript|requested|adopted|held|released|prioritised|filled|worktree)"'
)
"""Records that are of one machine and one kernel; who plays a recording has its own."""
_COST = re.compile(
    rb'\{"type": ?"control_re(?:quest|sponse)".{0,60}'
    rb'"request_id": ?"get_session_cost-[0-9a-f-]{36}"'
)
"""What it had cost so far, which is asked for while a budget is watched, by the clock."""
_PROCESSES = ("pid", "start", "shim_pid", "shim_start")
_COMMAND = {"cli_path": "claude", "cgroup": ""}
_STREAMS = {
    "meta": "meta", "in": "in", "out": "out", "err": "err",
    "in?": "in", "out?": "out", "out-": "out-", "err-": "err-",
}  # fmt: skip
_JSON = ("meta", "in", "out")

_PLACEHOLDER = re.compile(r"@\{([a-z]+:[0-9]+|)\}")
_MARKED = ("in? ", "out? ")
_NEWLINE = 0x0A
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\udc80-\udcff]")
_NUMBERS = re.compile(
    r'("(?:\w*(?:_ms|Ms|_seconds|Seconds|_time|_tokens|Tokens|_tokens_delta|_requests|Requests)'
    r"|\w*cost_usd|costUSD|epoch|clock|timestamp|resetsAt|resets_at|figure"
    r'|pid|peak_memory|peak_processes)":\s?)(-?[0-9][0-9.eE+-]*)'
)
_TIMES = re.compile(
    r'("(?:timestamp|time|\w+_at|\w+At)":\s?")'
    r'([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]+[^"\\@]{0,6})"'
)
_TEXTS = re.compile(
    r'("(?:signature|encrypted_content|encrypted_index|claude_code_version)":\s?")([^"\\@]+)"'
)
_PLACES = re.compile(
    r'"(?:messaging_socket_path|planFilePath|transcript_path|outputFile|output_file)"'
    r':\s?"((?=[^"]*/)(?:[^"\\@]|\\.){6,})"'
)
_IDS = re.compile(
    r'("(?:uuid|\w+_uuid|(?:session|execution|api_message|message|tool_use|parent_tool_use|request'
    r"|task|agent|run|shell|bash|hook|prompt|new_conversation|control)_id|resumed_from"
    r'|(?:session|agent|run|task|backgroundTask|toolUse|message|request|shell)I[dD])":\s?")'
    r'(?=[A-Za-z_-]*[0-9])([A-Za-z0-9_-]{5,})"'
)
_OWN_IDS = re.compile(r'("id":\s?")((?:msg|toolu|srvtoolu|mcptoolu|req|cntr)_\w+|[0-9a-f-]{36})"')
_LISTED = re.compile(r'"\w+_(?:uuids|ids)":\s?\[("[A-Za-z0-9_-]+"(?:,\s?"[A-Za-z0-9_-]+")*)\]')
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORDS = re.compile(rf"@\{{[a-z]*:?[0-9]*\}}|\\+u[0-9a-f]{{4}}|\\+.|{_UUID}|\w{{5,}}", re.ASCII)


class Neutral(NamedTuple):
    """What a transcript becomes.

    Attributes:
        text: one line for each record, ending with a newline.
        values: what the placeholders of each kind stand for, the first one first.
        times: seconds of each line since the first.
    """

    text: str
    values: dict[str, list[str]]
    times: list[float]


class FormatProblem(ValueError):
    """A line that is none.

    Attributes:
        line: its number, from 1.
        problem: what is wrong with it.
    """

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line}: {problem}")


# -- there -------------------------------------------------------------------------------------


class _Values:
    """The values that were taken out, by kind. Equal ids and places are one."""

    def __init__(self) -> None:
        self.of: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self._known: dict[tuple[str, str], str] = {}

    def placeholder(self, kind: str, value: str) -> str:
        if kind not in _NAMES:  # two equal times of one run may be different ones of another
            return self._new(kind, value)
        known = self._known.get((kind, value))
        if known is None:
            known = self._known[kind, value] = self._new(kind, value)
        return known

    def _new(self, kind: str, value: str) -> str:
        values = self.of[kind]
        values.append(value)
        return f"@{{{kind}:{len(values)}}}"


def neutral(records: Iterable[Record], places: Iterable[str] = ()) -> Neutral:
    """Take out of a transcript what another run of equal content would have otherwise.

    Args:
        records: the whole transcript, redacted, lines joined from their pieces.
        places: absolute paths of this machine, such as the project's.
    """
    kept = [record for record in records if not is_own(record)]
    lines = [_line(record) for record in kept]
    text = "\n".join(lines)
    values = _Values()
    ids = _known_ids(text)
    text = _without_places(text, [*places, *_PLACES.findall(text)], values)

    def keyed(kind: str) -> Callable[[re.Match[str]], str]:
        return lambda found: found[1] + values.placeholder(kind, found[2]) + '"'

    text = _NUMBERS.sub(lambda found: found[1] + values.placeholder("number", found[2]), text)
    text = _TIMES.sub(keyed("time"), text)
    text = _TEXTS.sub(keyed("text"), text)
    text = _WORDS.sub(
        lambda found: values.placeholder("id", found[0]) if found[0] in ids else found[0], text
    )
    text = _IDS.sub(keyed("id"), text)
    zero = kept[0].time if kept else 0.0
    times = [round(record.time - zero, 3) for record in kept]
    return Neutral(text + "\n" if kept else "", values.of, times)


def is_own(record: Record) -> bool:
    """Whether a record is of the execution that wrote it alone, such as its header."""
    if record.stream == "meta":
        return _OWN.match(record.data) is not None
    return record.stream in ("in", "out") and _COST.match(record.data) is not None


def _line(record: Record) -> str:
    data = _without_processes(record.data) if record.stream == "meta" else record.data
    text = data.decode("utf-8", "surrogateescape").replace("@{", "@{}")
    text = _UNPRINTABLE.sub(lambda found: f"@{{byte:{ord(found[0]) & 0xFF}}}", text)
    mark = "" if record.complete else "-"
    if not mark and record.stream in _JSON and not _is_object(record.data):
        mark = "?"
    return f"{record.stream}{mark} {text}"


def _without_processes(data: bytes) -> bytes:
    """One of our own records without what a process had then: it may be another's by now."""
    try:
        fields = json.loads(data)
    except ValueError:
        return data
    if not isinstance(fields, dict):
        return data
    fields |= {name: 0 for name in _PROCESSES if name in fields}
    fields |= {name: value for name, value in _COMMAND.items() if name in fields}
    return json.dumps(fields, separators=(",", ":")).encode()


def _is_object(data: bytes | str) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _known_ids(text: str) -> set[str]:
    """The ids of a transcript: what its own fields give out as such."""
    found = {match[1] for match in _IDS.findall(text)}
    found |= {match[1] for match in _OWN_IDS.findall(text)}
    for listed in _LISTED.findall(text):
        found |= {one for one in re.findall(r'"([^"]+)"', listed) if re.search("[0-9]", one)}
    return found


def _without_places(text: str, places: Iterable[str], values: _Values) -> str:
    """Take out paths, longest first, and the names that the CLI makes of them."""
    forms = {form for place in places for form in _forms(place)}
    if not forms:
        return text
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    names = "|".join(map(re.escape, longest_first))
    pattern = re.compile(rf"(?:{names})(?![A-Za-z0-9_-]|(?<=@)\{{)")  # nor half of an "@{"
    return pattern.sub(lambda found: values.placeholder("place", found[0]), text)


def _forms(place: str) -> set[str]:
    """How a path may be written in a transcript."""
    if len(place) < 6:  # such as "/" or "/tmp": anything may hold it
        return set()
    escaped = json.dumps(place)[1:-1]
    written = json.dumps(place, ensure_ascii=False)[1:-1]
    return {place, escaped, written, re.sub("[^A-Za-z0-9]", "-", place)}


# -- and back ----------------------------------------------------------------------------------


def real(text: str, values: Mapping[str, Sequence[object]], *, check: bool = True) -> list[bytes]:
    """The lines of a transcript with the values put back, each `<stream> <data>`, as bytes.

    Args:
        text: the lines.
        values: what their placeholders stand for.
        check: see that JSON is JSON; what nobody has edited need not be looked at.

    Raises:
        FormatProblem: a line is none, or a placeholder has no value. A last line without its
            newline that is not whole was cut off: it is left out.
    """
    whole, newline, last = text.rpartition("\n")
    table = _table(values)
    lines = _real_lines(whole, table, check=check) if newline else []
    if last:
        with contextlib.suppress(FormatProblem):
            lines += _real_lines(last, table, check=True)
    return lines


def _table(values: Mapping[str, Sequence[object]]) -> dict[str, str]:
    """What each placeholder stands for, by what is between its braces."""
    table = {"": "@{"}
    for byte in range(0x100):
        if byte != _NEWLINE:
            table[f"byte:{byte}"] = chr(byte if byte < 0x80 else 0xDC00 + byte)
    for kind in KINDS:
        for number, value in enumerate(values.get(kind, ()), start=1):
            if isinstance(value, str) and "\n" not in value:
                table[f"{kind}:{number}"] = value
    return table


def _real_lines(text: str, table: Mapping[str, str], *, check: bool) -> list[bytes]:
    """All lines at once: a recording is played in milliseconds."""
    parts = _PLACEHOLDER.split(text)
    try:
        parts[1::2] = [table[name] for name in parts[1::2]]
    except KeyError:
        raise _valueless(text, table) from None
    whole = "".join(parts)
    marked = whole.startswith(_MARKED) or any(f"\n{mark}" in whole for mark in _MARKED)
    if not check and not marked:
        return whole.encode("utf-8", "surrogateescape").split(b"\n")
    made = []
    objects = []
    for number, line in enumerate(whole.split("\n"), start=1):
        name, space, data = line.partition(" ")
        stream = _STREAMS.get(name)
        if stream is None or not space:
            raise FormatProblem(number, f"it begins with no stream's name: {line[:40]!r}")
        made.append(f"{stream} {data}")
        if check and name in _JSON:
            objects.append((number, data))
    _check_objects(objects)
    return "\n".join(made).encode("utf-8", "surrogateescape").split(b"\n")


def _valueless(text: str, table: Mapping[str, str]) -> FormatProblem:
    """Which placeholder has no value, and where."""
    for number, line in enumerate(text.split("\n"), start=1):
        for name in _PLACEHOLDER.findall(line):
            if name not in table:
                return FormatProblem(number, f"@{{{name}}} has no value")
    raise AssertionError("every placeholder has its value")


def _check_objects(lines: Sequence[tuple[int, str]]) -> None:
    """See that each line is one JSON object; all together, since that is much faster."""
    try:
        found = from_json("[" + ",".join(data for _, data in lines) + "]")
        if len(found) == len(lines) and all(isinstance(one, dict) for one in found):
            return
    except ValueError:
        pass
    for number, data in lines:
        if not _is_object(data):
            raise FormatProblem(number, f"it is no JSON object: {data[:60]!r}")
