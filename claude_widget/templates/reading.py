"""A template's file: front matter in YAML, then the prompt; read and written.

The rule: text in, a template out, and back. A file may have come with a stranger's project, so its
front matter is bounded in size and depth, has no aliases (which can name each other without end)
and says everything once.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]

from claude_widget.templates.declaring import as_said
from claude_widget.templates.errors import TemplateInvalid
from claude_widget.templates.template import Scope, Template, make_template

_FRONT = re.compile(r"---[ \t]*\r?\n(?:(.*?)(?:\r?\n))??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_OPENED = re.compile(r"---[ \t]*\r?\n")
_LONGEST_FRONT = 64 * 1024
_DEEPEST = 12
_MOST_NODES = 5_000
_OWN = ("description", "variables")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML's data alone, within bounds."""

    level = 0
    count = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._refused("an alias (*name) is not for templates")
        self.count += 1
        self.level += 1
        if self.level > _DEEPEST or self.count > _MOST_NODES:
            raise self._refused("it is nested too deeply, or too large")
        try:
            return super().compose_node(parent, index)
        finally:
            self.level -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            said = f"{twice[0][:100]!r} stands there twice"
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found

    def _refused(self, problem: str) -> yaml.composer.ComposerError:
        return yaml.composer.ComposerError(None, None, problem, self.peek_event().start_mark)


def read_template(
    text: str,
    *,
    name: str,
    scope: Scope = "",
    path: str | None = None,
    project_path: str | None = None,
) -> Template:
    """The template that a file's text is.

    Args:
        text: of the file, with or without front matter.
        name: what it is called.
        scope: where it lies.
        path: its file.
        project_path: the project that it came with.

    Raises:
        TemplateInvalid: it is none; `line` says where, if that is known.
    """
    found = _FRONT.match(text)
    if found is None and _OPENED.match(text):
        raise TemplateInvalid(
            "its front matter is never closed by a line of ---", path=path, line=1
        )
    said = _front(found[1] or "", name, path) if found else {}
    start = found.end() if found else 0
    options = {key: value for key, value in said.items() if key not in _OWN}
    description = said.get("description")
    if description is not None and not isinstance(description, str):
        raise TemplateInvalid("its description is no text", name=name, path=path)
    try:
        return make_template(
            text[start:].replace("\r\n", "\n"),
            name=name,
            variables=said.get("variables"),
            description=description or "",
            options={key: value for key, value in options.items() if value is not None},
            scope=scope,
            path=path,
            project_path=project_path,
            digest=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        )
    except TemplateInvalid as error:
        if error.line is None:
            raise
        line = error.line + _lines_before(text, start)
        raise TemplateInvalid(error.problem, name=name, path=path, line=line) from None


def write_template(template: Template) -> str:
    """The text of a template's file, which reads as the same template."""
    said: dict[str, Any] = {}
    if template.description:
        said["description"] = template.description
    variables = {
        name: as_said(variable) or None
        for name, variable in template.variables.items()
        if variable.declared
    }
    if variables:
        said["variables"] = variables
    said |= {name: _plain(value) for name, value in template.options.items()}
    try:
        front = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100) if said else ""
    except yaml.YAMLError as error:
        raise TemplateInvalid(f"an option cannot be written: {error}", name=template.name) from None
    return f"---\n{front}---\n{template.query}\n"


def _plain(value: Any) -> Any:
    """Lists for tuples, which YAML writes with a tag."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    return value


def _lines_before(text: str, start: int) -> int:
    """Lines before the prompt's first one that is not blank."""
    body = text[start:]
    return text.count("\n", 0, start) + len(body) - len(body.lstrip("\n"))


def _front(text: str, name: str, path: str | None) -> dict[str, Any]:
    """What the front matter says."""
    if len(text) > _LONGEST_FRONT:
        raise TemplateInvalid(
            f"its front matter has more than {_LONGEST_FRONT:,} characters", name=name, path=path
        )
    try:
        said = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = None if mark is None else mark.line + 2
        raise TemplateInvalid(_problem(error.problem), name=name, path=path, line=line) from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise TemplateInvalid(_problem(str(error)), name=name, path=path) from None
    if said is None:
        return {}
    if not isinstance(said, dict) or not all(isinstance(key, str) for key in said):
        raise TemplateInvalid("its front matter is no list of names", name=name, path=path)
    return said


def _problem(said: str | None) -> str:
    return f"its front matter is no YAML: {(said or 'unknown')[:300]}"
