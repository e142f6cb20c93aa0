"""Every error that claude_widget raises, in one tree.

The rule: an error says what happened, to which execution, and what to do next, and it carries
that as data, so that nobody has to match strings. This module imports nothing of the package.

    ClaudeWidgetError
    ├── InvalidRequest            the caller asked for something that cannot be started
    │   ├── SessionInUse          another execution holds that session
    │   ├── ConfirmationNeeded    a project's file would start commands that nobody has seen
    │   │   └── ProjectNotTrusted what a project brings would do things that nobody has seen
    │   │       └── TemplateNotConfirmed  a project's template asks for more than a prompt may
    │   ├── SandboxUnavailable    the isolation that was asked for cannot be had here
    │   ├── WorktreeUnavailable   the project can have no worktree (worktrees.errors)
    │   ├── TemplateNotFound      and -Invalid, VariablesWrong (templates/errors)
    │   └── PromptError           a prompt's template did not fill
    ├── CLINotFound               no Claude Code on this machine
    ├── UnsupportedPlatform       executions need Linux or macOS
    ├── ExecutionNotFound         no such execution on this state folder
    ├── ExecutionActive           refused while the execution is running or waits to
    ├── ExecutionEnded            refused because the execution has ended
    ├── ExecutionOwned            refused because another manager owns it, and lives
    ├── OutputInvalid             a structured output does not meet its schema (outputs/errors)
    ├── NotInQueue                refused because it does not wait here (queue/errors)
    ├── ExecutionFailed           what `raise_for_status` raises
    ├── ControlFailed             the shim did not answer, or refused
    ├── RequestGone               what the CLI asked has its answer, or is not asked any more
    ├── TranscriptError           the file cannot be read as a transcript
    ├── InvalidTransition         a lifecycle record that cannot follow the state it met
    ├── RecordingNotFound         and -Damaged, -TooNew (recordings/errors)
    ├── PatchConflict             a recorded patch does not fit the project; nothing was changed
    ├── NothingToPromote          and AlreadyPromoted: of a comparison (comparison/errors)
    ├── WorktreeFailed            and -Gone, -Conflict, -NotClean (worktrees.errors)
    ├── ExportFailed              a file of an execution cannot be written
    ├── HistoryUnavailable        and PandasMissing (history/errors)
    ├── BatchFailed               and -NotFound, -Damaged, RowsInvalid (batch/errors)
    └── FrontEndMissing           the package was installed without its built bundle
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def end_of(path: str, parts: int) -> str:
    """The last parts of a path: a saved notebook keeps what an error says, and no home folder."""
    return "/".join(path.rstrip("/").split("/")[-parts:])


class ClaudeWidgetError(Exception):
    """Root of all errors of this package.

    Attributes:
        message: what happened, in one sentence.
        hint: what to do next; empty when there is nothing to do.
        execution_id: the execution that it happened to, or None.
    """

    def __init__(self, message: str, *, hint: str = "", execution_id: str | None = None) -> None:
        self.message = message
        self.hint = hint
        self.execution_id = execution_id
        super().__init__(f"{message} {hint}".strip())


class InvalidRequest(ClaudeWidgetError, ValueError):
    """The request cannot be started. Nothing was started and nothing was written.

    Attributes:
        field: the name of the argument that is wrong.
    """

    def __init__(self, message: str, *, field: str, hint: str = "") -> None:
        self.field = field
        super().__init__(message, hint=hint)


class SessionInUse(InvalidRequest):
    """Two executions at once on one session would interleave its file.

    Attributes:
        session_id: the session asked for.
        holder_id: the execution that has it.
    """

    def __init__(self, session_id: str, holder_id: str) -> None:
        self.session_id = session_id
        self.holder_id = holder_id
        super().__init__(
            f"Session {session_id} is in use by execution {holder_id}.",
            field="session_id",
            hint=f"Wait for it, pass after={holder_id!r}, or fork_session=True.",
        )


class SessionOnlyReplayed(InvalidRequest):
    """A session whose execution was only replayed: what goes on with it is recorded after that one.

    Attributes:
        session_id: the session asked for.
        recording: the recording that told of it.
    """

    def __init__(self, session_id: str, recording: str) -> None:
        self.session_id = session_id
        self.recording = recording
        super().__init__(
            f"Session {session_id} was only replayed, from {end_of(recording, 2)}: what goes on "
            "with it is run only after that execution is recorded again.",
            field="session_id",
            hint="Record that execution again (mode='record', or --record), then this one.",
        )


class ConfirmationNeeded(InvalidRequest):
    """An MCP file of the project names commands, and the user has not confirmed that content.

    Attributes:
        path: the file.
        digest: SHA-256 of its content, in hexadecimal digits.
        servers: what it would start, as (server's name, command or address).
    """

    def __init__(self, path: str, digest: str, servers: Sequence[tuple[str, str]]) -> None:
        self.path = path
        self.digest = digest
        self.servers = tuple(servers)
        super().__init__(
            f"{path} belongs to the project, and its servers are not confirmed.",
            field="mcp_config",
            hint="Look at what it starts, and confirm it.",
        )


class ProjectNotTrusted(ConfirmationNeeded):
    """A project's own files would run commands, set variables or permit tools, unconfirmed.

    Claude Code asks about that only in a terminal; started as here, it does what they say.

    Attributes:
        path: the project's folder.
        digest: of what they would do, in hexadecimal digits.
        servers: what that is, as (what asks for it, command or value).
        items: a digest of each, for whoever accepts them.
    """

    def __init__(
        self, path: str, digest: str, demands: Sequence[tuple[str, str]], items: Sequence[str]
    ) -> None:
        super().__init__(path, digest, demands)
        self.items = tuple(items)
        listed = "".join(f"\n  - {name}: {what}" for name, what in self.servers[:20])
        more = len(self.servers) - 20
        listed += f"\n  - and {more} more" if more > 0 else ""
        InvalidRequest.__init__(
            self,
            f"{path} brings settings that Claude Code would follow without asking:{listed}\n",
            field="trust_project",
            hint="trust_project=True if you know them, trust_project=False to leave them out.",
        )


class SandboxUnavailable(InvalidRequest):
    """The isolation that was asked for cannot be had here; nothing was started without it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message, field="sandbox", hint=hint)


