"""Templates as a project brings them.

The rule: files and nothing else; whether they can be read is what tests find out.
"""

from __future__ import annotations

from pathlib import Path


def write(project: Path, name: str, text: str | bytes = "Say {{ word }}") -> Path:
    """Put that text into a file of the project's folder of templates."""
    path = project / ".claude_widget" / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
