"""Plain runs of the real CLI: its text, its tools, its files, and prompts that break easily."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.manager import ProcessManager
from tests.cli import checks
from tests.real_cli import MADE_UP_KEY
from tests.scripted_api import ScriptedAPI
from tests.waiting import BOUND

HELLO = "Hello from the scripted model."


def script(name: str, **arguments: object) -> str:
    return f"SCENARIO:{name} {json.dumps(arguments)}"


def png(side: int) -> bytes:
    """A square of one colour, made here."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x20\x80\xe0" * side) * side)
    parts = [(b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def test_one_alone(manager: ProcessManager, project: Path, scripted_api: ScriptedAPI) -> None:
    execution = manager.start_execution("SCENARIO:hello", project)
    checks.ended(execution, "completed", "success", result=HELLO)
    info = execution.info
    assert (info.exit_code, info.exit_forced, info.num_turns) == (0, False, 1)
    assert (info.cli_version, info.api_key_source) == ("2.1.330", "ANTHROPIC_API_KEY")
    assert info.usage.input_tokens == 1200
    assert info.unknown_frames == 0
    assert info.errors == ()
    assert execution.stderr == ""
    text = "".join(
        frame["event"]["delta"].get("text", "")
        for frame in checks.frames(execution, "stream_event")
        if frame["event"]["type"] == "content_block_delta"
    )
    assert text == HELLO
    assert {request.headers["x-api-key"] for request in scripted_api.messages} == {MADE_UP_KEY}


async def test_one_awaited(manager: ProcessManager, project: Path) -> None:
    execution = await manager.start_execution("SCENARIO:think", project)
    checks.ended(execution, "completed", "success", result="Thought about it.")


def test_long_text_comes_whole(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:long", project)
    execution.wait(BOUND)
    result = execution.result
    assert result is not None
    assert result.count("The quick brown fox") == 40
    checks.ended(execution, "completed", "success", result=result)


def test_bash_runs_in_the_project(manager: ProcessManager, project: Path) -> None:
    (project / "here.txt").touch()
    execution = manager.start_execution(script("bash", command="ls"), project)
    checks.ended(execution, "completed", "success", result="It ran.")
    assert execution.info.tool_counts == {"Bash": 1}
    assert execution.info.open_tools == ()
    assert [result["content"] for result in checks.tool_results(execution)] == ["here.txt"]


def test_files_are_written_read_and_edited(manager: ProcessManager, project: Path) -> None:
    path = project / "notes.txt"
    execution = manager.start_execution(
        script("files", path=str(path)), project, permission_mode="acceptEdits"
    )
    checks.ended(execution, "completed", "success", result="Wrote, read and edited it.")
    assert path.read_text() == "alpha\ngamma\n"
    assert execution.info.tool_counts == {"Write": 1, "Read": 1, "Edit": 1}
    assert execution.info.permission_mode == "acceptEdits"


def test_image_comes_through(manager: ProcessManager, project: Path) -> None:
    path = project / "square.png"
    path.write_bytes(png(400))
    execution = manager.start_execution(script("read", path=str(path)), project)
    checks.ended(execution, "completed", "success", result="Read it.")
    (result,) = checks.tool_results(execution)
    assert [block["type"] for block in result["content"]] == ["image"]


@pytest.mark.parametrize(
    "prompt",
    ["-h", "--version", "/cost", "/help me", "@/etc/hosts", "!ls", "# note", "läuft 日本 😀"],
)
def test_prompt_arrives_as_written(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI, prompt: str
) -> None:
    text = f"{prompt} SCENARIO:hello"
    execution = manager.start_execution(text, project)
    checks.ended(execution, "completed", "success", result=HELLO)
    (request,) = scripted_api.messages
    (prompted,) = request.prompts  # nothing was read into it
    assert prompted.endswith(f"</system-reminder>\n\n{text}")


def test_prompt_is_expanded_on_request(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    (project / "facts.txt").write_text("a fact to be read in\n")
    execution = manager.start_execution("see @facts.txt SCENARIO:hello", project, expand=True)
    checks.ended(execution, "completed", "success", result=HELLO)
    assert any("a fact to be read in" in text for text in scripted_api.messages[0].prompts)


def test_slash_command_is_run_on_request(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    execution = manager.start_execution("/cost", project, expand=True)
    execution.wait(BOUND)
    assert "Estimated cost" in str(execution.result)
    checks.ended(execution, "completed", "success", result=execution.result, costs=False)
    assert scripted_api.messages == []


def test_lone_surrogate(manager: ProcessManager, project: Path, scripted_api: ScriptedAPI) -> None:
    execution = manager.start_execution("SCENARIO:hello \ud83d end", project)
    checks.ended(execution, "completed", "success", result=HELLO)
    assert "SCENARIO:hello \ufffd end" in scripted_api.messages[0].prompts[-1]


def test_five_megabytes(manager: ProcessManager, project: Path) -> None:
    """The CLI takes it and finds it too long for the model; that is its own answer, not a hang."""
    execution = manager.start_execution("SCENARIO:hello " + "x" * 5_000_000, project)
    checks.ended(execution, "failed", "api_error", costs=False)
    assert "Prompt is too long" in execution.info.errors


@pytest.mark.parametrize("prompt", ["", " \n\t "])
def test_blank_prompt_starts_nothing(manager: ProcessManager, project: Path, prompt: str) -> None:
    with pytest.raises(InvalidRequest):
        manager.start_execution(prompt, project)
    assert manager.get_all_executions() == []


def test_schema_is_met(manager: ProcessManager, project: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    }
    execution = manager.start_execution("SCENARIO:structured", project, schema=schema)
    checks.ended(execution, "completed", "success", result='{"name":"Ada","age":36}')
    assert execution.info.structured_output == {"name": "Ada", "age": 36}


@pytest.mark.parametrize("name", ["unstructured", "misstructured"])
def test_schema_is_not_met(manager: ProcessManager, project: Path, name: str) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    execution = manager.start_execution(f"SCENARIO:{name}", project, schema=schema)
    execution.wait(BOUND)
    # Without a single attempt the CLI itself calls it a success, and its text is kept.
    result = "I would rather not." if name == "unstructured" else None
    checks.ended(execution, "failed", "schema", result=result)
    assert execution.info.structured_output is None


def test_options_reach_the_cli(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    more.mkdir()
    execution = manager.start_execution(
        "SCENARIO:hello",
        project,
        None,
        {"mcpServers": {"absent": {"command": "/nonexistent/server"}}},
        "sonnet",
        effort="low",
        append_system_prompt="Answer in verse, -- é.",
        add_dirs=[more],
        setting_sources=[],
        disallowed_tools=["WebFetch", "WebSearch"],
        permission_mode="plan",
    )
    checks.ended(execution, "completed", "success", result=HELLO)
    info = execution.info
    assert (info.model, info.permission_mode) == ("claude-sonnet-5-5", "plan")
    assert [(server.name, server.status) for server in info.mcp_servers] == [("absent", "failed")]
    (request,) = scripted_api.messages
    assert request.body["model"] == "claude-sonnet-5-5"
    assert request.body["output_config"]["effort"] == "low"
    sent = json.dumps(request.body, ensure_ascii=False)
    assert "Answer in verse, -- é." in sent
    assert str(more) in sent
    assert "WebFetch" not in checks.frames(execution, "system", "init")[0]["tools"]
