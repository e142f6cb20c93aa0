"""The one error of these scripts, apart so that every one of them can raise it."""

from __future__ import annotations


class SetupFailed(Exception):
    """A step cannot be done; the message says what is missing and what to do."""
