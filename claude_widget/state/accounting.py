"""Tokens and money of one execution.

The rule: a message is counted once, by its id, and the last word on it wins; money is never
summed over results, because the CLI's total is the session's, and goes on over a resume. Pure
functions of `Account`.

Between two results the total is known where somebody has asked for it (`get_session_cost`), rounded
and of those calls to the API that are over.

The usage on `assistant` frames is that of a message's start (output 1, measured on 2.1.330), so
the counts run low until a result says what was really used since the result before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from claude_widget.events import (
    Assistant,
    ModelUsage,
    Result,
    StreamEvent,
    TokenUsage,
)
from claude_widget.models import Usage
from claude_widget.state.shape import NO_TOKENS, RECENT_MESSAGES, Account, Counted, Tokens

_COST = re.compile(r"\s*(?:Estimated|Total) cost: {0,40}\$(\d{1,9}(?:\.\d{1,9})?)(?!\d)")
"""How the answer to `get_session_cost` begins; it is made for people (measured, 2.1.330)."""
_MAX_LANES = 32
_MAX_ID = 100


def count_assistant(account: Account, event: Assistant) -> Account:
    """With the usage of a whole message's frame."""
    message = event.message
    if message.usage is None or not message.id:
        return account
    return _count(account, message.id, message.usage)


def count_stream(account: Account, event: StreamEvent) -> Account:
    """With the usage at the start or the end of a partial message."""
    lane = (event.parent_tool_use_id or "")[:_MAX_ID]
    api, message = event.event, event.event.message
    if message is not None and message.id:
        lanes = tuple(pair for pair in account.streaming if pair[0] != lane)[1 - _MAX_LANES :]
        account = account._replace(streaming=(*lanes, (lane, message.id[:_MAX_ID])))
        return account if message.usage is None else _count(account, message.id, message.usage)
    message_id = event.api_message_id or dict(account.streaming).get(lane)
    if api.usage is None or not message_id:
        return account
    return _count(account, message_id, api.usage)


def settle(
    account: Account, event: Result, *, base_cost_usd: float | None, resumed: bool
) -> Account:
    """With a result's totals: the true tokens in place of those counted since the last result."""
    since = event.model_usage_since_last_result
    account = _settle_tokens(account, event, resumed=resumed)
    total = event.total_cost_usd
    if total is None:
        return account
    base = account.base
    if base is None and total > 0:
        # What is not of this turn was restored (measured: resumed.jsonl of the recorded runs).
        base = None if since is None else max(0.0, total - _cost(since))
        if base is None:
            base = base_of(account, base_cost_usd=base_cost_usd, resumed=resumed)
            base = 0.0 if base > total else base  # then nothing was restored
    # A crash reports 0; without a reset the total of a session cannot shrink.
    most = max(total, account.cost or 0.0)
    return account._replace(base=base, cost=most, told=None if total > 0 else account.told)


def session_cost(answer: Mapping[str, Any]) -> float | None:
    """US dollars that a session has cost so far, as the CLI answers `get_session_cost`.

    The whole session's, so what it had cost before a resume as well. Four decimals up to half a
    dollar, two above. None if the answer does not say it.
    """
    text = answer.get("text")
    found = _COST.match(text[:200]) if isinstance(text, str) else None
    return None if found is None else float(found[1])


def answered(account: Account, answer: Mapping[str, Any]) -> Account:
    """With what the CLI has answered in between two results."""
    total = session_cost(answer)
    if total is None:
        return account
    first = total if account.told_first is None else account.told_first
    rounded = 0.005 if total > 0.5 else 0.00005
    news = total > (account.cost or 0.0) + rounded and total > (account.told or 0.0)
    return account._replace(told=total if news else account.told, told_first=first)


def reset(
    account: Account, *, base_cost_usd: float | None = None, resumed: bool = False
) -> Account:
    """With totals that start anew, after the conversation was cleared."""
    tokens = _add(account.settled, account.running)
    return account._replace(
        settled=tokens,
        running=NO_TOKENS,
        recent=(),
        carried_tokens=tokens,
        carried=cost_of(account, base_cost_usd=base_cost_usd, resumed=resumed) or 0.0,
        base=0.0,
        cost=None if account.cost is None and account.told is None else 0.0,
        told=None,
        told_first=0.0,
    )


