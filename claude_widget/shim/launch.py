"""Starts the CLI, as early as an interpreter can.

The rule: until the CLI's exec only modules that are built into the interpreter or plain C
extensions may be imported: `json`, `signal` or `socket` cost as much as the interpreter's own
start. The file `launch` in the run folder holds, NUL-separated: the project folder, the
executable, its arguments.
"""

import posix
import sys
import time

CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps; on macOS, which has no CLOCK_BOOTTIME, the other one does."""

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SIGKILL, SIGPIPE, SIGXFSZ = 9, 13, 25
LINUX = sys.platform == "linux"
MAKES_WAY_BY = 5
"""Steps of niceness: a third of a processor beside what a person looks at, all of an idle one."""
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _load_prctl() -> "Callable[[int, int], int]":
    """Linux's prctl; through the C half of ctypes, which loads in a twentieth of the time."""
    try:
        import _ctypes

        this_process = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]
        address = _ctypes.dlsym(this_process, "prctl")
        return lambda option, value: _ctypes.call_function(address, (option, value, 0, 0, 0))
    except (ImportError, AttributeError, OSError):
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        return lambda option, value: int(libc.prctl(option, value, 0, 0, 0))


class Launched:
    """A CLI that was started, or the reason why not.

    Attributes:
        pid: of the CLI.
        stdin, stdout, stderr: our ends of its pipes.
        failure: `errno step` if exec failed, and nothing if it worked.
        executable: what was executed.
        started: seconds on CLOCK when it had been.
    """

    def __init__(self, pid: int, pipes: tuple[int, int, int], failure: bytes, path: str) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = pipes
        self.failure = failure
        self.executable = path
        self.started = time.clock_gettime(CLOCK)

    def exec_error(self) -> str:
        """Why the exec failed, or the empty string."""
        if not self.failure:
            return ""
        number, step = self.failure.split()
        what = "change to the project folder" if step == b"chdir" else f"run {self.executable}"
        return f"Could not {what}: {posix.strerror(int(number))} (errno {int(number)})"


def launch() -> Launched:
    """Read the file `launch` and start what it names, in a session of its own."""
    folder, executable, *argv = _read("launch").split(b"\0")
    niceness = posix.nice(MAKES_WAY_BY)
    _make_way(niceness)
    environment = dict(posix.environ)
    prctl = _load_prctl() if LINUX else None
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    stdin, stdout, stderr, status = posix.pipe(), posix.pipe(), posix.pipe(), posix.pipe()
    parent = posix.getpid()
    pid = posix.fork()
    if pid == 0:
        step = b"exec"
        try:
            posix.setsid()
            _make_way(niceness)
            if prctl is not None:
                prctl(PR_SET_PDEATHSIG, SIGKILL)
                if posix.getppid() != parent:  # the shim died before the line above
                    posix._exit(1)
            _restore_signals()
            _prefer_for_oom()
            posix.dup2(stdin[0], 0)
            posix.dup2(stdout[1], 1)
            posix.dup2(stderr[1], 2)
            step = b"chdir"
            posix.chdir(folder)
            step = b"exec"
            posix.execve(executable, argv, environment)
        except OSError as error:
            posix.write(status[1], b"%d %s" % (error.errno or 0, step))
        finally:
            posix._exit(127)
    for end in (stdin[0], stdout[1], stderr[1], status[1]):
        posix.close(end)
    # Returns at the exec. Without the wait, what the shim loads next takes the core that the child
    # needs: on a busy machine the exec then came 10 ms later.
    failure = posix.read(status[0], 100)
    posix.close(status[0])
    path = executable.decode("utf-8", "surrogateescape")
    return Launched(pid, (stdin[1], stdout[0], stderr[0]), failure, path)


def _read(path: str) -> bytes:
    fd = posix.open(path, posix.O_RDONLY)
    size = posix.fstat(fd).st_size
    found = b""
    while len(found) < size:
        found += posix.read(fd, size)
    posix.close(fd)
    return found


def _restore_signals() -> None:
    """Python ignores these two, and what is ignored stays so across exec."""
    import _signal  # type: ignore[import-not-found]

    _signal.signal(SIGPIPE, _signal.SIG_DFL)
    _signal.signal(SIGXFSZ, _signal.SIG_DFL)


def _prefer_for_oom() -> None:
    """When memory runs out, the CLI should go before the kernel and before its own shim."""
    if not LINUX:
        return
    try:
        fd = posix.open("/proc/self/oom_score_adj", posix.O_WRONLY)
        posix.write(fd, b"300")
        posix.close(fd)
    except OSError:
        pass  # a container may forbid it; nothing depends on it


def _make_way(niceness: int) -> None:
    """Have this session give way, too: Linux may share out processors by session first.

    Without it, sixteen sessions of shims and CLIs had sixteen shares beside the kernel's one: its
    loop came 50 ms late, the 99.9th percentile, where it is 20 with it (see benchmarks.throughput).
    """
    if not LINUX:
        return
    try:
        fd = posix.open("/proc/self/autogroup", posix.O_WRONLY)
        posix.write(fd, b"%d" % niceness)
        posix.close(fd)
    except OSError:
        pass  # there is no such sharing, or it was changed less than a tenth of a second ago
