"""JupyterLab, Notebook 7 and marimo as servers of their own for the browser tests.

The rule: a server reads and writes nothing outside its root folder (home, configuration, data,
settings, workspaces, runtime files), inherits no key and no Claude variable, listens on loopback
behind a token, and is gone with all its kernels when it is closed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from scripts.paths import KERNEL73, activated, python_of
from tests.waiting import BOUND, until

App = Literal["lab", "notebook"]
EXPOSE = {
    "lab": "--LabApp.expose_app_in_browser=True",
    "notebook": "--JupyterNotebookApp.expose_app_in_browser=True",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
KERNELS = {"ipykernel74": Path(sys.executable), "ipykernel73": python_of(KERNEL73)}
"""The interpreters that a test can have its kernel run on."""


PORTS = range(20_000, 32_000)
"""Below those that the system gives to connections: a port from there can be gone at once."""


def free_port() -> int:
    """A port that nothing listens on now."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """One running server.

    Attributes:
        root: its folder.
        url: where it listens, without a slash at the end.
        token: what it asks for.
    """

    health = "/api/status"
    """What it answers once it is ready."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self, command: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Start its process."""
        self._log = open(self.root / "server.log", "wb")  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_ready(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            if self._process.poll() is not None:
                raise AssertionError(f"the server ended:\n{self.log_tail()}")
            with contextlib.suppress(OSError):
                self.request(self.health)
                return True
            return False

        until(answers, timeout=90, what=f"an answer at {self.url}")

    def log_tail(self, size: int = 4000) -> str:
        """The end of what it printed."""
        return (self.root / "server.log").read_text(errors="replace")[-size:]

    def request(self, path: str, method: str = "GET") -> Any:
        """Ask its REST interface."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def kill(self) -> None:
        """End its process as a crash does: kernels and executions are not told."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def close(self) -> None:
        """End the server."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(BOUND)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()


class JupyterServer(Server):
    """One running server of notebooks.

    Attributes:
        app: "lab" or "notebook".
        work: the folder that it serves.
    """

    def __init__(self, root: Path, app: App) -> None:
        super().__init__(root)
        self.app = app
        self.work = root / "work"
        env = self._private_env()
        self.reset_settings()
        command = [
            *(sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root"),
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.work}",
            EXPOSE[app],
        ]
        self.run(command, self.work, env)

    def _private_env(self) -> dict[str, str]:
        folders = {
            "HOME": self.root / "home",
            "JUPYTER_CONFIG_DIR": self.root / "config",
            "JUPYTER_DATA_DIR": self.root / "data",
            "JUPYTER_RUNTIME_DIR": self.root / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": self.root / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": self.root / "workspaces",
            "IPYTHONDIR": self.root / "ipython",
        }
        for folder in (self.work, *folders.values()):
            folder.mkdir(parents=True, exist_ok=True)
        return {
            **activated(),
            **{name: str(folder) for name, folder in folders.items()},
            "JUPYTER_PLATFORM_DIRS": "1",
        }

    def page_url(self, path: str) -> str:
        """Where a browser finds a notebook."""
        if self.app == "lab":
            return f"{self.url}/lab/tree/{path}?reset&token={self.token}"
        return f"{self.url}/notebooks/{path}?token={self.token}"

    def reset_settings(self, **more: dict[str, Any]) -> None:
        """Put the settings back to the tests' own; a page reads them when it loads."""
        for name, values in {**SETTINGS, **more}.items():
            plugin, _, key = name.rpartition("/")
            file = self.root / "settings" / plugin / f"{key}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        (self.root / "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings").unlink(
            missing_ok=True
        )

    def add_kernel(self, name: str, python: Path, env: Mapping[str, str]) -> None:
        """A kernelspec with an environment of its own."""
        folder = self.root / "data" / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        spec = {
            "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "env": dict(env),
        }
        (folder / "kernel.json").write_text(json.dumps(spec))

    def add_notebook(self, path: str, cells: list[str], kernel: str) -> None:
        """Write a notebook of code cells."""
        metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=metadata)
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, file)

    def end_kernels(self) -> None:
        """Shut down every session and kernel."""
        for session in self.request("/api/sessions"):
            with contextlib.suppress(OSError):
                self.request(f"/api/sessions/{session['id']}", "DELETE")
        for kernel in self.request("/api/kernels"):
            with contextlib.suppress(OSError):
                self.request(f"/api/kernels/{kernel['id']}", "DELETE")

    def close(self) -> None:
        """End the kernels and the server."""
        with contextlib.suppress(OSError):
            self.end_kernels()
        super().close()


class MarimoServer(Server):
    """marimo with one notebook, whose cells are run when the page opens.

    Args:
        root: its folder.
        source: the notebook.
        env: for the server and the cells, on top of a world of its own.
    """

    health = "/health"

    def __init__(self, root: Path, source: str, env: Mapping[str, str]) -> None:
        super().__init__(root)
        root.mkdir(parents=True, exist_ok=True)
        file = root / "notebook.py"
        file.write_text(source)
        (root / "pyproject.toml").write_text("[tool.marimo.runtime]\nauto_instantiate = true\n")
        folders = {
            "HOME": root / "home",
            "XDG_CONFIG_HOME": root / "config",
            "XDG_CACHE_HOME": root / "cache",
            "XDG_STATE_HOME": root / "state",
        }
        command = [
            *(sys.executable, "-m", "marimo", "-y", "edit", str(file), "--headless"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--token-password", self.token, "--skip-update-check"),
        ]
        private = {name: str(folder) for name, folder in folders.items()}
        self.run(command, root, {**activated(), **private, **env})

    @property
    def page_url(self) -> str:
        """Where a browser finds the notebook."""
        return f"{self.url}/?access_token={self.token}"
