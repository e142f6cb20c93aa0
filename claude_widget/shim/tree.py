"""What the processes of this machine are and use, in one pass over them.

The rule: it looks and signals nobody. A pid is only trusted together with the moment at which the
process started.
"""


def start_ticks(pid: int) -> int:
    """When a process started, in the system's clock ticks since boot; 0 where /proc is absent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return 0
    return int(stat[stat.rindex(b")") + 2 :].split()[19])
