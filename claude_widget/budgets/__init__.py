"""Budgets: what executions cost together, what they may cost, and what they are likely to.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
