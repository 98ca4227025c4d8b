"""The tables of a comparison; every other run is set against the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from allocator.answers.compare.read_runs import RunFiles
from allocator.audit import BUILT_IN
from allocator.domain.rules import record_of
from allocator.language.message import Message

ALL = "all"  # Scope of the auditor's rows that sum up a year.
ADDED_UP = ("people", "sessions")
"""Units of statistics that add up over the years; shares and figures per head do not, and are averaged."""

CHANGES = ("new", "gone", "more", "fewer", "programme", "year", "date")
"""How the classes of a person differ, the greatest change first: ``more`` and ``fewer`` are of classes beside others that stay or change,
``programme`` is as many, some of other programmes, and ``date`` is another session of the same programme and year.
"""


def judges_seats(kind: str) -> bool:
    """Whether a kind's figures are of all seats judged: only what is wrong among them tells something."""
    return record_of(kind).demands in ("absence", "admission")


def column(what: str, run: str) -> str:
    """The name of a run's column."""
    return f"{what} | {run}"


def goals(runs: Sequence[RunFiles]) -> pd.DataFrame:
    """See ``Comparison.goals``."""
    rows: dict[str, dict[str, object]] = {}
    for run in runs:
        for goal in run.record["goals"]:
            row = rows.setdefault(goal["goal"], {key: goal[key] for key in ("goal", "unit", "sense")})
            row |= {column(what, run.name): goal[what] for what in ("value", "bound")}
    names = [column(what, run.name) for run in runs for what in ("value", "bound")]
    table = pd.DataFrame(list(rows.values()), columns=["goal", "unit", "sense", *names])
    return table.astype(dict.fromkeys(names, "float64"))


def clauses(runs: Sequence[RunFiles]) -> pd.DataFrame:
    """See ``Comparison.clauses``."""
    titles = {rule.id: (rule.title.said("en"), rule.title.said("zh")) for rule in BUILT_IN}
    heads: dict[str, tuple[str, str, str]] = {}
    figures = {}
    for run in runs:
        if run.inputs is not None:
            titles |= {rule.id: (rule.title, rule.title_zh) for rule in run.inputs.policy.rules}
        rows = run.audit[run.audit["scope"] == ALL]
        for row in rows.drop_duplicates("rule_id").itertuples():
            heads.setdefault(str(row.rule_id), (str(row.clause), str(row.kind), str(row.unit)))
        summed = _over_years(rows)
        for what in summed:
            figures[column(str(what), run.name)] = summed[what]
    table = pd.DataFrame(figures).reindex(list(heads)).astype("float64")
    shown = [column(what, run.name) for what in ("achieved", "shortfall") for run in runs]
    counting = [rule for rule, (_, kind, _) in heads.items() if judges_seats(kind)]
    differ = pd.Series(False, index=table.index)
    for what in ("required", "achieved", "shortfall"):
        own = table[[column(what, run.name) for run in runs]]
        looked_at = (what == "shortfall") | ~table.index.isin(counting)
        differ |= looked_at & ((own.nunique(axis=1) > 1) | (own.isna().any(axis=1) & own.notna().any(axis=1)))
    front = pd.DataFrame(
        [(rule, *heads[rule][:2], *titles.get(rule, ("", "")), heads[rule][2]) for rule in heads],
        columns=["rule_id", "clause", "kind", "title", "title_zh", "unit"],
    )
    return front.join(table[shown].reset_index(drop=True)).assign(differ=differ.to_numpy())


def _over_years(rows: pd.DataFrame) -> pd.DataFrame:
    """What every rule requires, achieves and misses in all years together, or on average where adding up means nothing."""
    figures = rows.groupby("rule_id", sort=False)[["required", "achieved", "shortfall"]]
    unit, kind = (rows.drop_duplicates("rule_id").set_index("rule_id")[name] for name in ("unit", "kind"))
    is_rate = unit.str.startswith("share") | ((kind == "report") & ~unit.isin(ADDED_UP))
    total: pd.DataFrame = figures.sum(min_count=1)
    return total.mask(is_rate.reindex(total.index), figures.mean(), axis=0)


def units(runs: Sequence[RunFiles]) -> pd.DataFrame:
    """See ``Comparison.units``."""
    names: dict[str, tuple[str, str]] = {}
    for run in reversed(runs):
        if run.inputs is not None:
            units = run.inputs.units
            own = zip(units["unit_id"], units["name"], units["name_en"], strict=True)
            names |= {unit: (name, english) for unit, name, english in own}
    seats = {column("seats", run.name): run.plan.groupby("unit_id")["headcount"].sum() for run in runs}
    table = pd.DataFrame(seats).fillna(0).astype("int64").sort_index()
    front = pd.DataFrame(
        [(unit, *names.get(unit, ("", ""))) for unit in table.index], columns=["unit_id", "name", "name_en"]
    )
    return front.join(table.reset_index(drop=True))


