"""Where Claude Code is on this machine, and how it is logged in.

The rule: looks, never changes anything, never reads a secret's value. What was looked at is kept,
so that an error can name every place. The order: `cli_path`, `CLAUDE_WIDGET_CLI`, PATH, the usual
install places, the binary inside an installed `claude_agent_sdk`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from claude_widget.errors import CLINotFound

CLI_VARIABLE = "CLAUDE_WIDGET_CLI"
_USUAL = (
    "~/.local/bin/claude",
    "~/.claude/local/claude",
    "~/.claude/local/node_modules/.bin/claude",
    "~/.npm-global/bin/claude",
    "~/node_modules/.bin/claude",
    "~/.yarn/bin/claude",
    "~/.bun/bin/claude",
    "/usr/local/bin/claude",
    "/opt/homebrew/bin/claude",
)


def find_cli(
    cli_path: str | os.PathLike[str] | None = None, env: Mapping[str, str] | None = None
) -> Path:
    """The CLI's executable, as an absolute path with links resolved.

    Args:
        cli_path: the one to use; nothing else is looked at then.
        env: environment to look in; the process's own by default.

    Raises:
        CLINotFound: with every place that was looked at.
    """
    env = os.environ if env is None else env
    looked: list[tuple[str, str]] = []
    for where, candidate, only in _candidates(cli_path, env):
        problem = _problem(candidate)
        if candidate is not None and not problem:
            return candidate.resolve()
        looked.append((where, problem))
        if only:
            break
    raise CLINotFound(looked)


def _candidates(
    cli_path: str | os.PathLike[str] | None, env: Mapping[str, str]
) -> Iterator[tuple[str, Path | None, bool]]:
    """Where, what, and whether to look no further."""
    if cli_path is not None:
        named = _by_name(os.fspath(cli_path), env)
        yield f"cli_path={os.fspath(cli_path)!r}", named, True
        return
    if env.get(CLI_VARIABLE):
        yield f"{CLI_VARIABLE}={env[CLI_VARIABLE]!r}", _by_name(env[CLI_VARIABLE], env), True
        return
    on_path = shutil.which("claude", path=env.get("PATH", os.defpath))
    yield "claude on PATH", Path(on_path) if on_path else None, False
    for place in _USUAL:
        yield place, _expanded(place, env), False
    yield "inside the package claude_agent_sdk", _bundled(), False


def _by_name(name: str, env: Mapping[str, str]) -> Path | None:
    if os.sep in name or name.startswith("~"):
        return _expanded(name, env).absolute()
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    return Path(found) if found else Path(name).absolute()


def _expanded(place: str, env: Mapping[str, str]) -> Path:
    home = env.get("HOME")
    if place.startswith("~/") and home:
        return Path(home, place[2:])
    return Path(place).expanduser()


def _bundled() -> Path | None:
    try:
        spec = importlib.util.find_spec("claude_agent_sdk")
    except (ImportError, ValueError):
        return None
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders)), "_bundled", "claude") if folders else None


def _problem(candidate: Path | None) -> str:
    if candidate is None:
        return "nothing there"
    if not candidate.exists():
        return f"{candidate} does not exist"
    if candidate.is_dir():
        return f"{candidate} is a folder"
    if not os.access(candidate, os.X_OK):
        return f"{candidate} is not executable"
    return ""


def cli_version(cli: Path, timeout: float = 10.0) -> str:
    """What `claude --version` prints, or why it printed nothing. `timeout` in seconds."""
    try:
        said = subprocess.run(
            [str(cli), "--version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
            env={**os.environ, "DISABLE_AUTOUPDATER": "1"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({error})"
    text = said.stdout.decode("utf-8", "replace").strip().splitlines()
    return text[0][:100] if text else f"unknown (exit code {said.returncode})"


def login_source(env: Mapping[str, str] | None = None) -> str:
    """Where the CLI's login would come from, in words; never the secret itself.

    The order is the CLI's own for headless runs: an API key in the environment wins over a
    subscription, in silence (anthropics/claude-code issue 36350).
    """
    env = os.environ if env is None else env
    for switch in ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"):
        if env.get(switch):
            return f"environment variable {switch}"
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"):
        if env.get(name):
            return f"environment variable {name}"
    folder = config_folder(env)
    if (folder / ".credentials.json").exists():
        return f"subscription login in {folder / '.credentials.json'}"
    for file in (folder / ".claude.json", folder.parent / ".claude.json"):
        try:
            if "oauthAccount" in json.loads(file.read_bytes()):
                return f"subscription login of {file}, secret in the system's keychain"
        except (OSError, ValueError, TypeError):
            continue
    return "none found: run `claude` once in a terminal and log in, or set ANTHROPIC_API_KEY"


def config_folder(env: Mapping[str, str] | None = None) -> Path:
    """The CLI's own config folder: `CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    env = os.environ if env is None else env
    return Path(env.get("CLAUDE_CONFIG_DIR") or _expanded("~/.claude", env))
