"""Where templates lie: a project's folder, and the user's own.

The rule: the one place that reads and writes their files. A project's folder may hold anything: a
file that is too large, no text, a pipe, a link that leads out of it, or badly named is told with
what is wrong, and never read past that. What is written takes its place whole, or not at all.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from claude_widget.own_files import open_any
from claude_widget.reach import is_within
from claude_widget.request import resolve_folder
from claude_widget.templates.errors import TemplateInvalid, TemplateNotFound
from claude_widget.templates.reading import read_template, write_template
from claude_widget.templates.template import Scope, Template

TEMPLATES_VARIABLE = "CLAUDE_WIDGET_TEMPLATES"
"""Names the user's own folder."""
_IN_PROJECT = Path(".claude_widget", "templates")
_SUFFIX = ".md"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_-])?")
_LARGEST = 1024 * 1024
_MOST_FILES = 500
_LONGEST_SHOWN = 100
_SCOPES: tuple[Scope, ...] = ("project", "user")
_BADLY_NAMED = "must be letters, digits, - _ and dots within, at most 100"
_TOO_LARGE = f"it has more than {_LARGEST:,} bytes"


@dataclass(frozen=True)
class ListedTemplate:
    """A file of a folder of templates.

    Attributes:
        name: of the template, fit to be shown.
        scope: "project" or "user".
        path: the file, fit to be shown.
        template: what it is; None where it is none.
        problem: why it is none; else empty.
        hidden: one of the project's has the same name, and is found in its place.
    """

    name: str
    scope: Scope
    path: str
    template: Template | None = None
    problem: str = ""
    hidden: bool = False


def template_folder(scope: Scope, project: Path, env: Mapping[str, str] | None = None) -> Path:
    """The folder of a scope; it need not be there.

    Args:
        scope: "project" or "user".
        project: the project's folder.
        env: environment that names the user's folder; the process's own by default.
    """
    if scope == "project":
        return project / _IN_PROJECT
    named = (os.environ if env is None else env).get(TEMPLATES_VARIABLE)
    return (
        Path(named).expanduser()
        if named
        else platformdirs.user_config_path("claude-widget") / "templates"
    )


def list_templates(
    project_path: str | os.PathLike[str] = ".", env: Mapping[str, str] | None = None
) -> list[ListedTemplate]:
    """The templates of a project and of the user, sorted by name.

    Args:
        project_path: the project's folder.
        env: as for `template_folder`.

    Raises:
        InvalidRequest: there is no such project.
    """
    project = resolve_folder("project_path", project_path)
    found = [one for scope in _SCOPES for one in _in_folder(scope, project, env)]
    ours = {one.name for one in found if one.scope == "project" and one.template is not None}
    listed = [
        ListedTemplate(**{**vars(one), "hidden": one.scope == "user" and one.name in ours})
        for one in found
    ]
    return sorted(listed, key=lambda one: (one.name.lower(), one.name, one.scope))


def find_template(
    name: str,
    project_path: str | os.PathLike[str] = ".",
    scope: Scope = "",
    env: Mapping[str, str] | None = None,
) -> Template:
    """The template of a name: the project's, else the user's.

    Args:
        name: as it is listed.
        project_path: the project's folder.
        scope: "project" or "user": only there.
        env: as for `template_folder`.

    Raises:
        TemplateNotFound: there is none.
        TemplateInvalid: its file is none.
        InvalidRequest: there is no such project.
    """
    project = resolve_folder("project_path", project_path)
    if _NAME.fullmatch(name):
        for one in _SCOPES if scope == "" else (scope,):
            path = template_folder(one, project, env) / f"{name}{_SUFFIX}"
            if os.path.lexists(path):
                return _read(path, name, one, project)
    known = (one.name for one in list_templates(project, env) if one.template is not None)
    raise TemplateNotFound(name[:_LONGEST_SHOWN], sorted(set(known)))


