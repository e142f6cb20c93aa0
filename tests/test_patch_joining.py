"""Patches of executions that follow each other in one folder: as one, they give what both gave.

The rule: whatever a file was at each moment; what is known of it is the patches alone.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from claude_widget.changes.observed import Changes, together
from claude_widget.changes.patch_fitting import fitted
from claude_widget.changes.patch_reading import parse
from claude_widget.changes.patches import FILE, Content, Difference, compose, sections_of

VERSION = st.none() | st.lists(st.sampled_from("abc"), max_size=12).map(
    lambda lines: Content(FILE, "".join(f"{line}\n" * 4 for line in lines).encode())
)


@settings(deadline=None, max_examples=100)
@given(st.lists(VERSION, min_size=2, max_size=4))
def test_patches_of_one_file_after_the_other_are_one_patch(versions: list[Content | None]) -> None:
    steps = [compose(sections_of(Difference("f", *pair))) for pair in pairwise(versions)]
    changes = together([Changes(patch) for patch in steps])
    made = versions[0]
    for section in parse(changes.patch):
        made = fitted(made, section, exact=True)
    assert made == versions[-1]
    if all(versions):
        assert len(parse(changes.patch)) == (versions[0] != versions[-1])
