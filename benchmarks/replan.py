"""What answering events to a published plan costs, against planning from nothing: one withdrawal, ten, a moved session, a closed host.

    python benchmarks/replan.py out/henan-2019-2022

Reads a finished run, publishes it into a register of its own, and tries each answer without putting it in force. Processor seconds of the answer and of
the first solve (as the run tells them) are of one machine, so their ratio means something on any.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from allocator.answers.runs import load_run
from allocator.engine.run import Run
from allocator.engine.time_limit import Clock
from allocator.register import Register
from allocator.register.publish import publish
from allocator.register.records import Event, EventKind
from allocator.register.replan import answer

STAGES = ("instance", "replan", "audit", "bounds")


def cases(run: Run, on: date) -> dict[str, list[Event]]:
    """Events by the name of the case; whom they touch is drawn from a seed."""
    table = run.plan.placements
    later = table[
        (table["headcount"] == 1) & (table["start_date"] > pd.Timestamp(on + timedelta(60))) & ~table["fixed"]
    ]
    seats = later.sample(10, random_state=1).to_dict("records")
    withdrawals = [
        Event(f"w{n}", on, EventKind.WITHDRAW, row["cadre_id"], row["session_id"], reason="illness")
        for n, row in enumerate(seats)
    ]
    moved = seats[0]
    day = (moved["start_date"] + pd.Timedelta(days=14)).date().isoformat()
    host = run.inputs.programmes.set_index("programme_id")["host_id"]
    people = later["programme_id"].map(host).value_counts()
    closed = str(people.index[len(people) // 2])
    return {
        "one withdrawal": withdrawals[:1],
        "ten withdrawals": withdrawals,
        "a moved session": [Event("m", on, EventKind.MOVE_SESSION, "", moved["session_id"], value=day, reason="flood")],
        f"a closed host ({people[closed]} people)": [
            Event("h", on, EventKind.CLOSE_HOST, value=closed, reason="flood")
        ],
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a run folder")
    asked = parser.parse_args()
    run = load_run(asked.run)
    on = date(run.inputs.years[0], 2, 20)
    first = sum(run.result.seconds.get(name, 0.0) for name in run.result.seconds if not name.startswith("write"))
    print(f"first solve: {first:.1f} s")
    print(f"{'case':34} {'seats':>5} {'change':>6} {'bound':>6} {'engine s':>8} {'all s':>6} {'engine/first':>12}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.db"
        with Register.open(path, create=True) as register:
            publish(register, run, by="bench", on=date(run.inputs.years[0], 1, 2), reason="benchmark")
            for name, events in cases(run, on).items():
                clock, start = Clock(None), time.process_time()
                made = answer(register, by="bench", on=on + timedelta(1), noted=events, dry_run=True, clock=clock)
                took = time.process_time() - start
                engine = sum(clock.stages.get(stage, 0.0) for stage in STAGES)
                bound = "–" if made.made.bound is None else f"{made.made.bound:.0f}"
                print(
                    f"{name:34} {len(made.changes):5} {made.made.change:6} {bound:>6} {engine:8.1f} {took:6.1f} {engine / first:12.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
