"""What claude_widget costs, as ratios against a peer that is measured in the same run.

The rule: timing claims live here and nowhere else. Both sides of a comparison run in turn, the
ratio is the median of the rounds' ratios, and a bound is on the ratio, so that it holds on any
machine. Seconds and bytes are printed for the reader only.

    python -m benchmarks                    all of them, in full
    python -m benchmarks --quick            the short form, with the same bounds
    python -m benchmarks import_time --json
"""
