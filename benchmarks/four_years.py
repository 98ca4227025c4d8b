"""Four years of an office, by its commands alone: publish, events, replan, attendance, closing, and the next plan, without an edit by hand.

    python benchmarks/four_years.py tiny --folder out/four-years

Every quarter people withdraw, join, leave and move; one spring the sessions of three months are called off, two hosts close. At the end of
a year hosts report who came. Everything is drawn from a seed. The table that is printed has the measure of every clause in each year as
it was when the year was over.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from typer.testing import CliRunner

from allocator.audit import audit
from allocator.cli.app import app
from allocator.inputs import load
from allocator.register import Register

WITHDRAW, ABSENT, TURNOVER = 0.05, 0.02, 0.20
"""Shares of seats that are given up and missed, and of people who leave, join or move in a year."""
QUARTERS = ((1, 15), (4, 1), (7, 1), (10, 1))
SPRING, HOSTS = 2020, 2
"""The year of the epidemic spring, and how many hosts close."""


class Office:
    """A register and what is done with it; every command must succeed."""

    def __init__(self, scenario: Path, folder: Path, seed: int) -> None:
        self.scenario, self.folder = scenario, folder
        self.random = random.Random(seed)
        self.register = folder / "register.db"
        self.count, self.closed = 0, 0
        self.log: list[dict[str, Any]] = []

    def call(self, *words: object, codes: tuple[int, ...] = (0,)) -> Any:
        """A command, with what it says as JSON."""
        start = time.process_time()
        done = CliRunner().invoke(app, [*map(str, words), "--json"])
        if done.exit_code not in codes:
            raise SystemExit(f"{' '.join(map(str, words))}\nended with {done.exit_code}:\n{done.output}")
        self.log.append({"command": words[0], "seconds": round(time.process_time() - start, 1), "code": done.exit_code})
        text = done.stdout
        return json.loads(text[text.index("{") :]) if "{" in text else {}

    def at(self, *words: object, on: date, codes: tuple[int, ...] = (0,)) -> Any:
        """A command that works on the register as of a day."""
        return self.call(*words, "--register", self.register, "--by", "office", "--as-of", on.isoformat(), codes=codes)

    def plan(self, scenario: Path, year: int) -> None:
        """Plan a scenario and put it in force at the beginning of a year."""
        run = self.folder / f"plan-{year}"
        self.call("plan", scenario, "--out", run, "--force", codes=(0, 4))
        self.at("publish", run, "--reason", "annual plan", on=date(year, 1, 2))

    def year(self, year: int) -> pd.DataFrame:
        """A year from its first event to its end; the measure of every clause."""
        changes = []
        for quarter, (month, day) in enumerate(QUARTERS):
            on = date(year, month, day)
            sheet = self.events(year, quarter, on)
            if sheet is not None:
                self.at("event", sheet, on=on)
                changes.append(self.at("replan", "--despite-breaches", on=on))
        over = date(year + 1, 1, 3)
        self.at("record", self.attendance(year), on=over)
        return self.measures(year, changes)

    def events(self, year: int, quarter: int, on: date) -> Path | None:
        """What happens in a quarter, as a sheet."""
        with Register.open(self.register) as register:
            inputs = load(register.write_inputs(register.latest().version, self.folder / "now"))
            seats, sessions = register.seats(held=True), register.sessions(on=on)
        dates = sessions.set_index("session_id")
        coming = [s for s in seats["session_id"] if dates.loc[s, "start_date"] > on.isoformat()]
        seats = seats[seats["session_id"].isin(coming) & (seats["headcount"] == 1)]
        seats = seats.assign(
            start=seats["session_id"].map(dates["start_date"]), end=seats["session_id"].map(dates["end_date"])
        )
        last = f"{year}-{3 * quarter + 3:02d}-31"
        soon = seats[(seats["start"] <= last) & (seats["year"] == year)]
        rows: list[dict[str, str]] = []
        cancelled: set[str] = set()

        def add(kind: str, reason: str, **cells: str) -> None:
            self.count += 1
            rows.append({"event_id": f"v{self.count}", "date": on.isoformat(), "kind": kind, "reason": reason, **cells})

        if year == SPRING and quarter == 0:
            spring = sessions[(sessions["start_date"] >= f"{year}-02-01") & (sessions["start_date"] <= f"{year}-04-30")]
            for session in spring["session_id"][spring["state"].isin(["draft", "issued"])]:
                add("cancel-session", "epidemic", session_id=session)
                cancelled.add(session)
        if quarter == 2 and self.closed < HOSTS and year < 2022:
            host = inputs.programmes.set_index("programme_id")["host_id"]
            of = inputs.sessions.set_index("session_id")["programme_id"].map(host)
            counts = of[[s for s in coming if s in of.index]].value_counts()
            if len(counts) > 1:
                add("close-host", "flood", value=str(counts.index[-1 - self.closed]))
                self.closed += 1
                gone = of[of == counts.index[-self.closed]].index
                cancelled |= set(gone)
        free = soon[~soon["session_id"].isin(cancelled)]
        for row in free.sample(frac=WITHDRAW, random_state=self.random.randrange(10**6)).to_dict("records"):
            add("withdraw", "illness", cadre_id=row["cadre_id"], session_id=row["session_id"])
        named = inputs.cadres[inputs.cadres["headcount"] == 1]
        busy = {row["cadre_id"] for row in rows if row["kind"] == "withdraw"}
        moves = named[~named["cadre_id"].isin(busy)].sample(
            frac=TURNOVER / 4, random_state=self.random.randrange(10**6)
        )
        for n, row in enumerate(moves.to_dict("records")):
            if n % 3 == 0:
                add("leave", "retired", cadre_id=row["cadre_id"])
            elif n % 3 == 1:
                others = named["unit_id"][named["unit_id"] != row["unit_id"]]
                unit = others.iloc[self.random.randrange(len(others))]
                add("transfer", "moved", cadre_id=row["cadre_id"], unit_id=unit)
            else:
                name = f"new-{year}-{quarter}-{n}"
                value = f"name={name}; category={row['category']}; rank={row['rank']}; post={row['post']}"
                add("join", "appointed", cadre_id=name, unit_id=row["unit_id"], value=value)
        if not rows:
            return None
        path = self.folder / f"events-{year}-{quarter + 1}.csv"
        pd.DataFrame(rows).fillna("").to_csv(path, index=False)
        return path

    def attendance(self, year: int) -> Path:
        """What hosts report of a year."""
        with Register.open(self.register) as register:
            seats = register.seats(held=True)
        own = seats[seats["year"] == year]
        absent = own.sample(frac=ABSENT, random_state=self.random.randrange(10**6)).index
        table = own[["session_id", "cadre_id"]].assign(present=["no" if i in absent else "yes" for i in own.index])
        path = self.folder / f"attendance-{year}.csv"
        table.to_csv(path, index=False)
        return path

    def measures(self, year: int, changes: list[Any]) -> pd.DataFrame:
        """What each rule asks for and gets, by the plan in force at the end of a year, and how much was changed in it."""
        with Register.open(self.register) as register:
            version = register.latest().version
            inputs = load(register.write_inputs(version, self.folder / "now"))
            report = audit(register.plan(version), inputs)
        table = report.rules.assign(year=year)
        proven = sum(bool(one["proven"]) for one in changes)
        people = sum(len({row["cadre_id"] for row in one["changes"]}) for one in changes)
        print(
            f"{year}: {len(changes)} replans, {proven} proven, {people} people's seats changed, {report!r}", flush=True
        )
        return table[["year", "rule_id", "clause", "required", "achieved", "unit", "status"]]


def main() -> None:
    """Play the four years and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", help="tiny, one-prefecture or henan-2019-2022")
    parser.add_argument("--folder", type=Path, default=Path("out/four-years"))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    office = Office(Path("scenarios") / f"{asked.size}.toml", asked.folder, asked.seed)
    scenario, tables = office.scenario, []
    years = load(scenario).years
    for year in years:
        office.plan(scenario, year)
        tables.append(office.year(year))
        following = asked.folder / f"after-{year}"
        words = ("close", "--year", year, "--out", following, *(("--next-plan",) if year == years[-1] else ()))
        office.at(*words, on=date(year + 1, 1, 5))
        scenario = following / "scenario.toml"
    office.call("check", scenario, codes=(0, 4))
    table = pd.concat(tables)
    table.to_csv(asked.folder / "clauses.csv", index=False)
    print(pd.DataFrame(office.log).groupby("command")["seconds"].agg(["count", "sum", "max"]))


if __name__ == "__main__":
    main()
