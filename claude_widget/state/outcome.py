"""What came of it: results, errors, denials, and what is kept for the verdict.

The rule: frames are gathered here as they come; what they add up to is decided in `verdict`,
once, by the ending record. Pure functions of `Outcome`.
"""

from __future__ import annotations

import json
from typing import Any

from claude_widget.events import (
    Assistant,
    Init,
    OversizedFrame,
    PermissionDenied,
    RateLimit,
    Result,
    SentRequest,
    SentResponse,
)
from claude_widget.models import Denial, Reason
from claude_widget.state.shape import MAX_DENIALS, MAX_ERRORS, STDERR_TAIL, Facts, Outcome, Waiting
from claude_widget.state.text import PARAGRAPH, SENTENCE, clip, one_line
from claude_widget.state.verdict import reason_of

_SPURIOUS = "error_during_execution"


def assistant_wrote(outcome: Outcome, event: Assistant) -> Outcome:
    """Keeps the main lane's last text, and an API error's kind and text."""
    texts = [block.text for block in event.message.content if block.type == "text" and block.text]
    if event.error:
        said = "\n".join(texts) or event.error
        return noted(outcome, said)._replace(error_kind=clip(event.error))
    if event.parent_tool_use_id or not texts:
        return outcome
    return outcome._replace(last_text="\n".join(texts), error_kind="")


def finished(
    outcome: Outcome, event: Result, *, initialized: bool, cancelled: frozenset[str] = frozenset()
) -> Outcome:
    """With a result, unless it is a false alarm after a success.

    Args:
        outcome: so far.
        event: the result.
        initialized: the CLI had begun properly.
        cancelled: tool calls that were given up unanswered; the CLI lists them among the denied.
    """
    facts = _facts(outcome, event, initialized=initialized)
    outcome = denied(outcome, event, cancelled)
    if _is_spurious(outcome, facts):
        return outcome
    if reason_of(facts, denied=False) is not Reason.INTERRUPTED:  # its "errors" are diagnostics
        for text in _errors(event) if facts.failed else ():
            outcome = noted(outcome, text)
    return _keep(outcome, event, facts)


def overflowed(outcome: Outcome, event: OversizedFrame) -> Outcome:
    """A line too large to read; a result among them still ends its turn."""
    if event.type != "result":
        return outcome
    failed = event.subtype.startswith("error")
    facts = Facts(failed=failed, subtype=event.subtype, interrupted=outcome.interrupted)
    outcome = noted(outcome, "The CLI's result was too large to read.")
    return outcome._replace(
        facts=facts, result=None, unanswered=False, interrupted=False, last_text=None
    )


def began(outcome: Outcome, event: Init) -> Outcome:
    """With what could not be read of the MCP configuration."""
    for problem in (event.mcp_server_errors or ())[:5]:
        outcome = noted(outcome, f"MCP: {problem if isinstance(problem, str) else _dump(problem)}")
    return outcome


def sent(outcome: Outcome) -> Outcome:
    """A message of ours waits for its result."""
    return outcome._replace(unanswered=True, last_text=None, error_kind="")


def interrupted(outcome: Outcome, event: SentRequest, *, in_turn: bool) -> Outcome:
    """The turn under way was asked to stop; between turns there is nothing to stop."""
    if event.request.subtype != "interrupt" or not (in_turn or outcome.facts is None):
        return outcome
    return outcome._replace(interrupted=True)


def limited(outcome: Outcome, event: RateLimit) -> Outcome:
    """A limit that refuses calls explains an error that has no kind of its own."""
    if event.rate_limit_info.status != "rejected" or outcome.error_kind:
        return outcome
    return outcome._replace(error_kind="rate_limit")


def denied(
    outcome: Outcome, event: Result | PermissionDenied, cancelled: frozenset[str] = frozenset()
) -> Outcome:
    """With the tool calls that were not permitted, each once."""
    if isinstance(event, PermissionDenied):
        text = clip(event.message or event.decision_reason or "", SENTENCE)
        return _deny(outcome, event.tool_name, event.tool_use_id, text)
    for denial in (event.permission_denials or ())[: 2 * MAX_DENIALS]:
        if denial.tool_use_id not in cancelled:
            outcome = _deny(outcome, denial.tool_name, denial.tool_use_id, "")
    return outcome


