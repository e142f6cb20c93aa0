"""What an execution changed in its project: seen, written as a patch, and made again.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
