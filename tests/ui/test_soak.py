"""Many executions of every kind through one kernel, with a dashboard open, kills and restarts.

The rule: the short form of `make soak`, with the same checks. In so few executions neither kernel
nor page has loaded all that it will, and pools of threads have not all of theirs (with a pipe or
socket each): memory, page heap, threads and descriptors may grow by more than the 5 % of the long
form. What ended how, counts, processes and temp files must be as in the long one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.soak.driver import Soak, table
from tests.soak.plan import LONG, SHORT
from tests.ui.conftest import Desk

REPORT = os.environ.get("SOAK_REPORT")
"""Where the long form, `make soak`, writes what it found."""
IS_LONG = bool(REPORT)
SIZE = LONG if IS_LONG else SHORT
STEADY = 0.05
"""How much more the median of the last quarter may be than that of the second."""
BOUNDS = dict.fromkeys(
    ("memory", "descriptors", "threads", "processes", "temp files", "page heap"), STEADY
)
if not IS_LONG:
    BOUNDS |= {"memory": 0.15, "descriptors": 0.25, "threads": 0.25, "page heap": 0.25}


@pytest.mark.fresh_page(reason="what its scripts hold in memory is measured")
@pytest.mark.timeout(5400 if IS_LONG else 400)  # the short one takes a minute
def test_soak(desk: Desk, fake_cli: Path, tmp_path: Path, runtime_dir: Path) -> None:
    begun = time.monotonic()
    soak = Soak(desk, fake_cli, tmp_path / "soak", runtime_dir / "soak", SIZE)
    soak.run()
    grown, checks = soak.checks(BOUNDS)
    told = [table(grown, time.monotonic() - begun, SIZE), "", *map(str, checks)]
    print("\n".join(told))
    if REPORT:
        Path(REPORT).write_text("\n".join(told) + "\n")
    assert not [str(check) for check in checks if check.problem]
