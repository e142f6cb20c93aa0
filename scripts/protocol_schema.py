"""Print the wire protocol as one JSON object: what `js/src/protocol.ts` is generated from.

The rule: nothing is written by hand here; shapes and numbers come from `claude_widget.protocol`.
`schema` is a JSON schema whose `$defs` hold every message, `constants` the numbers that both ends
obey. What the page sends is described as it may be left out, what it gets as it always arrives.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from claude_widget import protocol

CONSTANTS = ("PROTOCOL_VERSION", "MAX_PAGE_MESSAGE", "MAX_BATCH", "MOST_ESTIMATED")


def protocol_schema() -> dict[str, Any]:
    """The schema of both directions and of what traits hold, and the constants."""
    roots, shared = TypeAdapter.json_schemas(
        [
            ("PageMessage", "validation", protocol.PAGE_MESSAGE),
            ("KernelMessage", "serialization", protocol.KERNEL_MESSAGE),
            ("ExecutionRow", "serialization", TypeAdapter(protocol.ExecutionRow)),
            ("BatchProgress", "serialization", TypeAdapter(protocol.BatchProgress)),
            ("PipelineProgress", "serialization", TypeAdapter(protocol.PipelineProgress)),
            ("Promotion", "serialization", TypeAdapter(protocol.Promotion)),
        ],
        by_alias=True,
    )
    definitions = shared["$defs"]
    for (name, _), schema in roots.items():
        definitions.setdefault(name, schema)
    asked = {request.__name__ for request in protocol.Request.__subclasses__()}
    for name, definition in definitions.items():
        present = {"type"} if name in asked else set(definition.get("properties", ()))
        present |= set(definition.get("required", ()))
        if "properties" in definition:
            definition["required"] = sorted(present)
    return {
        "constants": {name: getattr(protocol, name) for name in CONSTANTS},
        "schema": {"$defs": dict(sorted(definitions.items()))},
    }


if __name__ == "__main__":
    json.dump(protocol_schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
