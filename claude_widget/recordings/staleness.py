"""Which recordings are stale: what asks for them by now asks for something else.

The rule: it compares what was asked for with what is recorded, and changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from claude_widget.own_files import open_any
from claude_widget.recordings.call_sites import names_one_call
from claude_widget.recordings.files import INDEX
from claude_widget.recordings.key import differences
from claude_widget.recordings.store import Recording, Recordings

_LOG = logging.getLogger(__name__)
_LARGEST = 64 << 20
"""Bytes of an index that is read."""
Asked = Mapping[str, Mapping[str, Any]]
"""Keys that were asked for, with the material of each."""


class StaleRecording(NamedTuple):
    """A recording that was not asked for.

    Attributes:
        folder: where it is.
        key: what it is found by.
        made_by: the cell or call that made it.
        reason: "changed": that cell or call was seen, and asks for something else by now;
            "unasked": it was not seen yet, or is gone, or all that is known of it is its number,
            which cells of other notebooks have as well.
        now: keys that it asks for by now; empty if it was not seen.
        differences: what the nearest of these differs in, in words.
    """

    folder: Path
    key: str
    made_by: str
    reason: Literal["changed", "unasked"]
    now: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def stale_among(recordings: Recordings, asked: Mapping[str, Asked]) -> list[StaleRecording]:
    """The recordings that none of these starts has asked for; the changed ones first.

    Args:
        recordings: what there is.
        asked: what was asked for, by the cell or call that did.
    """
    every = frozenset[str]().union(*asked.values())
    text = recordings.redactor.text
    asked = {text(maker): keys for maker, keys in asked.items()}  # as they are in the index
    makers = _makers(recordings.folder)
    known = recordings.all()
    there = {one.key for one in known}
    found = [
        _stale(one, makers.get(one.folder.name, ""), asked, there)
        for one in known
        if one.key and one.key not in every
    ]
    return sorted(found, key=lambda one: one.reason != "changed")


def _stale(
    one: Recording, maker: str, asked: Mapping[str, Asked], there: Collection[str]
) -> StaleRecording:
    now = asked.get(maker, {}) if names_one_call(maker) else {}
    without = [material for key, material in now.items() if key not in there]
    asks = reversed(without or list(now.values()))  # one that has its recording is another's
    told = (differences(material, one.material) for material in asks)
    nearest = min(told, key=len, default=[])
    reason: Literal["changed", "unasked"] = "changed" if now else "unasked"
    return StaleRecording(one.folder, one.key, maker, reason, tuple(sorted(now)), tuple(nearest))


def _makers(folder: Path) -> dict[str, str]:
    """Which cell or call made which recording, as the index says; what it does not say is left out.

    An index that cannot be read says nothing: whoever saves next makes it anew.
    """
    try:
        with open(open_any(folder / INDEX), "rb") as file:
            told: Any = json.loads(file.read(_LARGEST))
        return {str(one["folder"]): str(one["made_by"]) for one in told["recordings"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        _LOG.warning("%s cannot be read: %s", folder / INDEX, error)
        return {}
