"""Comparisons: one prompt for several models, or several times, side by side and ranked.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
