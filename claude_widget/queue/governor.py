"""From what executions hear of the API to a pause in which nothing new is started.

The rule: pure. An event or an end says what was `Heard`, a `Ruling` with it gives the next ruling,
and a ruling with a clock says whether there is a pause now. No clock is read, no file is known, and
nobody is started or stopped here. Seconds are epoch seconds, which may jump: what lies in the
future where it cannot is not believed, since a pause too few costs one refused call, and a pause
for ever costs the whole queue.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from claude_widget.events import ApiRetry, Event, RateLimit, Result
from claude_widget.models import Reason
from claude_widget.state.shape import Facts

Kind = Literal["rate_limit", "overload", "authentication"]
"""The account's limit, the API's own lack of capacity, or a login that does not work."""
KINDS: tuple[Kind, ...] = ("rate_limit", "overload", "authentication")

LONGEST = 8 * 86_400.0
"""Seconds; the longest limit of an account is a week. What resets later than that is not told."""
FIRST = 5.0
"""Seconds of a pause where no reset time is told; each that follows at once takes twice as long."""
MOST = 300.0
"""Seconds of the longest such pause."""
IN_A_ROW = 300.0
"""Seconds after the end of such a pause in which another one follows it at once."""
STALE = 600.0
"""Seconds after which a login that failed says nothing of the one that there is now."""
SLACK = 5.0
"""Seconds by which the clocks of two processes' records may differ."""
LONGEST_SAID = 500
LONGEST_PATH = 500
"""Characters; what a project with a longer path starts by default is not remembered."""
MOST_PROJECTS = 16
MOST_HEARERS = 64
_ROW = 16

_BY_STATUS: dict[int, Kind] = {429: "rate_limit", 529: "overload"}
_BY_REASON: dict[Reason, Kind] = {
    Reason.RATE_LIMIT: "rate_limit",
    Reason.AUTHENTICATION: "authentication",
}
_OVERAGE = ("allowed", "allowed_warning")
_FAMILY_OF_LIMIT = {"seven_day_opus": "opus", "seven_day_sonnet": "sonnet"}
"""The limits of one family of models; all others are the account's (the CLI's list, 2.1.330)."""
WHAT_TO_DO: dict[Kind, str] = {
    "rate_limit": "New executions start by themselves after the reset.",
    "overload": "New executions start by themselves when the pause is over.",
    "authentication": (
        "Log in again (`claude /login` in a terminal) or set a key that works, then resume the "
        "queue: manager.resume_queue()."
    ),
}


class Heard(NamedTuple):
    """Something that one execution heard of the API.

    Attributes:
        kind: of the pause that follows from it.
        time: epoch seconds at which it was heard, which may be long ago.
        execution_id: who heard it.
        started: epoch seconds at which its CLI was started; `time` where nobody knows.
        reset: epoch seconds until which it holds, as the API tells; None if it does not.
        wait: seconds after which the CLI itself tries again.
        said: in the words of the CLI, at most 500 characters.
        family: of the models whose limit it is; empty if it holds for all.
        model: of the execution that heard it, as its CLI told; empty if nobody knows.
        is_default: nobody has named that model: it is what starts without one get in the project.
        project_path: of the execution that heard it; empty if nobody knows.
    """

    kind: Kind
    time: float
    execution_id: str
    started: float
    reset: float | None = None
    wait: float = 0.0
    said: str = ""
    family: str = ""
    model: str = ""
    is_default: bool = False
    project_path: str = ""


class Pause(NamedTuple):
    """Nothing that needs the API is started, or nothing of one family of models.

    Attributes:
        kind: why.
        since: epoch seconds.
        until: epoch seconds; None until somebody resumes.
        told: the API has told the time; else it was chosen here.
        said: what was heard, at most 500 characters.
        execution_id: who heard it; empty if that is not known.
        family: of the models that it holds for; empty for all of them.
        default_in: paths of the projects in which starts that name no model are of that family.
        heard_by: ids of all who heard of a family's limit, the newest 64; the plain 429 that each
            of them gets for it is no other matter.
    """

    kind: Kind
    since: float
    until: float | None
    told: bool = False
    said: str = ""
    execution_id: str = ""
    family: str = ""
    default_in: tuple[str, ...] = ()
    heard_by: tuple[str, ...] = ()

    @property
    def what_to_do(self) -> str:
        """What a person can do about it, in a sentence."""
        return what_to_do([self]) if self.family else WHAT_TO_DO[self.kind]

    def covers(self, model: str | None, project_path: str) -> bool:
        """Whether it holds up a start of that model in that project.

        One that names none is not held up before it is known that the project's default is of the
        family, since that costs one refused call; each project has settings of its own.

        Args:
            model: as it was asked for, or as the CLI told it.
            project_path: absolute.
        """
        if not self.family:
            return True
        if not model or model == "default":
            return project_path in self.default_in
        return self.family in model.lower()

    def holds(self, now: float) -> bool:
        """Whether it holds at that moment, epoch seconds."""
        if self.until is None:
            return True
        set_back = now < self.since - SLACK  # the clock: nobody knows how much of it is over
        return not set_back and now < self.until <= now + LONGEST


