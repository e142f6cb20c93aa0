"""The example notebooks on the real CLI and from their recordings: the same outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.notebook_runs import EXAMPLES, NOTEBOOKS, live_and_replayed

pytestmark = [
    # nbclient leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SHOWN = {
    "quickstart.ipynb": {"quickstart-10": "completed success", "quickstart-16": "rate_limit - API"},
    "history.ipynb": {"history-04": "failed (rate_limit)", "history-07": "All four tests pass"},
    "reproducible.ipynb": {"reproducible-06": "31.2 seconds", "reproducible-11": "3,12.5"},
    "batch.ipynb": {"batch-04": "its arrival", "batch-11": "1 failed (api_error)"},
    "pipelines.ipynb": {"pipelines-05": "From the road", "pipelines-07": "failed dependency"},
}
"""Something of what a cell shows: that nothing equals nothing proves little."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_notebook_has_the_same_outputs_live_and_replayed(
    name: str, tmp_path: Path
) -> None:
    live, replayed = live_and_replayed(name, tmp_path.resolve())
    for cell, said in SHOWN[name].items():
        assert said in live[cell]
    assert replayed == live


def test_no_example_notebook_is_left_out() -> None:
    assert {path.name for path in NOTEBOOKS.glob("*.ipynb")} == set(EXAMPLES)
