"""Records the example notebooks: the real CLI, with a scripted model behind it.

The rule: a notebook is run as it is, in mode record, in a world made from nothing; only its
recordings are kept, and none if they name a place of this machine. Then it is replayed, and saved
with its outputs. Nothing is paid.

    .venv/bin/python -m scripts.record_notebooks [NAME.ipynb ...]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from scripts import notebook_outputs
from scripts.failure import SetupFailed
from scripts.notebook_runs import RECORDED, run_on_the_cli
from scripts.parts import RECORDINGS
from scripts.paths import ROOT
from tests.real_cli import find_real_cli


def main(names: list[str]) -> None:
    """Run those notebooks, or all, and put their recordings beside them."""
    for name in names or RECORDED:
        record(name)
    notebook_outputs.main(names or list(RECORDED))


def record(name: str) -> None:
    """Run one, and put its recordings beside it."""
    root = Path(tempfile.mkdtemp(prefix="cw-")).resolve()
    shutil.copytree(RECORDINGS, root / "project" / "recordings")  # whose index is gone on with
    try:
        notebook = run_on_the_cli(name, root, "record")
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                print(output.get("text") or output.get("data", {}).get("text/plain", ""))
        keep(root / "project" / "recordings", root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def keep(recorded: Path, root: Path) -> None:
    """Replace the notebook's recordings by these.

    Raises:
        SetupFailed: they name what is of this machine only.
    """
    words = [str(root), str(ROOT), root.name]
    for path in sorted(recorded.rglob("*")):
        if path.is_file():
            text = path.read_text("utf-8")
            text = text.replace(str(Path(find_real_cli()).resolve()), "/usr/local/bin/claude")
            text = text.replace(find_real_cli(), "/usr/local/bin/claude")
            if left := [word for word in words if word in text]:
                at = text.index(left[0])
                raise SetupFailed(f"{path} names {left[0]}: {text[max(0, at - 200) : at + 100]}")
            path.write_text(text, "utf-8")
    shutil.copytree(recorded, RECORDINGS, dirs_exist_ok=True)
    print(f"{len(list(recorded.glob('*/request.json')))} recordings")


if __name__ == "__main__":
    main(sys.argv[1:])
