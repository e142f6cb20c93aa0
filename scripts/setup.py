"""Makes a checkout ready: Python environment, front end, package, browser, second kernel.

The rule: a step is done once and its stamp says for which inputs, so that a second run costs
nothing; a step that cannot be done raises `SetupFailed` with what is missing and what to do. The
only things ever installed outside the checkout are Debian's browsers, bubblewrap and socat, and
those only when it may.

    python3 -m scripts.setup [STEP ...]        all steps by default
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts import browsers
from scripts.failure import SetupFailed
from scripts.paths import JS, KERNEL73, ROOT, VENV, VENVS, activated, python_of, say

LOCK = ROOT / "requirements" / "dev.txt"
KERNEL73_LOCK = ROOT / "requirements" / "ipykernel73.txt"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 0)


def run(command: list[str | Path], *, cwd: Path = ROOT, what: str) -> None:
    """Run a command of a step; raise `SetupFailed` when it fails."""
    shown = " ".join(str(word) for word in command)
    try:
        code = subprocess.run(command, cwd=cwd, env=activated(), check=False).returncode
    except OSError as error:
        raise SetupFailed(f"{what}: {shown}: {error}") from error
    if code != 0:
        raise SetupFailed(f"{what}: `{shown}` ended with exit code {code}; see above.")


def works(command: list[str | Path]) -> bool:
    """Whether a command is there and ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


# -- stamps ------------------------------------------------------------------------------------


def digest(*inputs: Path) -> str:
    """One line that changes when one of the files, or the interpreter, does."""
    sums = [sys.version]
    sums += [hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


def fresh(stamp: Path, value: str) -> bool:
    """Whether the stamp says that this was done for these inputs."""
    return stamp.is_file() and stamp.read_text() == value


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two runs in one checkout do not set it up at once."""
    VENVS.mkdir(exist_ok=True)
    with open(VENVS / "setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# -- Python ------------------------------------------------------------------------------------


def find_uv() -> Path | None:
    """uv, when it is there and runs: it installs in seconds what takes pip minutes."""
    for found in (str(VENV / "bin" / "uv"), shutil.which("uv")):
        if found and works([found, "--version"]):
            return Path(found)
    return None


def make_venv(path: Path) -> None:
    """An empty virtual environment of this interpreter, unless there is one that works."""
    if works([python_of(path), "-c", "import sys; assert sys.version_info >= (3, 11)"]):
        return
    say(f"set-up: {path.relative_to(ROOT)} with Python {sys.version.split()[0]}")
    uv = find_uv()
    if uv is not None:
        run(
            [uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, path],
            what="venv",
        )
        return
    try:
        run([sys.executable, "-m", "venv", "--clear", path], what="venv")
    except SetupFailed as error:
        raise SetupFailed(
            f"{error}\nOn Debian and Ubuntu: apt-get install python3-venv, or: pip install uv"
        ) from error


def installers(venv: Path) -> list[list[str | Path]]:
    """The commands that install into a virtual environment, best first: uv's, then pip's.

    pip is tried after uv because it may know an index or a certificate that uv does not.
    """
    pip: list[str | Path] = [python_of(venv), "-m", "pip", "install", "--quiet"]
    if find_uv() is None:
        own = python_of(VENV)
        works([own, "-m", "pip", "install", "--quiet", "--constraint", LOCK, "uv"])
    uv = find_uv()
    if uv is None:
        return [pip]
    compiled = "--compile-bytecode"  # as pip does: the first start of a kernel is slow enough
    return [[uv, "pip", "install", "--quiet", compiled, "--python", python_of(venv)], pip]


def install(venv: Path, *what: str | Path, name: str) -> None:
    """Install into a virtual environment with the first installer that can."""
    *others, last = installers(venv)
    for command in others:
        try:
            run([*command, *what], what=name)
        except SetupFailed as error:
            say(f"{error} Trying pip.")
        else:
            return
    run([*last, *what], what=name)


def python() -> None:
    """.venv with what requirements/dev.txt pins."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupFailed(
            f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}. "
            "Name another: make PYTHON=python3.12 ..."
        )
    stamp, value = VENV / "stamp-python", digest(LOCK)
    make_venv(VENV)
    if not fresh(stamp, value):
        say("set-up: Python packages")
        install(VENV, "-r", LOCK, name="Python packages")
        stamp.write_text(value)


