"""Random tiny problems as plain Python data: a few people, programmes, sessions and rules, and the inputs made of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from allocator.domain.rules import GOALS
from allocator.domain.tables import Inputs
from tests.engine.builders import make_inputs, rule

PAST = (2016, 2017, 2018)
CONTENTS = ("theory", "party-spirit", "theory;party-spirit", "professional")
SCHOOL = {"host_group": ["school"]}
MINIMISED = ("violation", "overdue", "owed", "fairness")
LETTERS = "abcde"
HISTORY_LENGTHS = ((2, 15.0), (5, 30.0), (10, 75.0))


@dataclass
class World:
    """One problem. Of a programme and year there is at most one session; a group may attend one programme only.

    ``sessions`` maps (programme, year) to (first day, last day, least, seats).
    """

    seed: int
    years: tuple[int, ...] = (2019, 2020)
    people: list[dict[str, Any]] = field(default_factory=list)
    programmes: list[dict[str, Any]] = field(default_factory=list)
    sessions: dict[tuple[str, int], tuple[date, date, int, int]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    rules: list[Any] = field(default_factory=list)
    goals: tuple[Any, ...] = GOALS
    units: tuple[dict[str, str], ...] = (
        {"unit_id": "U", "parent_unit_id": ""},
        {"unit_id": "V", "parent_unit_id": "U"},
        {"unit_id": "W", "parent_unit_id": "U"},
    )

    def inputs(self) -> Inputs:
        """The same as checked inputs."""
        made = make_inputs(
            units=self.units,
            cadres=self.people,
            programmes=self.programmes,
            sessions=[
                {
                    "session_id": f"{p}-{y}", "programme_id": p, "year": y, "start_date": first, "end_date": last,
                    "min_seats": least, "seats": seats,
                }
                for (p, y), (first, last, least, seats) in self.sessions.items()
            ],
            history=self.history,
            rules=self.rules,
            horizon=self.years,
        )  # fmt: skip
        return replace(made, scenario=made.scenario.model_copy(update={"goals": self.goals}))


def chunks(seeds: int, size: int, quick: int) -> list[Any]:
    """The first seed of every chunk, as parameters of a test; those from ``quick`` on are left to ``make check-long``."""
    return [pytest.param(first, marks=[pytest.mark.long] if first >= quick else []) for first in range(0, seeds, size)]


def first_of(seeds: Sequence[int], quick: int) -> list[Any]:
    """Seeds as parameters of a test; those behind the first few are left to ``make check-long``."""
    return [pytest.param(seed, marks=[pytest.mark.long] if n >= quick else []) for n, seed in enumerate(seeds)]


def random_world(seed: int, *, most_people: int = 5) -> World:
    """A problem drawn from a seed."""
    draw = random.Random(seed)
    world = World(seed)
    if draw.random() < 0.15:
        world.years, most_people = (2019, 2020, 2021), 3
    _people(world, draw, most_people)
    _programmes(world, draw)
    _history(world, draw)
    world.rules = _admission(world, draw) + _fixed(world, draw) + _spacing(world, draw)
    makers = draw.sample(MAKERS, k=draw.randint(2, 5))
    world.rules += [make(world, draw, n) for n, make in enumerate(makers)]
    if draw.random() < 0.3:
        world.goals = tuple(draw.sample(GOALS, k=len(GOALS)))
    return world


def _people(world: World, draw: random.Random, most: int) -> None:
    for n in range(draw.randint(2, most)):
        is_group = n > 0 and draw.random() < 0.2 and not any(p["category"] == "village" for p in world.people)
        world.people.append(
            {
                "cadre_id": LETTERS[n],
                "unit_id": draw.choice("UVW"),
                "team_id": draw.choice(["", "x", "x", "y"]),
                "category": "village" if is_group else draw.choice(["head", "deputy"]),
                "gender": draw.choice(["male", "female"]),
                "headcount": draw.randint(2, 3) if is_group else 1,
            }
        )


def _programmes(world: World, draw: random.Random) -> None:
    for n in range(draw.randint(1, 3)):
        days, hours = draw.choice(HISTORY_LENGTHS)
        world.programmes.append(
            {
                "programme_id": f"p{n}", "days": float(days), "hours": hours, "content": draw.choice(CONTENTS),
                "host_group": draw.choice(["school", "institute"]),
                "serves_unit_id": draw.choice(["", "", "", "V", "W"]),
            }
        )  # fmt: skip
        if n and draw.random() < 0.4:  # Programmes equal in everything but the dates, each for a unit of its own.
            world.programmes[-2]["serves_unit_id"] = "V"
            world.programmes[-1] = world.programmes[-2] | {"programme_id": f"p{n}", "serves_unit_id": "W"}
        for y in world.years:
            if draw.random() < 0.85:
                first = date(y, 1, 1) + timedelta(draw.choice([60, 64, 75, 150, 240]))
                seats = draw.randint(1, 4)
                least = draw.choice([0, 0, 0, 1, 2, 3])
                length = world.programmes[-1]["days"]
                world.sessions[f"p{n}", y] = first, first + timedelta(length - 1), least, seats


def _history(world: World, draw: random.Random) -> None:
    for _ in range(draw.randint(0, 4)):
        known = draw.choice([*world.programmes, None])
        days, hours = draw.choice(HISTORY_LENGTHS)
        first = date(draw.choice(PAST), 1, 1) + timedelta(draw.randint(0, 150))
        world.history.append(
            {
                "cadre_id": draw.choice([p["cadre_id"] for p in world.people if p["headcount"] == 1]),
                "programme_id": known["programme_id"] if known else "",
                "start_date": first, "end_date": first + timedelta(days - 1), "days": float(days), "hours": hours,
                "content": known["content"] if known and draw.random() < 0.7 else draw.choice(CONTENTS),
                "host_group": known["host_group"] if known else draw.choice(["school", "institute"]),
            }
        )  # fmt: skip


def _admission(world: World, draw: random.Random) -> list[Any]:
    rules = []
    for category in ("head", "deputy"):
        if draw.random() < 0.85:
            wanted = _programme_filter(world, draw, empty=0.7)
            years = _years(world, draw) if draw.random() < 0.3 else []
            who = {"category": [category]}
            rules.append(rule("eligibility", id=f"admit-{category}", audience=who, programmes=wanted, years=years))
    only = draw.choice(world.programmes)["programme_id"]
    rules.append(
        rule("eligibility", id="admit-group", audience={"category": ["village"]}, programmes={"programme_id": [only]})
    )
    return rules


def _programme_filter(world: World, draw: random.Random, empty: float = 0.4) -> dict[str, Any]:
    if draw.random() < empty:
        return {}
    chance = draw.random()
    if chance < 0.25:
        return SCHOOL
    if chance < 0.4:
        return {"content": [draw.choice(["theory", "party-spirit"])]}
    if chance < 0.5:
        return {"not": {"days": {"max": draw.choice([2, 5])}}}
    ids = [p["programme_id"] for p in world.programmes]
    return {"programme_id": draw.sample(ids, k=draw.randint(1, len(ids)))}


def _audience(draw: random.Random) -> dict[str, Any]:
    return draw.choice(
        [{}, {}, {"category": ["head"]}, {"category": ["deputy"]}, {"gender": ["female"]}, {"not": {"team_id": [""]}}]
    )


def _years(world: World, draw: random.Random) -> list[int]:
    return [draw.choice(world.years)] if draw.random() < 0.25 else []


def _goal(draw: random.Random) -> dict[str, Any]:
    strength = draw.choice(["hard", "soft", "soft", "report"] if draw.random() < 0.2 else ["hard", "soft"])
    return {"strength": strength} | ({"goal": draw.choice(MINIMISED)} if draw.random() < 0.6 else {})


def _common(world: World, draw: random.Random, n: int) -> dict[str, Any]:
    return {
        "id": f"rule-{n}",
        "audience": _audience(draw),
        "programmes": _programme_filter(world, draw),
        "years": _years(world, draw),
    } | _goal(draw)


def _spacing(world: World, draw: random.Random) -> list[Any]:
    rules = []
    # Whole audiences that are called up stand outside the spacing rules, as the policy has it.
    called = [r.programmes.conditions["programme_id"][0] for r in world.rules if getattr(r, "everyone", False)]
    free = {"not": {"programme_id": called}} if called else {}
    if draw.random() < 0.5:
        rules.append(rule("spacing", id="rest", rest_days=draw.choice([10, 60, 90]), programmes=free))
    if draw.random() < 0.7:
        limits: dict[str, Any] = {}
        if draw.random() < 0.6:
            limits["same_programme_years"] = draw.choice([1, 2, 3])
        if draw.random() < 0.5:
            limits["classes_per_year"] = draw.choice([1, 2])
        if draw.random() < 0.4:
            limits |= {"long_days": draw.choice([5, 10]), "long_years": draw.choice([1, 2, 3])}
        rules.append(rule("spacing", id="limits", audience=_audience(draw), programmes=free, **limits))
    return rules


def _fixed(world: World, draw: random.Random) -> list[Any]:
    rules: list[Any] = []
    named = [p for p in world.people if p["headcount"] == 1]
    held = sorted(world.sessions)
    if not held:
        return rules
    if draw.random() < 0.15:
        p, y = draw.choice(held)
        call = {"cadre_id": draw.choice(named)["cadre_id"], "session_id": f"{p}-{y}"}
        rules.append(rule("fixed", id="call-up", call_ups=[call]))
        rules.append(
            rule(
                "eligibility",
                id="admit-called",
                programmes={"programme_id": [p]},
                audience={"category": ["head", "deputy"]},
            )
        )
        _open_to_all(world, p)
    if draw.random() < 0.2:
        pair: dict[str, Any] = {"cadre_id": draw.choice(named)["cadre_id"]}
        pair |= draw.choice([{"programme_id": draw.choice(held)[0]}, {"year": draw.choice(world.years)}])
        rules.append(rule("fixed", id="forbidden", forbidden=[pair]))
    if draw.random() < 0.15:
        first, last, *_ = world.sessions[draw.choice(held)]
        period = {"cadre_id": draw.choice(named)["cadre_id"], "from_date": last, "to_date": last + timedelta(3)}
        rules.append(rule("fixed", id="unavailable", unavailable=[period]))
    if draw.random() < 0.15:
        first, last, *_ = world.sessions[draw.choice(held)]
        blocked = {"from_date": first, "to_date": first}
        rules.append(rule("away-limit", id="blocked", audience={"category": ["deputy"]}, blocked=[blocked]))
    if not rules and draw.random() < 0.2:
        p = draw.choice(held)[0]
        only = {"programme_id": [p]}
        heads = {"category": ["head"]}
        rules.append(
            rule("fixed", id="everyone", everyone=True, audience=heads, programmes=only, years=_years(world, draw))
        )
        rules.append(rule("eligibility", id="admit-everyone", audience=heads, programmes=only))
        _open_to_all(world, p)
        world.rules = rules
    return rules


def _open_to_all(world: World, p: str) -> None:
    """Let a programme admit people of every unit and hold its classes; a call-up to a class that is not held is no task."""
    next(row for row in world.programmes if row["programme_id"] == p)["serves_unit_id"] = ""
    for (programme, y), (first, last, least, seats) in world.sessions.items():
        if programme == p:
            world.sessions[programme, y] = first, last, min(least, seats), seats


def _quota(world: World, draw: random.Random, n: int) -> Any:
    common = _common(world, draw, n)
    common.pop("goal", None)
    admits = draw.random() < 0.3
    if admits:
        common["audience"] = {"category": draw.choice([["head"], ["deputy"], ["head", "deputy"]])}
    return rule(
        "quota", **common, amount=draw.randint(0, 4), band_least=draw.randint(0, 1), admits=admits,
        modality=draw.choice(["about", "about", "at-least", "at-most", "exactly"]),
        band_share=draw.choice(["0", "1/10", "1/2"]),
    )  # fmt: skip


def _share_floor(world: World, draw: random.Random, n: int) -> Any:
    return rule(
        "share-floor", **_common(world, draw, n), share=draw.choice(["1/5", "1/2", "2/3", "1"]),
        least_days=draw.choice([0, 5, 10]), group_by=draw.choice(["team_id", "unit_id"]),
    )  # fmt: skip


def _coverage(world: World, draw: random.Random, n: int) -> Any:
    window = draw.randint(1, 2)
    return rule("coverage", **_common(world, draw, n), window_years=window, least_days=draw.choice([0, 0, 5]))


def _interval(world: World, draw: random.Random, n: int) -> Any:
    contents = draw.choice([[], ["theory"], ["party-spirit"], ["theory", "party-spirit"]])
    return rule(
        "interval", **_common(world, draw, n), contents=contents, every_years=draw.randint(1, 3),
        least_days=draw.choice([0, 0, 5]),
    )  # fmt: skip


def _make_up(world: World, draw: random.Random, n: int) -> Any:
    contents = draw.choice([["theory"], ["theory", "party-spirit"]])
    return rule("make-up", **_common(world, draw, n), contents=contents, after_years=draw.randint(1, 4))


def _cumulative(world: World, draw: random.Random, n: int) -> Any:
    common = _common(world, draw, n)
    per_year = draw.random() < 0.3
    if not per_year:
        common["years"] = []
    limbs: dict[str, Any] = draw.choice(
        [{"days": 7}, {"hours": 40}, {"days": 12, "hours": 85}, {"days": 13, "hours": 100}]
    )
    window = {} if per_year else {"from_year": draw.choice([None, 2017, 2018]), "to_year": draw.choice([None, 2019])}
    return rule("cumulative", **common, **limbs, **window, per_year=per_year, credit_hours=draw.choice([0, 0, 3]))


def _waiting(world: World, draw: random.Random, n: int) -> Any:
    return rule("waiting", **_common(world, draw, n), cap_years=draw.randint(1, 5), least_days=draw.choice([0, 5]))


def _priority(world: World, draw: random.Random, n: int) -> Any:
    common = _common(world, draw, n)
    common.pop("goal", None)
    by_year = {world.years[0]: draw.randint(0, 4)} if draw.random() < 0.5 else {}
    return rule("priority", **common, weight=draw.randint(0, 3), weight_by_year=by_year)


def _representation(world: World, draw: random.Random, n: int) -> Any:
    common = _common(world, draw, n) | {"audience": {"gender": ["female"]}}
    share = draw.choice([None, "1/3", "1/2", "3/10"])
    among = draw.choice([{}, {}, {"category": ["head"]}])
    return rule("representation", **common, among=among, **({"share": share} if share else {}))


def _apportion(world: World, draw: random.Random, n: int) -> Any:
    most = draw.choice([None, None, 1, 2])
    return rule(
        "apportion", **_common(world, draw, n), amount=draw.randint(0, 5), tolerance=draw.choice([0, 0, 1]),
        least=draw.choice([0, 0, 1]), most=most, group_by=draw.choice(["team_id", "unit_id"]),
    )  # fmt: skip


MAKERS = [
    _quota, _quota, _share_floor, _coverage, _interval, _make_up, _cumulative, _waiting, _priority, _representation,
    _apportion,
]  # fmt: skip
