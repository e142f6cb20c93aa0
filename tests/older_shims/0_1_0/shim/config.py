"""What the backend tells the shim, by the file `shim.json` of the run folder.

The rule: data and its reading. A shim refuses a version that is not its own; since both lie in one
package, that only happens while it is being replaced.
"""

import json
from typing import NamedTuple

from .ladder import Graces

CONFIG_VERSION = 2


class Config(NamedTuple):
    """The file `shim.json` of the run folder, written by the backend.

    Attributes:
        execution_id: whose transcript this is.
        epoch_clock: the transcript's epoch on `launch.CLOCK`, seconds.
        socket: path of the control socket.
        mark: `NAME=value` that stands in the environment of every descendant.
        scratch: the CLI's own temp folder, removed at the end.
        keep_open: whether stdin stays open after the turn.
        timeout: seconds of wall clock, or None.
        background_grace: seconds that background tasks may outlive the turn.
        unwatched: seconds that the CLI may wait for somebody while no kernel watches.
        watching: the file that says whether one does, see `watch`.
        graces: of the ladder.
    """

    execution_id: str
    epoch_clock: float
    socket: str
    mark: str
    scratch: str
    keep_open: bool
    timeout: float | None
    background_grace: float
    unwatched: float
    watching: str
    graces: Graces


def read_config() -> Config:
    """The run folder's `shim.json`."""
    with open("shim.json", "rb") as file:
        said = json.load(file)
    if said.pop("version") != CONFIG_VERSION:
        raise SystemExit("shim.json has another version than this shim")
    return Config(graces=Graces(**said.pop("graces")), **said)
