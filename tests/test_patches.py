"""Patches: from two trees to text, and back to the second tree.

The rule: everything is held against real trees and against `git apply`; what a stranger's patch
tries is tried for real.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_widget.changes import line_diff
from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.observed import Changes, apply, before
from claude_widget.changes.patch_reading import parse
from claude_widget.changes.patches import Content, Difference, blob_id, compose, sections_of
from claude_widget.redaction.redactor import Redactor
from tests import trees
from tests.trees import Tree

EXAMPLES = int(os.environ.get("TREES", "0"))
SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
FEW = settings(SLOW, max_examples=EXAMPLES or 8)
MANY = settings(SLOW, max_examples=EXAMPLES or 30)


def recorded(old: Tree, new: Tree, folder: Path, *, in_git: bool) -> Changes | None:
    """What changes from one tree to another, seen by looking at a real folder twice."""
    trees.write(old, folder)
    if in_git:
        trees.repository(folder)
    seen = before(folder)
    trees.write(new, folder)
    return seen.after()


def held(old: Tree, new: Tree, *, in_git: bool) -> None:
    """The patch makes the second tree of the first, read back, twice, and by git itself."""
    with tempfile.TemporaryDirectory(prefix="cw-") as name:
        place = Path(name)
        changes = recorded(old, new, place / "project", in_git=in_git)
        if changes is None:
            assert old == new
            return
        assert Changes.from_text(changes.text) == changes
        assert compose(parse(changes.patch)) == changes.patch
        for step in ("first", "again"):
            copy = trees.write(old, place / "copy") if step == "first" else place / "copy"
            apply(Changes.from_text(changes.text), copy)
            assert trees.read(copy) == new, step
        assert not list((place / "copy").glob(".claude-widget*"))
        if _swapped(old, new) or _swapped(new, old):
            return
        judged = trees.write(old, place / "judged")
        trees.git(judged, "apply", "--whitespace=nowarn", "-", given=changes.text.encode())
        assert trees.read(judged) == new


def _swapped(old: Tree, new: Tree) -> bool:
    """A folder stands where a file was: git's own apply does not do that to links."""
    return any(one.startswith(f"{path.rstrip('*')}/") for path in old for one in new)


@MANY
@given(st.data())
def test_any_two_trees_without_git(data: st.DataObject) -> None:
    old = data.draw(trees.trees())
    held(old, data.draw(trees.edits(old)), in_git=False)


@FEW
@given(st.data())
def test_any_two_trees_with_git(data: st.DataObject) -> None:
    old = data.draw(trees.trees())
    held(old, data.draw(trees.edits(old)), in_git=True)


@MANY
@given(st.data())
def test_any_patch_that_was_redacted_can_be_applied_and_again(data: st.DataObject) -> None:
    old = data.draw(trees.trees())
    new = data.draw(trees.edits(old))
    redactor = Redactor(["two", "drei ü"], environ={}, user="")
    with tempfile.TemporaryDirectory(prefix="cw-") as name:
        changes = recorded(old, new, Path(name) / "project", in_git=False)
        if changes is None:
            return
        clean = Changes.from_text(changes.redacted(redactor).text)
        assert clean.redacted(redactor) == clean
        assert "two" not in clean.patch
        copy = trees.write(old, Path(name) / "copy")
        apply(clean, copy)
        made = trees.read(copy)
        apply(clean, copy)
        assert trees.read(copy) == made


@given(
    st.lists(st.sampled_from("abcd"), max_size=40), st.lists(st.sampled_from("abcd"), max_size=40)
)
def test_blocks_turn_the_old_lines_into_the_new(old: list[str], new: list[str]) -> None:
    a, b = [x.encode() for x in old], [x.encode() for x in new]
    made: list[bytes] = []
    at = 0
    for i, x, j, y in line_diff.blocks(a, b):
        assert a[at:i] == b[len(made) : j]
        made += [*a[at:i], *b[j:y]]
        at = x
    assert [*made, *a[at:]] == b


def test_files_that_have_little_in_common_are_told_in_bounded_time() -> None:
    old = [b"%d\n" % (at * 7919 % 101) for at in range(20_000)]
    new = [b"%d\n" % (at * 104_729 % 103) for at in range(20_000)]
    blocks = line_diff.blocks(old, new)
    assert b"".join(new[blocks[0][2] : blocks[-1][3]])


def differing(path: str, old: bytes | None, new: bytes | None, mode: int = 0o100644) -> str:
    contents = [None if data is None else Content(mode, data) for data in (old, new)]
    return compose(sections_of(Difference(path, *contents)))


def refused(patch: str, project: Path, *, path: str | None = None, why: str = "") -> PatchConflict:
    """The patch is refused, the file and the reason are named, and nothing has changed."""
    was = trees.read(project)
    with pytest.raises(PatchConflict) as raised:
        apply(Changes(patch), project)
    assert trees.read(project) == was
    if path is not None:
        assert path in raised.value.paths
        assert path in str(raised.value)
    assert why in str(raised.value)
    return raised.value


