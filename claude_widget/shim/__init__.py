"""The shim: one small supervisor process per execution.

The rule: standard library only, no import of the rest of the package, nothing that needs a kernel.
It holds the CLI's streams, writes the transcript, feeds stdin, answers the control socket, ends the
CLI when asked or when a limit is passed, reaps every descendant, and writes how it ended. It knows
nothing of statuses, costs or the page: those are a fold of what it writes.

    launch       starts the CLI; builtin modules only, because it runs before anything else may
    records      the transcript's record format: all that the package shares with the shim
    streams      the CLI's stdout and stderr into records, its stdin out of a queue
    session      two short frames, which tell when the session is idle
    closing      when stdin is closed
    control      the control socket
    operations   what may be asked over it
    ownership    whose execution it is
    watch        whether a kernel is there
    awake        seconds in which the machine and the shim were awake
    guard        sees that limits hold; joins the next five
    limits       how much the execution may use
    stall        since when the CLI has been silent
    usage        what the CLI and everything below the shim use
    cgroup       a control group of its own, where one can be had
    tree         what the processes of the machine are and use
    descendants  finding and ending every process that the CLI left behind
    ladder       the steps from asking to SIGKILL
    ending       draining what the streams still hold
    warm         waiting for the execution that takes the CLI over
    supervise    the loop that joins them

It is started as `python -I -S -c BOOT` with the run folder as its working folder, the locked
transcript as descriptor 0, and the CLI's environment as its own: its command line names neither the
CLI nor this package, since agents run `pkill -f claude`.
"""
