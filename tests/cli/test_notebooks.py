"""The example notebook on the real CLI and from its recordings: the same outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.notebook_runs import live_and_replayed

pytestmark = [
    # nbclient leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_the_example_notebook_has_the_same_outputs_live_and_replayed(tmp_path: Path) -> None:
    live, replayed = live_and_replayed(tmp_path.resolve())
    assert "31.2 seconds" in live["reproducible-06"]
    assert "3,12.5" in live["reproducible-11"]
    assert replayed == live
