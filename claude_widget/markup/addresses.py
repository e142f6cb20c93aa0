"""Which addresses of an agent's may become a link, and what a reader is told of them.

The rule: pure; only whole `http`, `https` and `mailto` addresses of plain characters; all else
stays text. Nothing here is ever loaded by itself.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

_LONGEST = 4000
_PLAIN = "!#$%&'()*+,-./:;=?@[]_~"
_ALLOWED = re.compile(r"(?:https?://[^/?#]|mailto:[^/?#])", re.IGNORECASE)
_LOOKS_LIKE_ADDRESS = re.compile(
    r"\s*(?:https?://|www\.|mailto:)|\s*[\w-]+(?:\.[\w-]+)+(?:[/:?#]\S*)?\s*$", re.IGNORECASE
)
"""Words that a reader would take for an address themselves."""


class Address(NamedTuple):
    """An address that may be a link.

    Attributes:
        href: of characters that mean nothing in HTML or Markdown, but for those of addresses.
        leads_to: where it leads, if the words of the link could be taken for somewhere else.
    """

    href: str
    leads_to: str


def read_address(address: str, words: str = "") -> Address | None:
    """The address as a link may have it; None for any that may not be one."""
    href = quote(address.strip(), safe=_PLAIN, errors="replace")
    if len(href) > _LONGEST or not _ALLOWED.match(href):
        return None
    try:
        parts = urlsplit(href)
        whole = parts.port is None or parts.port > 0
    except ValueError:
        return None
    host = parts.path if parts.scheme == "mailto" else (parts.hostname or "")
    if not host or not whole or (parts.scheme != "mailto" and "%" in parts.netloc):
        return None
    return Address(href, _leads_to(host, words, hides="@" in parts.netloc))


def _leads_to(host: str, words: str, *, hides: bool) -> str:
    if hides:  # a user name before the host is there to be taken for the host
        return host
    if not _LOOKS_LIKE_ADDRESS.match(words):
        return ""
    return "" if _bare(_host_of(words)) == _bare(host) else host


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _host_of(words: str) -> str:
    said = words.strip()
    try:
        parts = urlsplit(said if ":" in said.partition("/")[0] else f"http://{said}")
    except ValueError:
        return said
    return parts.path if parts.scheme == "mailto" else (parts.hostname or "")
