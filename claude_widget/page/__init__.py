"""The front end's other half: widgets in the kernel, and what the page asks and is told.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
