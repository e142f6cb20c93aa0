"""What `make` runs: set-up, the test driver, the demo.

The rule: standard library only and no import of claude_widget, because these modules run on the
machine's own Python before there is an environment. Each is run as `python3 -m scripts.<name>`.
"""
