"""A scripted Messages API on loopback, for runs of the real CLI with no network and no key.

The rule: what is answered follows only from the request. The last prompt that names a scenario
(`SCENARIO:bash {"command": "ls"}`, or the exact text of one registered by `scripts`) picks it, and
the number of the assistant's messages since that prompt picks the turn; after the last turn comes
"All done". Scenarios are data, in `scenarios.py`. The server keeps every request for asserts,
listens on 127.0.0.1 only, and lets go of every open answer when it closes.

    python tests/scripted_api.py PORT       # serves until interrupted
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from string import Template
from typing import Any, Self

import pytest

if __name__ == "__main__":  # run as a file, `tests` is not on the path yet
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.scenarios import (
    SCENARIOS,
    Block,
    Failure,
    Never,
    Scenario,
    Text,
    Thinking,
    ToolUse,
    Turn,
    Whole,
)

HOST = "127.0.0.1"
_WORD = re.compile(r"SCENARIO:([A-Za-z0-9_]+)")
_numbers = count(1)


@dataclass(frozen=True)
class Request:
    """One request as it came in; the body is the decoded JSON, or None."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any = field(repr=False, default=None)

    @property
    def prompts(self) -> list[str]:
        """The texts of the user messages, in order."""
        messages = (self.body or {}).get("messages", [])
        return [_text_of(message) for message in messages if message.get("role") == "user"]


@dataclass(frozen=True)
class Choice:
    """What a request is answered from: the scenario's name, the turn, and its arguments."""

    name: str
    turn: Turn
    arguments: Mapping[str, Any]


class ScriptedAPI(ThreadingHTTPServer):
    """The server. `url` goes into ANTHROPIC_BASE_URL; `requests` is what it was asked."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int = 0, scripts: Mapping[str, Scenario] | None = None) -> None:
        """Listen on the port (0: any free one); `scripts` adds scenarios by exact query text."""
        super().__init__((HOST, port), _Handler)
        self.scripts = dict(scripts or {})
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://{HOST}:{self.server_address[1]}"

    @property
    def messages(self) -> list[Request]:
        """The requests for an answer of the model, in order."""
        return [request for request in self.requests if _endpoint(request.path) == "/v1/messages"]

    def start(self) -> Self:
        """Serve on a thread of its own."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Let go of the open answers and stop; harmless when called twice."""
        self.closing.set()
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        self.server_close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; the rest is worth a traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def choose(self, body: Mapping[str, Any]) -> Choice:
        """Return what the messages of a request are answered from."""
        messages = body.get("messages", [])
        for index in range(len(messages) - 1, -1, -1):
            if messages[index].get("role") != "user":
                continue
            text = _text_of(messages[index])
            named = self._named(text)
            if named is not None:
                name, scenario, arguments = named
                number = sum(m.get("role") == "assistant" for m in messages[index + 1 :])
                done = Turn([Text("All done.")])
                turn = scenario[number] if number < len(scenario) else done
                return Choice(name, turn, arguments)
        return Choice("", Turn([Text("No scenario was named.")]), {})

    def _named(self, text: str) -> tuple[str, Scenario, dict[str, Any]] | None:
        # The CLI may put several prompts into one message, as after an interrupt: the last counts.
        for match in reversed(list(_WORD.finditer(text))):
            if match[1] in SCENARIOS:
                return match[1], SCENARIOS[match[1]], _arguments(text[match.end() :])
        for query, scenario in self.scripts.items():
            if query in text:
                return query, scenario, {}
        return None


