"""Secrets to plant, and every form in which one could be found again.

The rule: made-up values only, put together here so that nobody's scanner takes this file for a
leak. It looks into bytes and files; it does not know how anything is redacted.
"""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_WORD = "Zk3vQ9xT7bLw2RmY5uHs8NcP4jGd6FaE"
_KEY_LINES = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ" + _WORD[:14]] * 3 + ["b7Qk="]

SHAPED: dict[str, str] = {
    "anthropic-key": "sk-ant-" + "api03-" + _WORD + "-AA",
    "openai-key": "sk-" + "proj-" + _WORD + _WORD[:12],
    "aws-key": "AKIA" + "Q3EGRP7VXKLM2NZT",
    "github-token": "ghp" + "_" + _WORD + "0000",
    "gitlab-token": "glpat" + "-" + _WORD[:20],
    "slack-token": "xoxb" + "-1234567890-1234567890123-" + _WORD[:24],
    "google-key": "AIza" + "Sy" + _WORD + "_",
    "stripe-key": "sk_" + "live_" + _WORD[:24],
    "npm-token": "npm" + "_" + _WORD + "0000",
    "pypi-token": "pypi" + "-AgEIcHlwaS5vcmc" + _WORD + _WORD,
    "huggingface-token": "hf" + "_" + _WORD + "00",
    "service-token": "gsk" + "_" + _WORD + _WORD[:20],
    "jwt": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _WORD,
    "private-key": "\n".join(
        ["-----BEGIN " + "PRIVATE KEY-----", *_KEY_LINES, "-----END " + "PRIVATE KEY-----"]
    ),
}
"""One secret of each shape, by what its placeholder says."""

AWKWARD = 'p4:ss"w\\rd/ü+%41~zq8=Wk\t7e?'
"""A value that every encoding changes."""
_PART = 10
"""Characters in a row of a secret that may not be found."""


def forms(secret: str) -> dict[str, str]:
    """The whole secret as it may be written, by the form's name."""
    once = json.dumps(secret)[1:-1]
    quoted = urllib.parse.quote(secret, safe="")
    found = {
        "plain": secret,
        "json": once,
        "json without ascii": json.dumps(secret, ensure_ascii=False)[1:-1],
        "json in json": json.dumps(once)[1:-1],
        "json with slashes": once.replace("/", r"\/"),
        "url": quoted,
        "url in lower case": _lower_percents(quoted),
        "url of url": urllib.parse.quote(quoted, safe=""),
        "form": urllib.parse.quote_plus(secret),
        "every letter as url": "".join(f"%{byte:02X}" for byte in secret.encode()),
        "every letter as escape": "".join(f"\\u{ord(one):04x}" for one in secret),
        "html": html.escape(secret),
        "html by numbers": "".join(f"&#{ord(one)};" for one in secret),
        "shell": re.sub(r"([^\w\s])", r"\\\1", secret),
        "hexadecimal": secret.encode().hex(),
        "hexadecimal in upper case": secret.encode().hex().upper(),
    }
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        inner = whole[-(-shift * 4 // 3) : len(whole) - (4 if whole.endswith("=") else 0)]
        found[f"base64 at {shift}"] = inner
        found[f"base64url at {shift}"] = inner.translate(str.maketrans("+/", "-_"))
    return found


def _lower_percents(quoted: str) -> str:
    parts = quoted.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def encodings(secret: str) -> dict[str, str]:
    """Texts with the secret in it, encoded as a whole with what stands around it."""
    text = f"before {secret} after"
    found = {name: f"before {form} after" for name, form in forms(secret).items()}
    for shift in range(3):
        plain = (b"x" * shift) + text.encode()
        found[f"base64 at {shift}"] = base64.b64encode(plain).decode()
        found[f"base64url at {shift}"] = base64.urlsafe_b64encode(plain).decode()
    found["base64 in lines"] = base64.encodebytes(text.encode() * 4).decode()
    short = b"-" * (57 - len(secret.encode()) % 57 + 1) + secret.encode()
    found["base64 with one letter in its last line"] = base64.encodebytes(short).decode()
    found["base64 of json"] = base64.b64encode(json.dumps(text).encode()).decode()
    found["base64 in a url"] = urllib.parse.quote(base64.b64encode(text.encode()).decode(), safe="")
    found["base64 of base64"] = base64.b64encode(base64.b64encode(text.encode())).decode()
    return found


def left_of(secret: str, data: bytes) -> set[str]:
    """The forms in which a secret, or ten characters of it in a row, is in these bytes."""
    left = {name for name, form in forms(secret).items() if form.encode() in data}
    parts = {secret[at : at + _PART] for at in range(max(1, len(secret) - _PART + 1))}
    plain = {part for part in parts if "\n" not in part and "-----" not in part}
    return left | {f"a part: {part!r}" for part in plain if part.encode() in data}


@dataclass(frozen=True)
class Person:
    """Whose machine it is: what may not be seen of that.

    Attributes:
        name: the user's.
        home: the home folder.
    """

    name: str = "wilhelmina"
    home: Path = Path("/home/alice/wilhelmina")

    def left_in(self, data: bytes) -> set[str]:
        """What is left of it in these bytes."""
        home = str(self.home)
        told = [home, urllib.parse.quote(home, safe=""), home.replace("/", r"\/")]
        told += ["".join(one if one.isalnum() else "-" for one in home)]
        told += [f"/{self.name}/", f'/{self.name}"', f"{self.name}@", f"-{self.name}-"]
        return {text for text in told if text.encode() in data}


def files_below(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that is in these folders, names of files as well, by where it is."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            yield f"{name} (its name)", name.encode("utf-8", "surrogateescape")
            if path.is_file() and not path.is_symlink():
                yield name, path.read_bytes()


def leaks(
    artefacts: Iterable[tuple[str, bytes]], secrets: Iterable[str], person: Person | None = None
) -> dict[str, set[str]]:
    """What is left of planted secrets, by artefact; empty is good."""
    secrets = list(secrets)
    found: dict[str, set[str]] = {}
    for name, data in artefacts:
        left = {f"{secret[:8]}...: {form}" for secret in secrets for form in left_of(secret, data)}
        left |= person.left_in(data) if person else set()
        if left:
            found[name] = left
    return found
