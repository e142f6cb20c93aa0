"""Structured outputs: what a schema asks for, whether it came, and what is done if it did not.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
