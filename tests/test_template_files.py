"""Files of templates: front matter, and folders that may hold anything.

The rule: hostile files end up in the list with their problem, and nothing beyond them is read.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.templates.errors import TemplateInvalid, TemplateNotFound
from claude_widget.templates.folders import find_template, list_templates, save_template
from claude_widget.templates.reading import read_template, write_template
from claude_widget.templates.template import make_template
from tests.project_templates import write

REVIEW = """---
description: Looks for mistakes.
model: opus
max_turns: 5
variables:
  path: {type: str, default: ., description: What to read.}
  kind:
    type: str
    enum: [bugs, style]
  note:
---

Review {{ path }} for {{ kind }}.
{{ note }}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("CLAUDE_WIDGET_TEMPLATES", str(folder))
    return folder


# -- front matter --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [REVIEW, REVIEW.replace("\n", "\r\n")])
def test_a_file_is_read(text: str) -> None:
    template = read_template(text, name="review")
    assert template.description == "Looks for mistakes."
    assert dict(template.options) == {"model": "opus", "max_turns": 5}
    assert [(one.name, one.type, one.required) for one in template.variables.values()] == [
        ("path", "str", False),
        ("kind", "str", True),
        ("note", "any", True),
    ]
    assert template.fill({"kind": "bugs", "note": "!"}) == "Review . for bugs.\n!"


@pytest.mark.parametrize(
    "text", ["Just {{ this }}", "---\n---\nJust {{ this }}\n", "\n\nJust {{ this }}\n\n"]
)
def test_front_matter_may_be_missing_or_empty(text: str) -> None:
    template = read_template(text, name="t")
    assert template.query == "Just {{ this }}"
    assert list(template.variables) == ["this"]