def refused(outcome: Outcome, event: SentResponse, request: Waiting | None) -> Outcome:
    """With the tool call that our own answer does not permit, and what the agent was told."""
    said = event.response.response
    if request is None or not isinstance(said, dict) or said.get("behavior") != "deny":
        return outcome
    message = said.get("message")
    text = clip(message, SENTENCE) if isinstance(message, str) else ""
    return _deny(outcome, request.tool_name, request.tool_use_id or None, text)


def noted(outcome: Outcome, error: str) -> Outcome:
    """With one more error, unless it was said before; the oldest go when there are too many."""
    text = clip(error.strip(), PARAGRAPH)
    if not text or text in outcome.errors:
        return outcome
    return outcome._replace(errors=(*outcome.errors[1 - MAX_ERRORS :], text))


def stderr_said(outcome: Outcome, text: str) -> Outcome:
    """With the tail of the CLI's stderr."""
    tail = f"{outcome.stderr_tail}{text[-STDERR_TAIL:]}\n"
    return outcome._replace(stderr_tail=tail[-STDERR_TAIL:])


def _facts(outcome: Outcome, event: Result, *, initialized: bool) -> Facts:
    subtype = event.subtype or ""
    failed = bool(event.is_error) or subtype.startswith("error")
    return Facts(
        failed=failed,
        subtype=clip(subtype),
        terminal_reason=clip(event.terminal_reason or ""),
        api_error_status=event.api_error_status,
        error_kind=outcome.error_kind,
        startup=bool(event.startup_failure_reason) or not initialized,
        interrupted=outcome.interrupted,
    )


def _is_spurious(outcome: Outcome, facts: Facts) -> bool:
    """After a background task the CLI has printed such a result with nothing asked of it.

    https://github.com/anthropics/claude-code/issues/16768
    """
    before = outcome.facts
    return (
        facts.subtype == _SPURIOUS
        and before is not None
        and not before.failed
        and not (outcome.unanswered or outcome.interrupted)
    )


def _keep(outcome: Outcome, event: Result, facts: Facts) -> Outcome:
    result = None if facts.failed else event.result or outcome.last_text or event.result
    structured = _json_or_none(event.structured_output)
    return outcome._replace(
        facts=facts,
        result=result,
        structured_output=outcome.structured_output if structured is None else structured,
        num_turns=_latest(event.num_turns, outcome.num_turns),
        duration_ms=_latest(event.duration_ms, outcome.duration_ms),
        duration_api_ms=_latest(event.duration_api_ms, outcome.duration_api_ms),
        unanswered=bool(event.queued_turn_count),
        interrupted=False,
        error_kind="",
        last_text=None,
    )


def _errors(event: Result) -> list[str]:
    said = [e if isinstance(e, str) else _dump(e) for e in (event.errors or ())[:MAX_ERRORS]]
    return said or ([event.result] if event.result else [])


def _deny(outcome: Outcome, name: str | None, call: str | None, message: str) -> Outcome:
    denial = Denial(
        tool_name=one_line(name or ""), tool_use_id=clip(call) if call else None, message=message
    )
    denials = outcome.denials
    for index, known in enumerate(denials):
        if known.tool_use_id == denial.tool_use_id and (denial.tool_use_id or known == denial):
            if message and not known.message:
                return outcome._replace(denials=(*denials[:index], denial, *denials[index + 1 :]))
            return outcome
    if len(denials) >= MAX_DENIALS:
        return outcome
    return outcome._replace(denials=(*denials, denial))


def _latest(said: int | None, known: int | None) -> int | None:
    return known if said is None else said


def _json_or_none(value: Any) -> Any:
    """The value, unless it holds what no page could read, such as 1e999."""
    if value is None:
        return None
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return value


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "..."