def what_to_do(pauses: Sequence[Pause]) -> str:
    """What follows from pauses of one family of models each, in a sentence."""
    names = " and ".join(pause.family.title() for pause in pauses)
    is_default = any(pause.default_in for pause in pauses)
    default = ", also by a project's default," if is_default else ""
    resets = "the reset" if len(pauses) == 1 else "their resets, of which this is the first"
    return f"Executions with {names}{default} start after {resets}; other models start now."


class Ruling(NamedTuple):
    """What is known of the API in a state folder.

    Attributes:
        pause: the last one of all models, over or not; None if there was none.
        row: how many pauses without a reset time have followed each other at once.
        resumed: epoch seconds at which somebody has ended a pause; 0 if nobody has.
        of_families: the last one of each family of models that had one, over or not.
    """

    pause: Pause | None = None
    row: int = 0
    resumed: float = 0.0
    of_families: tuple[Pause, ...] = ()

    def paused(self, now: float) -> Pause | None:
        """The pause of all models that holds now, or None.

        Args:
            now: epoch seconds.
        """
        return self.pause if self.pause is not None and self.pause.holds(now) else None

    def holding(self, now: float) -> tuple[Pause, ...]:
        """All pauses that hold now, that of all models first.

        Args:
            now: epoch seconds.
        """
        known = self.of_families if self.pause is None else (self.pause, *self.of_families)
        return tuple(pause for pause in known if pause.holds(now))


def heard_in(event: Event, execution_id: str, started: float | None) -> Heard | None:
    """What an event says of the API; None if nothing that pauses.

    Args:
        event: of that execution's transcript.
        execution_id: whose it is.
        started: epoch seconds at which its CLI was started, if known.
    """
    found = _said_in(event)
    if found is None:
        return None
    began = event.time if started is None else started
    return found._replace(time=event.time, execution_id=execution_id, started=began)


def _said_in(event: Event) -> Heard | None:
    """What it says, whoever has heard it and whenever."""
    if isinstance(event, RateLimit):
        info = event.rate_limit_info
        # Where the account goes on at its own expense, calls go through all the same.
        if info.status != "rejected" or info.overage_status in _OVERAGE:
            return None
        said = f"The account's limit is reached{_named(info.rate_limit_type)}."
        family = _FAMILY_OF_LIMIT.get(info.rate_limit_type or "", "")
        return Heard("rate_limit", 0.0, "", 0.0, info.resets_at, said=said, family=family)
    if isinstance(event, ApiRetry) and event.error_status in _BY_STATUS:
        said = f"The API answered {event.error_status} ({_clipped(event.error or 'no reason')})."
        wait = (event.retry_delay_ms or 0.0) / 1000
        return Heard(_BY_STATUS[event.error_status], 0.0, "", 0.0, wait=wait, said=said)
    if isinstance(event, Result) and event.is_error and event.api_error_status in _BY_STATUS:
        said = _clipped(event.result or "")
        return Heard(_BY_STATUS[event.api_error_status], 0.0, "", 0.0, said=said)
    return None


def _named(limit: str | None) -> str:
    return f" ({limit.replace('_', ' ')[:60]})" if limit else ""


def _clipped(said: str) -> str:
    return said.strip()[:LONGEST_SAID]


def heard_at_end(
    reason: Reason | None,
    facts: Facts | None,
    *,
    time: float,
    execution_id: str,
    started: float | None,
    said: str = "",
) -> Heard | None:
    """What the end of an execution says of the API; None if nothing that pauses.

    Args:
        reason: why it ended.
        facts: of its last result, if it had one.
        time: epoch seconds of the end.
        execution_id: whose end it is.
        started: epoch seconds at which its CLI was started, if known.
        said: its last error.
    """
    kind = None if reason is None else _BY_REASON.get(reason)
    if reason is Reason.API_ERROR and facts is not None and is_overload(facts):
        kind = "overload"
    if kind is None:
        return None
    began = time if started is None else started
    return Heard(kind, time, execution_id, began, said=_clipped(said))


def is_overload(facts: Facts) -> bool:
    """Whether a result says that the API has no room for anybody's calls."""
    return facts.api_error_status == 529 or facts.error_kind == "overloaded"