def cost_of(
    account: Account, *, base_cost_usd: float | None = None, resumed: bool = False
) -> float | None:
    """US dollars of this execution, or None before a result or an answer has said so.

    Args:
        account: the account.
        base_cost_usd: what the session had cost before; None if its maker did not know.
        resumed: it had a session to go on with.
    """
    total = account.cost if account.told is None else max(account.told, account.cost or 0.0)
    if total is None:
        return None
    base = base_of(account, base_cost_usd=base_cost_usd, resumed=resumed)
    return round(account.carried + max(0.0, total - base), 10)


def base_of(account: Account, *, base_cost_usd: float | None, resumed: bool) -> float:
    """US dollars of the CLI's total that are not this execution's.

    Args:
        account: the account.
        base_cost_usd: as in `cost_of`.
        resumed: as in `cost_of`.
    """
    if account.base is not None:
        return account.base
    if not resumed or account.told_first is None:
        return base_cost_usd or 0.0
    # The first answer may have come late: it is the base, or more.
    return account.told_first if base_cost_usd is None else min(base_cost_usd, account.told_first)


def total_of(account: Account, *, base_cost_usd: float | None = None) -> float | None:
    """US dollars of the whole session, as the CLI has told last; until then what it had cost."""
    if account.cost is None and account.told is None:
        return base_cost_usd if account.told_first is None else account.told_first
    return round(max(account.told or 0.0, account.cost or 0.0), 10)


def usage_of(account: Account) -> Usage:
    """Tokens of this execution, of all lanes."""
    tokens = _add(account.settled, account.running)
    return Usage(
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cache_creation_input_tokens=tokens[2],
        cache_read_input_tokens=tokens[3],
    )


def _count(account: Account, message_id: str, usage: TokenUsage) -> Account:
    message_id = message_id[:_MAX_ID]
    recent, running = account.recent, account.running
    for index in range(len(recent) - 1, -1, -1):
        if recent[index].id == message_id:
            before = recent[index].tokens
            recent = recent[:index] + recent[index + 1 :]
            break
    else:
        before = NO_TOKENS
        recent = recent[1 - RECENT_MESSAGES :]
    tokens = _merge(before, usage)
    running = _add(running, _subtract(tokens, before))
    return account._replace(recent=(*recent, Counted(message_id, tokens)), running=running)


def _settle_tokens(account: Account, event: Result, *, resumed: bool) -> Account:
    since = event.model_usage_since_last_result
    if since is not None:
        settled = _add(account.settled, _most(_sum(since), account.running))
    elif event.model_usage is not None and not resumed:
        # A resumed session's totals begin before this execution, by an amount nobody knows.
        counted = _add(account.settled, account.running)
        settled = _most(_add(account.carried_tokens, _sum(event.model_usage)), counted)
    else:
        settled = _add(account.settled, account.running)
    return account._replace(settled=settled, running=NO_TOKENS, recent=())


def _merge(before: Tokens, usage: TokenUsage) -> Tokens:
    said = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_creation_input_tokens,
        usage.cache_read_input_tokens,
    )
    if None not in said:
        return cast(Tokens, said)
    return _tokens(old if new is None else new for old, new in zip(before, said, strict=True))


def _sum(usage: Mapping[str, ModelUsage]) -> Tokens:
    return (
        sum(model.input_tokens or 0 for model in usage.values()),
        sum(model.output_tokens or 0 for model in usage.values()),
        sum(model.cache_creation_input_tokens or 0 for model in usage.values()),
        sum(model.cache_read_input_tokens or 0 for model in usage.values()),
    )


def _cost(usage: Mapping[str, ModelUsage]) -> float:
    return sum(model.cost_usd or 0.0 for model in usage.values())


def _tokens(numbers: Iterable[int]) -> Tokens:
    first, second, third, fourth = numbers
    return (first, second, third, fourth)


def _add(one: Tokens, other: Tokens) -> Tokens:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


def _subtract(one: Tokens, other: Tokens) -> Tokens:
    return (one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3])


def _most(one: Tokens, other: Tokens) -> Tokens:
    return _tokens(map(max, one, other))
