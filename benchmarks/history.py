"""The history of 100,000 executions: searching, listing, inserting, its size; and making it anew.

The rule: entries are made up, of the words of English-like prose and code with the frequencies of
such (Zipf's law), and put straight into the index by the same calls as at the end of an execution.
Queries are of one to three words out of the texts, common and rare ones, some with filters, one of
which finds nothing. Of
rebuilding, transcripts are recorded turns, and the peer reads and folds the same files and no more.
"""

from __future__ import annotations

import itertools
import json
import random
import string
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import frames, measure
from claude_widget import runtime
from claude_widget.history.entry import HistoryEntry, without_partials
from claude_widget.history.filter import Wanted, wanted
from claude_widget.history.index import HistoryIndex
from claude_widget.history.sync import HistorySync
from claude_widget.transcript import Writer

EXECUTIONS, QUICK_EXECUTIONS = 100_000, 10_000
SEARCHES, QUICK_SEARCHES = 300, 100
TRANSCRIPTS, QUICK_TRANSCRIPTS = 200, 80
FRAMES = 1_000
ROUNDS = 5
SEARCH, LISTING, INSERT = 0.1, 0.05, 0.001
"""Seconds: of a search and a listing, 95th percentile; of an insert, in batches."""
SIZE = 2048
"""Bytes for each execution, beside its text."""
REBUILD = 1.3
_BATCH = 50
_WORDS = 30_000
_ZERO = 1_750_000_000.0
_PROJECTS, _MODELS = 40, ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5")


def vocabulary(chance: random.Random) -> list[str]:
    """Words of three to ten letters, the common ones first."""
    letters = string.ascii_lowercase
    return [
        "".join(chance.choices(letters, k=chance.randint(3, 10))) + str(number % 7 or "")
        for number in range(_WORDS)
    ]


def entries(count: int, words: list[str], chance: random.Random) -> Iterator[HistoryEntry]:
    """So many executions, a few minutes apart, in the order in which they ended."""
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(_WORDS)))

    def text(mean: int) -> str:
        length = max(3, int(chance.expovariate(1 / mean)))
        return " ".join(chance.choices(words, cum_weights=weights, k=length))

    for number in range(count):
        asked = _ZERO + 211.0 * number + chance.random()
        yield HistoryEntry(
            execution_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            name=None,
            status="completed" if chance.random() < 0.93 else "failed",
            reason="success",
            project_path=f"/home/user/projects/project-{int(chance.expovariate(0.2)) % _PROJECTS}",
            model=chance.choice(_MODELS),
            session_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            resumed_from=None,
            cli_version="2.1.330",
            created_time=asked,
            start_time=asked + 0.1,
            end_time=asked + chance.expovariate(1 / 60),
            cost_usd=chance.random(),
            input_tokens=chance.randint(1, 10**5),
            output_tokens=chance.randint(1, 10**4),
            cache_creation_input_tokens=chance.randint(1, 10**5),
            cache_read_input_tokens=chance.randint(1, 10**6),
            num_turns=chance.randint(1, 30),
            tool_count=chance.randint(0, 40),
            recorded=False,
            error="",
            size=chance.randint(10**4, 10**7),
            query=text(40),
            result=text(120),
            inputs=text(90),
        )


def filled(folder: Path, count: int) -> tuple[list[float], int]:
    """An index of so many; seconds for an insert in each batch, and bytes of all texts."""
    chance = random.Random(5)  # noqa: S311 - the same figures in each run
    words = vocabulary(chance)
    index = HistoryIndex(folder)
    seconds, size = [], 0
    made = entries(count, words, chance)
    while batch := list(itertools.islice(made, _BATCH)):
        size += sum(len(one.query) + len(one.result) + len(one.inputs) for one in batch)
        begun = time.perf_counter()
        index.put(batch)
        seconds.append((time.perf_counter() - begun) / len(batch))
    return seconds, size


