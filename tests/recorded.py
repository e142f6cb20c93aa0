"""The recorded runs of the real CLI, as transcripts.

The rule: what is recorded is never changed. `NAME.transcript` is a transcript as the shim wrote it,
with both sides of the conversation (`tests.record` makes them). `NAME.jsonl` is only what the CLI
printed; what is around it is made here, with fixed times, as the shim would have written it. A
state folded from either can be compared with a golden file. To make the golden files anew (then
look at what changed before committing it):

    .venv/bin/python -m tests.recorded
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claude_widget.events import Event, Record, parse
from claude_widget.state import State, fold, reduce
from claude_widget.transcript import read_records

TRANSCRIPTS = Path(__file__).parent / "transcripts"
GOLDEN = TRANSCRIPTS / "golden"
NAMES = sorted(
    path.stem for path in TRANSCRIPTS.iterdir() if path.suffix in (".jsonl", ".transcript")
)
EXECUTION_ID = "6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10"
EPOCH = 1_700_000_000.0

EXIT_CODES = {
    "api_error_400": 1,
    "api_retry_killed": 143,
    "budget_exhausted": 1,
    "interrupted": 1,
    "max_turns": 1,
    "unknown_session": 1,
}
"""As those runs ended (measured, CLI 2.1.330); the others ended with 0."""
REQUESTS: dict[str, dict[str, Any]] = {
    "resumed": {"session_id": "13626804-aa20-4a3b-a325-863b229bd28a"},
    "max_turns": {"max_turns": 1},
    "budget_exhausted": {"max_budget_usd": 0.006, "model": "opus"},
    "unknown_session": {"session_id": "11111111-1111-4111-8111-111111111111"},
}


def line(stream: str, data: bytes, time: float = EPOCH, offset: int = 0) -> Record:
    """A record of bytes."""
    return Record(offset, time, stream, data)


def out(frame: object, time: float = EPOCH) -> Record:
    """A line of the CLI's stdout."""
    return line("out", json.dumps(frame, separators=(",", ":")).encode(), time)


def sent(frame: object, time: float = EPOCH) -> Record:
    """A line that we wrote to the CLI."""
    return line("in", json.dumps(frame).encode(), time)


def meta(event: str, time: float = EPOCH, **fields: object) -> Record:
    """One of our own records."""
    return line("meta", json.dumps({"event": event, **fields}).encode(), time)


def prompt(text: str = "do it") -> Record:
    """A user message of ours."""
    return sent({"type": "user", "message": {"role": "user", "content": text}})


def header() -> Record:
    return meta(
        "transcript", version=1, epoch=EPOCH, execution_id=EXECUTION_ID, host="here", boot_id="b"
    )


def requested(**request: object) -> Record:
    fields = {"query": "do it", "project_path": "/home/user/project", **request}
    return meta(
        "requested",
        EPOCH + 0.25,
        request=fields,
        mcp_config=None,
        owner="manager",
        recorded=False,
        resumed_from=None,
    )


def spawned() -> Record:
    return meta(
        "spawned", EPOCH + 0.5, pid=4242, shim_pid=4241, shim_start=12.5, cli_path="/bin/claude"
    )


def ended(exit_code: int | None = 0, **fields: object) -> Record:
    fields = {"error": None, "forced": False, "descendants": 0, **fields}
    return meta("ended", EPOCH + 60, exit_code=exit_code, **fields)


def opening(**request: object) -> list[Record]:
    """Up to the prompt."""
    return [header(), requested(**request), spawned(), prompt()]


def state_of(*records: Record) -> State:
    """The state after these."""
    return fold(State(), records)


def events_of(*records: Record) -> list[Event]:
    """What these records are."""
    return [parse(record) for record in records]


def frames(name: str) -> list[bytes]:
    """The CLI's lines of one recorded run."""
    if whole(name).exists():
        return [record.data for record in read_records(whole(name)) if record.stream == "out"]
    return (TRANSCRIPTS / f"{name}.jsonl").read_bytes().splitlines()


def whole(name: str) -> Path:
    """Where a run is that was recorded with both sides."""
    return TRANSCRIPTS / f"{name}.transcript"


def transcript(name: str) -> list[Record]:
    """One recorded run as a whole transcript."""
    if whole(name).exists():
        return list(read_records(whole(name)))
    records = [*opening(**REQUESTS.get(name, {}))]
    for number, data in enumerate(frames(name), start=1):
        records.append(line("out", data, EPOCH + number))
        records.extend(_answers(data, EPOCH + number + 0.5))
    if name == "api_retry_killed":
        records += [meta("kill", EPOCH + 50, reason="user"), meta("signalled", signal="SIGTERM")]
    else:
        records.append(meta("stdin_closed", EPOCH + 50))
    records.append(ended(EXIT_CODES.get(name, 0)))
    offset, placed = 0, []
    for record in records:
        placed.append(record._replace(offset=offset))
        offset += len(record.data) + 20
    return placed


def _answers(data: bytes, time: float) -> Iterator[Record]:
    frame = json.loads(data)
    if frame["type"] == "control_request":
        body = {"behavior": "allow", "updatedInput": frame["request"]["input"]}
        response = {"subtype": "success", "request_id": frame["request_id"], "response": body}
        yield sent({"type": "control_response", "response": response}, time)


def golden(name: str) -> str:
    """What a golden file holds: the info, and on the way to it activities, requests and tasks.

    `open` has what was open after so many records; the page's fold is held to the same.
    """
    state, activities = State(), [""]
    open_after: list[dict[str, Any]] = [{"after": 0, "requests": [], "tasks": []}]
    for number, record in enumerate(transcript(name), start=1):
        state = reduce(state, parse(record))
        if state.work.activity != activities[-1]:
            activities.append(state.work.activity)
        requests = [one.request_id for one in state.work.waiting]
        tasks = [one.task_id for one in state.work.tasks]
        if [requests, tasks] != [open_after[-1]["requests"], open_after[-1]["tasks"]]:
            open_after.append({"after": number, "requests": requests, "tasks": tasks})
    document = {
        "info": state.info.model_dump(mode="json"),
        "activities": activities,
        "open": open_after[1:],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for name in NAMES:
        (GOLDEN / f"{name}.json").write_text(golden(name), encoding="utf-8")


if __name__ == "__main__":
    main()
