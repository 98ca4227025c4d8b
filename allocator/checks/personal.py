"""Counting for personal rules: who must attend within a window of years, and whether there are seats for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.checks.finding import CHECKS, Finding, finding, missed, names, span
from allocator.checks.open_seats import Openings, Part
from allocator.domain.rules import Coverage, Interval, MakeUp, RuleKind
from allocator.engine.solvers.max_flow import SINK, SOURCE, Flow, Network
from allocator.language.message import Message, value
from allocator.model.personal.interval import carries
from allocator.model.personal.register import past_pattern


@dataclass(frozen=True, eq=False)
class Window:
    """Plan years (boolean (Y,)) in which each of some people (boolean (I,)) must attend one of some programmes."""

    years: np.ndarray
    must: np.ndarray


@CHECKS.add(Coverage)
def check_coverage(openings: Openings, rule: Coverage) -> list[Finding]:
    """Everyone of the audience against openings and seats of each span of years."""
    instance = openings.instance
    audience, holds, span = instance.audience(rule.audience), instance.holds(rule), rule.window_years
    spans = [np.arange(start, start + span) for start in range(0, len(holds) - span + 1, span)]
    windows = [Window(np.isin(np.arange(len(holds)), of), audience) for of in spans if holds[of].all()]
    return _check(openings, rule, [("", instance.counting(rule.programmes, rule.least_days), windows)])


@CHECKS.add(Interval)
def check_interval(openings: Openings, rule: Interval) -> list[Finding]:
    """Those whom the record leaves without, against openings and seats of each window that ends in the plan."""
    demands = []
    for content in rule.contents or ("",):
        counting = openings.instance.counting(rule.programmes, rule.least_days)
        past = openings.instance.history.counting(rule.programmes, rule.least_days)
        demands.append(_carried(openings, rule, content, counting, past, rule.every_years))
    return _check(openings, rule, demands)


@CHECKS.add(MakeUp)
def check_make_up(openings: Openings, rule: MakeUp) -> list[Finding]:
    """Those who reach the years without, against openings and seats until then."""
    counting = openings.instance.counting(rule.programmes)
    past = openings.instance.history.counting(rule.programmes)
    return _check(
        openings, rule, [_carried(openings, rule, c, counting, past, rule.after_years) for c in rule.contents]
    )


Demand = tuple[str, np.ndarray, list[Window]]  # content, programmes that count (P,), windows


def _carried(
    openings: Openings, rule: RuleKind, content: str, counting: np.ndarray, past: np.ndarray, span: int
) -> Demand:
    """The windows of ``span`` years that end in the plan; whom the record satisfies is not in them."""
    instance = openings.instance
    if content:
        counting = counting & carries(instance, content)
        past = past & instance.history.carrying(content)
    people = instance.audience(rule.audience) & instance.is_named
    pattern = past_pattern(instance, past, span)
    years, holds = np.arange(len(instance.years)), instance.holds(rule)
    windows = [
        # Bit b of the record is the year b - (span - 1), counted from the first plan year.
        Window((years > y - span) & (years <= y), people & ((pattern >> y) & ((1 << span) - 1) == 0))
        for y in np.flatnonzero(holds).tolist()
    ]
    return content, counting, windows


def _check(openings: Openings, rule: RuleKind, demands: Sequence[Demand]) -> list[Finding]:
    found: dict[Fact, list[str]] = {}  # Contents of which the same is true.
    for content, counting, windows in demands:
        open_in = np.asarray(openings.counting(counting, np.arange(len(openings.slots))).any(axis=2))
        shut_out: np.ndarray = np.zeros(len(openings.slots), dtype=bool)
        for window in windows:
            shut_out |= window.must & ~open_in[:, window.years].any(axis=1)
        tired = _tired(openings, counting, windows) & ~shut_out
        facts: list[Fact] = [Excluded(*_people(openings, shut_out))] if shut_out.any() else []
        facts += [Tired(*_people(openings, tired))] if tired.any() else []
        facts += [crowd for window in windows if (crowd := _crowd(openings, counting, window))]
        for fact in facts:
            found.setdefault(fact, []).append(content)
    return [finding(fact.said(_content(contents)), rule, missed(rule)) for fact, contents in found.items()]


@dataclass(frozen=True)
class Excluded:
    """People without any class in the years in which they must attend."""

    count: int
    people: tuple[str, ...]

    def said(self, content: str) -> Message:
        """The fact in words."""
        return Message("counting.window-closed", content=content, count=self.count, people=names(self.people))


@dataclass(frozen=True)
class Tired:
    """People who must attend more often than they may."""

    count: int
    people: tuple[str, ...]

    def said(self, content: str) -> Message:
        """The fact in words."""
        return Message("counting.window-repeats", content=content, count=self.count, people=names(self.people))


@dataclass(frozen=True)
class Crowd:
    """People who must attend in a window that has too few seats."""

    years: tuple[int, ...]
    need: int
    most: int
    programmes: tuple[str, ...]

    def said(self, content: str) -> Message:
        """The fact in words."""
        return Message(
            "counting.window-seats", content=content, years=span(self.years), need=self.need, most=self.most,
            programmes=names(self.programmes),
        )  # fmt: skip


Fact = Excluded | Tired | Crowd


def _people(openings: Openings, people: np.ndarray) -> tuple[int, tuple[str, ...]]:
    ids = openings.instance.inputs.cadres["cadre_id"].to_numpy()[people]
    return int(openings.instance.headcount[people].sum()), tuple(ids.tolist())


def _content(contents: Sequence[str]) -> str:
    if not any(contents):
        return ""
    return Message("counting.contents", contents=tuple(value("content", content) for content in contents))


def _tired(openings: Openings, counting: np.ndarray, windows: list[Window]) -> np.ndarray:
    """People who must attend more often than they may, boolean (I,): one attendance serves no two windows apart."""
    count = len(openings.slots)
    owed, last = np.zeros(count, dtype=np.int64), np.full(count, -1)
    for window in windows:  # In order of their last year, so the last year of each serves most of those to come.
        years = np.flatnonzero(window.years)
        apart = window.must & (last < years[0])
        owed += apart
        last = np.where(apart, years[-1], last)
    rows = np.flatnonzero(owed > 1)
    tired = np.zeros(count, dtype=bool)
    tired[rows] = openings.times(openings.counting(counting, rows), rows) < owed[rows]
    return tired


def _crowd(openings: Openings, counting: np.ndarray, window: Window) -> Crowd | None:
    """How many of those who must and can attend in a window have a seat at best, when it is not all of them."""
    part = openings.part(window.must, counting).within(window.years)
    able = np.zeros(len(part.people), dtype=bool)
    able[part.of] = True
    need = int(part.people[able].sum())
    flow, place_nodes = _seated(part, able)
    if flow.value >= need:
        return None
    ids = openings.instance.inputs.programmes["programme_id"].to_numpy()
    full = np.unique(part.places[0][flow.starved[place_nodes]] // part.seats.shape[1])
    years = tuple(np.array(openings.instance.years)[window.years].tolist())
    return Crowd(years, need, flow.value, openings.names.programmes(ids[full].tolist()))


def _seated(part: Part, able: np.ndarray) -> tuple[Flow, np.ndarray]:
    network = Network()
    keys, place = part.places
    people_nodes, place_nodes = network.nodes(len(part.people)), network.nodes(len(keys))
    network.join(SOURCE, people_nodes[able], part.people[able])
    network.join(people_nodes[part.of], place_nodes[place], part.people[part.of])
    network.join(place_nodes, SINK, part.seats.reshape(-1)[keys])
    return network.flow(), place_nodes