class _Handler(BaseHTTPRequestHandler):
    """One request. Answers close the connection: the CLI opens another."""

    server: ScriptedAPI

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""

    def do_HEAD(self) -> None:
        """Answer the CLI's look at whether anybody is there."""
        self._note(None)
        self._json(200, {})

    def do_GET(self) -> None:
        """Answer `/` and `/v1/models`."""
        self._note(None)
        endpoint = _endpoint(self.path)
        if endpoint == "/v1/models":
            model = {"type": "model", "id": "claude-opus-5-5", "display_name": "Opus"}
            self._json(200, {"data": [model], "has_more": False})
        elif endpoint == "/":
            self._json(200, {"ok": True})
        else:
            self._fail(Failure(404, "not_found_error", "Not Found"))

    def do_POST(self) -> None:
        """Answer a message, a count of tokens; refuse the rest."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            self._note(None)
            self._fail(Failure(400, "invalid_request_error", "The body is not JSON"))
            return
        self._note(body)
        endpoint = _endpoint(self.path)
        if endpoint == "/v1/messages/count_tokens":
            self._json(200, {"input_tokens": len(raw) // 4})
        elif endpoint == "/v1/messages":
            self._answer(body)
        else:
            self._fail(Failure(404, "not_found_error", "Not Found"))

    def _note(self, body: Any) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(self.command, self.path, headers, body))

    def _answer(self, body: Mapping[str, Any]) -> None:
        model = str(body.get("model", ""))
        if not model.startswith("claude-"):
            self._fail(Failure(404, "not_found_error", f"model: {model}"))
            return
        choice = self.server.choose(body)
        if choice.turn.before and self.server.closing.wait(choice.turn.before):
            return
        blocks = choice.turn.blocks
        for block in blocks:
            if isinstance(block, Failure):
                self._fail(block)
                return
            if isinstance(block, Never):
                self.server.closing.wait()
                return
        filled = [_filled(block, choice.arguments) for block in blocks]
        message = _message(model, filled, choice.turn)
        if not body.get("stream"):
            self._json(200, message)
            return
        self._stream(message, filled)

    def _stream(self, message: dict[str, Any], blocks: list[Block]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Request-Id", _identity("req"))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for delay, event in _events(message, blocks):
            if delay and self.server.closing.wait(delay):
                return
            data = json.dumps(event, ensure_ascii=False)
            self.wfile.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
            self.wfile.flush()

    def _fail(self, failure: Failure) -> None:
        error = {"type": failure.kind, "message": failure.message}
        body = {"type": "error", "error": error, "request_id": _identity("req")}
        self._json(failure.status, body, failure.headers)

    def _json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(raw)


def _endpoint(path: str) -> str:
    return path.partition("?")[0].rstrip("/") or "/"


def _identity(kind: str) -> str:
    return f"{kind}_scripted{next(_numbers):012d}"


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content if block.get("type") == "text")


def _arguments(text: str) -> dict[str, Any]:
    """Return the JSON object that follows a scenario's name, or none."""
    start = text.lstrip()
    if not start.startswith("{"):
        return {}
    try:
        return dict(json.JSONDecoder().raw_decode(start)[0])
    except ValueError:
        return {}


def _fill(value: Any, arguments: Mapping[str, Any]) -> Any:
    """Put the prompt's arguments where a scenario says `${name}`; alone, it keeps its type."""
    if isinstance(value, Mapping):
        return {key: _fill(item, arguments) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, arguments) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith("${") and value[2:-1] in arguments and value.endswith("}"):
        return arguments[value[2:-1]]
    return Template(value).safe_substitute(arguments)


def _filled(block: Block, arguments: Mapping[str, Any]) -> Block:
    if isinstance(block, ToolUse):
        return replace(block, input=_fill(block.input, arguments))
    if isinstance(block, Text):
        return replace(block, text=_fill(block.text, arguments) * block.times)
    return block


def _content(block: Block) -> dict[str, Any]:
    """Return the block as a whole message has it."""
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    if isinstance(block, Thinking):
        return {"type": "thinking", "thinking": block.text, "signature": "c2NyaXB0ZWQ="}
    if isinstance(block, Whole):
        return dict(block.content)
    assert isinstance(block, ToolUse)
    return {"type": "tool_use", "id": _identity("toolu"), "name": block.name, "input": block.input}


def _message(model: str, blocks: list[Block], turn: Turn) -> dict[str, Any]:
    content = [_content(block) for block in blocks]
    uses_tool = any(isinstance(block, ToolUse) for block in blocks)
    return {
        "id": _identity("msg"),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if uses_tool else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": turn.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": turn.cached_tokens,
            "output_tokens": len(json.dumps(content)) // 4,
        },
    }


def _events(message: dict[str, Any], blocks: list[Block]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield (seconds to wait first, server-sent event) as the real API orders them."""
    usage = message["usage"]
    first = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield 0.0, {"type": "message_start", "message": first}
    for index, (block, whole) in enumerate(zip(blocks, message["content"], strict=True)):
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}
        start = whole if isinstance(block, Whole) else {**whole, **empty.get(whole["type"], _INPUT)}
        yield 0.0, {"type": "content_block_start", "index": index, "content_block": start}
        for delay, delta in _deltas(block, whole):
            yield delay, {"type": "content_block_delta", "index": index, "delta": delta}
        yield 0.0, {"type": "content_block_stop", "index": index}
    yield (
        0.0,
        {
            "type": "message_delta",
            "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": usage["output_tokens"]},
        },
    )
    yield 0.0, {"type": "message_stop"}


_INPUT: dict[str, Any] = {"input": {}}


def _deltas(block: Block, whole: dict[str, Any]) -> Iterator[tuple[float, dict[str, Any]]]:
    if isinstance(block, Text):
        for piece in _pieces(block.text, block.chunk):
            yield block.delay, {"type": "text_delta", "text": piece}
    elif isinstance(block, Thinking):
        for piece in _pieces(block.text, block.chunk):
            yield block.delay, {"type": "thinking_delta", "thinking": piece}
        yield 0.0, {"type": "signature_delta", "signature": whole["signature"]}
    elif isinstance(block, ToolUse):
        for piece in _pieces(json.dumps(whole["input"]), block.chunk):
            yield block.delay, {"type": "input_json_delta", "partial_json": piece}


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


@pytest.fixture
def scripted_api() -> Iterator[ScriptedAPI]:
    """A scripted Messages API for one test."""
    with ScriptedAPI() as api:
        yield api


def main() -> None:
    """Serve on the port given, until interrupted."""
    with ScriptedAPI(int(sys.argv[1])) as api:
        print(api.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
