"""Opens JupyterLab on the quickstart notebook, on recorded executions or on the user's own claude.

The rule: the user's Jupyter configuration is neither read nor written (everything is kept below
.venv/demo), the server listens on loopback behind a token, and Ctrl-C ends it and its kernels.
Unless it is live, the notebook plays recordings and no key or Claude variable reaches the kernel.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from scripts.failure import SetupFailed
from scripts.parts import RECORDINGS
from scripts.paths import JS, ROOT, VENV, activated, python_of, say

NOTEBOOK = "notebooks/quickstart.ipynb"
HOST = "127.0.0.1"
USUAL_PORTS = range(8888, 8899)
START_BOUND = 90
STOP_BOUND = 15
QUIET = {"fetchNews": "false", "checkForUpdates": False}


@dataclass(frozen=True)
class Options:
    """What `make demo` and `make dev` can be told."""

    port: int | None
    browser: bool
    live: bool
    watch: bool


def parse(argv: list[str]) -> Options:
    """The options; an empty value is one that was not given, as make passes them."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--port", default="", help="1 to 65535; the first free one from 8888")
    parser.add_argument("--browser", default="", help="none: print the URL only")
    parser.add_argument("--live", default="", help="1: run your own claude")
    parser.add_argument("--watch", action="store_true", help="rebuild the front end as it changes")
    given = parser.parse_args(argv)
    if given.port and not (given.port.isdecimal() and 0 < int(given.port) < 65536):
        raise SetupFailed(f"PORT={given.port} is not a port: give a number from 1 to 65535.")
    return Options(
        port=int(given.port) if given.port else None,
        browser=given.browser.lower() not in ("none", "no", "0"),
        live=given.live.lower() not in ("", "0", "no"),
        watch=given.watch,
    )


def is_free(port: int) -> bool:
    """Whether nothing listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose_port(asked: int | None) -> int:
    """The port asked for, or the first usual one that is free."""
    for port in USUAL_PORTS if asked is None else (asked,):
        if is_free(port):
            return port
    if asked is None:
        raise SetupFailed(f"Ports {USUAL_PORTS[0]} to {USUAL_PORTS[-1]} are taken: give PORT=.")
    raise SetupFailed(f"Port {asked} is taken: stop what listens there, or give another PORT=.")


def environment(options: Options, folder: Path) -> dict[str, str]:
    """What the server and its kernels inherit."""
    env = {**os.environ, "PATH": activated()["PATH"]} if options.live else activated()
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    for name, place in places.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        env[name] = str(folder / place)
    env["JUPYTER_PLATFORM_DIRS"] = "1"
    if options.live:
        env["CLAUDE_WIDGET_MODE"] = "live"  # the notebooks' own file says replay
    else:
        shutil.rmtree(folder / "state", ignore_errors=True)  # a demo starts with an empty list
        env["CLAUDE_WIDGET_MODE"] = "replay"
        env["CLAUDE_WIDGET_RECORDINGS"] = str(RECORDINGS)
        env["CLAUDE_WIDGET_PACE"] = "1"
        env["CLAUDE_WIDGET_STATE_DIR"] = str(folder / "state")
    if options.watch:
        env["ANYWIDGET_HMR"] = "1"
    quiet = folder / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True, exist_ok=True)
    quiet.write_text(json.dumps(QUIET))
    return env


def serve(port: int, token: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start JupyterLab, in a session of its own: Ctrl-C is ours to act on."""
    return subprocess.Popen(
        [
            *(str(python_of(VENV)), "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *("--log-level=WARN", f"--ServerApp.ip={HOST}", f"--ServerApp.port={port}"),
            *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={ROOT}"),
        ],
        env={**env, "JUPYTER_TOKEN": token},  # not on the command line, which others can read
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_ready(server: subprocess.Popen[bytes], port: int, token: str) -> None:
    """Wait until the server answers to this token."""
    headers = {"Authorization": f"token {token}"}
    request = urllib.request.Request(f"http://{HOST}:{port}/api/status", headers=headers)
    end = time.monotonic() + START_BOUND
    while time.monotonic() < end:
        if (code := server.poll()) is not None:
            raise SetupFailed(f"JupyterLab ended with exit code {code}; see above.")
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=2):  # noqa: S310
            return
        time.sleep(0.1)
    raise SetupFailed(f"JupyterLab did not answer within {START_BOUND} s.")


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a child and its group; a server ends its kernels first."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(STOP_BOUND)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def greeting(url: str, *, live: bool) -> str:
    """What the person reads."""
    kind = (
        "This runs your own claude: executions cost what they cost."
        if live
        else "This plays recorded executions: no model is asked and nothing is charged.\n"
        "  `make demo LIVE=1` runs your own claude."
    )
    return f"\n  {kind}\n\n  JupyterLab: {url}\n\n  Ctrl-C ends it.\n"


def main(argv: list[str]) -> int:
    """Serve until the server ends or Ctrl-C."""
    options = parse(argv)
    if not (ROOT / NOTEBOOK).is_file():
        raise SetupFailed(f"{NOTEBOOK} is not there.")
    port, token = choose_port(options.port), secrets.token_hex(24)
    with contextlib.ExitStack() as stack:
        server = serve(port, token, environment(options, VENV / "demo"))
        stack.callback(stop, server)
        if options.watch:
            watch = subprocess.Popen(["npm", "run", "watch"], cwd=JS, start_new_session=True)
            stack.callback(stop, watch)
        wait_ready(server, port, token)
        url = f"http://{HOST}:{port}/lab/tree/{NOTEBOOK}?token={token}"
        say(greeting(url, live=options.live))
        if options.browser:
            webbrowser.open(url)
        return server.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _interrupt)  # a shell has what it runs in the background ignore it
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupFailed as error:
        say(f"demo: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nJupyterLab and its kernels are stopped.")
