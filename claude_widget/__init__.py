"""Many Claude Code executions at once, run from a Jupyter notebook."""
