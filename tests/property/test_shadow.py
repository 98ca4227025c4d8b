"""What one more buys on random tiny problems: every value told is that of the best of all plans, gone through one by one."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from allocator.answers import runs
from allocator.answers.sensitivity import Answer, Shadow, shadow
from allocator.answers.sensitivity.question import fields_of
from allocator.domain.errors import InputError
from allocator.domain.rules import KINDS
from allocator.engine.parameters import DECOMPOSITION, LEXICOGRAPHIC
from allocator.engine.run import Run
from allocator.inputs import load
from tests.conftest import SetParameters
from tests.property.brute import Brute, TooLargeError, lexicographic_best
from tests.property.files import tidied, write_world
from tests.property.worlds import World, first_of, random_world

SEEDS = range(4000, 4010)
SEEDS_BY_BLOCKS = (
    7000,
    7001,
    7002,
    7003,
    8031,
)  # The plan before is better in the last, but has no seats after the change.
RULES, OTHERS = 2, 1


def best(world: World) -> dict[str, int] | None:
    """The best values of a problem; ``None`` where no plan keeps the strict rules."""
    plans = Brute(world).plans()
    return lexicographic_best(plans, world.goals) if len(plans) else None


def solved(seed: int, folder: Path) -> tuple[World, Run, dict[str, int]]:
    """The random problem of a seed, or of one after it, that can be read and planned."""
    while True:
        world = tidied(random_world(seed, most_people=4))
        seed += 1_000
        try:
            found = best(world)
            run = runs.solve(load(write_world(world, folder)))
        except (InputError, TooLargeError):
            continue
        if found is not None:
            return world, run, found


def subjects(world: World, run: Run, seed: int) -> list[str]:
    """Some things to ask about: rules with numbers, a session, a programme and a host."""
    rules = [f"rule:{r.id}.{f}" for r in world.rules for f in fields_of(run.inputs, run.inputs.policy.rule(r.id))
             if r.strength != "report"]  # fmt: skip
    held = sorted({p for p, _ in world.sessions})
    others = [f"session:{p}-{y}" for p, y in sorted(world.sessions)] + [f"programme:{p}" for p in held] + ["host:H"]
    start = seed % max(1, len(rules))
    return [*(rules[start:] + rules[:start])[:RULES], *others[seed % len(others) :][:OTHERS]]


def changed(world: World, answer: Answer) -> World | None:
    """The problem after the change of a question, from the question's own words; ``None`` where there is none."""
    other, asked = copy.deepcopy(world), answer.question
    if asked.field in ("seats", "held"):
        gone = [key for key in other.sessions if f"{key[0]}-{key[1]}" in asked.sessions]
        for key in gone:
            first, last, least, seats = other.sessions.pop(key)
            seats += int(asked.step)
            if asked.field == "seats":
                if seats < 1:
                    return None
                other.sessions[key] = first, last, min(least, seats), seats
        return other
    value: Any = asked.after if asked.field == "share" else int(asked.after)
    limits = {"share": (0, 1), "amount": (0, 10**6)}.get(asked.field, (1, 10**6))
    if not limits[0] <= value <= limits[1]:
        return None
    other.rules = [r.model_copy(update={asked.field: value}) if r.id == asked.of else r for r in other.rules]
    return other


def told(answer: Answer, which: str) -> dict[str, float]:
    """Values of the goals, all the smaller the better."""
    return {one.goal: getattr(one, which) * (-1 if one.sense == "max" else 1) for one in answer.goals}


def check(answer: Answer, world: World, before: dict[str, int]) -> bool:
    """Whether there was something to compare; fails where the answer is not the truth."""
    other = changed(world, answer)
    if other is None or answer.verdict == "refused":
        assert answer.verdict == "refused" and answer.facts
        return False
    after = best(other)
    if after is None:
        return False
    order = [goal for goal in world.goals if goal in told(answer, "after")]
    assert told(answer, "before") == {goal: before[goal] for goal in order}
    assert told(answer, "after") == {goal: after[goal] for goal in order}
    first, second = (tuple(values[goal] for goal in world.goals) for values in (before, after))
    assert answer.verdict == ("same" if first == second else "better" if second < first else "worse")
    return True


@pytest.mark.parametrize("seed", first_of(SEEDS, 2))
def test_each_value_is_the_difference_of_two_best_plans(seed: int, tmp_path: Path) -> None:
    world, run, before = solved(seed, tmp_path)
    found = shadow(run, subjects(world, run, seed))
    compared = [answer for answer in found.answers if check(answer, world, before)]
    assert compared
    check_scenario(found, compared[seed % len(compared)], tmp_path / "variant.toml")


@pytest.mark.parametrize("seed", first_of(SEEDS_BY_BLOCKS, 1))
def test_nothing_untrue_is_claimed_when_plans_are_not_proven(
    seed: int, tmp_path: Path, set_parameters: SetParameters
) -> None:
    # Planned by blocks, as a large problem is: the plans need not be the best and trials come without bounds.
    set_parameters(LEXICOGRAPHIC, columns_up_to=0)
    set_parameters(DECOMPOSITION, block_cohorts=1)
    world, run, before = solved(seed, tmp_path)
    first = tuple(before[goal] for goal in world.goals)
    for answer in shadow(run, subjects(world, run, seed), workers=1).answers:
        other = changed(world, answer)
        after = None if other is None or answer.verdict == "refused" else best(other)
        if after is not None:
            second = tuple(after[goal] for goal in world.goals)
            truth = "same" if first == second else "better" if second < first else "worse"
            assert answer.verdict in (truth, "open"), answer.question


def check_scenario(found: Shadow, answer: Answer, file: Path) -> None:
    """The scenario written and planned from nothing has the values told, and they are proven."""
    found.write_scenario(answer.number, file)
    again = runs.plan(file)
    assert {goal.goal: goal.value for goal in again.result.goals} == {one.goal: one.after for one in answer.goals}
    assert all(goal.is_proven for goal in again.result.goals)


def test_questions_cover_every_kind_that_has_a_number() -> None:
    # Were a kind left out of the random problems, the test above would say nothing of it.
    kinds = {r.kind for seed in range(60) for r in random_world(seed).rules}
    assert {kind for kind, record in KINDS.items() if record.numbers} - {"away-limit"} <= kinds
