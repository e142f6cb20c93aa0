"""An MCP server on stdio with one tool, for runs of the real CLI.

The rule: it speaks as much of the protocol as the CLI asks of it, and imports the standard library
only. Its tool, `greet`, greets.
"""

from __future__ import annotations

import json
import sys
from typing import Any

TOOL = {
    "name": "greet",
    "description": "Greets somebody.",
    "inputSchema": {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
    },
}


def answer(method: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request, or None for what this server does not know."""
    if method == "initialize":
        version = given.get("protocolVersion", "2025-06-18")
        server = {"name": "greeter", "version": "1"}
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        name = given.get("arguments", {}).get("name")
        return {"content": [{"type": "text", "text": f"Hello, {name}."}], "isError": False}
    return {} if method == "ping" else None


def main() -> None:
    """Serve until stdin closes."""
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        result = answer(request["method"], request.get("params") or {})
        said: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        if result is None:
            said["error"] = {"code": -32601, "message": "no such method"}
        else:
            said["result"] = result
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
