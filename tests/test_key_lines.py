"""Parts of private keys: the ends that a diff shows, lines with something before each.

The rule: made-up lines of the length that key files have; what is public, or no key, must stay.
"""

from __future__ import annotations

import base64
import json

import pytest

from claude_widget.redaction import key_lines
from claude_widget.redaction.redactor import Redactor

REDACTOR = Redactor(environ={}, user="")
KEY = [f"MIIE{number:02}{'aB3+xY9/' * 7}zQ" for number in range(12)]
FILE = ["-----BEGIN " + "PRIVATE KEY-----", *KEY, "b7Qk=", "-----END " + "PRIVATE KEY-----"]
PARTS: dict[str, list[str]] = {
    "its end": FILE[-4:],
    "its beginning": FILE[:3],
    "its middle": FILE[4:8],
    "found by grep": [f"key.pem:{line}" for line in FILE],
    "found by grep -n": [f"key.pem-{number}-{line}" for number, line in enumerate(FILE)],
    "the end in a diff": [f"+{line}" for line in FILE[-4:]],
    "the middle in a diff": [f" {line}" for line in FILE[4:8]],
    "in a string": ['KEY = """' + FILE[0], *FILE[1:-1], FILE[-1] + '"""'],
    "in quotes": [f'    "{line}\\n"' for line in FILE[6:]],
}


@pytest.mark.parametrize("name", PARTS)
def test_part_of_a_private_key_is_found(name: str) -> None:
    text = "\n".join(["before it", *PARTS[name], "DEBUG = True"])
    for told in (text, json.dumps({"a": text}), base64.b64encode(text.encode()).decode()):
        redacted = REDACTOR.text(told)
        assert [line for line in [*KEY, "b7Qk="] if line in redacted] == []
        assert REDACTOR.text(redacted) == redacted
    redacted = REDACTOR.text(text)
    assert redacted.startswith("before it")
    assert redacted.endswith("DEBUG = True")
    assert REDACTOR.lines(text.split("\n"))[0] == "before it"


def test_public_keys_digests_and_rulers_stay() -> None:
    certificate = "\n".join(["-----BEGIN CERTIFICATE-----", *KEY[:5], "-----END CERTIFICATE-----"])
    digests = "\n".join(f"{number:x}" * 4 for number in range(1 << 60, (1 << 60) + 8))
    rulers = "\n".join(["=" * 64, "abcdefgh" * 8, "A1" * 32, "x" * 64])
    prose = "this is the end of the key\n" + FILE[-1] + "\nand so on"
    for text in (certificate, digests, rulers, prose):
        assert REDACTOR.text(text) == text


@pytest.mark.parametrize("which", ["BEGIN", "END"])
def test_work_is_linear_where_each_line_is_a_mark_and_a_part(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    class Line(key_lines._Line):
        @property
        def length(self) -> int:
            nonlocal looks
            looks += 1
            return super().length

    monkeypatch.setattr(key_lines, "_Line", Line)
    line = f"-----{which} " + "PRIVATE KEY-----" + "aB3+xY9/" * 5
    found = {span.start for span in key_lines.key_lines("\n".join([line] * 400))}
    assert len(found) == 399
    assert looks < 400 * 10