def test_a_template_is_written_and_read_again() -> None:
    for text in (REVIEW, "Just {{ this }}", "---\n---\n---\nnot front matter\n---\nx {{ y }}"):
        template = read_template(text, name="t")
        again = read_template(write_template(template), name="t")
        assert again.query == template.query
        assert again.variables == template.variables
        assert again.options == template.options
        assert again.description == template.description
        assert write_template(again) == write_template(template)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("a: &x [1]\nb: *x", "alias"),
        ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]", "alias"),
        ("x: " + "[" * 50 + "]" * 50, "nested"),
        ("x: " + "[" * 30_000, "nested"),
        ("x: [" + "1, " * 6_000 + "]", "too large"),
        ("description: " + "x" * 70_000, "front matter has more than"),
        ("model: opus\nmodel: haiku", "twice"),
        ("variables: {a: str, a: int}", "twice"),
        ("model: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("model: !!python/name:os.system x", "could not determine a constructor"),
        ("- a\n- b", "list of names"),
        ("just text", "list of names"),
        ("5: 6", "list of names"),
        ("a: [", "no YAML"),
        ("a: b: c", "no YAML"),
        ("[a]: b", "no YAML"),
        ("? {a: b}\n: c", "no YAML"),
        ("a: 2026-99-99", "no YAML"),
        ("a: " + "9" * 5_000, "no YAML"),
        ("a: \x07", "no YAML"),
        ("modle: opus", "no option"),
        ("query: other", "no option"),
        ("variables: [a]", "dict of names"),
        ("variables: {word: {type: int, default: x}}", "its default"),
        ("description: [a]", "description"),
    ],
    ids=range(25),
)
def test_hostile_and_wrong_front_matter_is_refused(front: str, said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        read_template(f"---\n{front}\n---\nSay {{{{ word }}}}", name="t", path="t.md")
    assert said in caught.value.problem
    assert len(str(caught.value)) < 3_000


def test_front_matter_that_never_ends_is_refused() -> None:
    with pytest.raises(TemplateInvalid, match="never closed"):
        read_template("---\nmodel: opus\nSay it", name="t")


def test_mistakes_name_the_line_of_the_file() -> None:
    for text, line in (
        ("---\nmodel: opus\na: [b c: d]]\n---\nx", 3),
        ("---\nmodel: opus\n---\n\nfine\n{{ x._y }}", 6),
        ("fine\n{{ x", 2),
    ):
        with pytest.raises(TemplateInvalid) as caught:
            read_template(text, name="t")
        assert caught.value.line == line


# -- folders -------------------------------------------------------------------------------------


def test_a_projects_template_is_found_before_the_users_own(project: Path, own: Path) -> None:
    write(project, "review.md", "Project {{ x }}")
    (own / "review.md").write_text("Own {{ x }}")
    (own / "only.md").write_text("Only mine")
    (own / "notes.txt").write_text("no template")
    assert find_template("review", project).query == "Project {{ x }}"
    assert find_template("review", project, "user").query == "Own {{ x }}"
    assert find_template("only", project).scope == "user"
    listed = [(one.name, one.scope, one.hidden) for one in list_templates(project)]
    assert listed == [
        ("only", "user", False),
        ("review", "project", False),
        ("review", "user", True),
    ]


def test_the_users_own_folder_is_the_platforms(project: Path) -> None:
    folder = Path.home() / ".config" / "claude-widget" / "templates"
    if os.uname().sysname == "Darwin":
        folder = Path.home() / "Library/Application Support/claude-widget/templates"
    folder.mkdir(parents=True)
    (folder / "mine.md").write_text("Mine")
    assert find_template("mine", project).path == str(folder / "mine.md")


def test_what_is_not_there_says_what_is(project: Path, own: Path) -> None:
    assert list_templates(project) == []
    with pytest.raises(TemplateNotFound, match="none yet"):
        find_template("review", project)
    write(project, "other.md")
    with pytest.raises(TemplateNotFound) as caught:
        find_template("review", project)
    assert caught.value.known == ("other",)
    assert isinstance(caught.value, KeyError)
    assert "other" in str(caught.value)
    with pytest.raises(InvalidRequest):
        list_templates(project / "nowhere")


@pytest.mark.parametrize(
    "name", ["../secret", "a/b", "/etc/passwd", ".hidden", "..", "", "a\0b", "a\nb", "x" * 300, "é"]
)
def test_names_that_lead_elsewhere_are_not_found(project: Path, own: Path, name: str) -> None:
    write(project, "x.md")
    (project / ".claude_widget" / "secret.md").write_text("secret")
    with pytest.raises(TemplateNotFound):
        find_template(name, project)


def problems(project: Path) -> dict[str, str]:
    return {one.name: one.problem for one in list_templates(project)}


def test_what_is_no_template_is_listed_with_its_problem(project: Path, own: Path) -> None:
    secret = project.parent / "secret.txt"
    secret.write_text("the secret")
    folder = write(project, "good.md").parent
    (folder / "link.md").symlink_to(secret)
    (folder / "dangling.md").symlink_to(folder / "nowhere")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "alias.md").symlink_to(folder / "good.md")
    (folder / "folder.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    write(project, "large.md", b"x" * (1024 * 1024 + 1))
    write(project, "latin.md", b"caf\xe9")
    write(project, "binary.md", b"a\0b")
    write(project, "blank.md", b"\n")
    write(project, "syntax.md", "a\n{{ x")
    write(project, "two words.md")
    write(project, "rtl\u202e.md")
    write(project, "-dash.md")
    (folder / os.fsdecode(b"bytes\xff.md")).write_text("x")
    found = problems(project)
    assert "leads out" in found["link"]
    assert "the secret" not in str(list_templates(project))
    assert found["good"] == found["alias"] == ""
    assert "cannot be read" in found["dangling"]
    assert found["loop"]
    assert "no regular file" in found["folder"]
    assert "no regular file" in found["pipe"]
    assert "1,048,576 bytes" in found["large"]
    assert "UTF-8" in found["latin"]
    assert "binary" in found["binary"]
    assert "blank" in found["blank"]
    assert found["syntax"].startswith("line 2")
    for name in ("two words", "rtl\ufffd", "-dash", "bytes\ufffd"):
        assert "its name must be" in found[name]
    assert all(one.name.isprintable() and one.path.isprintable() for one in list_templates(project))


def test_a_file_that_may_not_be_read_is_listed(project: Path, own: Path) -> None:
    path = write(project, "closed.md")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads it all the same
        assert problems(project)["closed"] == ""
    else:
        assert "cannot be read" in problems(project)["closed"]


@pytest.mark.parametrize("part", [".claude_widget", ".claude_widget/templates"])
def test_a_folder_that_leads_out_of_the_project_is_not_read(
    project: Path, own: Path, part: str
) -> None:
    elsewhere = project.parent / "elsewhere"
    (elsewhere / "templates").mkdir(parents=True)
    (elsewhere / "review.md").write_text("x")
    (elsewhere / "templates" / "review.md").write_text("x")
    (project / part).parent.mkdir(exist_ok=True)
    (project / part).symlink_to(elsewhere)
    (listed,) = list_templates(project)
    assert "leads out of the project" in listed.problem
    with pytest.raises(TemplateInvalid, match="leads out"):
        find_template("review", project)
    with pytest.raises(TemplateInvalid, match="leads out"):
        save_template(make_template("x", name="new"), project)
    assert not list(elsewhere.rglob("new.md"))


def test_a_folder_of_very_many_is_listed_in_part(project: Path, own: Path) -> None:
    for number in range(510):
        write(project, f"t{number:03}.md", "x")
    listed = list_templates(project)
    assert len(listed) == 501
    assert "more than 500 files" in "".join(one.problem for one in listed)


def test_the_users_own_templates_may_be_links(project: Path, own: Path) -> None:
    elsewhere = project.parent / "dotfiles.md"
    elsewhere.write_text("Mine")
    (own / "mine.md").symlink_to(elsewhere)
    assert find_template("mine", project).query == "Mine"


def test_templates_are_saved_whole_and_never_over_another(project: Path, own: Path) -> None:
    made = make_template("Do {{ x }}", name="do", variables={"x": {"type": "int", "default": 1}})
    saved = save_template(made, project)
    assert saved.path == str(project / ".claude_widget" / "templates" / "do.md")
    assert saved.fill({}) == "Do 1"
    with pytest.raises(TemplateInvalid, match="replace=True"):
        save_template(make_template("Other", name="do"), project)
    assert find_template("do", project).query == "Do {{ x }}"
    assert save_template(make_template("Other", name="do"), project, replace=True).query == "Other"
    assert save_template(made, project, "user").path == str(own / "do.md")
    assert {path.name for path in own.iterdir()} == {"do.md"}
    for name in ("../do", "", "a b", ".do"):
        with pytest.raises(TemplateInvalid, match="its name"):
            save_template(make_template("x", name=name), project)


def test_what_cannot_be_written_says_so(project: Path, own: Path) -> None:
    (project / ".claude_widget").write_text("a file")
    with pytest.raises(TemplateInvalid, match="cannot be written"):
        save_template(make_template("x", name="do"), project)
    with pytest.raises(TemplateInvalid, match="cannot be written"):
        save_template(make_template("x", name="do", options={"env": {"A": object()}}), project)
