"""The surfaces that are fuzzed, and their shares of all inputs.

The rule: data. A cheap surface gets more inputs than a dear one.
"""

from __future__ import annotations

from tests.fuzz import asking, folding, frames, page, reading, seeds
from tests.fuzz.target import Target

TARGETS = (
    Target("frames", 76, seeds.frames, frames.opened),
    Target("reading", 5, seeds.transcripts, reading.opened),
    Target("folding", 5, seeds.transcripts, folding.opened),
    Target("control", 7, asking.requests, asking.opened),
    Target("page", 7, page.messages, page.opened),
)
BY_NAME = {target.name: target for target in TARGETS}
