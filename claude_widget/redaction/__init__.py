"""Redaction: what must not be saved beside a notebook, or exported, is found and taken out.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
