"""Executions that come after others: prompts that name them, sessions that go on, pipelines.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
