"""An execution as a file that stands alone: whole, redacted, and harmless to whoever opens it."""

from __future__ import annotations

import html.parser
import json
import os
import stat
from pathlib import Path

import pytest

from claude_widget.errors import ExportFailed
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.content import Report
from claude_widget.report.export import export_execution
from claude_widget.report.markdown import markdown_document
from claude_widget.report.page import html_document
from claude_widget.report.reading import redacted_info
from claude_widget.state import State, fold
from claude_widget.transcript import read_records
from tests import attacks, fake, recorded
from tests.test_markup import BATCHES, SCHEMES, check_harmless_markdown
from tests.waiting import until

VOID = {"meta", "br", "hr"}
PLAIN = Redactor(environ={}, home=Path("/nowhere"), user="")
FORMATS = (".html", ".md", ".jsonl")


class Page(html.parser.HTMLParser):
    """Elements, attributes and text of a document; what is open where a text is."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Nothing is closed that was not opened last."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        if "style" not in self._open:
            self.text += data

    def handle_comment(self, data: str) -> None:
        """There is none."""
        raise AssertionError(data)


def check_harmless(source: str) -> Page:
    """Nothing that runs, nothing that is loaded, no address but of links that may be followed."""
    page = Page(source)
    for tag, attributes in page.elements:
        assert tag not in {"script", "img", "iframe", "object", "embed", "link", "base", "form"}
        assert tag not in {"svg", "math", "video", "audio", "input", "source", "picture"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"style", "src", "srcset", "action", "formaction", "srcdoc"}
            if name == "href":
                assert str(value).startswith(SCHEMES)
    return page


def written(folder: Path, lines: list[tuple[str, str]]) -> Path:
    """A transcript of these lines."""
    path = folder / "transcript"
    head = '0.000000 meta {"event":"transcript","version":1,"epoch":1700000000}\n'
    path.write_text(head + attacks.transcript(lines), "utf-8")
    return path


def recorded_run(folder: Path, name: str) -> tuple[ExecutionInfo, Path]:
    """A recorded run as it lies in a state folder."""
    records = recorded.transcript(name)
    lines = [(record.stream, record.data.decode()) for record in records[1:]]
    return fold(State(), records).info, written(folder, lines)


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_tells_all_of_it(tmp_path: Path, suffix: str) -> None:
    info, transcript = recorded_run(tmp_path, "write_read_edit")
    path = export_execution(info, transcript, tmp_path / f"told{suffix}", PLAIN)
    text = path.read_text("utf-8")
    for fact in ("claude-opus-5-5", "2.1.330", "goodbye", "do it", info.execution_id):
        assert fact in text
    assert sorted(one.name for one in tmp_path.iterdir() if one.name[0] == ".") == []


def test_the_page_forbids_the_browser_to_load_or_run_anything(tmp_path: Path) -> None:
    info, transcript = recorded_run(tmp_path, "write_read_edit")
    path = export_execution(info, transcript, tmp_path / "told.html", PLAIN)
    page = check_harmless(path.read_text("utf-8"))
    policy = next(str(a["content"]) for tag, a in page.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "Edited a.txt, +1 −1" in " ".join(page.text.split())


def test_a_line_of_jsonl_is_an_object_and_the_first_says_what_it_is(tmp_path: Path) -> None:
    info, transcript = recorded_run(tmp_path, "bash_tool")
    path = export_execution(info, transcript, tmp_path / "told.jsonl", PLAIN)
    first, *others = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert ExecutionInfo.model_validate(first["execution"]) == info
    assert len(others) == len(list(read_records(transcript)))
    assert {one["stream"] for one in others} == {"meta", "in", "out"}
    assert all("frame" in one for one in others)


def info_of(text: str) -> ExecutionInfo:
    """An execution in which everything that anybody can choose is that text."""
    chosen = dict.fromkeys(
        ("query", "name", "model", "result", "cli_version", "project_path"), text
    )
    return ExecutionInfo(execution_id="e", errors=(text,), structured_output={text: text}, **chosen)


FIRSTS = range(0, len(attacks.ATTACKS), 1 if os.environ.get("ATTACKS") == "all" else 33)
"""Of transcripts that have another attack in every place."""


@pytest.mark.parametrize("first", FIRSTS)
def test_attacks_in_every_place_of_a_transcript_do_nothing(tmp_path: Path, first: int) -> None:
    text = attacks.ATTACKS[first]
    lines = [*attacks.mixed_lines(first), *attacks.ending_lines(text, "1")]
    transcript = written(tmp_path, lines)
    for name in ("x.html", "x.md"):
        path = export_execution(info_of(text), transcript, tmp_path / name, PLAIN)
        told = path.read_text("utf-8")
        check_harmless(told) if name == "x.html" else check_harmless_markdown(told)


@pytest.mark.parametrize("some", BATCHES, ids=range(len(BATCHES)))
def test_an_attack_in_what_is_known_of_it_does_nothing(some: list[str]) -> None:
    for text in some:
        report = Report(redacted_info(info_of(text), PLAIN))
        check_harmless(html_document(report))
        check_harmless_markdown(markdown_document(report))


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_secret_is_exported_from_any_place(
    manager: ProcessManager, project: Path, tmp_path: Path, suffix: str
) -> None:
    token, value = "ghp_" + "a1B2" * 9, "correct-horse-battery-staple"
    query = f"fake:says=I-used-{token} with {value} for customer-4711"
    execution = manager.start_execution(query, project, env={"LOGIN": value})
    fake.ended(execution, "completed", "success")
    path = execution.export(tmp_path / f"told{suffix}", redact=[r"customer-\d+"])
    text = path.read_text("utf-8")
    for secret in (token, value, "customer-4711"):
        assert secret not in text
    assert "redacted:" in text


@pytest.mark.parametrize("suffix", FORMATS)
def test_one_that_runs_is_written_as_far_as_it_has_come(
    manager: ProcessManager, project: Path, tmp_path: Path, suffix: str
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    text = execution.export(tmp_path / f"told{suffix}").read_text("utf-8")
    assert '"status":"running"' in text if suffix == ".jsonl" else "still running" in text
    execution.kill()
    fake.ended(execution, "killed", "user")


@pytest.mark.parametrize("name", ["told", "told.pdf", ".html"])
def test_an_unknown_suffix_is_refused_and_the_known_ones_are_named(
    tmp_path: Path, name: str
) -> None:
    info, transcript = recorded_run(tmp_path, "bash_tool")
    with pytest.raises(ExportFailed, match=r"\.html, \.md, \.jsonl") as caught:
        export_execution(info, transcript, tmp_path / name, PLAIN)
    assert caught.value.path == str(tmp_path / name)
    assert caught.value.execution_id == info.execution_id


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    info, transcript = recorded_run(tmp_path, "bash_tool")
    with pytest.raises(ExportFailed, match="cannot be exported"):
        export_execution(info, transcript, tmp_path / "no folder" / "told.md", PLAIN)
    folder = tmp_path / "told.md"
    folder.mkdir()
    with pytest.raises(ExportFailed, match="cannot be exported"):
        export_execution(info, transcript, folder, PLAIN)
    old = tmp_path / "old.jsonl"
    old.write_text("what was there")
    with pytest.raises(ExportFailed, match="no-transcript"):
        export_execution(info, tmp_path / "no-transcript", old, PLAIN)
    assert old.read_text() == "what was there"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".claude")] == []


def test_a_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    info, transcript = recorded_run(tmp_path, "bash_tool")
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real.name)
    assert export_execution(info, transcript, link, PLAIN) == real
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    mask = os.umask(0o027)
    try:
        made = export_execution(info, transcript, tmp_path / "new.md", PLAIN)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(made.stat().st_mode) == 0o640


def test_a_transcript_that_was_cut_off_is_told_as_far_as_it_goes(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    execution = manager.start_execution("fake:says=done", project)
    fake.ended(execution, "completed", "success")
    until((execution.run.folder / "ended.json").exists, what="its end is kept")
    transcript = execution.run.transcript
    data = transcript.read_bytes()
    transcript.write_bytes(data[: len(data) // 2])
    assert "done" in execution.export(tmp_path / "told.html").read_text("utf-8")
