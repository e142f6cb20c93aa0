"""Worktrees as git makes and removes them: which projects can have one, and the making of it.

The rule: a worktree is made whole or not at all, on a branch of its own, locked. Nothing is removed
here but what its caller has found to be nobody's, and never by force: git is told of a folder that
is gone already. What changed in one is for others to say.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from claude_widget.changes.git_commands import GitFailed
from claude_widget.own_files import make_own
from claude_widget.worktrees.beginning import note_beginning
from claude_widget.worktrees.errors import WorktreeFailed, WorktreeGone
from claude_widget.worktrees.locks import PREFIX, remove_tree, repository_lock, working_on
from claude_widget.worktrees.safe_git import UserGit, find_git
from claude_widget.worktrees.source import Source
from claude_widget.worktrees.worktree import Worktree

_CHECKOUT = 900.0
"""Seconds to fill a work tree: filters may fetch large files."""
_LOOK = 20.0
_TOLD = 20


def add(source: Source, folder: Path, name: str, *, reason: str) -> Worktree:
    """Make a worktree of a branch of its own, locked.

    Args:
        source: what it is made from.
        folder: ours, which is made for it; it must not be there.
        name: what the branch is called after `claude-widget/`, if that is free; letters and digits.
        reason: why it is locked, for those who want to remove it.

    Raises:
        WorktreeFailed: git cannot make it; nothing is left of it.
    """
    try:
        make_own(folder.parent)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _failed(source, error) from error
    try:
        return _made(source, folder, name, reason)
    except OSError as error:
        remove_tree(folder)
        raise _failed(source, error) from error


def _made(source: Source, folder: Path, name: str, reason: str) -> Worktree:
    git = UserGit(find_git(), source.top)
    with working_on(folder):
        made = _begun(source, folder, git)
        try:
            made = _added(git, made, name, reason)
            fill(made, git)
            return note_beginning(made, git).save(ready=True)
        except BaseException:
            take_back(Worktree.load(folder) or made)
            raise


def _failed(source: Source, error: OSError) -> WorktreeFailed:
    said = str(error) if isinstance(error, GitFailed) else str(error.strerror or error)
    return WorktreeFailed(
        f"No worktree of {source.top} could be made: {said}", said=said, hint=_hint(said)
    )


def _hint(said: str) -> str:
    if re.search("No space left|quota|unable to write", said):
        return "Make room, or give a state_dir on another disk; nothing was left behind."
    if ".lock" in said:
        return "Another git works there, or one has died: remove that lock if none does."
    if "filter" in said:
        return "A filter of your own git settings failed; `git worktree add` would fail as well."
    return ""


def _begun(source: Source, folder: Path, git: UserGit) -> Worktree:
    """Its facts, before anything else is there."""
    paths = _uncommitted(git)
    return Worktree(
        folder=folder,
        path=folder / (source.top.name or "project"),
        inside=source.inside,
        branch="",
        base=source.base,
        repository=source.repository,
        project=source.top,
        admin=folder,
        hashes=source.hashes,
        uncommitted=tuple(paths[:_TOLD]),
        more_uncommitted=len(paths[_TOLD:]),
        filters_left=git.filters_left,
    ).save()


def _uncommitted(git: UserGit) -> list[str]:
    """What the project has that the commit has not; nothing where it cannot be told in time."""
    asked = ("status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all")
    try:
        told = git.run(*asked, seconds=_LOOK)
    except GitFailed:
        return []
    return [os.fsdecode(line[3:]) for line in told.split(b"\0")[:-1]]


def _added(git: UserGit, worktree: Worktree, name: str, reason: str) -> Worktree:
    """Its branch and its entry in the repository, without files: others may be made meanwhile."""
    with repository_lock(worktree.repository):
        branch = _free_branch(git, name)
        worktree = worktree.save(branch=branch)
        how = ("--lock", "--reason", reason, "--no-checkout", "--no-track", "-b", branch)
        git.run("worktree", "add", *how, "--", str(worktree.path), worktree.base)
    return worktree.save(admin=_admin_of(git, worktree))


def _admin_of(git: UserGit, worktree: Worktree) -> Path:
    return Path(git.at(worktree.path).line("rev-parse", "--absolute-git-dir"))


def _free_branch(git: UserGit, name: str) -> str:
    listed = git.run("for-each-ref", "--format=%(refname:lstrip=2)", f"refs/heads/{PREFIX}*")
    taken = set(os.fsdecode(listed).splitlines())
    nested = git.run("for-each-ref", "--format=%(refname:lstrip=2)", f"refs/heads/{PREFIX}/")
    taken |= set(os.fsdecode(nested).splitlines())
    between = "-" if PREFIX in taken else "/"  # a branch of that name leaves no room below it
    wanted = f"{PREFIX}{between}{name}"
    number = 1
    while wanted in taken:
        number += 1
        wanted = f"{PREFIX}{between}{name}-{number}"
    return wanted


@contextlib.contextmanager
def held(worktree: Worktree) -> Iterator[Worktree]:
    """The worktree as it is by now, while nobody else looks at it, changes or removes it.

    Raises:
        WorktreeGone: what is known of it is gone.
        WorktreeFailed: somebody else has it for long.
    """
    try:
        with working_on(worktree.folder):
            yield Worktree.load(worktree.folder) or worktree
    except FileNotFoundError as error:
        raise WorktreeGone(str(worktree.path), "removed") from error
    except GitFailed as error:
        raise WorktreeFailed(f"{worktree.path}: {error}", said=str(error)) from error


def restore(worktree: Worktree, *, reason: str, user: str = "") -> Worktree:
    """Have a worktree there again, locked, that somebody wants to go on in.

    One that is there is only locked. One that was removed since nothing had changed is made again;
    one whose branch was kept goes on with what is on the branch.

    Args:
        worktree: it.
        reason: why it is locked.
        user: id of the execution that it is given to.

    Raises:
        WorktreeGone: it was discarded, or somebody has removed it with what was in it.
        WorktreeFailed: git cannot make it.
    """
    if not worktree.outcome and worktree.path.is_dir():
        lock(worktree, reason)
        return worktree.save(settled=False, user=user)
    if worktree.outcome not in ("unchanged", "kept"):
        raise WorktreeGone(str(worktree.path), worktree.outcome or "removed")
    try:
        return _made_again(worktree, reason, user)
    except OSError as error:
        said = str(error)
        with contextlib.suppress(WorktreeFailed, OSError):
            remove(worktree)
            worktree.save()  # it is gone, as it was before
        raise WorktreeFailed(
            f"{worktree.path} could not be made again: {said}", said=said, hint=_hint(said)
        ) from error


def _made_again(worktree: Worktree, reason: str, user: str) -> Worktree:
    git = UserGit(find_git(), worktree.project)
    with repository_lock(worktree.repository):
        tip = branch_tip(worktree)
        how = ["--lock", "--reason", reason, "--no-checkout"]
        how += ["--no-track", "-b", worktree.branch] if tip is None else []
        what = worktree.branch if tip else worktree.base
        git.run("worktree", "add", *how, "--", str(worktree.path), what)
    made = worktree.save(
        admin=_admin_of(git, worktree),
        base=tip or worktree.base,
        outcome="",
        settled=False,
        user=user,
    )
    remove_tree(made.beginning)
    fill(made, git)
    return note_beginning(made, git).save()


def git_of(worktree: Worktree) -> UserGit:
    """Git in its work tree, whatever an agent has written into the file that leads to it."""
    return UserGit(find_git(), worktree.path, _there(worktree))


def _there(worktree: Worktree) -> dict[str, str]:
    return {"GIT_DIR": str(worktree.admin), "GIT_WORK_TREE": str(worktree.path)}


def git_of_repository(worktree: Worktree) -> UserGit:
    """Git in its repository, whatever becomes of the work tree."""
    return UserGit(find_git(), worktree.repository, {"GIT_DIR": str(worktree.repository)})


def fill(worktree: Worktree, git: UserGit) -> None:
    """Write the files of its commit into its work tree, in which nobody has worked yet.

    Args:
        worktree: it.
        git: in its repository.

    Raises:
        GitFailed: they cannot be written, such as on a full disk.
    """
    reset = ("reset", "--hard", "--quiet", "--no-recurse-submodules", worktree.base)
    git.at(worktree.path, _there(worktree)).run(*reset, seconds=_CHECKOUT)


def lock(worktree: Worktree, reason: str) -> None:
    """Have git keep it from being removed, as long as somebody works in it.

    Raises:
        WorktreeFailed: it cannot be locked.
    """
    _set_lock(worktree, "lock", "--reason", reason)


def unlock(worktree: Worktree) -> None:
    """Nobody works in it any more; nothing happens if it is not locked.

    Raises:
        WorktreeFailed: git fails.
    """
    _set_lock(worktree, "unlock")


def _set_lock(worktree: Worktree, *how: str) -> None:
    if is_orphaned(worktree):
        return
    try:
        with repository_lock(worktree.repository):
            git_of_repository(worktree).run("worktree", *how, "--", str(worktree.path))
    except GitFailed as error:
        fine = ("is already locked", "is not locked", "is not a working tree")
        if not any(one in str(error) for one in fine):
            raise WorktreeFailed(f"{worktree.path}: {error}", said=str(error)) from error


def remove(worktree: Worktree) -> None:
    """Remove its work tree, and git's entry of it; its branch stays.

    Whoever calls it has seen that nothing of it is lost. Links are removed, not followed.

    Raises:
        WorktreeFailed: it cannot be removed.
    """
    unlock(worktree)
    remove_tree(worktree.path)
    if os.path.lexists(worktree.path):
        raise WorktreeFailed(
            f"{worktree.path} cannot be removed.", hint="Something in it belongs to another user."
        )
    if is_orphaned(worktree):
        return
    try:
        with repository_lock(worktree.repository):
            git_of_repository(worktree).run("worktree", "remove", "--", str(worktree.path))
    except GitFailed as error:
        if "is not a working tree" not in str(error):
            raise WorktreeFailed(f"{worktree.path}: {error}", said=str(error)) from error


def delete_branch(worktree: Worktree) -> bool:
    """Delete its branch; whether it is gone: one that is checked out elsewhere stays."""
    with contextlib.suppress(GitFailed, FileNotFoundError), repository_lock(worktree.repository):
        git_of_repository(worktree).run("branch", "-D", "--", worktree.branch)
    return branch_tip(worktree) is None


def is_orphaned(worktree: Worktree) -> bool:
    """Whether its repository is gone: then nobody else has its files any more."""
    return not worktree.repository.is_dir()


def branch_tip(worktree: Worktree) -> str | None:
    """The commit that its branch is at; None if there is no such branch."""
    if is_orphaned(worktree):
        return None
    asked = ("rev-parse", "--verify", "--quiet", f"refs/heads/{worktree.branch}^{{commit}}")
    return git_of_repository(worktree).run(*asked, fine=(0, 1)).decode().strip() or None


def take_back(worktree: Worktree) -> None:
    """Remove what there is of one in which nobody has worked, with its branch."""
    with contextlib.suppress(WorktreeFailed, OSError):
        remove(worktree)
        if worktree.branch and branch_tip(worktree) == worktree.base:
            delete_branch(worktree)
    remove_tree(worktree.folder)
