"""What the events mean: the pure fold of a transcript.

The rule: `reduce` is the only door. No clock, no I/O, no mutation; it knows events and models,
and nothing of files, processes, threads or pages. Same records, same state, at every split point.

    shape       the parts of a state            lifecycle   our records, strictly in order
    state       State and its snapshot          session     what the CLI says of itself
    reducer     event class -> change           work        tools and activity; tasks beside it
    verdict     why it ended                    accounting  tokens and money
    text        lines fit to be kept            outcome     results, errors, denials
"""

from claude_widget.state.reducer import fold, reduce
from claude_widget.state.state import State

INITIAL = State()
"""The state before the first record, of an execution whose id the header will say."""

__all__ = ["INITIAL", "State", "fold", "reduce"]
