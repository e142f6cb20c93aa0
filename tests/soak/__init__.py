"""The soak: many executions of every kind through one kernel, with a dashboard open.

The rule: `plan` says what each execution does and how it must end; `kernel` runs in the notebook's
kernel, starts them and tells its figures; `driver` is the user at the page, who restarts, reloads
and counts; `figures` compares. `python -m tests.soak` is the long form, tests/ui/test_soak.py the
short one.
"""
