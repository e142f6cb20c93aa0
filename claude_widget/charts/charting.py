"""Charts of executions, made from what is known of them and from their transcripts.

The rule: what a chart shows may be saved beside a notebook, so secrets are taken out first, of the
whole text and before anything is cut. Reads, and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from claude_widget.charts import vega
from claude_widget.charts.calls import CallReader, CallSpan, longest
from claude_widget.charts.chart import Chart
from claude_widget.charts.lanes import lane_of, range_of
from claude_widget.charts.spending import Day, spending_rows, spending_svg, spending_text
from claude_widget.charts.timeline import Drawn, timeline_rows, timeline_svg, timeline_text
from claude_widget.execution import Execution
from claude_widget.redaction.redactor import Redactor

MOST_LANES = 50
"""Executions in a chart that nobody has asked more of."""
_MOST_CALLS = 1500
"""Calls in one chart: it is saved with the notebook."""


def timeline_of(executions: Iterable[Execution], redactor: Redactor) -> Chart:
    """When executions ran and called their tools.

    Args:
        executions: from top to bottom.
        redactor: what takes their secrets out.
    """
    now = time.time()
    known = list(executions)
    most = _MOST_CALLS // max(1, len(known))
    found = (_drawn(execution, redactor, now, most) for execution in known)
    drawn = [one for one in found if one is not None]
    zone = _zone(range_of([one.lane for one in drawn], now).first)
    picture, text = timeline_svg(drawn, now, zone), timeline_text(drawn, now)
    return Chart(picture, text, timeline_rows(drawn), vega.timeline)


def _drawn(execution: Execution, redactor: Redactor, now: float, most: int) -> Drawn | None:
    info = execution.info
    live = not info.status.ended
    lane = lane_of(info, live=live, now=now)
    if lane is None:
        return None
    calls: tuple[CallSpan, ...] = ()
    if info.tool_counts:
        redact = partial(_redacted, redactor)
        folder = redactor.text(info.project_path)  # as the redacted inputs name it
        calls = CallReader(execution.run.transcript, folder, redact).read()
    label = redactor.text(info.name or info.query)
    return Drawn(label, str(info.status), lane, longest(calls, most), live)


def _redacted(redactor: Redactor, value: object) -> object:
    return redactor.value(value)


def _zone(moment: float) -> float:
    """Seconds that the local clock is ahead of UTC."""
    try:
        ahead = datetime.fromtimestamp(moment).astimezone().utcoffset()
    except (ValueError, OverflowError, OSError):
        return 0.0
    return 0.0 if ahead is None else ahead.total_seconds()


def spending_of(days: Sequence[Day]) -> Chart:
    """What executions cost, and how many tokens they took, by day."""
    return Chart(spending_svg(days), spending_text(days), spending_rows(days), vega.spending)
