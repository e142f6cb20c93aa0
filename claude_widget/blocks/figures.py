"""Figures as a reader wants them, spelled as the page spells them.

The rule: short, and never a bare number without its unit.
"""

from __future__ import annotations


def format_number(whole: float) -> str:
    """With a comma between thousands."""
    return f"{int(whole):,}" if whole == int(whole) else f"{whole:,}"


def format_count(count: float, one: str, many: str = "") -> str:
    """Such as `1 line` and `2 lines`."""
    return f"{format_number(count)} {one if count == 1 else many or f'{one}s'}"


def format_bytes(size: float) -> str:
    """In powers of a thousand, as file managers have it."""
    if size < 1000:
        return f"{format_number(size)} B"
    unit, scaled = ("kB", size / 1000) if size < 1_000_000 else ("MB", size / 1_000_000)
    return f"{scaled:.1f} {unit}" if scaled < 10 else f"{int(scaled + 0.5):,} {unit}"
