"""Batches: one template over the rows of a table, an execution each.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
