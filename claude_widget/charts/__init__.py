"""Executions as pictures: when each ran and what it called, what they cost over time.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
