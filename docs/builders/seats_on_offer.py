"""Supply against demand: what the seats of a data set offer, beside what the rules of its policy ask for.

Counting only: no solver. A ratio of one means that not one seat may be wasted; the rules bind where it is little more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.domain.rules import Coverage, Cumulative, Eligibility, Interval, MakeUp, Quota, ShareFloor, Spacing
from allocator.domain.tables import Inputs


@dataclass(frozen=True)
class Supply:
    """Counts over the tables of one scenario."""

    inputs: Inputs

    @cached_property
    def seats(self) -> pd.DataFrame:
        """Usable seats, a row for each programme in the order of the programmes, a column for each plan year."""
        table = self.inputs.sessions.pivot_table(
            index="programme_id", columns="year", values="usable_seats", aggfunc="sum", fill_value=0
        )
        return table.reindex(
            index=self.inputs.programmes["programme_id"], columns=list(self.inputs.years), fill_value=0
        )

    @cached_property
    def heads(self) -> np.ndarray:
        """People behind each row of the roster."""
        return self.inputs.cadres["headcount"].to_numpy()

    @cached_property
    def admitted(self) -> np.ndarray:
        """Who may attend what, as a boolean array of shape (cadres, programmes)."""
        inputs = self.inputs
        allowed = np.zeros((len(inputs.cadres), len(inputs.programmes)), dtype=bool)
        for rule in inputs.policy.rules:
            if isinstance(rule, Eligibility) or (isinstance(rule, Quota) and rule.admits):
                allowed |= np.outer(inputs.audience(rule.audience), inputs.counting(rule.programmes))
        unit_ids = inputs.cadres["unit_id"]
        for column, serves in enumerate(inputs.programmes["serves_unit_id"]):
            if serves:
                inside = {unit_id for unit_id, line in inputs.lines.items() if serves in line}
                allowed[:, column] &= unit_ids.isin(inside).to_numpy()
        return allowed

    def offered(self, people: np.ndarray, programmes: np.ndarray) -> pd.Series:
        """Seats by year in those programmes to which any of the people is admitted."""
        open_to = programmes & self.admitted[people].any(axis=0)
        found: pd.Series = self.seats[open_to].sum()
        return found

    def years_since(self, programmes: np.ndarray, contents: Iterable[str]) -> np.ndarray:
        """Year of the last record that counts, the least over the contents; 0 when there is none."""
        history, last = self.inputs.history, np.full(len(self.inputs.cadres), 9999)
        counts = history["host_group"].isin(set(self.inputs.programmes.loc[programmes, "host_group"]))
        for content in contents:
            carries = counts & np.array([content in text.split(";") for text in history["content"]], dtype=bool)
            years = history[carries].groupby("cadre_id")["year"].max()
            last = np.minimum(last, self.inputs.cadres["cadre_id"].map(years).fillna(0).to_numpy().astype(int))
        return last


def supply_lines(supply: Supply) -> Iterator[str]:
    """The sections of one scenario as lines of Markdown."""
    yield from _roster(supply)
    yield from _sessions(supply)
    yield from _quotas(supply)
    yield from _floors(supply)
    yield from _intervals(supply)
    yield from _coverage(supply)
    yield from _hours(supply)


def _roster(supply: Supply) -> Iterator[str]:
    cadres = supply.inputs.cadres
    named = cadres["headcount"] == 1
    trained = set(supply.inputs.history.loc[~supply.inputs.history["online"], "cadre_id"])
    never = named & ~cadres["cadre_id"].isin(trained)
    teams = cadres.loc[cadres["team_id"] != "", "team_id"].nunique()
    yield (
        f"{int(named.sum()):,} named people, {int(cadres.loc[~named, 'headcount'].sum()):,} in "
        f"{int((~named).sum()):,} unnamed groups, {teams:,} leadership teams, {len(supply.inputs.units):,} units; "
        f"{never.sum() / named.sum():.1%} of the named have no class on record in the five years before the plan."
    )
    yield ""
    count = np.array([int(text) for text in supply.admitted[named.to_numpy()].sum(axis=1)])
    table = cadres.assign(named=named, never=never, teams=cadres["team_id"].where(cadres["team_id"] != ""))
    table["programmes"] = 0
    table.loc[named, "programmes"] = count
    yield "| category | named | in groups | teams | without a class on record | most programmes open to one |"
    yield "|---|--:|--:|--:|--:|--:|"
    for category, part in table.groupby("category", sort=False):
        people, groups = int(part["named"].sum()), int(part.loc[~part["named"], "headcount"].sum())
        share = f"{part['never'].sum() / people:.1%}" if people else ""
        most = int(part["programmes"].max()) if people else ""
        yield f"| `{category}` | {people:,} | {groups:,} | {part['teams'].nunique():,} | {share} | {most} |"
    yield ""


def _sessions(supply: Supply) -> Iterator[str]:
    inputs = supply.inputs
    table = inputs.sessions.merge(inputs.programmes[["programme_id", "host_group", "level", "days"]], on="programme_id")
    above = table[table["level"].isin(["central", "provincial"])].groupby("year").size()
    yield "### Sessions and seats on offer, by host and length"
    yield ""
    yield f"Sessions of the province and the centre, by year: {', '.join(map(str, above))}; of all levels: {len(table):,} in all years."
    yield ""
    yield "| host group | level | days | " + " | ".join(f"{year}" for year in inputs.years) + " |"
    yield "|---|---|--:|" + "--:|" * len(inputs.years)
    for (host, level, days), part in table.groupby(["host_group", "level", "days"], sort=False):
        years = [part[part["year"] == year] for year in inputs.years]
        cells = " | ".join(f"{len(one)} × {one['seats'].mean():.0f}" if len(one) else "0" for one in years)
        yield f"| {host} | {level} | {days:g} | {cells} |"
    yield ""
    yield "Sessions × mean seats. A long class gives one seat to an observer; the tables below count usable seats."
    yield ""


def _quotas(supply: Supply) -> Iterator[str]:
    inputs = supply.inputs
    gaps = [rule for rule in inputs.policy.rules if isinstance(rule, Spacing) and rule.same_programme_years]
    yield "### Quotas"
    yield ""
    yield (
        "Seats: the least of the plan years. Rotation: how many years the audience lasts when nobody goes twice; it must "
        "reach the years that lie between two classes of one programme, less where every year has a programme of its own."
    )
    yield ""
    yield "| rule | people a year | seats | seats per person | audience | rotation, years | repeat after, years |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for rule in inputs.policy.rules:
        if not isinstance(rule, Quota):
            continue
        people, programmes = inputs.audience(rule.audience), inputs.counting(rule.programmes)
        seats, heads = int(supply.offered(people, programmes).min()), int(supply.heads[people].sum())
        named = people & (supply.heads == 1)
        repeat = max(
            (
                gap.same_programme_years or 0
                for gap in gaps
                if (inputs.counting(gap.programmes) & programmes).any()
                and (inputs.audience(gap.audience) & named).any()
            ),
            default=0,
        )
        ratio = (
            f"{seats / rule.amount:.2f} | {heads:,} | {heads / rule.amount:.1f}" if rule.amount else f"| {heads:,} |"
        )
        yield f"| `{rule.id}` | {rule.amount} | {seats} | {ratio} | {repeat or 'free'} |"
    yield ""


def _floors(supply: Supply) -> Iterator[str]:
    inputs = supply.inputs
    yield "### Share floors"
    yield ""
    yield (
        "Seats: the least of the plan years, in programmes that count and admit anybody of the category. One seat can be "
        "counted for several categories, and a second class of one person fills a seat without helping the floor."
    )
    yield ""
    yield "| rule | kind of unit | groups | people | needed a year | seats | seats per need |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    roster = inputs.roster
    for rule in inputs.policy.rules:
        if not isinstance(rule, ShareFloor):
            continue
        inside = inputs.audience(rule.audience) & (roster[rule.group_by] != "").to_numpy()
        programmes = inputs.counting(rule.programmes) & (inputs.programmes["days"] >= rule.least_days).to_numpy()
        # A team is listed under the kind of its unit; groups that run across kinds stand together.
        kinds = roster["unit_kind"] if rule.group_by == "team_id" else pd.Series("all", index=roster.index)
        for kind in dict.fromkeys(kinds[inside]):
            people = inside & (kinds == kind).to_numpy()
            sizes = roster[people].groupby(rule.group_by)["headcount"].sum()
            need = sum(math.ceil(rule.share * int(size)) for size in sizes)
            seats = int(supply.offered(people, programmes).min())
            yield f"| `{rule.id}` | {kind} | {len(sizes):,} | {int(sizes.sum()):,} | {need:,} | {seats:,} | {seats / need:.2f} |"
    yield ""


def _intervals(supply: Supply) -> Iterator[str]:
    inputs = supply.inputs
    first = inputs.years[0]
    yield "### Intervals and make-up"
    yield ""
    yield (
        "People who must go in a year, by their records alone and when nobody goes earlier than needed, against the seats "
        "that count and admit them. An interval of three years sends those of the first year again in the fourth."
    )
    yield ""
    yield "| rule | strength | people | " + " | ".join(f"due {year}" for year in inputs.years) + " | seats a year |"
    yield "|---|---|--:|" + "--:|" * (len(inputs.years) + 1)
    for rule in inputs.policy.rules:
        if not isinstance(rule, Interval | MakeUp):
            continue
        people, programmes = inputs.audience(rule.audience), inputs.counting(rule.programmes)
        period = rule.every_years if isinstance(rule, Interval) else rule.after_years
        last = supply.years_since(programmes, rule.contents)[people]
        due = np.maximum(last + period, first)
        cells = []
        for year in inputs.years:
            cells.append(f"{int((due == year).sum()):,}")
            due = np.where(due == year, year + period, due)
        seats = int(supply.offered(people, programmes).min())
        strength = str(rule.strength)
        yield f"| `{rule.id}` | {strength} | {int(people.sum()):,} | {' | '.join(cells)} | {seats:,} |"
    yield ""


def _coverage(supply: Supply) -> Iterator[str]:
    inputs = supply.inputs
    yield "### Coverage"
    yield ""
    yield "| rule | people | within, years | seats in that time | seats per person |"
    yield "|---|--:|--:|--:|--:|"
    for rule in inputs.policy.rules:
        if isinstance(rule, Coverage):
            people = inputs.audience(rule.audience)
            heads = int(supply.heads[people].sum())
            seats = int(supply.offered(people, inputs.counting(rule.programmes)).min()) * rule.window_years
            yield f"| `{rule.id}` | {heads:,} | {rule.window_years} | {seats:,} | {seats / heads:.2f} |"
    yield ""


def _hours(supply: Supply) -> Iterator[str]:
    inputs = supply.inputs
    hours = inputs.programmes["hours"].to_numpy()
    yield "### Hours"
    yield ""
    yield (
        "What a person needs on average beyond the records before the plan and the credited online study, against the class "
        "hours of all seats that admit the category: where the offer is smaller, a shortfall remains and is a result."
    )
    yield ""
    yield "| rule | category | people | asked, hours | needed per head | offered per head |"
    yield "|---|---|--:|--:|--:|--:|"
    for rule in inputs.policy.rules:
        if not isinstance(rule, Cumulative) or rule.hours is None or rule.per_year:
            continue
        inside, programmes = inputs.audience(rule.audience), inputs.counting(rule.programmes)
        start = rule.from_year or inputs.years[0]
        before = inputs.history[inputs.history["year"] >= start].groupby("cadre_id")["hours"].sum()
        own = inputs.cadres["cadre_id"].map(before).fillna(0).to_numpy()
        need = np.maximum(rule.hours - own - rule.credit_hours * len(inputs.years), 0)
        sharing = (supply.admitted & inside[:, None]).sum(axis=0)
        total = supply.seats.to_numpy().sum(axis=1) * hours * programmes
        for category in dict.fromkeys(inputs.cadres.loc[inside, "category"]):
            people = inside & (inputs.cadres["category"] == category).to_numpy()
            # Seats open to several categories are divided in proportion to the people admitted.
            share = np.divide(supply.admitted[people].sum(axis=0), sharing, out=np.zeros(len(hours)), where=sharing > 0)
            offered = float((total * share).sum()) / people.sum()
            yield (
                f"| `{rule.id}` | `{category}` | {int(people.sum()):,} | {rule.hours} | {need[people].mean():.0f} | {offered:.0f} |"
            )
    yield ""
