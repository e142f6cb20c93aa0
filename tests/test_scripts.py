"""What `make` runs: counting, scrubbing, the parts, the demo's options, the stamps."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from claude_widget.recordings.modes import mode_of
from scripts import browsers, demo, junit, parts, paths, run_tests, setup
from scripts.failure import SetupFailed
from scripts.junit import Counts
from scripts.parts import Command, Part
from tests.waiting import BOUND, until

REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><skipped type="pytest.skip" message="why"/></testcase>
<testcase name="d"><skipped type="pytest.xfail" message="known"/></testcase>
<testcase name="e"><error message="set-up"/></testcase>
</testsuite></testsuites>"""
HANGS = "import subprocess; subprocess.Popen(['cat'], stdin=subprocess.PIPE).wait()"
"""A program that hangs on a child that hangs."""


def outcome_of(*commands: Command, bound: float = BOUND) -> run_tests.Outcome:
    part = Part("made-up", "a test's own", commands, needs=(), bound=bound)
    return run_tests.run_part(part, run_tests.SetUp())


def script(code: str) -> Command:
    return Command((sys.executable, "-c", code))


def pytest_on(folder: Path) -> Command:
    options = ("-q", "-c", "/dev/null", "-p", "no:nbval", "-p", "no:hypothesispytest")
    return Command((sys.executable, "-m", "pytest", *options, str(folder)), report="pytest")


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path)
    return tmp_path