# -- what has changed since ----------------------------------------------------------------------

NUMBERS = b"".join(b"line %d\n" % at for at in range(30))
RENAMES = 10
"""Of the patch that is made to fail in the middle: four files go, five come."""
EDITED = NUMBERS.replace(b"line 15\n", b"line fifteen\n")


def test_one_file_that_does_not_fit_keeps_all_others_as_they_were(project: Path) -> None:
    (project / "a").write_bytes(NUMBERS)
    (project / "z").write_bytes(b"something else\n")
    patch = (
        differing("a", NUMBERS, EDITED)
        + differing("new", None, b"x")
        + differing("z", NUMBERS, EDITED)
    )
    error = refused(patch, project, path="z", why="has changed around line 13")
    assert error.paths == ("z",)
    assert error.hint


def test_a_file_that_has_changed_elsewhere_is_changed_around_its_lines(project: Path) -> None:
    (project / "a").write_bytes(b"header\n" + NUMBERS)
    apply(Changes(differing("a", NUMBERS, EDITED)), project)
    assert (project / "a").read_bytes() == b"header\n" + EDITED


def test_a_file_that_has_changed_and_has_the_change_already_is_left(project: Path) -> None:
    (project / "a").write_bytes(b"header\n" + EDITED)
    apply(Changes(differing("a", NUMBERS, EDITED)), project)
    assert (project / "a").read_bytes() == b"header\n" + EDITED


@pytest.mark.parametrize(
    ("there", "old", "new"),
    [
        (b"other", None, b"new"),
        (b"other", b"old", None),
        (None, b"old\n", b"new\n"),
        (b"\0other", b"\0old", b"\0new"),
        (b"old, and more", b"old", b"new"),
    ],
    ids=["new", "deleted", "missing", "binary", "text"],
)
def test_a_file_that_is_not_what_it_was_is_a_conflict(
    there: bytes | None, old: bytes | None, new: bytes | None, project: Path
) -> None:
    if there is not None:
        (project / "a").write_bytes(there)
    refused(differing("a", old, new), project, path="a")


def test_a_folder_where_a_file_is_to_be_and_a_file_above_one(project: Path) -> None:
    (project / "a").mkdir()
    (project / "a/own").write_text("mine")
    (project / "b").write_text("a file")
    refused(differing("a", None, b"x"), project, path="a", why="is a folder")
    refused(differing("b/c", None, b"x"), project, path="b/c", why="lies below b")


def test_a_pipe_is_refused_and_makes_nobody_wait(project: Path) -> None:
    os.mkfifo(project / "a")
    refused(differing("a", NUMBERS, EDITED), project, path="a", why="is no regular file")


# -- what must not be --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("../out", "/etc/out", "a/../../out", "a//b", "./a", "."),
        *(".git/hooks/pre-commit", "a/.git/config", ".GIT/config", ".git /x", ".g\u200cit/x"),
        *("git~1/config", ".git::$INDEX_ALLOCATION/config"),
    ],
)
def test_a_path_that_leaves_the_project_or_is_gits_is_refused(path: str, project: Path) -> None:
    refused(differing(path, None, b"x"), project, path=path)
    assert not list(project.parent.glob("out*"))


@pytest.mark.parametrize("target", ["/etc/passwd", "../out", "a/../../out", "..", ".git/hooks"])
def test_a_link_that_leads_out_is_refused(target: str, project: Path) -> None:
    refused(differing("link", None, target.encode(), 0o120000), project, path="link")
    assert not (project / "link").is_symlink()


