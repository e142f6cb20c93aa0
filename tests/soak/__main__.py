"""`make soak`: the long forms of what shows that nothing is lost and nothing grows.

The rule: it runs the tests themselves, each as long as it may be, and says of each whether it
passed; the figures of the soak are printed as its test has written them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from scripts.paths import RESULTS, ROOT


class Part(NamedTuple):
    """One long test.

    Attributes:
        about: what it shows.
        test: the file.
        env: what makes it long.
    """

    about: str
    test: str
    env: dict[str, str]


REPORT = RESULTS / "soak.txt"
PARTS = (
    Part("2,000 mixed executions", "tests/ui/test_soak.py", {"SOAK_REPORT": str(REPORT)}),
    Part("200 kills at random", "tests/test_random_kills.py", {"CLAUDE_WIDGET_KILLS": "200"}),
    Part("the model check, 200 lives", "tests/test_model.py", {"MODEL_EXAMPLES": "200"}),
    Part("restarts in all orders", "tests/ui/test_restarts.py", {"RESTARTS": "all"}),
)


def run(part: Part) -> tuple[bool, float]:
    """Whether it passed, and how many seconds it took."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cw-") as folder:
        # A test's own folder by pytest would be removed by the next runs of pytest but two.
        options = ["-q", "-s", f"--basetemp={folder}/t", "-o", "timeout=3600"]
        options += ["-o", "faulthandler_timeout=0"]
        command = [sys.executable, "-m", "pytest", *options, part.test]
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **part.env}, check=False)
    return code.returncode == 0, time.monotonic() - begun


def main() -> int:
    """All parts, or those whose file's name has one of the arguments in it."""
    RESULTS.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    chosen = [one for one in PARTS if not sys.argv[1:] or any(w in one.test for w in sys.argv[1:])]
    results = [(part, *run(part)) for part in chosen]
    print("\n" + (REPORT.read_text() if REPORT.exists() else ""))
    for part, passed, seconds in results:
        verdict = "PASS" if passed else "FAIL"
        print(f"{verdict} {part.about} ({Path(part.test).name}, {seconds:.0f} s)")
    return int(not all(passed for _, passed, _ in results))


if __name__ == "__main__":
    sys.exit(main())
