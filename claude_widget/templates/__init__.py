"""Templates: prompts with names to fill in, kept in files, and filled within bounds.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
