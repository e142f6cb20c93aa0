"""What executions leave behind: processes, sockets, folders; found, ended and removed.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
