"""Resolves requirements/*.in into the locks beside them.

The rule: a lock holds names and versions for every supported Python and platform, and nothing of
the machine it was made on: no registry, no path.
"""

from __future__ import annotations

import sys

from scripts.failure import SetupFailed
from scripts.paths import ROOT, say
from scripts.setup import find_uv, run

OPTIONS = ("--quiet", "--universal", "--python-version=3.11", "--annotation-style=line")


def main() -> int:
    """Write dev.txt and ipykernel73.txt anew, each pin as new as it can be."""
    uv = find_uv()
    if uv is None:
        say("uv is needed to resolve the locks: pip install uv")
        return 1
    folder = ROOT / "requirements"
    try:
        for name in ("dev", "ipykernel73"):
            source, lock = folder / f"{name}.in", folder / f"{name}.txt"
            named = [str(path.relative_to(ROOT)) for path in (ROOT / "pyproject.toml", source)]
            options = [*OPTIONS, "--no-header", "--upgrade", "--output-file"]
            run([uv, "pip", "compile", *options, lock.relative_to(ROOT), *named], what="lock")
    except SetupFailed as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
