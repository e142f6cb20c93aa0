"""Characters that hide or reorder text, made visible; and texts cut to a length.

The rule: strings in, strings out.
"""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"
_UNSEEN = ("Cc", "Cf", "Cs")


def visible(text: str) -> str:
    """The text with control and direction-changing characters made visible as their code points."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character in _KEPT or unicodedata.category(character) not in _UNSEEN
        else f"\\u{ord(character):04x}"
        for character in text
    )


def clip(text: str, characters: int) -> str:
    """At most so many characters, and then how many more there are."""
    left_out = len(text) - characters
    return text if left_out <= 0 else f"{text[:characters]}\n… {left_out:,} characters more"