def test_nothing_is_written_beyond_a_link(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(NUMBERS)
    (project / "link").symlink_to(outside)
    (project / "file").symlink_to(outside / "file")
    refused(differing("link/file", NUMBERS, EDITED), project, path="link/file")
    refused(differing("link/new", None, b"x"), project, path="link/new")
    refused(differing("file", NUMBERS, EDITED), project, path="file")
    into = differing("into", None, b"sub", 0o120000) + differing("into/x", None, b"x")
    refused(into, project, path="into/x")
    assert (outside / "file").read_bytes() == NUMBERS
    assert [path.name for path in outside.iterdir()] == ["file"]


def test_a_mixed_patch_and_one_that_is_incomplete_are_refused(project: Path) -> None:
    patch = differing("a", None, b"x")
    for changes in (
        Changes(patch, mixed=True),
        Changes("", incomplete="it was too large"),
    ):
        read = Changes.from_text(changes.text)
        assert read == changes
        with pytest.raises(PatchConflict):
            apply(read, project)
    assert not trees.read(project)


# -- damaged, edited, newer ----------------------------------------------------------------------


def damaged(text: str) -> Sequence[str]:
    """A patch that was cut off anywhere, or has one line less."""
    lines = text.splitlines(keepends=True)
    cut = [text[:at] for at in range(0, len(text) - 1, 7)]
    return [*cut, *("".join([*lines[:at], *lines[at + 1 :]]) for at in range(len(lines)))]


def test_a_patch_that_was_cut_off_or_has_lost_a_line_changes_nothing_wrong(project: Path) -> None:
    patch = (
        differing("a", NUMBERS, EDITED) + differing("b", None, b"\0\1") + differing("c", b"x", None)
    )
    old: Tree = {"a": NUMBERS, "c": b"x"}
    allowed = {"a": (NUMBERS, EDITED), "b": (None, b"\0\1"), "c": (b"x", None)}
    for text in damaged(Changes(patch).text):
        trees.write(old, project)
        try:
            apply(Changes.from_text(text), project)
        except PatchConflict:
            assert trees.read(project) == old
        else:
            found = trees.read(project)
            assert all(found.get(path) in either for path, either in allowed.items()), text


SPLICES = st.sampled_from(
    ["", "../", "/", "\n", "+", "-", " ", "@@ -1,9 +1,9 @@\n", "120000", "b/", '"', "\\377", "\r"]
)


@MANY
@given(st.lists(st.tuples(st.integers(0), st.integers(0, 40), SPLICES), max_size=6))
def test_a_patch_edited_at_random_raises_nothing_else_and_stays_inside(
    cuts: list[tuple[int, int, str]],
) -> None:
    patch = differing("a", NUMBERS, EDITED) + differing("d/b", None, b"\0\1")
    patch += differing("c", None, b"a", 0o120000) + differing("e f", b"x", None)
    text = Changes(patch).text
    for place, length, piece in cuts:
        at = place % len(text)
        text = text[:at] + piece + text[at + length :]
    old: Tree = {"p/a": NUMBERS, "p/e f": b"x", "outside": b"mine"}
    with tempfile.TemporaryDirectory(prefix="cw-") as name:
        above = trees.write(old, Path(name))
        try:
            apply(Changes.from_text(text), above / "p")
        except PatchConflict:
            assert trees.read(above) == old
        found = trees.read(above)
        assert found["outside"] == b"mine"
        assert all(path.startswith(("p/", "outside")) for path in found)


def test_an_edited_line_is_noticed(project: Path) -> None:
    (project / "a").write_bytes(NUMBERS)
    patch = differing("a", NUMBERS, EDITED).replace("fifteen", "sixteen")
    refused(patch, project, path="a", why="was edited")


def test_a_newer_version_and_what_is_no_patch_are_refused() -> None:
    text = Changes(differing("a", None, b"x")).text
    for bad in (text.replace("version: 1", "version: 2"), "", "hello\n", text.split("\n", 1)[1]):
        with pytest.raises(PatchConflict):
            Changes.from_text(bad)


def test_a_patch_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    for name in ("absent", "pipe", "latin"):
        with pytest.raises(PatchConflict, match="cannot be read"):
            Changes.read(tmp_path / name)


def test_a_small_patch_cannot_claim_a_huge_file() -> None:
    patch = differing("a", None, b"\0" * 4096)
    bomb = patch.replace("literal 4096", "literal 99999999999")
    with pytest.raises(PatchConflict):
        parse(bomb)
    with pytest.raises(PatchConflict):
        parse(patch.replace("literal 4096", "literal 10"))


# -- in the middle -----------------------------------------------------------------------------


@pytest.mark.parametrize("fails", range(1, 13))
def test_what_fails_in_the_middle_is_undone(
    fails: int, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old: Tree = {"a": NUMBERS, "gone/deep/b": b"x", "d*": NUMBERS, "l": "a"}
    new: Tree = {"a": EDITED, "made/deep/c": b"y", "d*": EDITED, "gone": b"a file", "l": "d"}
    changes = recorded(old, new, project, in_git=False)
    assert changes is not None
    trees.write(old, project)
    real, calls = Path.rename, iter(range(1, 100))

    def rename(path: Path, target: Path) -> Path:
        if next(calls) == fails:
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    if fails <= RENAMES:
        with pytest.raises(PatchConflict, match="No space left"):
            apply(changes, project)
    else:
        apply(changes, project)
    assert trees.read(project) == (old if fails <= RENAMES else new)
    assert not list(project.glob(".claude-widget*"))


def test_a_folder_that_cannot_be_written_is_a_conflict(project: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(PatchConflict, match="cannot be changed"):
        apply(Changes(differing("a", None, b"x")), missing)
    assert not missing.exists()


def test_permissions_of_a_changed_file_stay(project: Path) -> None:
    (project / "a").write_bytes(NUMBERS)
    (project / "a").chmod(0o640)
    apply(Changes(differing("a", NUMBERS, EDITED)), project)
    assert (project / "a").stat().st_mode & 0o777 == 0o640
    assert blob_id((project / "a").read_bytes()) == blob_id(EDITED)
