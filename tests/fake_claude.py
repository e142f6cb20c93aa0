#!/usr/bin/env -S python3 -I -S
"""A Claude Code that is not one: it speaks stream-json as 2.1.330 does, and misbehaves on demand.

The rule: it behaves (state frames, a result, exit once stdin closes) unless it is told otherwise,
by words anywhere in a prompt (`fake:gate fake:exit=3`) or in the environment (FAKE_CLAUDE="gate").
What happens before a prompt is read can only come from the environment. It imports little.

    at the start    dies=N  deaf (to SIGTERM and SIGINT)  reads-not  shuts-stdin
    its format      old (no state frames)  spaces (in its JSON)
    in a turn       deltas=N  long (streams until stopped)  gate=FILE (waits for it)  tools
                    background=SECONDS  echo (argv, env, cwd, stdin)  says=TEXT
                    script=FILE (Python in which the run is `cli`)
                    gives=JSON|JSON (the structured outputs of this turn and those after it)
    its output      garbage  bad-utf8  surrogate  big-line=MB  stderr=MB  flood=MB
    its children    daemon (setsid, double fork, holds the pipes)  undressed (with no environment)
                    server (deaf, over pipes)  forks=N (see fake_children)
    its requests    asks=TOOL  cancels=TOOL (see fake_requests)
    its limits      limit=SECONDS  refuses=STATUS  retries=STATUS  warns  costs=USD (fake_limits)
    its usage       memory=MB  cpu=SECONDS  bomb=N  calls  silent (see fake_usage)
    its end         exit=N  half-line  crash  hang-before  hang-after (its result)  shuts-stdout
"""
# ruff: noqa: PTH109, PTH110, PTH208
# Its start is part of what is measured, and pathlib would be most of it.

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tests.fake_children import Children
    from tests.fake_limits import Limits, Refused
    from tests.fake_requests import Interrupted, Requests
    from tests.fake_usage import Uses
else:
    sys.path.insert(0, __file__.rpartition("/")[0])  # isolated, it has no such place
    from fake_children import Children
    from fake_limits import Limits, Refused
    from fake_requests import Interrupted, Requests
    from fake_usage import Uses

