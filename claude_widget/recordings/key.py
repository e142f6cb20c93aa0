"""What a recording is found by: the content of the redacted request, as a digest.

The rule: two starts have one key if their answers may be taken for each other: what shapes an
answer is in it, what only says how it is run is not (name, priority, limits, environment), nor is
who is at which machine: no folder of theirs, and the user's name only where the prompt has it,
whoever that is. It reads no file, and knows nothing of recordings.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claude_widget.errors import InvalidRequest
from claude_widget.mcp.config import describe_mcp_config
from claude_widget.models import ExecutionRequest

if TYPE_CHECKING:
    from claude_widget.redaction.redactor import Redactor

_TEXTS = ("query", "system_prompt", "append_system_prompt")
_PLAIN = ("model", "effort", "permission_mode", "fork_session", "expand")
_TOOLS = ("allowed_tools", "disallowed_tools")
_SHARED = frozenset(["home", "Users", "tmp", "usr", "etc", "var", "opt", "mnt", "media"])
"""Folders at the root that a prompt may name without meaning the notebook's."""
_QUOTED = 40
"""Characters of a text that a difference quotes."""


class RecordingKey(NamedTuple):
    """What one recording is found by.

    Attributes:
        key: SHA-256 of what was asked, in hexadecimal digits.
        material: what the key is made of, as JSON data; redacted, and readable.
        asked: the same with the user's name, which is the same on every machine and never saved;
            None where that is the material.
    """

    key: str
    material: dict[str, Any]
    asked: dict[str, Any] | None = None


def key_of(
    request: ExecutionRequest,
    *,
    base: Path,
    redactor: Redactor,
    made_by_key: str | None = None,
    inputs: Mapping[str, str] | None = None,
    occurrence: int = 1,
) -> RecordingKey:
    """The key of a start.

    Args:
        request: what is asked for. Its own `key` stands in place of everything but the occurrence;
            what `key_ignore` matches in prompts is cut out first.
        base: the notebook's folder, which paths are relative to.
        redactor: what is secret is not in the key: another secret is the same request.
        made_by_key: key of the execution that made the session to be resumed; without one the
            session's id stands for it.
        inputs: digests of the files that the answer depends on (see `inputs`).
        occurrence: how many equal starts there were in this kernel, this one included; from 1.

    Raises:
        InvalidRequest: one of `key_ignore` is no regular expression.
    """
    redactor = redactor.for_request(request)
    anybody = redactor.for_keys()
    asked: dict[str, Any]
    if request.key is not None:
        asked = {"key": anybody.text(request.key)}
    else:
        shaping = _shaping(request, base.absolute(), _compiled(request.key_ignore))
        asked = dict(anybody.value(shaping))
        if request.session_id is not None:
            asked["resumes"] = made_by_key or request.session_id
        if inputs:
            asked["inputs"] = {anybody.text(path): inputs[path] for path in sorted(inputs)}
    asked["occurrence"] = occurrence
    material = dict(redactor.value(asked))
    return of_material(material, None if material == asked else asked)


def of_material(
    material: Mapping[str, Any], asked: Mapping[str, Any] | None = None
) -> RecordingKey:
    """The key that this has: the digest of the canonical JSON of what was asked."""
    key = digest_of(material if asked is None else asked)
    return RecordingKey(key, dict(material), None if asked is None else dict(asked))


def numbered(first: RecordingKey, number: int) -> RecordingKey:
    """The key of a later one of equal starts."""
    which = {"occurrence": number}
    return of_material(first.material | which, None if first.asked is None else first.asked | which)