def people(runs: Sequence[RunFiles]) -> pd.DataFrame:
    """See ``Comparison.people``."""
    columns = ["run", "cadre_id", "name", "unit_id", "unit", "unit_en", "change", "before", "after", "served", "serves"]
    rows = [row for run in runs[1:] for row in _moves(runs[0], run)]
    return pd.DataFrame(rows, columns=columns).astype("str")


def _moves(first: RunFiles, other: RunFiles) -> Iterable[tuple[str, ...]]:
    """One row for each person whose classes differ between two runs."""
    keys = ["cadre_id", "unit_id", "year", "programme_id", "session_id"]
    seats_of = (
        run.plan.groupby(keys, as_index=False)
        .agg(headcount=("headcount", "sum"))
        .merge(run.plan.drop_duplicates(keys)[[*keys, "rules"]], "left", keys)
        for run in (first, other)
    )
    both = next(seats_of).merge(next(seats_of), "outer", keys, suffixes=("", "_b"))
    held = both[["headcount", "headcount_b"]].fillna(0).astype("int64")
    common = held.min(axis=1)  # Of a group only the seats that are not in both plans move.
    both = both.assign(given=held["headcount"] - common, taken=held["headcount_b"] - common)
    kept = set(both.loc[common > 0, "cadre_id"])
    names, units, clauses = _known(first, other)
    for cadre, rows in both[(both["given"] > 0) | (both["taken"] > 0)].groupby("cadre_id"):
        before, after = (
            rows[rows[seats] > 0].drop(columns="headcount").rename(columns={seats: "headcount"})
            for seats in ("given", "taken")
        )
        unit = str(rows["unit_id"].iat[0])
        yield (
            other.name, str(cadre), names.get(str(cadre), ""), unit, *units.get(unit, ("", "")),
            _change(before, after, is_kept=cadre in kept), "; ".join(before["session_id"]), "; ".join(after["session_id"]),
            _served(before["rules"], clauses), _served(after["rules_b"], clauses),
        )  # fmt: skip


def _change(before: pd.DataFrame, after: pd.DataFrame, *, is_kept: bool) -> str:
    if not is_kept and before.empty:
        return "new"
    if not is_kept and after.empty:
        return "gone"
    for change, keys in (("date", ["year", "programme_id"]), ("year", ["programme_id"])):
        if before.groupby(keys)["headcount"].sum().equals(after.groupby(keys)["headcount"].sum()):
            return change
    # Seats, not rows: an unnamed group has several in one session.
    seats = int(after["headcount"].sum()) - int(before["headcount"].sum())
    return "programme" if seats == 0 else "more" if seats > 0 else "fewer"


def _known(*runs: RunFiles) -> tuple[dict[str, str], dict[str, tuple[str, str]], dict[str, str]]:
    """Names of people and units, and the clause of every rule, as far as the inputs tell."""
    names: dict[str, str] = {}
    units: dict[str, tuple[str, str]] = {}
    clauses: dict[str, str] = {}
    for run in runs:
        if run.inputs is not None:
            names |= dict(zip(run.inputs.cadres["cadre_id"], run.inputs.cadres["name"], strict=True))
            own = run.inputs.units
            units |= dict(zip(own["unit_id"], zip(own["name"], own["name_en"], strict=True), strict=True))
            clauses |= {rule.id: rule.clause or rule.id for rule in run.inputs.policy.rules}
    return names, units, clauses


def _served(rules: pd.Series, clauses: dict[str, str]) -> str:
    served = dict.fromkeys(clauses.get(rule, rule) for text in rules for rule in str(text).split(";") if rule)
    return "; ".join(served)


def notes(runs: Sequence[RunFiles]) -> tuple[Message, ...]:
    """See ``Comparison.notes``."""
    found = [note for run in runs for note in run.notes]
    first = runs[0]
    for run in runs[1:]:
        roles = sorted(role for role in {*first.hashes, *run.hashes} if first.hashes.get(role) != run.hashes.get(role))
        if roles:
            found.append(Message("compare.other-inputs", run=run.name, first=first.name, files=tuple(roles)))
        if "cadres" in roles and first.inputs is not None and run.inputs is not None:
            here, there = (set(one.inputs.cadres["cadre_id"]) for one in (run, first) if one.inputs is not None)
            found.append(Message("compare.other-people", run=run.name, new=len(here - there), gone=len(there - here)))
        if run.record["horizon"] != first.record["horizon"]:
            years = tuple(map(str, run.record["horizon"]))
            found.append(Message("compare.other-years", run=run.name, years=years))
    return tuple(dict.fromkeys(found))
