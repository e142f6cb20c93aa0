"""Git worktrees: a folder and a branch for one execution, and what becomes of its changes.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