DELTA = "Hello from the s"
NEVER = 86_400.0
USAGE = {"input_tokens": 1200, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def words_in(text: str) -> dict[str, str]:
    """`fake:NAME=VALUE` anywhere in a text; in the environment's variable without the `fake:`."""
    found = {}
    for word in text.split():
        if word.startswith("fake:"):
            name, _, value = word[5:].partition("=")
            found[name] = value
    return found


def new_id() -> str:
    """A UUID4."""
    raw = bytearray(os.urandom(16))
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Fake(Uses, Limits, Requests, Children):
    """One run: reads lines of stdin, plays a turn for each prompt."""

    def __init__(self) -> None:
        super().__init__()
        told = os.environ.get("FAKE_CLAUDE", "").split()
        self.start = words_in(" ".join("fake:" + word for word in told))
        self.words = dict(self.start)
        self.received: list[str] = []
        self.prompts: list[Any] = []
        self.outputs: list[str] = []
        self.buffer = b""
        self.in_turn = self.eof = False
        self.code = self.results = 0
        given = dict(item.partition("=")[::2] for item in sys.argv[1:])
        self.model = given.get("--model") or "claude-opus-5-5"
        self.session_id = given.get("--resume", "")
        if self.session_id:
            self.restore_cost()
        if not self.session_id or "--fork-session" in given:
            self.session_id = new_id()

    # -- stdin and stdout --------------------------------------------------------------------

    def write(self, data: bytes, fd: int = 1) -> None:
        """Write it all, or go quietly if nobody reads."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(fd, view) :]
            except BrokenPipeError:
                os._exit(141)

    def frame(self, frame: dict[str, Any]) -> None:
        """Print one frame as the CLI does: no spaces, text as UTF-8."""
        separators = (", ", ": ") if "spaces" in self.words else (",", ":")
        self.write(
            json.dumps(frame, separators=separators, ensure_ascii=False).encode("utf-8", "replace")
            + b"\n"
        )

    def said(self, kind: str, **fields: object) -> None:
        """Print a frame of this session."""
        self.frame({"type": kind, **fields, "session_id": self.session_id, "uuid": new_id()})

    def state(self, state: str) -> None:
        if "old" not in self.words:
            ids = {"uuid": new_id(), "session_id": self.session_id}
            self.frame(
                {"type": "system", "subtype": "session_state_changed", "state": state, **ids}
            )

    def pause(self, seconds: float) -> None:
        """Read stdin for that long, and take what comes."""
        if self.eof:
            time.sleep(min(seconds, 0.01))
        elif select.select([0], [], [], seconds)[0]:
            chunk = os.read(0, 1 << 16)
            self.eof = not chunk
            *lines, self.buffer = (self.buffer + chunk).split(b"\n")
            interrupted = [self.take(line) for line in lines]
            if any(interrupted):
                raise Interrupted

    def take(self, line: bytes) -> bool:
        """One line of stdin; whether it stops the turn."""
        self.received.append(line.decode("utf-8", "replace"))
        frame = json.loads(line)
        if frame["type"] == "user":
            self.prompts.append(frame)
        elif frame["type"] == "control_request":
            return self.control(frame["request_id"], frame["request"])
        elif frame["type"] == "control_response":
            said = frame["response"]
            self.answers[said["request_id"]] = said.get("response", said)
        return False

    # -- a turn ------------------------------------------------------------------------------

    def turn(self, prompt: dict[str, Any]) -> None:
        """Everything from `running` to `idle`."""
        content = prompt["message"]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        self.words = {**self.start, **words_in(text)}
        self.message_id = "msg_" + new_id()[:8]
        self.in_turn = True
        self.state("running")
        self.init()
        self.cost = self.spends()
        try:
            for name, value in list(self.words.items()):
                act = getattr(self, "do_" + name.replace("-", "_"), None)
                if act is not None:
                    act(value)
            told = self.words.get("says") or self.words.get("told") or text[:2000]
            self.stream(told)
            self.result(told)
        except Refused as refused:
            self.result(str(refused), **refused.fields)
        except Interrupted:
            self.frame(self.user("[Request interrupted by user]"))
            said = "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"
            more = {"errors": [said], "terminal_reason": "aborted_streaming"}
            self.result("", subtype="error_during_execution", is_error=True, **more)
        self.in_turn = False
        if "background" in self.words and not self.results > 1:
            self.task(self.words["background"])
        else:
            self.state("idle")
        if "hang-after" in self.words:
            time.sleep(NEVER)

    def init(self) -> None:
        self.said(
            "system",
            subtype="init",
            cwd=os.getcwd(),
            tools=["Task", "Bash", "Read", "Write"],
            mcp_servers=self.servers(self.words.get("servers", "")),
            model=self.model,
            permissionMode=self.mode,
            apiKeySource="ANTHROPIC_API_KEY",
            claude_code_version="2.1.330",
        )
        self.said("system", subtype="status", status="requesting")

    def event(self, event: dict[str, Any]) -> None:
        """A partial message, byte for byte as the CLI prints it."""
        tail = {"session_id": self.session_id, "parent_tool_use_id": None, "uuid": new_id()}
        tail["api_message_id"] = self.message_id
        self.frame({"type": "stream_event", "event": event, **tail})

    def delta(self, text: str) -> None:
        told = {"type": "text_delta", "text": text}
        self.event({"type": "content_block_delta", "index": 0, "delta": told})

    def stream(self, text: str) -> None:
        """The answer: its partial messages, and the message."""
        message = self.message([])
        message["usage"] = {**USAGE, "output_tokens": 1}
        self.event({"type": "message_start", "message": message})
        block = {"type": "text", "text": ""}
        self.event({"type": "content_block_start", "index": 0, "content_block": block})
        for _ in range(int(self.words.get("deltas") or 2)):
            self.delta(DELTA)
        while "long" in self.words:
            self.delta(DELTA)
            self.pause(0.01)
        self.frame(self.assistant({"type": "text", "text": text}))
        self.event({"type": "content_block_stop", "index": 0})
        ended = {"stop_reason": "end_turn", "stop_sequence": None}
        self.event({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 42}})
        self.event({"type": "message_stop"})

    def message(self, content: list[Any]) -> dict[str, Any]:
        head = {"id": self.message_id, "type": "message", "role": "assistant", "model": self.model}
        return {**head, "content": content, "stop_reason": None, "stop_sequence": None}

    def assistant(self, block: dict[str, Any]) -> dict[str, Any]:
        message = {**self.message([block]), "usage": {**USAGE, "output_tokens": 1}}
        ids = {"parent_tool_use_id": None, "session_id": self.session_id, "uuid": new_id()}
        return {"type": "assistant", "message": message, **ids}

    def user(self, content: object) -> dict[str, Any]:
        ids = {"parent_tool_use_id": None, "session_id": self.session_id, "uuid": new_id()}
        return {"type": "user", "message": {"role": "user", "content": content}, **ids}

    def result(self, text: str, **more: object) -> None:
        """Its `type` comes late in the line, as the CLI prints it."""
        self.results += 1
        usage = {self.model: {"inputTokens": 1200, "costUSD": self.cost}}
        frame = {
            "duration_api_ms": 64,
            "stop_reason": "end_turn",
            "session_id": self.session_id,
            "total_cost_usd": self.spent,
            "usage": {**USAGE, "output_tokens": 42},
            "permission_denials": [],
            "terminal_reason": "completed",
            "is_error": False,
            "num_turns": 1,
            "subtype": "success",
            "api_error_status": None,
            "result": text,
            "type": "result",
            "duration_ms": 647,
            "uuid": new_id(),
            "result_index": self.results - 1,
            "model_usage_since_last_result": usage,
        }
        if self.outputs:
            given = self.outputs.pop(0) if len(self.outputs) > 1 else self.outputs[0]
            frame["structured_output"] = json.loads(given)
        frame.update(more)
        self.code = int(self.words.get("exit") or bool(frame["is_error"]))
        self.frame(frame)

    def task(self, seconds: str) -> None:
        """A background shell: idle while it lives, then a turn of its own with a second result."""
        task = {"task_id": "b1", "task_type": "local_bash", "description": "wait"}
        self.said("system", subtype="background_tasks_changed", tasks=[task])
        self.state("idle")
        until = time.monotonic() + float(seconds or 0.1)
        while time.monotonic() < until:
            self.pause(0.01)
        self.said("system", subtype="background_tasks_changed", tasks=[])
        self.turn({"message": {"content": "fake:says=second"}})

    # -- what a word does --------------------------------------------------------------------

    def do_gate(self, name: str) -> None:
        while not os.path.exists(name or "go"):
            self.pause(0.005)

    def do_tools(self, _: str) -> None:
        call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}
        self.frame(self.assistant(call))
        done = {"tool_use_id": "toolu_1", "type": "tool_result", "content": "a.txt"}
        self.frame(self.user([{**done, "is_error": False}]))

    def do_echo(self, _: str) -> None:
        fds = sorted(int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2)
        told: dict[str, Any] = {"argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd()}
        told.update(received=self.received, fds=fds[:-1], umask=os.umask(0o22))
        told["leads_session"] = os.getsid(0) == os.getpid()
        self.words["told"] = json.dumps(told)

    def do_gives(self, outputs: str) -> None:
        self.outputs = outputs.split("|")

    def do_script(self, name: str) -> None:
        with open(name, encoding="utf-8") as file:
            exec(compile(file.read(), name, "exec"), {"cli": self})

    def do_garbage(self, _: str) -> None:
        lines = [b"\xef\xbb\xbf{}", b"", b"   ", b"null", b"[1,2]", b"42", b'"text"', b"\r"]
        lines += [b'{"type":5}', b'{"type":"assistant"}', b'{"type":"result"}x', b'{"half":']
        lines += [b"[SandboxDebug] said so", b'{"type":"never_heard_of","x":1}', b"\x00\x01\x1b[2J"]
        lines += [b'{"type":"system","subtype":"background_tasks_changed","tasks":"none"}']
        self.write(b"\n".join(lines) + b"\n" + b"[" * 100_000 + b"\n")

    def do_half_line(self, _: str) -> None:
        self.write(b'{"type":"assistant","message":{"content":[{"type":"text","te')
        os._exit(int(self.words.get("exit") or 0))

    def do_crash(self, _: str) -> None:
        os.kill(os.getpid(), 9)

    def do_hang_before(self, _: str) -> None:
        time.sleep(NEVER)

    def do_big_line(self, megabytes: str) -> None:
        text = "x" * (int(megabytes or 40) << 20)
        self.frame(self.assistant({"type": "text", "text": text}))

    def do_bad_utf8(self, _: str) -> None:
        line = json.dumps(self.assistant({"type": "text", "text": "BAD"})).encode()
        self.write(line.replace(b"BAD", b"\xff\xfe\xc3(\xed\xa0\xbd") + b"\n")

    def do_surrogate(self, _: str) -> None:
        line = json.dumps(self.assistant({"type": "text", "text": "lone \ud83d here"}))
        self.write(line.encode() + b"\n")

    def do_stderr(self, megabytes: str) -> None:
        block = (b"warning: " + b"e" * 990 + b"\n") * 66
        for _ in range(int(float(megabytes or 1) * 16)):
            self.write(block, 2)

    def do_flood(self, megabytes: str) -> None:
        """Partial messages, as fast as they are taken; the result says how long that took."""
        told = {"type": "content_block_delta", "index": 0}
        told["delta"] = {"type": "text_delta", "text": DELTA}
        tail = {"session_id": self.session_id, "parent_tool_use_id": None, "uuid": new_id()}
        line = json.dumps({"type": "stream_event", "event": told, **tail}, separators=(",", ":"))
        block = (line.encode() + b"\n") * (65_536 // len(line))
        total, began = int(float(megabytes or 10) * (1 << 20)), time.monotonic()
        for _ in range(total // len(block)):
            self.write(block)
        seconds = time.monotonic() - began
        written = total // len(block) * len(block)
        self.words["told"] = json.dumps({"bytes": written, "seconds": seconds})

    def do_shuts_stdout(self, _: str) -> None:
        os.close(1)
        os.close(2)
        time.sleep(NEVER)


def main() -> None:
    if "--version" in sys.argv:
        os.write(1, b"2.1.330 (Claude Code)\n")
        return
    fake = Fake()
    if "dies" in fake.start:
        fake.write(b"Something is wrong from the start\n", 2)
        os._exit(int(fake.start["dies"] or 1))
    if "deaf" in fake.start:
        for number in (2, 15):
            signal.signal(number, signal.SIG_IGN)
    else:
        signal.signal(15, lambda *_: os._exit(143))
    if "reads-not" in fake.start:
        time.sleep(NEVER)
    if "shuts-stdin" in fake.start:
        os.close(0)
        fake.eof = True
        fake.prompts.append({"message": {"content": "unread"}})
    while fake.prompts or not fake.eof:
        if fake.prompts:
            fake.turn(fake.prompts.pop(0))
        else:
            fake.pause(NEVER)
    os._exit(fake.code)


if __name__ == "__main__":
    main()
