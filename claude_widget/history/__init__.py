"""History: every execution that has ended, in an index that can be searched and rebuilt.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
