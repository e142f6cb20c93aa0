r"""What secrets look like: the shapes of keys and tokens, and of what is assigned to such a name.

The rule: pure, and linear in the text whatever it holds. A shape begins at a literal or ends where
its class ends, has no repeated part within a repeated part, and takes all that may belong to the
secret: what is found too much is worth less than what is left of a key. Where a shape alone would
find prose or code too (`token: Optional[str]`), what was found is looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """A part of a text that is secret.

    Attributes:
        start: its first character.
        end: the character after its last one.
        kind: what it is, as the placeholder names it.
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Shape:
    """One shape of secrets.

    Attributes:
        kind: what it is, as the placeholder names it.
        hints: every text with a secret of this shape has one of them, in lower case.
        pattern: finds it; the secret is its groups' part, or all of it without groups.
        holds: what was found is a secret indeed.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] | None = None


_PLAIN = re.compile(
    r"""[%<{(\[*]|\$[{(]|\$[A-Za-z_]\w*\Z   # a template's gap, or a row of stars
    |https?:|file:            # an address; passwords in it have a shape of their own
    |[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z   # os.environ
    """,
    re.VERBOSE,
)
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w./@~+:-]*\Z")
_LETTERS = re.compile(r"[A-Za-z]")
_SIGNS = re.compile(r"[!@#$%^&*+/=]")
_MIXED = 20
"""Characters from which mixed case alone tells a token from a word."""


def _varied(value: str) -> bool:
    """At least four different characters; nobody's secret is a row of x."""
    return len(set(value)) >= 4


def _has_digit(value: str) -> bool:
    return any("0" <= character <= "9" for character in value)


def looks_secret(value: str) -> bool:
    """Whether what stands behind `password=` is one, and not a word, a path or a piece of code."""
    if len(value) < 6 or not _varied(value) or _PLAIN.match(value):
        return False
    cased = value.lower() != value != value.upper()
    if _PATH.match(value) and not (len(value) >= 32 and cased and _has_digit(value)):
        return False
    if not _LETTERS.search(value):
        return False
    return (
        _has_digit(value)
        or (cased and len(value) >= _MIXED)
        or (cased and _SIGNS.search(value) is not None)
    )


def _no_template(value: str) -> bool:
    return value[0] not in "$%{<*[" and len(set(value)) > 1


_NAMED = (
    r"(?-i:[acempstACEMPST])(?:(?<=p)(?:assw(?:or)?d|assphrase|wd)|(?<=s)ecret|(?<=t)oken"
    r"|(?<=c)redentials?|(?:(?<=a)(?:pi|ccess|ccount|uth)|(?<=c)lient|(?<=e)ncryption|(?<=m)aster"
    r"|(?<=p)rivate|(?<=s)(?:ecret|ervice|hared|igning))[_-]?key)"
)
"""Names of secrets. Of most texts no more is looked at than whether a letter may begin one."""
_QUOTE = r"""(?:\\{0,3}["'])"""
_BREAKS = r"(?:[\s>+|\u2192]|\\{1,8}[nrt]|-(?!-)|\d{1,6}[\t\u2192|:]){0,60}+"
"""What may stand between the lines of a key: also escapes, and the beginnings of a diff's lines."""

_NAME_OF_SECRET = re.compile(rf"{_NAMED}\Z|authorization\Z", re.IGNORECASE | re.ASCII)


def names_secret(key: str) -> bool:
    """Whether the name of a field says that its value is a secret."""
    return len(key) <= 200 and _NAME_OF_SECRET.search(key[-40:]) is not None


def _shape(
    kind: str,
    hints: str,
    pattern: str,
    holds: Callable[[str], bool] | None = None,
    flags: re.RegexFlag = re.ASCII,
) -> Shape:
    return Shape(kind, tuple(hints.split()), re.compile(pattern, flags), holds)


_ANY_CASE = re.ASCII | re.IGNORECASE

SHAPES: tuple[Shape, ...] = (
    _shape("anthropic-key", "sk-ant-", r"sk-ant-[\w-]{8,}"),
    _shape("openai-key", "sk-", r"sk-(?:proj|svcacct|admin|None)-[\w-]{16,}", _has_digit),
    _shape("openai-key", "sk-", r"(?<![A-Za-z0-9])sk-(?!ant-)[\w-]{20,}", _has_digit),
    _shape("aws-key", "akia asia abia acca", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}"),
    _shape(
        "aws-key",
        "akia asia",
        r"(?:AKIA|ASIA)[A-Z0-9]{16,124}[\s,;:\"'=|]{1,20}([A-Za-z0-9/+=]{40,}+)",
    ),
    _shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{20,}"),
    _shape("github-token", "github_pat_", r"github_pat_\w{20,}"),
    _shape(
        "gitlab-token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- gloas- glimt-",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[\w.-]{16,}",
    ),
    _shape("slack-token", "xox xapp-", r"(?:xox[abcdeoprs]|xapp)-[A-Za-z0-9-]{10,}"),
    _shape("slack-token", "hooks.slack.com", r"hooks\.slack\.com/\w{1,20}/([\w/]{16,})"),
    _shape("google-key", "aiza", r"AIza[\w-]{30,}"),
    _shape("google-key", "ya29. gocspx-", r"(?:ya29\.|GOCSPX-)[\w.-]{16,}"),
    _shape("google-key", "1//0", r"(?<![\w/])1//0[\w-]{20,}"),
    _shape(
        "stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"
    ),
    _shape("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{16,}"),
    _shape("npm-token", "npm_", r"npm_[A-Za-z0-9]{30,}"),
    _shape("pypi-token", "pypi-", r"pypi-[\w-]{40,}"),
    _shape("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{30,}"),
    _shape(
        "service-token",
        "dop_v1_ shpat_ shpss_ hvs. hvb. dckr_pat_ glsa_ lin_api_ sntrys_ pat-na1- "
        "age-secret-key-1 pmak- rubygems_ figd_ nvapi- tskey- atatt3",
        r"(?:dop_v1_|shpat_|shpss_|hv[sb]\.|dckr_pat_|glsa_|lin_api_|sntrys_|pat-na1-"
        r"|AGE-SECRET-KEY-1|PMAK-|rubygems_|figd_|nvapi-|tskey-|ATATT3)[\w.=-]{20,}",
        _has_digit,
    ),
    _shape(
        "service-token",
        "gsk_ ntn_ xai- pplx- dapi r8_ sg.",
        r"(?:gsk_|ntn_|xai-|pplx-|dapi|r8_)[A-Za-z0-9]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}",
        _has_digit,
    ),
    _shape("telegram-token", ":aa", r"\d{8,12}:AA[\w-]{33,}"),
    _shape(
        "azure-key", "accountkey= sharedaccesskey=", r"(?:SharedAccess|Account)Key=([\w+/=]{32,})"
    ),
    _shape(
        "jwt", "eyj", r"(?:(?<![\w-])eyJ[\w-]{8,}+|eyJ[\w-]{8,300}+)\.[\w-]{4,}+(?:\.[\w-]*+){0,4}"
    ),
    _shape(
        "private-key",
        "-----begin",
        r"-----BEGIN[ +](?:[A-Z0-9]{1,20}[ +]){0,4}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----"
        rf"(?:{_BREAKS}(?:Proc-Type|DEK-Info|Version|Comment|Hash)[^\r\n\\]{{0,200}}+){{0,6}}"
        rf"(?:{_BREAKS}[A-Za-z0-9+/=]{{16,}}+)+"
        rf"(?:{_BREAKS}[A-Za-z0-9+/=]{{0,80}}+{_BREAKS}-----END[A-Z0-9 +]{{1,60}}-----)?",
    ),
    _shape(
        "private-key",
        "mii mig mhcc b3blbn",
        r"(?:MII[A-J][A-Za-z0-9+/]{2}IBA[A-D]|MIG[HT]AgEAM|MHcCAQEE|b3BlbnNzaC1rZXktdjE)"
        r"[A-Za-z0-9+/=]{24,}+",
    ),
    _shape(
        "url-password",
        "://",
        r"://[^\s/:@\"'<>\\]{0,128}:([^\s/@\"'<>\\]{3,256})@",
        _no_template,
    ),
    _shape(
        "signature",
        "sig= signature= token= key= auth=",
        r"[?&;](?:X-(?:Amz|Goog)-(?:Signature|Security-Token)|sig|signature|(?:access_)?token"
        r"|(?:api_?)?key|auth)=([^\s&\"'#<>\\]{12,}+)",
        looks_secret,
        _ANY_CASE,
    ),
    _shape(
        "authorization",
        "authorization",
        rf"authorization{_QUOTE}?\s{{0,3}}[:=]\s{{0,3}}{_QUOTE}?"
        r"(?:(?:bearer|basic|token|digest|apikey|negotiate)\s{1,3})?([\w+/=.~:-]{8,}+)",
        looks_secret,
        _ANY_CASE,
    ),
    _shape(
        "authorization",
        "bearer",
        r"(?<![A-Za-z0-9])bearer\s{1,3}([\w+/=.~-]{12,}+)",
        looks_secret,
        _ANY_CASE,
    ),
    _shape(
        "password",
        "pass pwd secret token key credential",
        rf"{_NAMED}{_QUOTE}?\s{{0,3}}(?:=>|:=|==?|:)\s{{0,3}}(?:{_QUOTE}([^\"'\\\s]{{6,}}+)"
        r"|([\w+/=.~!@#$%^&*-]{6,}+)(?![(\[]))",
        looks_secret,
        _ANY_CASE,
    ),
    _shape(
        "password",
        "pass pwd secret token key credential",
        rf"(?<=-){_NAMED}{_QUOTE}?,?\s{{1,3}}{_QUOTE}?([^\"'\\\s]{{6,}}+)",
        looks_secret,
        _ANY_CASE,
    ),
    _shape(
        "password",
        "-u --user",
        r"(?<![\w-])(?:-u|--user)[ =]{1,3}[\"']?[^\s:\"'\\]{1,100}:([^\s\"'\\]{6,}+)",
        looks_secret,
    ),
    _shape("password", "login", r"login\s{1,8}\S{1,100}\s{1,8}password\s{1,8}([^\s\"'\\]{3,}+)"),
)


def known_shapes(text: str) -> Iterator[Span]:
    """All that looks like a secret, in no order, overlapping or not."""
    lowered = text.lower()
    for shape in SHAPES:
        if not any(hint in lowered for hint in shape.hints):
            continue
        for found in shape.pattern.finditer(text):
            group = found.lastindex or 0
            start, end = found.span(group)
            if end > start and (shape.holds is None or shape.holds(text[start:end])):
                yield Span(start, end, shape.kind)