def searched(index: HistoryIndex, count: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of searches, of listings, and of first pages for the dashboard."""
    chance = random.Random(7)  # noqa: S311 - the same figures in each run
    words = vocabulary(random.Random(5))  # noqa: S311 - those of the entries
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(_WORDS)))
    filters: list[dict[str, Any]] = [
        {},
        {"model": "opus"},
        {"status": "failed"},
        {"status": "killed"},
        {"project": "/home/user/projects/project-7"},
        {"since": _ZERO + 10**6},
    ]
    searches, listings, pages = [], [], []
    for number in range(count):
        said = chance.choices(words, cum_weights=weights, k=chance.randint(1, 3))
        said[-1] = said[-1][: chance.randint(3, 12)]
        chosen = filters[number % len(filters)]
        searches.append(_timed(partial(index.search, wanted(" ".join(said), limit=100, **chosen))))
        listings.append(_timed(partial(index.search, wanted(limit=100, **chosen))))
        pages.append(_timed(partial(first_page, index, wanted(" ".join(said), **chosen))))
    return searches, listings, pages


def first_page(index: HistoryIndex, asked: Wanted) -> None:
    """What the dashboard asks for when something is typed: some, their number, and the models."""
    index.search(asked._replace(limit=51))
    index.count(asked)
    index.models(50)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def write_transcripts(executions: Path, count: int) -> None:
    """Ended executions of recorded turns, each with ids of its own."""
    body = list(frames.session(FRAMES))
    for number in range(count):
        name = str(uuid.UUID(int=number, version=4))
        (executions / name).mkdir(parents=True)
        request = {"query": f"query {number}", "project_path": "/projects/one"}
        with Writer(executions / name / "transcript", create=True) as writer:
            writer.begin(name, runtime.host_name(), request=request)
            writer.meta("spawned", pid=1)
            writer.lines(b"out", b"\n".join(body))
            writer.meta("ended", exit_code=0)


def read_plainly(executions: Path) -> float:
    """Seconds of the processor to read and fold all of them, once, and no more."""
    from claude_widget.events import parse  # noqa: PLC0415 - as the index's own reading
    from claude_widget.state import State, reduce  # noqa: PLC0415

    begun = time.process_time()
    for folder in executions.iterdir():
        state = State.initial(folder.name)
        for record in without_partials(folder / "transcript"):
            state = reduce(state, parse(record))
        if not state.info.status.ended:
            raise RuntimeError(f"{folder.name} has not ended")
    return time.process_time() - begun


def rebuilt(state: Path, count: int) -> float:
    """Seconds of the processor to make the index anew."""
    sync = HistorySync(state / "executions", HistoryIndex(state))
    begun = time.process_time()
    report = sync.rebuild()
    seconds = time.process_time() - begun
    if report.indexed != count:
        raise RuntimeError(json.dumps(report.model_dump()))
    return seconds


def run(quick: bool) -> list[measure.Figure]:
    """The bounds of the index, and rebuilding beside plain reading."""
    count = QUICK_EXECUTIONS if quick else EXECUTIONS
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as name:
        folder = Path(name)
        inserts, text = filled(folder, count)
        index = HistoryIndex(folder)
        size = (index.path.stat().st_size - text) / count
        searches, listings, pages = searched(index, QUICK_SEARCHES if quick else SEARCHES)
    transcripts = QUICK_TRANSCRIPTS if quick else TRANSCRIPTS
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as name:
        folder = Path(name)
        write_transcripts(folder / "executions", transcripts)
        sides = (
            partial(rebuilt, folder, transcripts),
            partial(read_plainly, folder / "executions"),
        )
        ours, plain = measure.in_turn(ROUNDS, *sides)
    what = f"history of {count:,} executions ({text / count:,.0f} bytes of text each)"
    slow = partial(measure.percentile, share=0.95)
    ms = partial(measure.allowed, unit="ms", scale=1000)
    again = f"the index of {transcripts} transcripts of {FRAMES:,} frames made anew"
    return [
        ms(f"{what}: a search, 95th percentile", [slow(searches)], SEARCH),
        ms(f"{what}: a listing, 95th percentile", [slow(listings)], LISTING),
        ms(f"{what}: a first page of the History tab, 95th percentile", [slow(pages)], SEARCH),
        ms(f"{what}: an insert in batches, median", inserts, INSERT),
        measure.allowed(f"{what}: bytes each, beside its text", [size], SIZE, unit="B", timed=""),
        measure.compared(f"{again} / read and folded", ours, plain, bound=REBUILD),
    ]
