"""Notebook cells: the magics, and what a cell shows while its execution runs and after.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