def test_counts_come_from_the_report(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    counts = junit.read(path)
    assert (counts.passed, counts.failed, counts.skip_reasons) == (2, 2, ["why"])


@pytest.mark.parametrize("text", [None, "", "<testsuites><testc"])
def test_no_report_counts_nothing(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "report.xml"
    if text is not None:
        path.write_text(text)
    assert junit.read(path) == Counts()


def test_every_command_runs_and_one_failure_fails_the_part() -> None:
    outcome = outcome_of(script("raise SystemExit(3)"), script("pass"))
    assert outcome.failed
    assert outcome.counts == Counts(passed=1, failed=1)
    assert "exit code 3" in outcome.problems[0]


def test_a_command_that_overruns_is_ended_with_its_children() -> None:
    outcome = outcome_of(script(HANGS), bound=1)
    assert outcome.counts.failed == 1
    assert "did not end within 1 s" in outcome.problems[0]


def test_a_runner_without_tests_has_failed(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("")
    outcome = outcome_of(pytest_on(tmp_path))
    assert outcome.failed
    assert outcome.counts.failed == 1


def test_a_skipped_test_fails_its_part(tmp_path: Path) -> None:
    code = "import pytest\ndef test_a(): pytest.skip('tired')\ndef test_b(): pass\n"
    (tmp_path / "test_skip.py").write_text(code)
    outcome = outcome_of(pytest_on(tmp_path))
    assert outcome.failed
    assert "tired" in outcome.problems[0]


def test_a_set_up_that_fails_says_why_and_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise SetupFailed("no such tool")

    monkeypatch.setitem(setup.STEPS, "browser", broken)
    part = Part("made-up", "a test's own", (script("raise SystemExit(3)"),), needs=("browser",))
    outcome = run_tests.run_part(part, run_tests.SetUp())
    assert outcome.counts == Counts(failed=1)
    assert outcome.problems == ["set-up of browser: no such tool"]


def test_what_later_parts_need_is_set_up_while_the_first_ones_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first_runs, told = threading.Event(), []

    def browser() -> None:
        assert first_runs.wait(BOUND)
        told.append("set-up of browser")

    def run_command(_command: Command, outcome: run_tests.Outcome, *_: object) -> None:
        if outcome.part.name == "first":
            first_runs.set()
            until(lambda: told, what="the set-up of what the second needs")
        told.append(outcome.part.name)

    monkeypatch.setattr(run_tests, "one_at_a_time", nullcontext)
    monkeypatch.setitem(setup.STEPS, "python", lambda: None)
    monkeypatch.setitem(setup.STEPS, "browser", browser)
    monkeypatch.setattr(run_tests, "run_command", run_command)
    first = Part("first", "a test's own", (script(""),), needs=("python",))
    second = Part("second", "a test's own", (script(""),), needs=("python", "browser"))
    monkeypatch.setattr(run_tests, "BY_NAME", {part.name: part for part in (first, second)})
    assert run_tests.main(["first", "second"]) == 0
    assert told == ["set-up of browser", "first", "second"]


def test_closing_line_is_the_last_and_counts_all_parts() -> None:
    good = run_tests.Outcome(parts.PARTS[0], Counts(passed=3))
    bad = run_tests.Outcome(parts.PARTS[1], Counts(passed=2), ["a test was skipped: tired"])
    assert run_tests.summary([good, bad]).splitlines()[-1] == "5 passed, 1 failed"
    assert run_tests.summary([good]).splitlines()[-1] == "3 passed, 0 failed"


def test_summary_names_the_tests_that_failed(tmp_path: Path) -> None:
    code = "def test_a(): assert 1 == 2, 'sums'\ndef test_b(): pass\n"
    (tmp_path / "test_sums.py").write_text(code)
    lines = run_tests.summary([outcome_of(pytest_on(tmp_path))]).splitlines()
    assert [line.split("::", 1)[1] for line in lines if "::" in line] == [
        "test_a: AssertionError: sums"
    ]


def test_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests.main(["unti"]) == 2
    assert "unti" in capsys.readouterr().out


def test_every_part_needs_steps_that_there_are() -> None:
    for part in parts.PARTS:
        assert set(part.needs) <= set(setup.STEPS), part.name


def test_nothing_of_claude_is_inherited() -> None:
    environ = {"ANTHROPIC_API_KEY": "k", "CLAUDECODE": "1", "CLAUDE_CODE_X": "x", "HOME": "/h"}
    assert paths.scrubbed(environ) == {"HOME": "/h"}


def test_stamp_changes_with_its_inputs(tmp_path: Path) -> None:
    source, stamp = tmp_path / "lock", tmp_path / "stamp"
    source.write_text("a==1")
    stamp.write_text(setup.digest(source))
    assert setup.fresh(stamp, setup.digest(source))
    source.write_text("a==2")
    assert not setup.fresh(stamp, setup.digest(source))


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with an apt-get alone, which installs what it is asked for; what it was asked."""
    asked = tmp_path / "asked"
    tool = tmp_path / "bin" / "apt-get"
    tool.parent.mkdir()
    tool.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\n[ "$1" = update ] && exit 0\n'
        f'for p in "$@"; do case $p in chromium|firefox-esr) /bin/cp "$0" {tool.parent}/$p;; '
        "esac; done\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    for variable in ("CHROMIUM", "FIREFOX"):
        monkeypatch.delenv(variable, raising=False)
    for browser in (browsers.CHROMIUM, browsers.FIREFOX):
        monkeypatch.setitem(vars(browser), "macos", ())
    return asked


def test_missing_browsers_are_installed_in_one_go(
    apt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "_root", list)
    browsers.ensure(browsers.CHROMIUM, browsers.FIREFOX)
    browsers.ensure(browsers.CHROMIUM, browsers.FIREFOX)
    update, install = apt.read_text().splitlines()
    assert update == "update -q"
    assert install.split()[-3:-1] == ["chromium", "firefox-esr"]
    assert browsers.FIREFOX.ensure().name == "firefox-esr"


def test_without_rights_a_browser_says_what_to_install(
    apt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "_root", lambda: None)
    with pytest.raises(SetupFailed, match=r"install chromium.*install firefox-esr"):
        browsers.ensure(browsers.CHROMIUM, browsers.FIREFOX)
    assert not apt.exists()


def test_named_browser_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREFOX", "/nowhere/firefox")
    with pytest.raises(SetupFailed, match="FIREFOX=/nowhere/firefox"):
        browsers.FIREFOX.find()


def test_demo_options_as_make_passes_them() -> None:
    empty = demo.parse(["--port=", "--browser=", "--live="])
    assert empty == demo.Options(port=None, browser=True, live=False, watch=False)
    full = demo.parse(["--port=8899", "--browser=none", "--live=1", "--watch"])
    assert full == demo.Options(port=8899, browser=False, live=True, watch=True)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_demo_refuses_what_is_no_port(port: str) -> None:
    with pytest.raises(SetupFailed, match="not a port"):
        demo.parse([f"--port={port}"])


def test_demo_says_that_a_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupFailed, match=f"Port {port} is taken"):
            demo.choose_port(port)


def test_demo_replays_and_hides_keys_unless_it_is_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    options = demo.Options(port=None, browser=False, live=False, watch=False)
    env = demo.environment(options, tmp_path)
    assert env["CLAUDE_WIDGET_MODE"] == "replay"
    assert "ANTHROPIC_API_KEY" not in env
    live = demo.environment(demo.Options(None, browser=False, live=True, watch=False), tmp_path)
    assert live["ANTHROPIC_API_KEY"] == "secret"
    assert live["CLAUDE_WIDGET_MODE"] == "live"


@pytest.mark.parametrize("name", ["quickstart", "reproducible", "history"])
def test_example_notebooks_are_saved_with_outputs_that_need_no_kernel_and_name_no_place(
    name: str,
) -> None:
    text = (paths.ROOT / "notebooks" / f"{name}.ipynb").read_text()
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    assert sum(bool(cell["outputs"]) for cell in cells) > len(cells) / 2
    ignored = [cell for cell in cells if "nbval-ignore-output" in cell["metadata"].get("tags", ())]
    assert len(ignored) < len(cells) / 3, "nearly all that they show is compared"
    for place in ("/tmp/", "/root/", str(paths.ROOT), "widget-view+json"):
        assert place not in text


def test_notebooks_are_replayed_by_themselves_and_a_person_can_choose_otherwise() -> None:
    folder = paths.ROOT / "notebooks"
    assert mode_of(None, folder, {}) == "replay"
    assert mode_of(None, folder, {"CLAUDE_WIDGET_MODE": "live"}) == "live"
    assert mode_of("record", folder, {}) == "record"


def test_demo_ends_a_child_and_its_group() -> None:
    child = subprocess.Popen([sys.executable, "-c", HANGS], start_new_session=True)
    demo.stop(child)
    assert until(lambda: child.poll() is not None)