def ruled(ruling: Ruling, heard: Heard, now: float) -> Ruling:
    """The ruling after something was heard; the same one if it changes nothing.

    Args:
        ruling: the one before.
        heard: what it was.
        now: epoch seconds.
    """
    # What was started before somebody resumed has the login and the limit of that time. A moment
    # to come was set by another clock, and tells nothing.
    if heard.started <= ruling.resumed <= now + SLACK:
        return ruling
    if heard.time > now + SLACK:
        heard = heard._replace(time=now)
    if heard.family:
        return _ruled_of_family(ruling, heard, now)
    before = ruling.paused(now)
    if (before is not None and before.until is None) or is_of_family(ruling, heard, now):
        return ruling
    if heard.kind == "authentication":
        if heard.time < now - STALE:
            return ruling
        return ruling._replace(pause=_pause(heard, None), row=0)
    if _is_told(heard):
        return _longer(ruling, _pause(heard, heard.reset, told=True), before, now, row=0)
    if before is not None and before.told and heard.kind == before.kind:
        return ruling  # until when it holds is known already
    row = _row(ruling, heard)
    wait = heard.wait if math.isfinite(heard.wait) and heard.wait <= LONGEST else 0.0
    until = heard.time + max(wait, min(MOST, FIRST * 2.0**row))
    return _longer(ruling, _pause(heard, until), before, now, row=row)


def is_of_family(ruling: Ruling, heard: Heard, now: float) -> bool:
    """Whether it says no more than a pause of one family of models that holds already.

    The result of a call that such a limit has refused tells a plain 429.

    Args:
        ruling: what is known.
        heard: what was heard.
        now: epoch seconds.
    """
    if heard.kind != "rate_limit" or _is_told(heard):
        return False
    return any(
        pause.told
        and (heard.execution_id in pause.heard_by or pause.covers(heard.model, heard.project_path))
        for pause in ruling.of_families
        if pause.holds(now)
    )


def _ruled_of_family(ruling: Ruling, heard: Heard, now: float) -> Ruling:
    """The ruling after a limit of one family of models, which holds up no other."""
    before = next((one for one in ruling.of_families if one.family == heard.family), None)
    known = before if before is not None and before.holds(now) else None
    pause = ruled(Ruling(known, resumed=ruling.resumed), heard._replace(family=""), now).pause
    if pause is None:
        return ruling
    defaults, hearers = ((), ()) if known is None else (known.default_in, known.heard_by)
    if heard.is_default and len(heard.project_path) <= LONGEST_PATH:
        defaults = _with(defaults, heard.project_path, MOST_PROJECTS)
    hearers = _with(hearers, heard.execution_id, MOST_HEARERS)
    pause = pause._replace(family=heard.family, default_in=defaults, heard_by=hearers)
    if pause == before:
        return ruling
    others = tuple(one for one in ruling.of_families if one.family != heard.family)
    return ruling._replace(of_families=(*others, pause))


def _with(known: tuple[str, ...], new: str, most: int) -> tuple[str, ...]:
    """What was known and what is new; of too many the newest."""
    return known if not new or new in known else (*known, new)[-most:]


def _is_told(heard: Heard) -> bool:
    """Whether its reset can be believed: a moment to come, and not further off than any limit."""
    return heard.reset is not None and heard.time < heard.reset <= heard.time + LONGEST


def _longer(ruling: Ruling, pause: Pause, before: Pause | None, now: float, *, row: int) -> Ruling:
    """The ruling with the pause, unless the one that holds ends later, or it is over already."""
    assert pause.until is not None
    if pause.until <= now:
        return ruling
    if before is not None and before.until is not None and before.until >= pause.until:
        corrects = pause.told and before.kind == pause.kind and not before.told
        if not corrects:
            return ruling
    return ruling._replace(pause=pause, row=row)


def resumed(ruling: Ruling, now: float) -> Ruling:
    """The ruling after a person has said that new ones may start, whatever was heard so far."""
    return ruling._replace(pause=None, row=0, resumed=now, of_families=())


def _pause(heard: Heard, until: float | None, *, told: bool = False) -> Pause:
    return Pause(heard.kind, heard.time, until, told, heard.said, heard.execution_id)


def _row(ruling: Ruling, heard: Heard) -> int:
    """How many pauses of unknown length came at once before the one that follows from this."""
    last = ruling.pause
    if last is None or last.until is None or heard.time > last.until + IN_A_ROW:
        return 0
    if heard.time <= last.until:  # it is the same one, which goes on
        return ruling.row
    return min(ruling.row + 1, _ROW)