class PromptError(InvalidRequest):
    """A prompt's template has an undefined name, or is not valid Jinja2.

    Attributes:
        names: the undefined names, empty for a syntax error.
        line: line of the prompt, from 1, or None.
    """

    def __init__(
        self, message: str, *, names: Sequence[str] = (), line: int | None = None, hint: str = ""
    ) -> None:
        self.names = tuple(names)
        self.line = line
        super().__init__(message, field="query", hint=hint)


class CLINotFound(ClaudeWidgetError):
    """Claude Code was not found.

    Attributes:
        looked_in: the places tried, in order, as (where, what was there).
    """

    def __init__(self, looked_in: Sequence[tuple[str, str]]) -> None:
        self.looked_in = tuple(looked_in)
        places = "".join(f"\n  - {where}: {found}" for where, found in self.looked_in)
        super().__init__(
            f"Claude Code was not found. Looked in:{places}\n",
            hint=(
                "Install it with `npm install -g @anthropic-ai/claude-code`, or name it with "
                "ProcessManager(cli_path=...) or CLAUDE_WIDGET_CLI."
            ),
        )


class UnsupportedPlatform(ClaudeWidgetError):
    """Executions run on Linux and macOS only; import, replay and history work everywhere."""


class ExecutionNotFound(ClaudeWidgetError, KeyError):
    """No execution of that id is known to this manager."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(
            f"There is no execution {execution_id!r}.",
            hint="manager.get_all_executions() lists those there are.",
            execution_id=execution_id,
        )

    def __str__(self) -> str:  # KeyError would print the repr
        return f"{self.message} {self.hint}"


class ExecutionActive(ClaudeWidgetError):
    """Refused because the execution has not ended."""


class ResultNotReady(ExecutionActive):
    """The result was asked for while there was none: the execution goes on.

    Attributes:
        status: "pending" or "running".
    """

    def __init__(self, execution_id: str, status: str) -> None:
        self.status = status
        super().__init__(
            f"Execution {execution_id} is {status} and has no result yet.",
            hint=(
                "Wait first: `await execution`, execution.wait(), or %claude_exec --wait. "
                "execution.info.result is None until there is one."
            ),
            execution_id=execution_id,
        )


class ExecutionEnded(ClaudeWidgetError):
    """Refused because the execution has ended."""


class ExecutionOwned(ClaudeWidgetError):
    """Refused because another manager owns the execution, and lives as far as can be known.

    Attributes:
        owner: what is known of it, such as `host`, `pid`, `notebook` and `manager_id`.
    """

    def __init__(self, execution_id: str, owner: Mapping[str, object]) -> None:
        self.owner = dict(owner)
        said = f"process {owner.get('pid', '?')} on {owner.get('host', 'another host')}"
        super().__init__(
            f"Execution {execution_id} belongs to the manager of {said} "
            f"({owner.get('notebook', 'unknown')}).",
            hint="It can be watched, answered and killed from here. Close that manager to take it.",
            execution_id=execution_id,
        )


class ExecutionFailed(ClaudeWidgetError):
    """What `Execution.raise_for_status` raises for one that did not complete.

    Attributes:
        status: "failed" or "killed".
        reason: why, a `Reason`.
        errors: what the CLI said, oldest first.
        stderr_tail: the last 4,000 characters of the CLI's stderr.
    """

    def __init__(
        self,
        execution_id: str,
        status: str,
        reason: str,
        errors: Sequence[str],
        stderr_tail: str,
    ) -> None:
        self.status = status
        self.reason = reason
        self.errors = tuple(errors)
        self.stderr_tail = stderr_tail
        said = "; ".join(self.errors) or stderr_tail.strip()[-500:] or "nothing was said"
        super().__init__(
            f"Execution {execution_id} {status} ({reason}): {said}", execution_id=execution_id
        )


class ControlFailed(ClaudeWidgetError):
    """The shim could not be reached in time, or refused what was asked.

    Attributes:
        code: "unreachable", "timeout", or the shim's own code.
        told: what else the shim said.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        execution_id: str,
        hint: str = "",
        told: Mapping[str, object] | None = None,
    ) -> None:
        self.code = code
        self.told = told or {}
        super().__init__(message, hint=hint, execution_id=execution_id)


