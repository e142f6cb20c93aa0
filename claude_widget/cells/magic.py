"""The magics: `%claude_exec`, `%claude_list`, `%claude_kill` and `%claude_queue`.

The rule: a face. From a line of text to a call of the manager, and from its answer to an output.
The prompt is never split into words: options are read off its front, and the rest goes on as it
is. A `UsageError` is about that line alone; what the manager refuses is raised as it came.
"""

from __future__ import annotations

import keyword
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import MagicArgumentParser, argument, magic_arguments
from IPython.display import display

from claude_widget.cells.compare_magic import compare, compares, show_compared
from claude_widget.cells.magic_options import (
    arguments_of,
    filled_or_later,
    split_options,
    template_arguments,
)
from claude_widget.cells.output import show_in_cell
from claude_widget.cells.queue_magic import change_queue
from claude_widget.cells.static_view import MOST_ROWS, table_bundle
from claude_widget.comparison.comparison import Comparison
from claude_widget.errors import ClaudeWidgetError, ExecutionNotFound
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.templates.template import Template


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext claude_widget`."""
    shell.register_magics(ClaudeMagics)


@contextmanager
def shown_short() -> Iterator[None]:
    """Let our own errors through as they are, but have a notebook show them without a traceback.

    IPython asks an exception for `_render_traceback_`.
    """
    try:
        yield
    except ClaudeWidgetError as error:
        said = f"{type(error).__name__}: {error}"
        vars(error)["_render_traceback_"] = lambda: [said]
        raise


@magics_class
class ClaudeMagics(Magics):
    """Start, list and kill executions from cells."""

    @property
    def _names(self) -> dict[str, Any]:
        """The notebook's variables."""
        assert self.shell is not None
        names: dict[str, Any] = self.shell.user_ns
        return names

    def _manager(self, name: str | None = None) -> ProcessManager:
        """The manager of that name; the one made last in this kernel; else a new one."""
        if name is not None:
            found = self._names.get(name)
            if not isinstance(found, ProcessManager):
                raise UsageError(f"{name} is no ProcessManager.")
            return found
        return ProcessManager.latest() or ProcessManager()

    @no_var_expand
    @magic_arguments()
    @argument("--wait", action="store_true", help="hold the cell until the execution has ended")
    @argument("--name", help="variable that the Execution is put into; also its name in lists")
    @argument("--record", action="store_true", help="run it, and record it")
    @argument("--replay", action="store_true", help="play its recording; nothing is started")
    @argument("--live", action="store_true", help="run it, and leave recordings alone")
    @argument("--key", help="what its recording is found by, in place of what is asked")
    @argument("--key-ignore", action="append", help="regular expression; may be given again")
    @argument("--inputs", help="comma-separated globs of files that the answer depends on")
    @argument("--apply-changes", action="store_true", help="replayed: change the project as then")
    @argument("--again", action="store_true", help="start another one, whatever still runs")
    @argument("--template", help="name of a saved template, in place of a prompt")
    @argument("--set", action="append", help="NAME=value for the template; may be given again")
    @argument("--raw", action="store_true", help="leave {{ }} in the prompt as they are")
    @argument("--manager", help="variable of the ProcessManager; the one made last by default")
    @argument("--project-path", "-C", default=".", help="folder that Claude works in")
    @argument("--model", "-m", help="such as sonnet or opus")
    @argument("--models", help="comma-separated: the prompt for each, side by side")
    @argument("--repeat", type=int, help="so many executions of each model, side by side")
    @argument("--score", help="variable of a function that scores an execution")
    @argument("--session-id", "--resume", help="earlier session to resume")
    @argument("--fork-session", "--fork", action="store_true", help="into a session of its own")
    @argument("--mcp-config", help="file, or JSON text in quotes")
    @argument("--required-mcp-servers", help="comma-separated; fails if one is not connected")
    @argument("--effort", help="low, medium, high, xhigh or max")
    @argument("--permission-mode", help="default, acceptEdits, plan, dontAsk, bypassPermissions")
    @argument("--permissions", help="ask, deny, or variable of a callable that decides")
    @argument("--allowed-tools", help="comma-separated, such as 'Read,Bash(git *)'")
    @argument("--disallowed-tools", help="comma-separated")
    @argument("--system-prompt", help="in place of the CLI's own")
    @argument("--append-system-prompt", help="behind the CLI's own")
    @argument("--add-dir", action="append", help="further folder; may be given again")
    @argument("--setting-sources", help="comma-separated: user,project,local; '' for none")
    @argument("--schema", help="of the answer: file, JSON text in quotes, or variable")
    @argument("--max-turns", type=int, help="ends it after so many turns")
    @argument("--max-budget-usd", type=float, help="ends it after so many US dollars")
    @argument("--timeout", type=float, help="ends it after so many seconds")
    @argument("--idle-timeout", type=float, help="ends it after so many seconds of silence")
    @argument("--max-cpu", type=float, help="ends it above so many cores on average")
    @argument("--max-cpu-seconds", type=float, help="ends it after so many processor seconds")
    @argument("--max-memory", help="ends it above so many bytes, or such as '2 GB'")
    @argument("--max-processes", type=int, help="ends it above so many processes")
    @argument("--max-temp-size", help="ends it above so much in its temp folder, such as '2 GB'")
    @argument("--priority", type=int, help="higher starts first")
    @argument("--after", action="append", help="variable or id that must complete first")
    @argument("--on-failure", help="fail or run, where one of --after did not complete")
    @argument("--continues", help="variable or id whose session it goes on with, once it has ended")
    @argument("--retries", type=int, help="further attempts where the reason is a transient one")
    @argument("--worktree", action="store_true", help="in a git worktree and branch of its own")
    @argument("--keep-open", action="store_true", help="stay for follow-ups after the turn")
    @argument("--expand", action="store_true", help="let the CLI expand /command and @path")
    @argument("--env", action="append", help="NAME=value; may be given again")
    @argument("--env-allow", help="comma-separated names, or NAME*; the CLI inherits no others")
    @argument("--sandbox", help="cli (its own) or bubblewrap (around all of it; Linux)")
    @argument("--trust-project", action="store_true", help="follow the project's own settings")
    @argument("--no-trust-project", action="store_true", help="leave them out")
    @argument("--extra-arg", action="append", help="passed to the CLI; may be given again")
    @line_cell_magic
    def claude_exec(self, line: str, cell: str | None = None) -> Execution | Comparison | None:
        """Start Claude Code on a prompt, and show it live below the cell.

        The cell goes on at once (with --wait it is held). `{{ variable }}` in the prompt is filled
        from the notebook's variables. The value is the Execution: `run = %claude_exec ...`, then
        `await run`. As a cell magic the prompt is the body:

            %%claude_exec --model opus --name review
            Review {{ path }} for mistakes.
        """
        parser: MagicArgumentParser = self.claude_exec.parser
        words, rest = split_options(parser, line)
        options = vars(parser.parse_args(words))
        if cell is not None and rest.strip():
            raise UsageError(f"The prompt is the cell's body; not understood: {rest.strip()!r}")
        with shown_short():
            return self._execute(rest if cell is None else cell, options)

    def _asked(
        self, prompt: str, options: dict[str, Any]
    ) -> tuple[ProcessManager, str | Template, dict[str, Any]]:
        """What starts a prompt, or a template, whose variables are those of --set."""
        arguments = arguments_of(options, self._names)
        template = options["template"]
        if template is None:
            if options["set"]:
                raise UsageError("--set is for --template NAME.")
            if not options["raw"]:
                prompt, waits = filled_or_later(prompt, self._names)
                arguments |= waits
            manager = self._manager(options["manager"])
            return manager, prompt.strip("\n"), arguments
        if prompt.strip():
            raise UsageError(
                f"--template brings the prompt; not understood: {prompt.strip()[:80]!r}. Put a "
                "value with spaces into quotes: --set 'path={{ path }}'."
            )
        arguments = template_arguments(options, arguments, self._names)
        manager = self._manager(options["manager"])
        return manager, manager.template(template, arguments["project_path"]), arguments

    def _execute(self, prompt: str, options: dict[str, Any]) -> Execution | Comparison:
        name = options["name"]
        if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
            raise UsageError(f"--name {name!r} is no name for a variable.")
        compared = compares(options)
        manager, query, arguments = self._asked(prompt, options)
        if compared:
            comparison = compare(manager, query, arguments, options, self._names)
            if name is not None:
                self._names[name] = comparison
            show_compared(comparison, wait=options["wait"])
            return comparison
        execution = manager.start_execution(query, **arguments)
        if name is not None:
            self._names[name] = execution
        try:
            output = show_in_cell(manager, execution)
            if execution.attached:
                print(told_attached(execution))  # noqa: T201 - said below the output
            if options["wait"]:
                execution.wait()
                output.settle()
        except KeyboardInterrupt:
            print(  # noqa: T201 - said in the cell that was stopped
                f"Stopped waiting. Execution {execution.execution_id} goes on; "
                f"%claude_kill {name or execution.execution_id} ends it."
            )
            raise
        return execution

    @line_magic
    def claude_list(self, line: str) -> None:
        """Show the executions as a table, newest first. `%claude_list active` for those alone."""
        wanted = line.strip()
        if wanted not in ("", "active"):
            raise UsageError(f"`%claude_list` or `%claude_list active`, not {wanted!r}.")
        with shown_short():
            manager = self._manager()
            found = manager.get_active_executions() if wanted else manager.get_all_executions()
            infos = [execution.info for execution in found]
            redactor = manager.redactor_for(info.execution_id for info in infos[-MOST_ROWS:])
            display(table_bundle(infos, redactor=redactor), raw=True)

    @line_magic
    def claude_kill(self, line: str) -> None:
        """Kill executions: `%claude_kill NAME`, an id or the beginning of one, or `all`."""
        wanted = line.split()
        if not wanted:
            raise UsageError("Which? Give a variable's name, an id, or `all`.")
        with shown_short():
            manager = self._manager()
            found = [execution for word in wanted for execution in self._found(manager, word)]
            failed: list[ClaudeWidgetError] = []
            for execution in found:
                try:
                    execution.kill()
                except ClaudeWidgetError as error:  # one that does not answer spares no other
                    failed.append(error)
            if failed:
                raise failed[0]

    @line_magic
    def claude_queue(self, line: str) -> None:
        """Show the queue, or change it: `%claude_queue pause`, `resume`, `cancel` or `kill`.

        `hold NAME`, `release NAME`, `front NAME`, `back NAME` and `priority NAME 5` are about one
        that waits: a variable's name, an id or the beginning of one, or `all`.
        """
        with shown_short():
            manager = self._manager()
            change_queue(manager, line.split(), lambda word: self._found(manager, word))

    def _found(self, manager: ProcessManager, word: str) -> list[Execution]:
        if word == "all":
            return manager.get_active_executions()
        value = self._names.get(word)
        if isinstance(value, Execution):
            return [value]
        every = manager.get_all_executions()
        by_id = [one for one in every if one.execution_id.startswith(word)]
        by_name = [one for one in every if one.info.name == word]
        found = by_name or by_id  # a name of one letter may be the beginning of many an id
        if not found:
            raise ExecutionNotFound(word)
        if not by_name and len(by_id) > 1:
            raise UsageError(f"{len(by_id)} executions begin with {word!r}; give more of the id.")
        return found


def told_attached(execution: Execution) -> str:
    """One line on an execution that was there before its cell was run again."""
    info = execution.info
    state = "waited for its start" if info.start_time is None else "is still running"
    asked = (
        ""
        if info.created_time is None
        else time.strftime(", asked for at %H:%M", time.localtime(info.created_time))
    )
    return (
        f"This is the execution that {state} from this notebook's last kernel{asked}. "
        "%claude_exec --again starts another one."
    )
