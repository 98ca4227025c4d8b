"""What a start costs in processor seconds, beside what the libraries under it cost; the least of several runs of each.

python benchmarks/start.py --runs 10
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

LINES = {
    "import typer": ("-c", "import typer"),
    "import pandas": ("-c", "import pandas"),
    "allocator --help": ("-m", "allocator", "--help"),
    "allocator plan --help": ("-m", "allocator", "plan", "--help"),
    "allocator check tiny": ("-m", "allocator", "check", "scenarios/tiny.toml"),
    "import allocator.engine.planner": ("-c", "import allocator.engine.planner"),
}
BESIDE = {
    "allocator --help": "import typer",
    "allocator plan --help": "import typer",
    "allocator check tiny": "import pandas",
    "import allocator.engine.planner": "import pandas",
}
WANTED = {"allocator --help": 4.0, "allocator check tiny": 2.0}


def processor_seconds(line: tuple[str, ...]) -> float:
    """Of one start, of the system and of the program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *line], cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print one line for each start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    runs = range(parser.parse_args().runs)
    took = {name: float("inf") for name in LINES}
    for _ in runs:  # One after the other in each run, so that a busy moment falls on all.
        for name, line in LINES.items():
            took[name] = min(took[name], processor_seconds(line))
    for name, seconds in took.items():
        beside = BESIDE.get(name)
        ratio = "" if beside is None else f"{seconds / took[beside]:6.2f} times {beside}"
        wanted = f" (wanted: at most {WANTED[name]:g})" if name in WANTED else ""
        print(f"{name:26} {seconds:6.3f} s {ratio}{wanted}")


if __name__ == "__main__":
    main()
