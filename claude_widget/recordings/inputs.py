"""The files that an answer depends on, as the caller names them, and their digests.

The rule: globs in, digests out. What a glob finds and no person means is left out: recordings, and
notebooks, which change as they run; folders that tools make again. Whoever names such a file or
folder in so many words has it. It knows nothing of keys.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from claude_widget.changes.project_files import HEAVY, SCRATCH
from claude_widget.errors import InvalidRequest
from claude_widget.recordings.key import relative_to

_BLOCK = 1 << 20
_WILD = re.compile(r"[*?\[]")
_NOTEBOOK = ".ipynb"
_HINT = (
    "Globs are relative to the notebook's folder, such as 'src/**/*.py' or '../data/a.csv'. "
    "Notebooks, recordings and folders like node_modules count only if they are named."
)


def digests(patterns: Iterable[str], base: Path, recordings: Path) -> dict[str, str]:
    """Digests of the files that globs name, by their path from the notebook's folder.

    Args:
        patterns: globs such as "src/**/*.py", relative to `base`; "src/**" is all files below.
        base: the notebook's folder.
        recordings: the folder of recordings, in which no glob finds anything.

    Raises:
        InvalidRequest: a glob is none, matches no file, or a file cannot be read.
    """
    found: dict[str, str] = {}
    for pattern in patterns:
        try:
            named = os.fspath(pattern)
            files = _meant(named, base, recordings)
            found |= {relative_to(path, base): _file_digest(path) for path in files}
        except (OSError, ValueError, NotImplementedError, TypeError, IndexError) as error:
            why = getattr(error, "strerror", None) or error  # without its path, which has the home
            told = f"inputs: {pattern!r}: {why}."
            raise InvalidRequest(told, field="inputs", hint=_HINT) from None
        if not files:
            told = f"inputs: no file fits {pattern!r} in the notebook's folder."
            raise InvalidRequest(told, field="inputs", hint=_HINT)
    return dict(sorted(found.items()))


def _meant(pattern: str, base: Path, recordings: Path) -> list[Path]:
    """The files that a glob finds, and that a person means by it."""
    parts = PurePath(pattern).parts
    if parts[-1:] == ("**",):  # folders alone, before Python 3.13
        pattern = str(PurePath(pattern, "*"))
    files = [path for path in base.glob(pattern) if path.is_file()]
    if not any(_WILD.search(part) for part in parts):
        return files
    notebooks = parts[-1].endswith(_NOTEBOOK)
    return [
        path
        for path in files
        if (notebooks or path.suffix != _NOTEBOOK)
        and not path.is_relative_to(recordings)
        and not any(part not in parts and _is_of_tools(part) for part in _parts(path, base))
    ]


def _parts(path: Path, base: Path) -> tuple[str, ...]:
    return PurePath(relative_to(path, base)).parts


def _is_of_tools(part: str) -> bool:
    return part in HEAVY or part.startswith(SCRATCH)


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
