"""Random tiny problems in which dates decide: several sessions of a programme in a year, few weeks, few people away at once.

``DatedBrute`` goes through every dated plan. Nobody attends a programme twice in a year, so each person's ways are those of all
choices of one session for each programme and year, as ``Brute`` lists them for each choice.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from allocator.domain.rules import GOALS
from allocator.domain.tables import Inputs
from tests.engine.builders import make_inputs, rule
from tests.property.brute import MOST_STATES, Brute, TooLargeError, holds_for
from tests.property.worlds import World, random_world

Session = tuple[date, date, int, int]
"""First day, last day, least, seats."""

STARTS = (60, 64, 68, 72, 90)
"""Days of the year on which sessions begin."""


@dataclass
class DatedWorld(World):
    """A problem with further sessions of programmes and years; nobody is called up, and nobody is a group."""

    more: dict[tuple[str, int], list[Session]] = field(default_factory=dict)

    @property
    def dated(self) -> list[tuple[str, tuple[str, int], Session]]:
        """Every session: its id, programme and year, and dates."""
        return [
            (f"{p}-{y}-{n}", (p, y), one)
            for (p, y), first in sorted(self.sessions.items())
            for n, one in enumerate([first, *self.more.get((p, y), [])])
        ]

    def inputs(self) -> Inputs:
        """The same as checked inputs."""
        made = make_inputs(
            units=self.units,
            cadres=self.people,
            programmes=self.programmes,
            sessions=[
                {
                    "session_id": s, "programme_id": p, "year": y, "start_date": first, "end_date": last,
                    "min_seats": least, "seats": seats,
                }
                for s, (p, y), (first, last, least, seats) in self.dated
            ],
            history=self.history,
            rules=self.rules,
            horizon=self.years,
        )  # fmt: skip
        return replace(made, scenario=made.scenario.model_copy(update={"goals": self.goals}))


def dated_world(seed: int, *, most_people: int = 4) -> DatedWorld:
    """A problem drawn from a seed."""
    known, draw = random_world(seed, most_people=most_people), random.Random(f"dated {seed}")
    world = DatedWorld(**vars(known))
    for person in world.people:
        person |= {"headcount": 1, "post": person["category"] if person["category"] != "village" else "deputy"}
    world.rules = [one for one in world.rules if not getattr(one, "call_ups", ())]
    length = {row["programme_id"]: int(row["days"]) for row in world.programmes}

    def drawn(p: str, y: int) -> Session:
        first = date(y, 1, 1) + timedelta(draw.choice(STARTS))
        seats = draw.randint(1, 3)
        return first, first + timedelta(length[p] - 1), min(seats, draw.choice([0, 0, 1, 2])), seats

    for key in world.sessions:
        world.sessions[key] = drawn(*key)
        world.more[key] = [drawn(*key) for _ in range(draw.choice([0, 0, 1]))]
    if draw.random() < 0.6:
        away: dict[str, Any] = {"share": draw.choice(["1/4", "1/3", "1/2"])} if draw.random() < 0.8 else {}
        if not away or draw.random() < 0.2:
            away["posts_apart"] = [["head", "deputy"]]
        group = draw.choice(["team_id", "unit_id"])
        world.rules.append(rule("away-limit", id="away", group_by=group, **away))
    return world


def narrow_world(seed: int) -> DatedWorld:
    """A problem of hard rules that most often can be kept, but not on every choice of dates: classes lie close, people need two contents."""
    draw = random.Random(f"narrow {seed}")
    world = DatedWorld(seed, years=(2019,))
    world.people = [
        {
            "cadre_id": name, "unit_id": draw.choice("VW"), "team_id": "", "category": draw.choice(["head", "deputy"]),
            "post": "", "gender": draw.choice(["female", "female", "male"]), "headcount": 1,
        }
        for name in "abcd"[: draw.randint(2, 4)]
    ]  # fmt: skip
    for person in world.people:
        person |= {"team_id": draw.choice(["", "x"]) + person["unit_id"], "post": person["category"]}
    for n, content in enumerate(
        draw.sample(["theory", "party-spirit", "theory", "party-spirit"], k=draw.randint(2, 4))
    ):
        days = draw.choice([3, 5, 10])
        world.programmes.append(
            {
                "programme_id": f"p{n}", "days": float(days), "hours": 8.0 * days, "content": content,
                "host_group": "school", "serves_unit_id": draw.choice(["", "", "", "V"]),
            }
        )  # fmt: skip
        drawn = []
        for _ in range(draw.choice([1, 2, 2])):
            first, seats = date(2019, 3, 4) + timedelta(draw.randint(0, 12)), draw.randint(1, 3)
            drawn.append((first, first + timedelta(days - 1), min(seats, draw.choice([0, 1, 1, 2])), seats))
        world.sessions[f"p{n}", 2019], world.more[f"p{n}", 2019] = drawn[0], drawn[1:]
    for n, row in enumerate(world.programmes):
        who: dict[str, Any] = draw.choice([{}, {}, {"category": ["head"]}, {"gender": ["female"]}])
        only = {"programme_id": [row["programme_id"]]}
        world.rules.append(rule("eligibility", id=f"admit-{n}", audience=who, programmes=only))
    audiences: list[dict[str, Any]] = [{}, {"gender": ["female"]}, {"category": ["head"]}, {"unit_id": ["V"]}]
    makers = [
        lambda who: rule("interval", id="both", contents=["theory", "party-spirit"], every_years=3, audience=who),
        lambda who: rule("coverage", id="once", window_years=1, least_days=draw.choice([0, 5]), audience=who),
        lambda who: rule("quota", id="few", modality="at-most", amount=draw.randint(1, 2), audience=who),
        lambda who: rule("quota", id="many", modality="at-least", amount=draw.randint(1, 3), audience=who),
        lambda who: rule("away-limit", id="away", group_by="unit_id", share=draw.choice(["1/3", "1/2"]), audience=who),
        lambda who: rule("away-limit", id="apart", group_by="unit_id", posts_apart=[["head", "deputy"]], audience=who),
        lambda who: rule("spacing", id="rest", rest_days=draw.choice([1, 3, 6]), audience=who),
        lambda who: rule("spacing", id="classes", classes_per_year=draw.choice([1, 2]), audience=who),
    ]
    chosen = [makers[0], *draw.sample(makers[1:], k=draw.randint(1, 3))]
    world.rules += [make(draw.choice(audiences)).model_copy(update={"strength": "hard"}) for make in chosen]
    world.goals = GOALS
    return world


class DatedBrute(Brute):
    """The definitions applied to one dated problem."""

    world: DatedWorld

    def __init__(self, world: DatedWorld) -> None:
        super().__init__(world)
        self.views = [
            (Brute(replace(world, sessions={key: one for _, key, one in chosen}, more={})), {key: s for s, key, _ in chosen})
            for chosen in itertools.product(*(
                [one for one in world.dated if one[1] == key] for key in self.seats
            ))
        ]  # fmt: skip
        days = sorted({one[0] for _, _, one in world.dated})
        limits = [(r, group) for r in self.of("away-limit") for group in self.groups(r)]
        self.away = [(r, group, day) for r, group in limits if r.share is not None for day in days]
        self.most_away = [
            max(1, int(r.share * self.size(r, group))) for r, group, _ in self.away
        ]  # fmt: skip
        self.apart = [(r, g, d, pair) for r, g in limits for pair in r.posts_apart for d in days]

    def ways(self, person: dict[str, Any]) -> np.ndarray:
        """Every distinct way to send somebody: sessions, people away, posts away, shared counts, personal goals."""
        found = set()
        for view, names in self.views:
            for trajectory in view.trajectories(person):
                held = {
                    names[p, y] for y, menu in zip(self.years, trajectory, strict=True) for p in menu
                }  # fmt: skip
                rest = view.numbers(person, trajectory)[len(self.seats) :]
                found.add((*self.dated_numbers(person, held), *rest))
        return np.array(sorted(found), dtype=np.int64)

    def dated_numbers(self, person: dict[str, Any], held: set[str]) -> list[int]:
        taken = [(key, one) for s, key, one in self.world.dated if s in held]

        def is_away(r: Any, group: str, day: date) -> bool:
            inside = holds_for(r.audience, person) and person[r.group_by] == group
            return inside and any(
                p in self.counting(r) and y in self.judged(r) and one[0] <= day <= one[1] for (p, y), one in taken
            )

        numbers = [int(s in held) for s, _, _ in self.world.dated]
        numbers += [int(is_away(*limit)) for limit in self.away]
        for r, group, day, pair in self.apart:
            numbers += [int(person["post"] == post and is_away(r, group, day)) for post in pair]
        return numbers

    def plans(self) -> np.ndarray:  # type: ignore[override]
        """The goals of every dated plan that keeps all strict rules, seats and least sizes, shape (plans, goals)."""
        sessions = len(self.world.dated)
        most = np.array([*(one[3] for _, _, one in self.world.dated), *self.most_away], dtype=np.int64)
        least = np.array([one[2] for _, _, one in self.world.dated], dtype=np.int64)
        posts = slice(len(most), len(most) + 2 * len(self.apart))
        states: np.ndarray | None = None
        for person in self.world.people:
            ways = self.ways(person)
            if not len(ways):
                return np.zeros((0, len(GOALS)), dtype=np.int64)
            if states is None:
                states = ways
            elif len(states) * len(ways) > MOST_STATES:
                raise TooLargeError
            else:
                states = (states[:, None, :] + ways[None, :, :]).reshape(-1, ways.shape[1])
            both = states[:, posts].reshape(len(states), len(self.apart), 2)
            fits = (states[:, : len(most)] <= most).all(axis=1) & ~(both > 0).all(axis=2).any(axis=1)
            states = np.unique(states[fits], axis=0)
        assert states is not None
        used = states[:, :sessions]
        states = states[((used == 0) | (used >= least)).all(axis=1)]
        return self.goals_of(
            np.hstack([states[:, :0], np.zeros((len(states), len(self.seats)), int), states[:, posts.stop :]])
        )
