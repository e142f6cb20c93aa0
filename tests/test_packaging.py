"""The package as users get it: sdist and wheel carry the front end, and neither needs Node.js.

The rule: built from what git would track, in a folder of its own, and installed into fresh
environments; nothing of this checkout's environment is used to judge it, and PATH has no Node.js
wherever users need none. Run apart: `make test PART=packaging`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.paths import ROOT, scrubbed
from scripts.setup import installers, make_venv

BUNDLE = {
    f"claude_widget/static/{name}"
    for name in ("highlighter.js", "loader.js", "panels.js", "widget.css", "widget.js")
}
LOCK = ROOT / "requirements" / "dev.txt"
REAL_HOME = os.environ.get("HOME", "/")
IMPORT = """
import claude_widget, importlib.metadata, importlib.resources, sys
static = importlib.resources.files("claude_widget") / "static"
print(sorted(file.name for file in static.iterdir() if file.read_bytes()))
print(importlib.metadata.version("claude-widget"), claude_widget.__file__)
claude_widget.ClaudeWidget, claude_widget.ProcessManager
"""


@pytest.fixture(scope="module")
def work() -> Iterator[Path]:
    """A folder beside the environments: installing from their caches is then a matter of links."""
    path = ROOT / ".venvs" / "packaging"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def no_node(work: Path) -> dict[str, str]:
    """An environment in which neither node nor npm is found."""
    tools = work / "tools"
    tools.mkdir()
    for name in ("sh", "uname", "env", "ldd", "git"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    env = {**scrubbed(), "PATH": str(tools), "HOME": REAL_HOME}
    assert shutil.which("npm", path=env["PATH"]) is None
    return env


def checkout(place: Path) -> Path:
    """A copy of what git has or would take, without what was built or installed here."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


def run(
    *command: str | Path, cwd: Path, env: dict[str, str], fails: bool = False
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def built(work: Path) -> Path:
    """dist/ of a fresh checkout: npm builds the front end, since it is not there."""
    source = checkout(work / "source")
    assert not (source / "claude_widget" / "static").exists()
    env = {**scrubbed(), "HOME": REAL_HOME}
    run(sys.executable, "-m", "hatchling", "build", cwd=source, env=env)
    return source / "dist"


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_sdist_has_the_bundle_and_its_sources(built: Path) -> None:
    with tarfile.open(one(built, "*.tar.gz")) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert names >= BUNDLE
    assert names >= {
        "js/package.json",
        "js/package-lock.json",
        "js/src/widget.ts",
        "hatch_build.py",
        "SECURITY.md",
    }
    assert not {name for name in names if "node_modules" in name or "__pycache__" in name}


def test_wheel_has_the_bundle_and_the_package_only(built: Path) -> None:
    with zipfile.ZipFile(one(built, "*.whl")) as archive:
        names = set(archive.namelist())
    assert names >= BUNDLE | {"claude_widget/py.typed", "claude_widget/shim/__init__.py"}
    tops = {name.split("/")[0] for name in names}
    assert len(tops) == 2, tops
    assert any(top.endswith(".dist-info") for top in tops)


def install(work: Path, name: str, source: Path, env: dict[str, str]) -> Path:
    """Install into a fresh environment, and return its Python."""
    venv = work / name
    make_venv(venv)
    run(*installers(venv)[0], "--constraint", LOCK, source, cwd=work, env=env)
    return venv / "bin" / "python"


def assert_imports(python: Path, work: Path, env: dict[str, str]) -> None:
    said = run(python, "-I", "-c", IMPORT, cwd=work, env=env).stdout
    assert "['highlighter.js', 'loader.js', 'panels.js', 'widget.css', 'widget.js']" in said
    assert str(python.parent.parent.name) in said, "imported from somewhere else"


def test_wheel_installs_and_imports_without_node(
    built: Path, work: Path, no_node: dict[str, str]
) -> None:
    python = install(work, "from-wheel", one(built, "*.whl"), no_node)
    assert_imports(python, work, no_node)
    command = python.parent / "claude-widget"
    assert "usage" in run(command, "--help", cwd=work, env=no_node).stdout.lower()


def test_sdist_installs_and_imports_without_node(
    built: Path, work: Path, no_node: dict[str, str]
) -> None:
    python = install(work, "from-sdist", one(built, "*.tar.gz"), no_node)
    assert_imports(python, work, no_node)


def test_checkout_without_npm_says_what_is_missing(work: Path, no_node: dict[str, str]) -> None:
    source = checkout(work / "no-npm")
    done = run(sys.executable, "-m", "hatchling", "build", cwd=source, env=no_node, fails=True)
    said = done.stdout + done.stderr
    assert "npm was not found" in said
    assert "claude_widget/static/widget.js" in said
    assert "Node.js 20" in said
    assert not list((source / "dist").glob("*")), "nothing may come out of a failed build"
