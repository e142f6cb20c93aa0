"""What the scripted model of the demo writes, and the commands that it runs.

The rule: data. What a text claims of the project of `demo_sample` must be true of it.
"""

TESTS = "python3 -m unittest discover -s tests"

PROFILE = """PYTHONPATH=src python3 -c "
import cProfile, pstats
from loader import load
profile = cProfile.Profile()
profile.runcall(load, 'data/march.csv')
pstats.Stats(profile).sort_stats('tottime').print_stats(5)
\""""

EXPLAIN = """`src/stats.py` has the project's arithmetic, in three functions:

- **`mean(values)`** adds the values up and divides by how many there are. An empty series raises \
`ZeroDivisionError`.
- **`median(values)`** sorts a copy and returns the element in the middle. For an even number of \
values it returns the upper of the two middle ones, not their mean, so `median([4, 1, 3, 2])` is \
3 where most people expect 2.5.
- **`rolling_mean(values, window)`** returns the mean of every run of `window` neighbours. It \
adds each window up from scratch, which a TODO in it points out.

Nothing in it keeps state or reads files; `src/report.py` is what uses it."""

FIX = """    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
"""

USAGE = """## Usage

```python
from loader import load
from report import daily

for day, (mean, median) in daily(load("data/march.csv")).items():
    print(f"{day}  mean {mean:.1f}  median {median:.1f}")
```

Put `src` on `PYTHONPATH` first. A CSV file needs the columns `time` (such as `2026-03-01T06:10`)
and `celsius`; when a time is repeated, its last row counts.

## Layout
"""

SPEED = """The time goes where it should not: the list comprehension in `load` (line 13) runs \
once for each of the 2,016 rows and walks every reading that there is so far, so the work grows \
with the square of the file. `strptime` comes next, far behind it.

A dict keeps the last value of a repeated time and drops the walk altogether:

```python
def load(path):
    readings = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            time = datetime.fromisoformat(row["time"])
            readings[time] = float(row["celsius"])
    return list(readings.items())
```

Two notes before you take it:

1. `datetime.fromisoformat` is several times faster than `strptime` and reads this format as it is.
2. A repeated time now keeps its *first* place in the list. Today it moves to the end. Nothing in \
the project depends on that, because `daily` groups by day."""

REVIEW = """## What could break, module by module

### src/loader.py

**Repeated times are found by walking the list.** Each row filters all the readings before it. \
Two weeks are fine, a year of ten-minute readings is about 1.4 billion comparisons, and the file \
will look as if it hung. This is the first thing that I would change.

**One bad row ends everything.** A logger that loses power in the middle of a line leaves a short \
row: `row["celsius"]` is then `None`, and `float(None)` raises a `TypeError` that names neither \
the file nor the line. Catch it, say which line it was, and decide once whether to skip or to \
stop.

**Times have no zone.** They are naive, so the night on which clocks go back has an hour twice. \
With "the last one counts", the first of the two hours is silently lost: six readings, \
once a year, with no trace. Have the logger write UTC.

**The encoding is the machine's.** `open(path, newline="")` without `encoding="utf-8"` reads the \
same file differently on another computer. Here only the header could be affected, and a byte \
order mark there turns `time` into `\\ufefftime` and the first row into a `KeyError`.

### src/stats.py

**`median` is wrong for an even number of values.** It returns the upper of the two middle ones. \
There is a test for it, and that test fails today. Because `daily` usually sees 144 readings a \
day, every median in every report so far has been slightly high.

**Empty series raise three different things.** `mean([])` is a `ZeroDivisionError`, `median([])` \
an `IndexError`, and `rolling_mean([], 3)` an empty list. Pick one; `ValueError` with a sentence \
in it is what the standard library's `statistics` does.

**`rolling_mean` accepts nonsense.** A window of 0 or less divides by zero, far from the caller \
who got it wrong, and a window longer than the series quietly gives nothing. It also adds each \
window up from scratch, so a wide window over a long series is slow; the TODO knows.

**Floating point adds up.** `sum` over many thousand values drifts in the last digits. It does \
not matter for temperatures, but `math.fsum` costs nothing here and ends the question.

### src/report.py

**It imports `stats` by its bare name.** That works only while `src` is on the path. The tests \
put it there by hand; anybody else gets a `ModuleNotFoundError`, or, worse, another module of \
that name.

**Days follow insertion order.** They come out in the order of the file. Two files loaded one \
after the other, the later month first, give a report that jumps backwards. Sort the days.

**It promises to print and does not.** The module says "Prints one line a day"; `daily` returns a \
dict and prints nothing. Whoever reads only the first line will look for the bug in their own \
code.

### tests/test_stats.py

**Only `stats` is tested.** `loader` has the logic that is easiest to get wrong (repeated times, \
odd rows) and no test at all. A test with five rows of CSV in a temporary file would have caught \
most of what is above.

**The path is patched at import.** `sys.path.insert` at the top makes the order of test modules \
matter. A `pyproject.toml` with the package declared would make that line unnecessary.

## In which order

1. Fix `median`; the failing test is already there.
2. Replace the list in `load` by a dict, and write the first test of `load` while at it.
3. Make bad rows say their line number.
4. Sort the days in `daily`.
5. Everything else can wait until somebody touches the file anyway.
"""

SLOW = """            time = datetime.strptime(row["time"], "%Y-%m-%dT%H:%M")
            readings = [reading for reading in readings if reading[0] != time]
            readings.append((time, float(row["celsius"])))
    return readings
"""

FAST = """            time = datetime.fromisoformat(row["time"])
            readings.pop(time, None)
            readings[time] = float(row["celsius"])
    return list(readings.items())
"""