def save_template(
    template: Template,
    project_path: str | os.PathLike[str] = ".",
    scope: Scope = "project",
    *,
    replace: bool = False,
    env: Mapping[str, str] | None = None,
) -> Template:
    """Write a template's file.

    Args:
        template: its name is that of the file.
        project_path: the project's folder.
        scope: "project" or "user".
        replace: in place of one that is there.
        env: as for `template_folder`.

    Returns:
        The template as it was read again.

    Raises:
        TemplateInvalid: its name is none for a file, there is one already, or it cannot be written.
        InvalidRequest: there is no such project.
    """
    project = resolve_folder("project_path", project_path)
    if not _NAME.fullmatch(template.name):
        raise TemplateInvalid(f"its name {_BADLY_NAMED}", name=template.name[:_LONGEST_SHOWN])
    folder = template_folder(scope, project, env)
    path = folder / f"{template.name}{_SUFFIX}"
    content = write_template(template).encode("utf-8", "replace")
    if len(content) > _LARGEST:
        raise TemplateInvalid(_TOO_LARGE, name=template.name)
    _check_reach(path, scope, project)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(path, content, replace=replace)
    except FileExistsError:
        raise TemplateInvalid(
            "there is one of that name already; replace=True takes its place",
            name=template.name,
            path=str(path),
        ) from None
    except OSError as error:
        said = f"it cannot be written: {error.strerror or error}"
        raise TemplateInvalid(said, name=template.name, path=str(path)) from None
    return _read(path, template.name, scope, project)


# -- within a folder -----------------------------------------------------------------------------


def _in_folder(
    scope: Scope, project: Path, env: Mapping[str, str] | None
) -> Iterator[ListedTemplate]:
    folder = template_folder(scope, project, env)
    try:
        if scope == "project" and not is_within(folder, [project]):
            yield ListedTemplate("", scope, str(folder), problem="it leads out of the project")
            return
        names = sorted(path.name for path in folder.iterdir() if path.name.endswith(_SUFFIX))
    except FileNotFoundError:
        return
    except OSError as error:
        problem = f"it cannot be read: {error.strerror or error}"
        yield ListedTemplate("", scope, _fit(str(folder)), problem=problem)
        return
    for name in names[:_MOST_FILES]:
        yield _listed(folder / name, scope, project)
    if len(names) > _MOST_FILES:
        problem = f"it has more than {_MOST_FILES} files; the others are not listed"
        yield ListedTemplate("", scope, _fit(str(folder)), problem=problem)


def _listed(path: Path, scope: Scope, project: Path) -> ListedTemplate:
    name = path.name.removesuffix(_SUFFIX)
    shown = _fit(name)[:_LONGEST_SHOWN]
    if not _NAME.fullmatch(name):
        problem = f"its name {_BADLY_NAMED}"
        return ListedTemplate(shown, scope, _fit(str(path)), problem=problem)
    try:
        template = _read(path, name, scope, project)
    except TemplateInvalid as error:
        where = "" if error.line is None else f"line {error.line}: "
        return ListedTemplate(shown, scope, str(path), problem=where + error.problem)
    return ListedTemplate(shown, scope, str(path), template)


def _fit(text: str) -> str:
    """Without what a page or terminal would take for more than text."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _read(path: Path, name: str, scope: Scope, project: Path) -> Template:
    try:
        _check_reach(path, scope, project)
        with os.fdopen(open_any(path), "rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise TemplateInvalid(_TOO_LARGE, name=name, path=str(path))
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TemplateInvalid("it is no text in UTF-8", name=name, path=str(path)) from None
    except OSError as error:
        said = f"it cannot be read: {error.strerror or error}"
        raise TemplateInvalid(said, name=name, path=str(path)) from None
    if "\0" in text:
        raise TemplateInvalid("it is binary", name=name, path=str(path))
    of_project = str(project) if scope == "project" else None
    return read_template(text, name=name, scope=scope, path=str(path), project_path=of_project)


def _check_reach(path: Path, scope: Scope, project: Path) -> None:
    """A project's files lie in it; the user's own may be links, as dotfiles often are."""
    if scope != "project":
        return
    if not is_within(path.parent, [project]) or not is_within(path, [path.parent]):
        raise TemplateInvalid("it leads out of its folder", name=path.stem, path=str(path))


def _put(path: Path, content: bytes, *, replace: bool) -> None:
    """The whole file in its place; FileExistsError where there is one that is to stay."""
    temporary = path.parent / f".{path.name}.{uuid.uuid4()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
            file.write(content)
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