class RequestGone(ClaudeWidgetError):
    """What the CLI asked needs no answer any more; the one that was given changed nothing.

    Attributes:
        control_id: the request.
        became: "answered", "cancelled" (the CLI took it back), "ended" (with the execution) or
            "unknown".
        by: who answered, where somebody did: "page" (a person), "callable" or "policy"; else "".
    """

    def __init__(self, control_id: str, *, execution_id: str, became: str, by: str = "") -> None:
        self.control_id = control_id
        self.became = became
        self.by = by
        who = {"page": " by somebody else", "callable": " by the callable", "policy": " by policy"}
        said = {
            "answered": f"was answered{who.get(by, '')} before",
            "cancelled": "was taken back by the CLI",
            "ended": "ended with its execution",
        }.get(became, "is not one that the CLI waits for")
        super().__init__(
            f"Request {control_id} of execution {execution_id} {said}.",
            hint="execution.requests lists what is open.",
            execution_id=execution_id,
        )


class TranscriptError(ClaudeWidgetError):
    """A file cannot be read as a transcript.

    Attributes:
        path: the file.
        offset: the byte at which it went wrong.
    """

    def __init__(self, message: str, *, path: str, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        super().__init__(f"{path}, byte {offset}: {message}")


class InvalidTransition(ClaudeWidgetError):
    """A lifecycle record that cannot follow the state it met; the state did not change.

    Attributes:
        status: the status it met.
        event: the name of the record.
        story: the lifecycle records so far, oldest first.
    """

    def __init__(self, execution_id: str, status: str, event: str, story: Sequence[str]) -> None:
        self.status = status
        self.event = event
        self.story = tuple(story)
        super().__init__(
            f"Record {event!r} cannot follow status {status!r} (so far: {', '.join(story)}).",
            execution_id=execution_id,
        )


class ExportFailed(ClaudeWidgetError):
    """An execution cannot be written to that file; what was there is as it was.

    Attributes:
        path: the file.
    """

    def __init__(self, message: str, *, path: str, execution_id: str, hint: str) -> None:
        self.path = path
        super().__init__(message, hint=hint, execution_id=execution_id)


class FrontEndMissing(ClaudeWidgetError):
    """The package was installed without its built front end."""


def describe(error: BaseException) -> Mapping[str, object]:
    """An error as plain data for the page: its class name, message, hint and execution id."""
    return {
        "kind": type(error).__name__,
        "message": getattr(error, "message", str(error)),
        "hint": getattr(error, "hint", ""),
        "executionId": getattr(error, "execution_id", None),
    }
