"""Templates as the page lists, previews and fills them.

The rule: bounded in bytes, whatever a project's files say; values are JSON, and texts that a
variable's type can read.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from claude_widget.protocol.base import Answer, Message, Request

MOST_PREVIEW = 100_000
"""Characters of a filled prompt in an answer."""
MOST_TEMPLATES = 180_000
"""Bytes of the templates in an answer."""

Variables = dict[str, Any]


class GetTemplates(Request):
    """The templates of a project and of the user."""

    type: Literal["claude:get-templates"] = "claude:get-templates"
    project_path: str = Field(".", max_length=4096)


class PreviewTemplate(Request):
    """What a template's prompt is with such values; nothing is started."""

    type: Literal["claude:preview-template"] = "claude:preview-template"
    name: str = Field(max_length=200)
    project_path: str = Field(".", max_length=4096)
    variables: Variables = Field({}, max_length=200)


class TemplateVariable(Message):
    """A name that a template wants to know."""

    name: str
    type: Literal["any", "str", "int", "float", "bool", "list", "dict", "date"] = "any"
    required: bool = True
    default: str = Field("", description="As a text that its type can read; empty if it has none.")
    description: str = ""
    enum: tuple[str, ...] = Field((), description="What it may be, as such texts.")


class TemplateChoice(Message):
    """A template that can be started, or a file that is none, with its problem."""

    name: str
    scope: Literal["project", "user"]
    path: str = ""
    description: str = ""
    variables: tuple[TemplateVariable, ...] = ()
    options: tuple[str, ...] = Field((), description="Names of the options that it brings.")
    problem: str = ""


class TemplatesAnswer(Answer):
    type: Literal["claude:get-templates"] = "claude:get-templates"
    templates: tuple[TemplateChoice, ...]
    more: int = Field(0, description="How many there are beside those.")


class VariableWrong(Message):
    """What is wrong with the value of one variable."""

    name: str = Field(description="Empty where it is the prompt that does not fill.")
    problem: str


class PreviewAnswer(Answer):
    """The filled prompt, or what is wrong."""

    type: Literal["claude:preview-template"] = "claude:preview-template"
    query: str = ""
    truncated: bool = False
    problems: tuple[VariableWrong, ...] = ()