def package() -> None:
    """The package itself, editable, with its front end."""
    python()
    front_end()
    stamp = VENV / "stamp-package"
    value = digest(ROOT / "pyproject.toml", ROOT / "hatch_build.py", LOCK)
    if not fresh(stamp, value):
        say("set-up: claude-widget, editable")
        options = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        install(VENV, *options, name="claude-widget")
        stamp.write_text(value)


def kernel73() -> None:
    """.venvs/ipykernel73: a second kernel, of the ipykernel before the one in .venv.

    It finds the package in the checkout, whose front end is the step `package`'s.
    """
    python()
    stamp = KERNEL73 / "stamp"
    value = digest(KERNEL73_LOCK, ROOT / "pyproject.toml")
    make_venv(KERNEL73)
    if not fresh(stamp, value):
        say("set-up: the ipykernel 7.3 environment")
        install(KERNEL73, "-r", KERNEL73_LOCK, name="ipykernel 7.3")
        # The path file that hatchling's editable install would write, without its build tools.
        found = next((KERNEL73 / "lib").glob("python3.*")) / "site-packages"
        (found / "claude_widget_checkout.pth").write_text(f"{ROOT}\n")
        stamp.write_text(value)


# -- front end ---------------------------------------------------------------------------------


def node() -> None:
    """Node.js and npm, new enough."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise SetupFailed(f"{tool} was not found: install Node.js 20 or newer.")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    if version < OLDEST_NODE:
        raise SetupFailed(f"Node.js 20 or newer is needed; this is {said.strip()}.")


def npm() -> None:
    """js/node_modules as js/package-lock.json has it."""
    node()
    stamp = JS / "node_modules" / "stamp-claude-widget"
    value = digest(JS / "package.json", JS / "package-lock.json")
    if not fresh(stamp, value):
        say("set-up: npm ci in js/")
        run(["npm", "ci", "--no-audit", "--no-fund"], cwd=JS, what="npm packages")
        stamp.write_text(value)


def front_end() -> None:
    """claude_widget/static, built from js/ as it is now (a second; so it is never stale)."""
    npm()
    run(["npm", "run", "--silent", "build"], cwd=JS, what="front end")


def browser() -> None:
    """Chromium and Firefox."""
    browsers.ensure(browsers.CHROMIUM, browsers.FIREFOX)


def isolation() -> None:
    """What isolates on Linux: bubblewrap, and for the CLI's own sandbox socat beside it."""
    tools = {"bwrap": "bubblewrap", "socat": "socat"} if sys.platform == "linux" else {}
    missing = [package for tool, package in tools.items() if shutil.which(tool) is None]
    if not missing:
        return
    names = " and ".join(missing)
    advice = f"The tests of isolation need {names} (Debian: apt-get install {' '.join(missing)})."
    if shutil.which("apt-get") is None:
        raise SetupFailed(f"No {names}, and no apt-get to install from. {advice}")
    browsers.install(missing, names, advice)


STEPS: dict[str, Callable[[], None]] = {
    "python": python,
    "npm": npm,
    "front-end": front_end,
    "package": package,
    "kernel73": kernel73,
    "browser": browser,
    "isolation": isolation,
}


def main(names: list[str]) -> int:
    """Do the named steps, all of them by default."""
    if unknown := [name for name in names if name not in STEPS]:
        say(f"no such step: {', '.join(unknown)}; there are: {', '.join(STEPS)}")
        return 2
    try:
        with one_at_a_time():
            for name in names or STEPS:
                STEPS[name]()
    except SetupFailed as error:
        say(f"set-up failed. {error}")
        return 1
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
