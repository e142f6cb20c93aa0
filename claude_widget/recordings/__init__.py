"""Recordings: executions kept in files beside a notebook, and played instead of run.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
