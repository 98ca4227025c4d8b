"""The inputs of the years that follow: the attendance of the year is history, sessions of the past are left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.domain.plan import Plan, ordered
from allocator.domain.rules import Fixed
from allocator.domain.tables import TABLES, Inputs
from allocator.inputs import load
from allocator.inputs.tables.read_tables import cell_text
from allocator.outputs.run_record import scenario_text
from allocator.register.closing import windows
from allocator.register.events.apply import Applied, apply, brought_up, kept_people
from allocator.register.events.fixed_rule import without
from allocator.register.events.tables_after import Record, Tables, later
from allocator.register.records import Event, EventKind, SeatState
from allocator.system.atomic_write import write_whole

WEEKS = timedelta(weeks=52)
"""How much later a session is held a year on; the day of the week stays."""
NEXT_PLAN = 4
"""Years of the plan that follows."""


@dataclass(frozen=True)
class Following:
    """What follows a closed year.

    Parameters
    ----------
    inputs
        Read from the folder that was given; its files must stay as long as they are used.
    plan
        What is left of the plan in force, with what the carried events force.
    left
        What becomes of the seats that these force out, by session and person.
    cancelled
        Sessions that they call off.
    added
        How many rows came into the history.
    gone
        People who left and are not on the roster any more.
    repeated
        Years of which no session was known, with the year whose sessions stand for them, 52 weeks later each year.
    """

    inputs: Inputs
    plan: Plan
    left: Mapping[tuple[str, str], SeatState]
    cancelled: tuple[str, ...]
    added: int
    gone: tuple[str, ...]
    repeated: Mapping[int, int]


def following(
    inputs: Inputs,
    plan: Plan,
    attended: pd.DataFrame,
    events: Sequence[Event],
    leavers: Collection[str],
    years: Sequence[int],
    begun: int,
    folder: Path,
    version: int,
) -> Following:
    """Make the inputs of the years that follow, and read them like any other.

    Parameters
    ----------
    inputs, plan
        Those in force.
    attended
        session_id, cadre_id, headcount, year and hours of the seats whose holders completed the session.
    events
        Events that no version has answered, and that the next plan is to take into account.
    leavers
        People who left, these events included.
    years
        The years to plan.
    begun
        The first year of the plan to which they belong.
    version
        The number of the version that these inputs will belong to.

    Raises
    ------
    InputError
        If what results does not pass the checks of every input.
    """
    applied = apply(inputs, events, plan, folder / "events", version=version)
    tables = Tables(applied.inputs)
    table = plan.placements
    rest = ordered(table[table["year"].isin(years)])
    gone = sorted(
        (set(leavers) & tables.cadres.keys())
        - kept_people(inputs)
        - set(rest.placements["cadre_id"][_stays(rest, applied)])
    )
    for cadre_id in gone:
        del tables.cadres[cadre_id]
    history, added = _history(inputs, tables, attended)
    year = years[0] - 1
    open_windows = windows.rests(applied.inputs, begun, years)
    windows.mark(tables.cadres, inputs, attended[attended["year"] == year], open_windows, year)
    past = [name for name, one in tables.sessions.items() if int(one["year"]) not in years]
    repeated = _repeat(tables.sessions, years)
    named = {one.session_id for rule in _fixed(inputs) for one in rule.call_ups}
    for session_id in set(past) - named:
        del tables.sessions[session_id]
    known = applied.inputs.merged.get("rules", ())
    rules = without(known if isinstance(known, list | tuple) else (), set(gone), set(past), set())
    rules = windows.written(windows.asked(open_windows, applied.inputs, tables.cadres), rules)
    after = _written(applied.inputs, tables, history, years, rules, folder)
    now = brought_up(rest, replace(applied, inputs=after))
    left = {(session, cadre): _state(event) for (cadre, session), event in applied.forced.items()}
    return Following(after, now, left, applied.cancelled, added, tuple(gone), repeated)


def _stays(rest: Plan, applied: Applied) -> list[bool]:
    """Which of the seats left are not given up."""
    table = rest.placements
    return [seat not in applied.forced for seat in zip(table["cadre_id"], table["session_id"], strict=True)]


def _state(event: Event) -> SeatState:
    return SeatState.REPLACED if event.kind is EventKind.SUBSTITUTE else SeatState.WITHDRAWN


def _fixed(inputs: Inputs) -> list[Fixed]:
    """Rules of the policy itself that name people or sessions."""
    return [rule for rule in inputs.policy.rules if isinstance(rule, Fixed) and not rule.id.startswith("events-")]


def _history(inputs: Inputs, tables: Tables, attended: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The history with a row for each seat that was attended, of people who are still there; how many rows are new."""
    before = tables.frame("history")
    before = before[before["cadre_id"].isin(tables.cadres)]
    known = set(zip(before["cadre_id"], before["programme_id"], before["start_date"], strict=True))
    sessions = {one["session_id"]: one for one in inputs.sessions.to_dict("records")}
    programmes = {one["programme_id"]: one for one in inputs.programmes.to_dict("records")}
    rows: list[Record] = []
    groups = {name for name, one in tables.cadres.items() if one["headcount"] not in ("", "1")}  # They have no record.
    named = attended[attended["cadre_id"].isin(tables.cadres.keys() - groups)]
    for session_id, cadre_id, hours in zip(named["session_id"], named["cadre_id"], named["hours"], strict=True):
        session = sessions[session_id]
        programme = programmes[session["programme_id"]]
        row = {
            "cadre_id": cadre_id, "programme_id": session["programme_id"],
            "start_date": f"{session['start_date']:%Y-%m-%d}", "end_date": f"{session['end_date']:%Y-%m-%d}",
            "days": cell_text(float(programme["days"])), "hours": cell_text(float(hours)),
            "content": str(programme["content"]), "host_group": str(programme["host_group"]),
            "online": cell_text(bool(programme["online"])),
        }  # fmt: skip
        if (cadre_id, row["programme_id"], row["start_date"]) not in known:
            rows.append(row)
    new = pd.DataFrame(rows, columns=before.columns, dtype="str").fillna("")
    return pd.concat([before, new], ignore_index=True), len(rows)


