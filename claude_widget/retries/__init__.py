"""Retries: further attempts at what failed for a reason that may pass by itself.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
