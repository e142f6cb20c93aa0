"""What pauses the starting of new executions, for how long, and what does not.

The rule: pure; frames as the CLI prints them, a clock of the test's own.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_widget.events import parse
from claude_widget.models import Reason
from claude_widget.queue.governor import (
    FIRST,
    IN_A_ROW,
    LONGEST,
    LONGEST_PATH,
    MOST,
    MOST_HEARERS,
    STALE,
    WHAT_TO_DO,
    Heard,
    Pause,
    Ruling,
    heard_at_end,
    heard_in,
    is_of_family,
    resumed,
    ruled,
    what_to_do,
)
from claude_widget.state.shape import Facts
from tests.recorded import out

NOW = 1_800_000_000.0
ID = "6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10"
PROJECT = "/home/me/analysis"


MODELS = ("opus", "claude-opus-5-5[1m]", "opusplan", "sonnet")
UNNAMED = (None, "default")


def heard(frame: dict[str, Any], time: float = NOW) -> Heard | None:
    return heard_in(parse(out(frame, time)), ID, NOW - 60)


def limit(status: str = "rejected", **info: Any) -> dict[str, Any]:
    return {"type": "rate_limit_event", "rate_limit_info": {"status": status, **info}}


def retry(status: int, delay: float = 500.0) -> dict[str, Any]:
    said = {"attempt": 1, "max_retries": 10, "retry_delay_ms": delay, "error": "overloaded"}
    return {"type": "system", "subtype": "api_retry", "error_status": status, **said}


def failed(status: int) -> dict[str, Any]:
    said = {"result": f"API Error: {status}", "api_error_status": status}
    return {"type": "result", "subtype": "success", "is_error": True, **said}


def at_end(reason: Reason, facts: Facts | None = None, *, time: float = NOW) -> Heard | None:
    return heard_at_end(
        reason, facts, time=time, execution_id=ID, started=time - 60, said="API Error"
    )


def after(*found: Heard | None, ruling: Ruling | None = None, now: float = NOW) -> Ruling:
    """The ruling after these were heard."""
    ruling = ruling or Ruling()
    for one in found:
        assert one is not None
        ruling = ruled(ruling, one, now)
    return ruling


def pause(ruling: Ruling, now: float = NOW) -> Pause:
    found = ruling.paused(now)
    assert found is not None
    return found


# -- what is heard -----------------------------------------------------------------------------


def test_a_limit_that_refuses_pauses_until_its_reset() -> None:
    ruling = after(heard(limit(resetsAt=NOW + 3600, rateLimitType="five_hour")))
    found = pause(ruling)
    assert (found.kind, found.until, found.told) == ("rate_limit", NOW + 3600, True)
    assert found.execution_id == ID
    assert "five hour" in found.said
    assert ruling.paused(NOW + 3599.9) is not None
    assert ruling.paused(NOW + 3600) is None


@pytest.mark.parametrize(
    "frame",
    [
        limit("allowed"),
        limit("allowed_warning", resetsAt=NOW + 3600),
        limit("rejected", resetsAt=NOW + 3600, overageStatus="allowed"),
        limit("rejected", resetsAt=NOW + 3600, overageStatus="allowed_warning"),
        limit(""),
        retry(500),
        retry(401),
        {"type": "system", "subtype": "api_retry"},
        failed(400),
        {**failed(429), "is_error": False},
        {"type": "assistant", "message": {"content": "429"}},
    ],
)
def test_what_refuses_nothing_pauses_nothing(frame: dict[str, Any]) -> None:
    assert heard(frame) is None


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit"), (529, "overload")])
def test_retries_and_failed_results_pause_for_a_while(status: int, kind: str) -> None:
    for frame in (retry(status), failed(status)):
        found = pause(after(heard(frame)))
        assert (found.kind, found.until, found.told) == (kind, NOW + FIRST, False)
        assert str(status) in found.said


def test_a_retry_that_waits_longer_pauses_as_long() -> None:
    assert pause(after(heard(retry(429, 90_000)))).until == NOW + 90


@pytest.mark.parametrize(
    ("reason", "facts", "kind"),
    [
        (Reason.RATE_LIMIT, None, "rate_limit"),
        (Reason.AUTHENTICATION, Facts(failed=True, api_error_status=401), "authentication"),
        (Reason.API_ERROR, Facts(failed=True, api_error_status=529), "overload"),
        (Reason.API_ERROR, Facts(failed=True, error_kind="overloaded"), "overload"),
    ],
)
def test_the_end_of_an_execution_pauses_as_well(reason: Reason, facts: Facts, kind: str) -> None:
    assert pause(after(at_end(reason, facts))).kind == kind


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        (Reason.API_ERROR, Facts(failed=True, api_error_status=500)),
        (Reason.API_ERROR, None),
        (Reason.SUCCESS, Facts()),
        (Reason.CRASHED, None),
        (None, None),
    ],
)
def test_other_ends_pause_nothing(reason: Reason, facts: Facts | None) -> None:
    assert at_end(reason, facts) is None


# -- for how long ------------------------------------------------------------------------------


def test_the_reset_that_was_told_outranks_what_was_guessed_before_and_after_it() -> None:
    told = heard(limit(resetsAt=NOW + 2))
    assert pause(after(heard(retry(429)), told)).until == NOW + 2
    assert pause(after(told, heard(failed(429)), at_end(Reason.RATE_LIMIT))).until == NOW + 2


def test_a_limit_of_one_family_holds_up_its_models_and_no_others() -> None:
    opus = heard(limit(resetsAt=NOW + 3600, rateLimitType="seven_day_opus"))
    assert opus is not None
    opus = opus._replace(model="claude-opus-5-5")
    plain = heard(failed(429))
    assert plain is not None
    ruling = after(opus, plain, at_end(Reason.RATE_LIMIT))
    (found,) = ruling.holding(NOW)
    assert ruling.paused(NOW) is None, "its own failed result says no more"
    assert (found.family, found.until, found.told) == ("opus", NOW + 3600, True)
    assert "other models" in found.what_to_do
    held = {one: found.covers(one, PROJECT) for one in MODELS}
    assert list(held.values()) == [True, True, True, False]
    assert not any(found.covers(one, PROJECT) for one in UNNAMED), "nobody knows what that is"
    assert ruling.holding(NOW + 3600) == ()
    assert resumed(ruling, NOW + 1).holding(NOW + 1) == ()


def test_what_a_project_starts_by_default_says_nothing_of_other_projects() -> None:
    opus = heard(limit(resetsAt=NOW + 3600, rateLimitType="seven_day_opus"))
    assert opus is not None
    (found,) = after(opus._replace(is_default=True, project_path=PROJECT)).holding(NOW)
    assert all(found.covers(one, PROJECT) for one in UNNAMED)
    assert not any(found.covers(one, "/home/me/other") for one in UNNAMED)
    assert "Opus, also by a project's default, start after the reset" in found.what_to_do
    places = [opus._replace(is_default=True, project_path=f"/{number}") for number in range(20)]
    unknown = opus._replace(is_default=True)
    (found,) = after(*places, unknown, opus._replace(reset=NOW + 7200)).holding(NOW)
    assert found.default_in == tuple(f"/{number}" for number in range(4, 20)), "the newest"
    assert found.until == NOW + 7200
    long = opus._replace(is_default=True, project_path="/" * (LONGEST_PATH + 1))
    assert after(long).of_families[0].default_in == ()


def test_limits_of_a_family_and_of_the_account_hold_beside_each_other() -> None:
    week = heard(limit(resetsAt=NOW + 6 * 86_400, rateLimitType="seven_day_opus"))
    other = heard(limit(resetsAt=NOW + 60, rateLimitType="seven_day_sonnet"))
    hours = heard(limit(resetsAt=NOW + 3600, rateLimitType="five_hour"))
    ruling = after(week, other, hours)
    assert pause(ruling).until == NOW + 3600, "the later end is another matter"
    assert [one.family for one in ruling.holding(NOW)] == ["", "opus", "sonnet"]
    assert [one.family for one in ruling.holding(NOW + 3600)] == ["opus"]
    assert "Opus and Sonnet start after their resets" in what_to_do(ruling.of_families)
    assert after(week, ruling=ruling) is ruling


@pytest.mark.parametrize("name", ["seven_day", "seven_day_overage_included", "overage", "x_opus"])
def test_a_limit_whose_models_are_not_told_holds_up_all(name: str) -> None:
    assert pause(after(heard(limit(resetsAt=NOW + 60, rateLimitType=name)))).covers(
        "sonnet", PROJECT
    )


def test_whoever_hears_of_a_familys_limit_that_is_known_pauses_all_as_little_as_the_first() -> None:
    sonnet = heard(limit(resetsAt=NOW + 3600, rateLimitType="seven_day_sonnet"))
    plain = heard(failed(429))
    assert sonnet is not None
    assert plain is not None
    hearers = [f"phase of opusplan {number}" for number in range(3)]
    ruling = after(*(sonnet._replace(execution_id=one, model="claude-opus-5-5") for one in hearers))
    refused = [plain._replace(execution_id=one, model="claude-opus-5-5") for one in hearers]
    assert after(*refused, ruling=ruling) is ruling, "also where their ends come in between"
    assert all(is_of_family(ruling, one, NOW) for one in refused), "nor takes slots away"
    assert ruling.of_families[0].execution_id == hearers[0]
    many = [sonnet._replace(execution_id=str(number)) for number in range(MOST_HEARERS + 1)]
    assert after(*many).of_families[0].heard_by == tuple(one.execution_id for one in many[1:])


def test_another_ones_plain_refusal_beside_a_limit_of_a_family_pauses_all() -> None:
    ruling = after(heard(limit(resetsAt=NOW + 3600, rateLimitType="seven_day_opus")))
    plain = heard(failed(429))
    assert plain is not None
    ruling = after(plain._replace(execution_id="other", model="claude-sonnet-5"), ruling=ruling)
    assert pause(ruling).until == NOW + FIRST


def test_of_two_pauses_the_one_that_ends_later_holds() -> None:
    hour, day = heard(limit(resetsAt=NOW + 3600)), heard(limit(resetsAt=NOW + 86_400))
    assert pause(after(hour, day)).until == NOW + 86_400
    assert pause(after(day, hour, heard(retry(529)))).until == NOW + 86_400


def test_pauses_of_unknown_length_grow_while_they_follow_each_other_at_once() -> None:
    ruling, now, lengths = Ruling(), NOW, []
    for _ in range(7):
        ruling = after(heard(failed(529), now), ruling=ruling, now=now)
        until = pause(ruling, now).until
        assert until is not None
        lengths.append(until - now)
        now = until + 1
    assert lengths == [min(MOST, FIRST * 2**number) for number in range(7)]
    assert lengths[-1] == MOST
    later = now + IN_A_ROW + 1
    assert pause(after(heard(failed(529), later), ruling=ruling, now=later), later).until == (
        later + FIRST
    )


def test_the_retries_of_one_overload_are_one_pause_which_goes_on() -> None:
    ruling = Ruling()
    for second in range(0, 60, 5):
        now = NOW + second
        ruling = after(heard(retry(529), now), ruling=ruling, now=now)
        assert pause(ruling, now).until == now + FIRST


@pytest.mark.parametrize("reset", [NOW * 1000, NOW + LONGEST + 60, NOW - 60, NOW, 0.0, -1e300])
def test_a_reset_that_cannot_be_is_taken_for_none(reset: float) -> None:
    assert pause(after(heard(limit(resetsAt=reset)))).until == NOW + FIRST


@pytest.mark.parametrize("reset", [float("nan"), float("inf"), float("-inf")])
def test_a_reset_that_is_no_number_is_taken_for_none(reset: float) -> None:
    found = Heard("rate_limit", NOW, ID, NOW - 60, reset)
    assert pause(after(found)).until == NOW + FIRST


def test_a_wait_that_cannot_be_is_taken_for_none() -> None:
    for wait in (float("nan"), float("inf"), LONGEST * 2):
        found = Heard("rate_limit", NOW, ID, NOW - 60, wait=wait)
        assert pause(after(found)).until == NOW + FIRST


def test_what_is_read_long_after_it_was_written_pauses_only_until_then() -> None:
    old = heard(limit(resetsAt=NOW - 600), NOW - 3600)
    assert after(old) == Ruling()
    assert after(heard(failed(529), NOW - 3600)) == Ruling()
    assert pause(after(heard(limit(resetsAt=NOW + 600), NOW - 3600))).until == NOW + 600


# -- a login that failed -----------------------------------------------------------------------


def test_a_failed_login_pauses_until_somebody_resumes_and_says_what_to_do() -> None:
    ruling = after(at_end(Reason.AUTHENTICATION))
    found = pause(ruling, NOW + 30 * 86_400)
    assert (found.kind, found.until) == ("authentication", None)
    assert "claude /login" in found.what_to_do
    assert resumed(ruling, NOW + 60).paused(NOW + 60) is None


def test_a_failed_login_pauses_once_whoever_else_fails_for_it() -> None:
    ruling = after(at_end(Reason.AUTHENTICATION), at_end(Reason.AUTHENTICATION, time=NOW + 1))
    assert pause(ruling).since == NOW
    ruling = resumed(ruling, NOW + 30)
    late = heard_at_end(
        Reason.AUTHENTICATION, None, time=NOW + 200, execution_id="b", started=NOW + 20
    )
    assert after(late, ruling=ruling, now=NOW + 200).paused(NOW + 200) is None, "of the old login"
    new = heard_at_end(
        Reason.AUTHENTICATION, None, time=NOW + 200, execution_id="c", started=NOW + 40
    )
    assert pause(after(new, ruling=ruling, now=NOW + 200), NOW + 200).execution_id == "c"


def test_a_failed_login_outranks_a_limit_and_no_limit_ends_it() -> None:
    ruling = after(heard(limit(resetsAt=NOW + 3600)), at_end(Reason.AUTHENTICATION))
    ruling = after(heard(limit(resetsAt=NOW + 60)), ruling=ruling)
    assert pause(ruling).kind == "authentication"


def test_a_login_that_failed_long_ago_says_nothing_of_todays() -> None:
    assert after(at_end(Reason.AUTHENTICATION, time=NOW - STALE - 1)) == Ruling()


def test_each_kind_says_what_to_do() -> None:
    for kind in ("rate_limit", "overload", "authentication"):
        assert WHAT_TO_DO[kind].endswith(".")


# -- resumed by a person, and clocks that jump -------------------------------------------------


def test_once_resumed_what_was_started_before_pauses_no_more() -> None:
    ruling = resumed(after(heard(limit(resetsAt=NOW + 3600))), NOW + 1)
    assert after(heard(limit(resetsAt=NOW + 3600), NOW + 2), ruling=ruling, now=NOW + 2).pause is (
        None
    )
    new = Heard("rate_limit", NOW + 5, ID, NOW + 3, NOW + 3600)
    assert pause(after(new, ruling=ruling, now=NOW + 5), NOW + 5).until == NOW + 3600


def test_a_clock_that_is_set_back_does_not_make_a_pause_longer() -> None:
    ruling = after(heard(limit(resetsAt=NOW + 60)))
    assert ruling.paused(NOW - 3600) is None


def test_a_clock_that_is_set_back_does_not_make_a_resume_hold_for_ever() -> None:
    ruling = resumed(after(at_end(Reason.AUTHENTICATION)), NOW + 86_400)
    assert pause(after(at_end(Reason.AUTHENTICATION), ruling=ruling)).kind == "authentication"


def test_what_was_heard_in_the_future_counts_from_now() -> None:
    assert pause(after(heard(failed(529), NOW + 86_400))).until == NOW + FIRST


MOMENTS = st.floats(allow_nan=True) | st.floats(NOW - 1e6, NOW + 1e6)
ANY = st.builds(
    Heard,
    kind=st.sampled_from(["rate_limit", "overload", "authentication"]),
    time=st.floats(NOW - 1e6, NOW + 1e6),
    execution_id=st.just(ID),
    started=MOMENTS,
    reset=st.none() | MOMENTS,
    wait=st.floats(min_value=0),
)


@given(found=st.lists(ANY, max_size=12), moments=st.lists(st.floats(0, 1e6), max_size=12))
def test_whatever_is_heard_no_pause_but_a_failed_logins_outlasts_any_limit(
    found: list[Heard], moments: list[float]
) -> None:
    ruling, now = Ruling(), NOW
    for one, passes in zip(found, moments, strict=False):
        now += passes / 1000
        ruling = ruled(ruling, one, now)
        held = ruling.paused(now)
        if held is None:
            continue
        if held.until is None:
            assert held.kind == "authentication"
        else:
            assert now < held.until <= now + LONGEST + 10
            assert ruling.paused(held.until) is None
    assert resumed(ruling, now).paused(now) is None
