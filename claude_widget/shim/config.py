"""What the backend tells the shim, by the file `shim.json` of the run folder.

The rule: data and its reading; a field that is not there has its default. A shim refuses a version
that is not its own; since both lie in one package, that only happens while it is being replaced.
"""

import json
from typing import NamedTuple

from .ladder import Graces
from .limits import Limits

CONFIG_VERSION = 3


class Config(NamedTuple):
    """The file `shim.json` of the run folder, written by the backend.

    Attributes:
        execution_id: whose transcript this is.
        epoch_clock: the transcript's epoch on `launch.CLOCK`, seconds.
        socket: path of the control socket.
        mark: `NAME=value` that stands in the environment of every descendant.
        scratch: the CLI's own temp folder, removed at the end.
        keep_open: whether stdin stays open after the turn.
        background_grace: seconds that background tasks may outlive the turn.
        unwatched: seconds that the CLI may wait for somebody while no kernel is there, or None.
        watching: the file that says whether one does, see `watch`.
        graces: of the ladder.
        limits: what the execution may use.
        unattended: seconds that it may go on while no kernel is there, whatever it does, or None.
        check_grace: seconds that a manager has to look at the output of a turn before stdin closes.
        warm: the CLI is started ahead, and waits for the execution that takes it over.
    """

    execution_id: str
    epoch_clock: float
    socket: str
    mark: str
    scratch: str
    keep_open: bool
    background_grace: float
    unwatched: float | None
    watching: str
    graces: Graces
    limits: Limits = Limits()
    unattended: float | None = None
    check_grace: float = 0.0
    warm: bool = False


def read_config() -> Config:
    """The run folder's `shim.json`."""
    with open("shim.json", "rb") as file:
        said = json.load(file)
    if said.pop("version") != CONFIG_VERSION:
        raise SystemExit("shim.json has another version than this shim")
    graces = Graces(**said.pop("graces"))
    limits = Limits(**said.pop("limits", {}))
    return Config(graces=graces, limits=limits, **said)
