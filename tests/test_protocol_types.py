"""The page's types are the ones that the kernel's models give.

The rule: `js/src/protocol.ts` is generated (`npm run types`), and this fails when it is not what
the generator gives today.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.protocol_schema import protocol_schema

JS = Path(__file__).parent.parent / "js"


@pytest.mark.timeout(60)
def test_the_generated_types_are_current() -> None:
    run = subprocess.run(
        ["node", "protocol_types.mjs", "--check"],
        cwd=JS,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_every_message_has_its_type_in_the_schema() -> None:
    definitions = protocol_schema()["schema"]["$defs"]
    for direction in ("PageMessage", "KernelMessage"):
        for reference in definitions[direction]["oneOf"]:
            name = reference["$ref"].rpartition("/")[2]
            assert "type" in definitions[name]["required"], name
