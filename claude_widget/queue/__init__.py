"""The queue: which pending execution starts next, how many run at once, and what holds them up.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