def _repeat(sessions: dict[str, Record], years: Sequence[int]) -> dict[int, int]:
    """Give years of which no session is known those of the last year that has some; which year stands for which."""
    known = sorted({int(one["year"]) for one in sessions.values()})
    found = {year: known[-1] for year in years if known and year not in known and year > known[-1]}
    for year, base in found.items():
        for session_id, one in [item for item in sessions.items() if int(item[1]["year"]) == base]:
            name = session_id.replace(str(base), str(year)) if str(base) in session_id else f"{session_id}-{year}"
            while name in sessions:
                name += "-"
            sessions[name] = {**_moved(one, year, base), "session_id": name, "year": str(year)}
    return found


def _moved(one: Record, year: int, base: int) -> Record:
    """A session as many times 52 weeks later, and on by weeks until it begins in its year."""
    by = (year - base) * WEEKS
    first, last = (date.fromisoformat(one[name]) for name in ("start_date", "end_date"))
    while (first + by).year < year:
        by += timedelta(weeks=1)
    days = {"start_date": (first + by).isoformat(), "end_date": (last + by).isoformat()}
    return {**one, **days, "segments": later(one["segments"], by)}


def _written(
    inputs: Inputs,
    tables: Tables,
    history: pd.DataFrame,
    years: Sequence[int],
    rules: Sequence[Mapping[str, Any]],
    folder: Path,
) -> Inputs:
    """Write tables and scenario into the folder and read them."""
    files = dict(inputs.files)
    for name in TABLES:
        if name in ("cadres", "history", "sessions"):
            files[name] = folder / f"{name}.csv"
            frame = history if name == "history" else tables.frame(name)
            text = frame.to_csv(index=False, lineterminator="\n")
            write_whole(files[name], ("\ufeff" + text).encode())
    merged = {key: value for key, value in inputs.merged.items() if key != "session_changes"}
    merged["rules"] = list(rules)
    if not rules:
        del merged["rules"]
    merged["horizon"] = list(years)
    merged["id"] = _name(str(merged["id"]), inputs.years, years)
    scenario = folder / "scenario.toml"
    write_whole(scenario, scenario_text(replace(inputs, merged=merged, files=files, origins={}), folder).encode())
    return load(scenario)


def _name(scenario_id: str, before: Sequence[int], years: Sequence[int]) -> str:
    """The id of the scenario; one of years beyond those that were planned is another one."""
    if years[-1] == before[-1]:
        return scenario_id
    span, told = f"{years[0]}-{years[-1]}", f"{before[0]}-{before[-1]}"
    return scenario_id.replace(told, span) if told in scenario_id else f"{scenario_id}-{span}"
