"""What a manager offers of templates: which there are, saving them, and starting with one.

The rule: part of `ProcessManager`. It finds a template and says what it is started with; what a
project's template may not raise is refused here, before anything else is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_widget.recordings.planning import Planner
from claude_widget.templates import folders
from claude_widget.templates.demands import check_confirmed, confirm
from claude_widget.templates.folders import ListedTemplate
from claude_widget.templates.template import Scope, Template, make_template

_HERE = "."


class TemplateLibrary:
    """The templates of a manager."""

    _planner: Planner

    @property
    def state_dir(self) -> Path:
        """Where executions are kept."""
        raise NotImplementedError

    @property
    def templates(self) -> list[ListedTemplate]:
        """The templates of the kernel's working folder and of the user, sorted by name.

        A file that is no template is there too, with its `problem`.
        """
        return self.list_templates()

    def list_templates(self, project_path: str | os.PathLike[str] = _HERE) -> list[ListedTemplate]:
        """The templates of a project and of the user.

        Raises:
            InvalidRequest: there is no such project.
        """
        return folders.list_templates(project_path)

    def template(
        self, name: str, project_path: str | os.PathLike[str] = _HERE, *, scope: Scope = ""
    ) -> Template:
        """The template of a name: the project's, else the user's own.

        Args:
            name: as it is listed.
            project_path: the project's folder.
            scope: "project" or "user": only there.

        Raises:
            TemplateNotFound: there is none.
            TemplateInvalid: its file is none.
            InvalidRequest: there is no such project.
        """
        return folders.find_template(name, project_path, scope)

    def save_template(
        self,
        name: str,
        query: str,
        *,
        variables: Mapping[str, Any] | None = None,
        description: str = "",
        project_path: str | os.PathLike[str] = _HERE,
        scope: Scope = "project",
        replace: bool = False,
        **options: Any,
    ) -> Template:
        """Write a template's file: `.claude_widget/templates/<name>.md`, or in the user's folder.

        What a user saves here is confirmed by that, on this state folder.

        Args:
            name: letters, digits, `-`, `_` and dots within.
            query: the prompt, in Jinja2.
            variables: by name: a type's name ("str", "int", "float", "bool", "list", "dict",
                "date", "any"), or a dict of `type`, `default`, `description` and `enum`.
            description: for people.
            project_path: the project's folder.
            scope: "project" or "user".
            replace: in place of one that is there.
            **options: of `start_execution`.

        Raises:
            TemplateInvalid: its name, prompt, a variable or an option is wrong, or there is one
                already.
            InvalidRequest: there is no such project.
        """
        made = make_template(
            query, name=name, variables=variables, description=description, options=options
        )
        saved = folders.save_template(made, project_path, scope, replace=replace)
        confirm(saved, self.state_dir)
        return saved

    def confirm_template(self, name: str, project_path: str | os.PathLike[str] = _HERE) -> Template:
        """Accept what a project's template asks for, as its file is now.

        Raises:
            TemplateNotFound: there is none.
            TemplateInvalid: its file is none.
            InvalidRequest: there is no such project.
        """
        found = self.template(name, project_path)
        confirm(found, self.state_dir)
        return found

    def _arguments_of(self, template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments of a start with a template.

        Args:
            template: what is started.
            given: by the user: `variables`, and options.

        Raises:
            VariablesWrong: variables are missing or mistyped.
            TemplateNotConfirmed: it came with a project, and asks for what nobody has confirmed.
        """
        options = self._options_of(template, given)
        values = template.complete(options.pop("variables", {}))
        return {**options, "query": template.query, "variables": values}

    def _options_of(self, template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
        """The template's options, and those of the user over them.

        Args:
            template: what is started.
            given: by the user; None, and "." as a project, is as good as not given.

        Raises:
            TemplateNotConfirmed: it came with a project, and asks for what nobody has confirmed.
        """
        own = {name: value for name, value in given.items() if value is not None}
        if own.get("project_path") == _HERE:
            del own["project_path"]
        if not self._planner.plays_all:  # a recording runs nothing
            check_confirmed(template, own.keys(), self.state_dir)
        place = {"project_path": template.project_path or _HERE}
        return {**place, **template.options, **own}
