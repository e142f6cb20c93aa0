"""The built front end: where it is, and what of it goes where.

The rule: reads the package's `static` folder once. The bundle is never a trait: anywidget sends
and saves the whole `_esm` with every instance, so that is a loader under 2 KB, which asks for the
bundle.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

from claude_widget.errors import FrontEndMissing
from claude_widget.protocol.requests import PartName

STATIC = Path(__file__).parent.parent / "static"
_HASH_MARK = "__BUNDLE_HASH__"


class FrontEnd(NamedTuple):
    """The built front end.

    Attributes:
        loader: JavaScript of the loader, with the bundle's hash in it.
        hash: of the bundle.
        script: the bundle's JavaScript.
        style: the bundle's CSS.
        parts: JavaScript of the parts that are only fetched when they are needed, by name.
    """

    loader: str
    hash: str
    script: bytes
    style: bytes
    parts: dict[str, bytes]


@cache
def front_end() -> FrontEnd:
    """The built front end.

    Raises:
        FrontEndMissing: the package was installed without it.
    """
    try:
        loader = (STATIC / "loader.js").read_text("utf-8")
        script = (STATIC / "widget.js").read_bytes()
        style = (STATIC / "widget.css").read_bytes()
        parts = {name: (STATIC / f"{name}.js").read_bytes() for name in get_args(PartName)}
    except OSError as error:
        raise FrontEndMissing(
            f"The front end is not built: {error}.",
            hint="Install a released wheel, or run `npm ci && npm run build` in js/.",
        ) from error
    digest = hashlib.blake2s(script + b"\0" + style, digest_size=8).hexdigest()
    return FrontEnd(loader.replace(_HASH_MARK, digest), digest, script, style, parts)