def digest_of(material: Mapping[str, Any]) -> str:
    """SHA-256 of data as JSON with sorted names and no spaces."""
    text = json.dumps(material, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _compiled(ignore: Iterable[str]) -> list[re.Pattern[str]]:
    try:
        return [re.compile(one) for one in ignore]
    except re.error as error:
        raise InvalidRequest(
            f"key_ignore: no regular expression: {error}.", field="key_ignore"
        ) from None


def _shaping(
    request: ExecutionRequest, base: Path, ignore: Sequence[re.Pattern[str]]
) -> dict[str, Any]:
    """The options that shape the answer, those left out that were not given."""
    project = relative_to(request.project_path, base)
    folders = [(base, "."), *([(Path(request.project_path), project)] if project != "." else [])]
    shaping: dict[str, Any] = {}
    for name in _TEXTS:
        text = getattr(request, name)
        for pattern in ignore:
            text = text and pattern.sub("", text)
        shaping[name] = text and _neutral(text, folders)
    shaping |= {name: getattr(request, name) for name in _PLAIN}
    shaping |= {name: sorted(_neutral(getattr(request, name), folders)) for name in _TOOLS}
    shaping["schema"] = _neutral(request.output_schema, folders)
    shaping["extra_args"] = _neutral(request.extra_args, folders)
    servers = describe_mcp_config(request.mcp_config, request.mcp_config_path)
    shaping["mcp_servers"] = sorted(servers.servers) if servers else []
    shaping["add_dirs"] = sorted(relative_to(folder, base) for folder in request.add_dirs)
    shaping["project_path"] = project
    given = {name: value for name, value in shaping.items() if value not in (None, "", [], False)}
    if request.setting_sources is not None:  # none of them is another thing than the default
        given["setting_sources"] = list(request.setting_sources)
    return given


def relative_to(path: str | os.PathLike[str], base: Path) -> str:
    """A path as it reads from a folder, with forward slashes; outside of it as `../x`."""
    return Path(os.path.relpath(path, base)).as_posix()


_Folders = Sequence[tuple[Path, str]]
"""The notebook's and the project's, and how each reads from the notebook's."""


def _neutral(value: Any, folders: _Folders) -> Any:
    """A value whose texts may name those folders, as one that would fit on any machine."""
    if isinstance(value, Mapping):
        return {_neutral(key, folders): _neutral(item, folders) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_neutral(item, folders) for item in value]
    if not isinstance(value, str):
        return value
    for folder, shown in folders:
        parts = folder.parts
        if len(parts) < 2 or (len(parts) == 2 and folder.name in _SHARED):
            continue
        begins = "" if len(parts) > 2 else r"(?<![\w./~-])"  # "/app" is the end of many a path
        named = rf"{begins}{re.escape(str(folder))}(?![\w-]|\.\w)"
        value = re.sub(named, shown.replace("\\", r"\\"), value)
    return value


# -- what differs ------------------------------------------------------------------------------


def differences(asked: Mapping[str, Any], recorded: Mapping[str, Any]) -> list[str]:
    """What two materials differ in, in words; empty if in nothing."""
    found: list[str] = []
    for name in sorted({*asked, *recorded}, key=lambda name: (name not in _TEXTS, name)):
        now, then = asked.get(name), recorded.get(name)
        if now == then:
            continue
        if name == "inputs":
            found += _changed_inputs(_mapping(now), _mapping(then))
        elif isinstance(now, str) and isinstance(then, str) and name in _TEXTS:
            found.append(_changed_text(name, now, then))
        else:
            found.append(f"{name} is {_said(now)}, and was {_said(then)} when it was recorded")
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _changed_inputs(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    said = []
    for path in sorted({*now, *then}):
        if now.get(path) != then.get(path):
            what = "is new" if path not in then else "is gone" if path not in now else "has changed"
            said.append(f"the input {path} {what}")
    return said


def _changed_text(name: str, now: str, then: str) -> str:
    pairs = enumerate(zip(now, then, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(len(now), len(then)))
    start = max(0, same - _QUOTED // 4)
    return (
        f"{name} differs from character {same + 1} on: it is {_cut(now[start:])!r}, "
        f"and was {_cut(then[start:])!r} when it was recorded"
    )


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED else text[:_QUOTED] + "…"


def _said(value: object) -> str:
    return "not given" if value is None else _cut(json.dumps(value, ensure_ascii=False))
