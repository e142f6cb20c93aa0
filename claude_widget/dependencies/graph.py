"""Who needs whom: the order in which all can be had, and what makes that impossible.

The rule: pure, over names; no execution is known here. Chains may be as long as they like, so
nothing recurses.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping

from claude_widget.dependencies.errors import DependencyCycle, UnknownStep

Needs = Mapping[str, Collection[str]]
"""By name: the names of those that must come first."""


def in_order(needs: Needs) -> list[str]:
    """All names, each behind those that it needs; else as they were given.

    Raises:
        UnknownStep: one is needed that is not there.
        DependencyCycle: some need each other.
    """
    for name, needed in needs.items():
        for other in needed:
            if other not in needs:
                raise UnknownStep(name, other, needs)
    place = {name: at for at, name in enumerate(needs)}
    missing = {name: len(set(needed)) for name, needed in needs.items()}
    needed_by: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for other in set(needed):
            needed_by[other].append(name)
    ready = [at for name, at in place.items() if missing[name] == 0]
    names, order = list(needs), list[str]()
    while ready:  # the earliest given of those that can be had; sorted, so it is a heap already
        name = names[heapq.heappop(ready)]
        order.append(name)
        for other in needed_by[name]:
            missing[other] -= 1
            if missing[other] == 0:
                heapq.heappush(ready, place[other])
    if len(order) < len(needs):
        had = set(order)
        raise DependencyCycle(_cycle_in({n: needs[n] for n in names if n not in had}))
    return order


def _cycle_in(needs: Needs) -> list[str]:
    """The names of one cycle, where each name needs another one of these."""
    path: dict[str, int] = {}
    name = next(iter(needs))
    while name not in path:
        path[name] = len(path)
        name = next(one for one in needs[name] if one in needs)
    return list(path)[path[name] :]


def levels(needs: Needs) -> list[list[str]]:
    """Names by how many others must come before them at least: the first need none.

    Raises:
        UnknownStep, DependencyCycle: as for `in_order`.
    """
    depth: dict[str, int] = {}
    found: list[list[str]] = []
    for name in in_order(needs):
        depth[name] = 1 + max((depth[one] for one in needs[name]), default=-1)
        if depth[name] == len(found):
            found.append([])
        found[depth[name]].append(name)
    return found
