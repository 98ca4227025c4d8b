"""Random small problems with dates against an exact model written from the documentation: values, bounds, and the auditor's counts."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from allocator.answers import runs
from allocator.domain.tables import Inputs
from tests.engine.builders import make_inputs, rule
from tests.property.exact import Case, Exact
from tests.property.worlds import chunks

CHUNK = 5
SEEDS = chunks(400, CHUNK, quick=10)
LENGTHS = ((3, 20.0), (5, 37.5), (10, 75.0))
CONTENTS = ("theory", "party-spirit", "theory;party-spirit")


def random_case(seed: int) -> Case:
    """Two to seven people, groups among them, several sessions of a programme a year, records before and in the plan."""
    draw = random.Random(seed)
    case = Case(years=(2020, 2021) if draw.random() < 0.7 else (2020, 2021, 2022))
    for n in range(draw.randint(2, 7)):
        case.people.append(
            {
                "cadre_id": "abcdefg"[n], "team_id": draw.choice(["", "x", "x", "y"]),
                "category": draw.choice(["head", "deputy"]), "headcount": draw.choice([1, 1, 1, 1, 2, 3]),
            }
        )  # fmt: skip
    for n in range(draw.randint(1, 3)):
        days, hours = draw.choice(LENGTHS)
        row = {
            "days": float(days),
            "hours": hours,
            "content": draw.choice(CONTENTS),
            "host_group": draw.choice(["s", "t"]),
        }
        case.programmes[f"p{n}"] = row | {"programme_id": f"p{n}"}
        for y in case.years:
            for k in range(draw.choice([0, 1, 1, 2])):
                first = date(y, 3, 1) + timedelta(draw.choice([0, 2, 7, 60, 120]))
                seats = draw.randint(1, 4)
                case.sessions[f"p{n}-{y}-{k}"] = {
                    "session_id": f"p{n}-{y}-{k}", "programme_id": f"p{n}", "year": y, "start_date": first,
                    "end_date": first + timedelta(days - 1), "seats": seats, "min_seats": draw.choice([0, 0, 0, min(2, seats)]),
                }  # fmt: skip
    named = [c["cadre_id"] for c in case.people if c["headcount"] == 1]
    for _ in range(draw.randint(0, 5) if named else 0):
        p = draw.choice(list(case.programmes.values()))
        first = date(draw.choice([2018, 2019, 2020, 2020, 2021]), draw.choice([1, 2, 3, 6]), draw.randint(1, 20))
        own = {key: p[key] for key in ("programme_id", "days", "hours", "content", "host_group")}
        end = first + timedelta(int(p["days"]) - 1)
        case.history.append(own | {"cadre_id": draw.choice(named), "start_date": first, "end_date": end})
    case.rules = [rule("eligibility", id="admit"), *rules_of(case, draw)]
    return case


def rules_of(case: Case, draw: random.Random) -> list[Any]:
    """Spacing and away-limits, which are strict, and three to five rules that may be missed."""

    def common(kind: str, n: int) -> dict[str, Any]:
        fields: dict[str, Any] = {"id": f"{kind}-{n}", "strength": draw.choice(["hard", "soft"])}
        fields["audience"] = draw.choice([{}, {}, {"category": ["head"]}])
        fields["programmes"] = draw.choice([{}, {}, {"host_group": ["s"]}, {"programme_id": ["p0"]}])
        return fields | {"years": draw.choice([[], [], [], [case.years[-1]]])}

    def some(kind: str, n: int) -> Any:
        fields = common(kind, n)
        if kind == "quota":
            fields |= {
                "amount": draw.randint(0, 4),
                "modality": draw.choice(["about", "at-least", "at-most", "exactly"]),
            }
            fields |= {"band_least": draw.randint(0, 1), "admits": False}
        elif kind == "share-floor":
            fields |= {"share": draw.choice(["1/5", "1/2", "1"]), "least_days": draw.choice([0, 5])}
        elif kind == "coverage":
            fields |= {"window_years": draw.randint(1, 3)}
        elif kind == "interval":
            fields |= {
                "every_years": draw.randint(1, 3),
                "contents": draw.choice([[], ["theory"], ["theory", "party-spirit"]]),
            }
        elif kind == "make-up":
            fields |= {
                "after_years": draw.randint(1, 3),
                "contents": draw.choice([["theory"], ["theory", "party-spirit"]]),
            }
        elif kind == "cumulative":
            fields |= draw.choice([{"days": 7}, {"hours": 40}, {"days": 8, "hours": 50}])
            fields |= {
                "per_year": draw.random() < 0.6,
                "from_year": draw.choice([None, 2019, 2021]),
                "to_year": draw.choice([None, 2020]),
            }
            if fields["from_year"] == 2021 and fields["to_year"] == 2020:
                fields["to_year"] = None
            fields["years"] = fields["years"] if fields["per_year"] else []
        else:
            fields |= {"weight": draw.randint(1, 3)}
        return rule(kind, **fields)

    found = []
    if draw.random() < 0.7:
        limits: dict[str, Any] = draw.choice(
            [
                {"same_programme_years": 2},
                {"classes_per_year": 1},
                {"rest_days": 30, "classes_per_year": 2},
                {"long_days": 5, "long_years": 2},
            ]
        )
        is_named = all(c["headcount"] == 1 for c in case.people)
        years = [case.years[-1]] if is_named and draw.random() < 0.3 else []
        found.append(rule("spacing", years=years, **limits))
    if draw.random() < 0.4:
        found.append(rule("away-limit", share=draw.choice(["1/3", "1/2"])))
    kinds = ["quota", "quota", "share-floor", "coverage", "interval", "make-up", "cumulative", "priority"]
    return found + [some(kind, n) for n, kind in enumerate(draw.sample(kinds, k=draw.randint(3, 5)))]


def inputs_of(case: Case) -> Inputs:
    return make_inputs(
        cadres=case.people, programmes=list(case.programmes.values()), sessions=list(case.sessions.values()),
        history=case.history, rules=case.rules, horizon=case.years,
    )  # fmt: skip


def check(seed: int) -> None:
    case = random_case(seed)
    if not case.sessions:
        return
    run = runs.solve(inputs_of(case))
    rows = run.plan.placements
    seats = {(c, s): int(n) for c, s, n in zip(rows["cadre_id"], rows["session_id"], rows["headcount"], strict=True)}
    counted = Exact(case, seats).count()
    assert counted is not None, f"seed {seed}: the plan breaks what every plan must keep"
    given: dict[str, int] = {}
    for goal in run.result.goals:
        sign = -1 if goal.sense == "max" else 1
        value = counted.get(goal.goal, 0)
        said = f"seed {seed}: {goal.goal}"
        assert sign * run.audit.goals[goal.goal] == value == sign * goal.value, said
        if goal.goal not in counted:
            continue
        least = Exact(case).least(goal.goal, given)
        assert least is not None and sign * goal.bound <= least + 1e-6, (
            f"{said} is bounded by {goal.bound}, {least} is possible"
        )
        assert not goal.is_proven or least == value, f"{said} is said to be proven"
        given[goal.goal] = value
    strict = {
        v.rule_id for v in run.audit.verdicts if v.kind in ("spacing", "away-limit", "built-in") and v.is_breached
    }
    assert not strict, f"seed {seed}: {strict}"


@pytest.mark.parametrize("first", SEEDS)
def test_plan_bounds_and_audit_agree_with_the_documentation(first: int) -> None:
    for seed in range(first, first + CHUNK):
        check(seed)
