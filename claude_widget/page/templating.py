"""What the page is told of templates, and the prompts that they make.

The rule: it translates, and bounds every answer in bytes; what a template is, and whether it fills,
is the library's business.
"""

from __future__ import annotations

import json
from typing import Any

from claude_widget import protocol
from claude_widget.errors import PromptError
from claude_widget.manager import ProcessManager
from claude_widget.protocol.incoming import sound_text
from claude_widget.protocol.templates import MOST_PREVIEW, MOST_TEMPLATES
from claude_widget.templates.folders import ListedTemplate
from claude_widget.templates.variables import Variable

_LONGEST = 1_000
_MOST_CHOICES = 200


def templates(manager: ProcessManager, message: protocol.GetTemplates) -> protocol.TemplatesAnswer:
    """Those that a start finds by their names, as far as one answer holds them.

    Raises:
        InvalidRequest: there is no such project.
    """
    found = [one for one in manager.list_templates(message.project_path) if not one.hidden]
    told: list[protocol.TemplateChoice] = []
    room = MOST_TEMPLATES
    for one in found:
        choice = _choice(one)
        size = len(json.dumps(choice.model_dump()))
        if size <= room:
            room -= size
            told.append(choice)
    return protocol.TemplatesAnswer(
        request_id=message.request_id, templates=tuple(told), more=len(found) - len(told)
    )


def _choice(listed: ListedTemplate) -> protocol.TemplateChoice:
    template = listed.template
    shown = protocol.TemplateChoice(
        name=listed.name,
        scope="user" if listed.scope == "user" else "project",
        path=_fit(listed.path),
        problem=_fit(listed.problem),
    )
    if template is None:
        return shown
    return shown.model_copy(
        update={
            "description": _fit(template.description),
            "variables": tuple(_variable(one) for one in template.variables.values()),
            "options": tuple(template.options),
        }
    )


def _variable(variable: Variable) -> protocol.TemplateVariable:
    return protocol.TemplateVariable(
        name=variable.name,
        type=variable.type,
        required=variable.required,
        default="" if variable.default is None else _text(variable.default),
        description=_fit(variable.description),
        enum=tuple(_text(one) for one in variable.enum[:_MOST_CHOICES]),
    )


def _text(value: Any) -> str:
    """A value as a form has it; its own type reads it again."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return sound_text(text)


def _fit(text: str) -> str:
    return sound_text(text)[:_LONGEST]


def preview(manager: ProcessManager, message: protocol.PreviewTemplate) -> protocol.PreviewAnswer:
    """The filled prompt, or what is wrong with the values.

    Raises:
        TemplateNotFound: there is none of that name.
        TemplateInvalid: its file is none.
        InvalidRequest: there is no such project.
    """
    template = manager.template(message.name, message.project_path)
    problems = [(one.name, one.problem) for one in template.check(message.variables)]
    query = ""
    if not problems:
        try:
            query = sound_text(template.fill(message.variables))
        except PromptError as error:
            problems = [("", error.message)]
    return protocol.PreviewAnswer(
        request_id=message.request_id,
        query=query[:MOST_PREVIEW],
        truncated=len(query) > MOST_PREVIEW,
        problems=tuple(
            protocol.VariableWrong(name=_fit(name), problem=_fit(problem))
            for name, problem in problems
        ),
    )
