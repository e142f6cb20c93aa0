"""Why an execution ended.

The rule: one decision, at the ending record, from all that was gathered; the exit code alone
never makes a success, and a result that says "success" may carry an API error. In order: what we
did to it (refused, lost, killed, over a limit), then whether it ran at all, then the result that
counts, then what is left when there is none.
"""

from __future__ import annotations

import signal
from typing import NamedTuple

from claude_widget.events import Ended
from claude_widget.models import Reason
from claude_widget.state.shape import Facts, Outcome
from claude_widget.state.state import State

_SUBTYPES = {
    "error_max_turns": Reason.MAX_TURNS,
    "error_max_budget_usd": Reason.BUDGET,
    "error_max_structured_output_retries": Reason.SCHEMA,
}
_KINDS = {
    "authentication_failed": Reason.AUTHENTICATION,
    "oauth_org_not_allowed": Reason.AUTHENTICATION,
    "billing_error": Reason.AUTHENTICATION,
    "rate_limit": Reason.RATE_LIMIT,
}
_STATUSES = {
    401: Reason.AUTHENTICATION,
    403: Reason.AUTHENTICATION,
    429: Reason.RATE_LIMIT,
}
_API_ENDS = frozenset({"api_error", "prompt_too_long"})
_SIGNALLED = 128
_OUT_OF_MEMORY = frozenset({137, -9})
NO_RESULT = "The CLI printed no result."
NO_STRUCTURE = "The model gave no output that the schema could be checked against."


class Verdict(NamedTuple):
    """The reason, the notes that explain it, and the result where no frame gave one."""

    reason: Reason
    notes: tuple[str, ...] = ()
    result: str | None = None


def judge(state: State, ended: Ended) -> Verdict:
    """Why it ended, for a process that is gone."""
    life, outcome = state.life, state.outcome
    if life.kill is not None:
        return Verdict(life.kill)
    if life.limit is not None:
        return Verdict(life.limit)
    if ended.exit_code is None:
        return Verdict(Reason.STARTUP)
    if outcome.facts is None:
        return _without_result(state, ended.exit_code)
    if outcome.unanswered and not outcome.facts.failed:
        return _unanswered(outcome, outcome.facts, ended.exit_code)
    return _from_result(state, reason_of(outcome.facts, denied=bool(outcome.denials)))


def _from_result(state: State, reason: Reason) -> Verdict:
    """The CLI calls it a success even when the model never tried to meet the schema (2.1.330)."""
    unmet = state.asked.has_schema and state.outcome.structured_output is None
    if unmet and reason in (Reason.SUCCESS, Reason.DENIED):
        return Verdict(Reason.SCHEMA, (NO_STRUCTURE,))
    return Verdict(reason)


def reason_of(facts: Facts, *, denied: bool) -> Reason:
    """What a result frame says."""
    if not facts.failed:
        return _completed(denied=denied, interrupted=facts.interrupted or _aborted(facts))
    return (
        _SUBTYPES.get(facts.subtype)
        or (Reason.BUDGET if facts.terminal_reason == "budget_exhausted" else None)
        or (Reason.INTERRUPTED if _was_interrupted(facts) else None)
        or _api(facts)
        or (Reason.STARTUP if facts.startup else Reason.CRASHED)
    )


def _completed(*, denied: bool, interrupted: bool) -> Reason:
    if denied:
        return Reason.DENIED
    return Reason.INTERRUPTED if interrupted else Reason.SUCCESS


def _aborted(facts: Facts) -> bool:
    return facts.terminal_reason.startswith("aborted_")


def _was_interrupted(facts: Facts) -> bool:
    asked = facts.interrupted and facts.subtype == "error_during_execution"
    return (asked or _aborted(facts)) and facts.api_error_status is None


def _api(facts: Facts) -> Reason | None:
    status, kind = facts.api_error_status, facts.error_kind
    exact = _STATUSES.get(status or 0) or _KINDS.get(kind)
    if exact is None and (status is not None or kind or facts.terminal_reason in _API_ENDS):
        return Reason.API_ERROR
    return exact


def _without_result(state: State, exit_code: int) -> Verdict:
    outcome = state.outcome
    if outcome.error_kind:  # the API's last word was an error, and the CLI went without another
        return Verdict(_api(Facts(error_kind=outcome.error_kind)) or Reason.API_ERROR)
    if exit_code == 0 and outcome.interrupted:
        return Verdict(Reason.INTERRUPTED)
    if exit_code == 0 and outcome.last_text is not None:
        reason = _completed(denied=bool(outcome.denials), interrupted=False)
        return Verdict(reason, (NO_RESULT,), outcome.last_text)
    how = _how_it_went(exit_code)
    if not state.session.initialized:
        return Verdict(Reason.STARTUP, (f"The CLI did not start properly: {how}.",))
    return Verdict(Reason.CRASHED, (f"The CLI printed no result: {how}.",))


def _unanswered(outcome: Outcome, facts: Facts, exit_code: int) -> Verdict:
    """A follow-up was sent, and no result covers it."""
    if exit_code != 0:
        how = _how_it_went(exit_code)
        return Verdict(Reason.CRASHED, (f"The CLI did not answer the last message: {how}.",))
    note = NO_RESULT if outcome.last_text else "The CLI did not answer the last message."
    reason = reason_of(facts, denied=bool(outcome.denials))
    return Verdict(reason, (note,), outcome.last_text)


def _how_it_went(exit_code: int) -> str:
    if exit_code in _OUT_OF_MEMORY:
        return "it was killed, likely because memory ran out"
    if exit_code < 0:
        return f"it was ended by {_signal_name(-exit_code)}"
    if exit_code > _SIGNALLED:  # the CLI handled the signal, and says so as a shell would
        return f"it ended with exit code {exit_code} ({_signal_name(exit_code - _SIGNALLED)})"
    return f"it ended with exit code {exit_code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
