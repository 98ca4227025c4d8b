"""Conflicts and repairs of random tiny problems against all plans, gone through one by one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest

from allocator.answers.conflicts import Conflicts, conflict, repairs
from allocator.answers.conflicts.demands import limbs
from allocator.answers.conflicts.feasibility_oracle import told_apart
from allocator.answers.conflicts.repairs import KINDS
from allocator.domain.errors import InputError
from allocator.domain.rules import Coverage, Eligibility, Quota, RuleKind
from allocator.engine.planner import Planner
from allocator.inputs import load, write_variant
from tests.answers.conflicts.builders import can_be_kept, hard_world, least_violation, written
from tests.property.brute import TooLargeError
from tests.property.worlds import World

CONFLICT_SEEDS = 40
REPAIR_SEEDS = 20
FEW = range(6)
"""Seeds of ``make test``; they have what is asked for. All of them are in ``make check-long``."""


def broken_world(seed: int) -> World | None:
    """The problem of a seed, when its hard rules cannot all be kept."""
    world = hard_world(seed)
    try:
        return None if least_violation(world, world.rules) == 0 else world
    except TooLargeError:
        return None


def who_may(world: World) -> list[RuleKind]:
    """Rules that admit and demand nothing."""
    quotas = [rule.model_copy(update={"strength": "report"}) for rule in world.rules if isinstance(rule, Quota)]
    return [rule for rule in world.rules if isinstance(rule, Eligibility)] + [rule for rule in quotas if rule.admits]


def check_conflicts(seed: int) -> int:
    """Every conflict fails, and every member it calls needed is needed; how many there were."""
    world = broken_world(seed)
    if world is None:
        return 0
    inputs = world.inputs()
    found = conflict(inputs, seconds=None)
    open_ = who_may(world)
    for one in found.conflicts:
        strict = one.strict if one.is_strict_known else limbs(inputs)
        members = [*one.parts, *strict]
        assert not can_be_kept(world, [*open_, *told_apart(members)]), f"seed {seed}: {one}"
        for member in (*one.parts, *(one.strict if one.is_strict_known else ())):
            if member not in one.unconfirmed:
                rest = [other for other in members if other != member]
                assert can_be_kept(world, [*open_, *told_apart(rest)]), f"seed {seed}: {member.key} is not needed"
    if least_violation(world, world.rules) is not None:  # Where strict rules fight each other, reading refuses most.
        assert found.conflicts, f"seed {seed}: nothing was found"
        assert not found.unexplained
    return len(found.conflicts)


@pytest.mark.parametrize("seeds", [FEW, pytest.param(range(CONFLICT_SEEDS), marks=pytest.mark.long)])
def test_conflicts_of_tiny_problems_fail_and_are_minimal(seeds: range) -> None:
    assert sum(check_conflicts(seed) for seed in seeds) > max(3, len(seeds) // 6)


def check_repairs(seed: int, folder: Path) -> int:
    """Every repair, written and planned from nothing, keeps all hard rules and has the figures told; how many there were."""
    world = broken_world(seed)
    if world is None:
        return 0
    try:
        inputs = load(written(world, folder))
    except InputError:  # Call-ups against each other are refused when they are read.
        return 0
    found = repairs(inputs, kinds=KINDS, seconds=None)
    for number, repair in enumerate(found.repairs):
        file = folder / f"repair-{number}.toml"
        write_variant(inputs, repair.changes, file, id="repair")
        run = Planner().plan(load(file))
        assert run.audit.is_clean, f"seed {seed}: {repair.kinds}"
        assert {goal.goal: goal.value for goal in run.result.goals} == {goal.goal: goal.value for goal in repair.goals}
        mended = World(**{**vars(world), "rules": list(load(file).policy.rules)})
        if "more-seats" not in repair.kinds:
            assert least_violation(mended, mended.rules) == 0
    check_least(seed, world, found)
    return len(found.repairs)


def check_least(seed: int, world: World, found: Conflicts) -> None:
    """Fewest people and fewest clauses are as few as all plans allow."""
    least = least_violation(world, world.rules)
    by_kind = {kind: repair for repair in found.repairs for kind in repair.kinds}
    demands = [
        rule for rule in world.rules if not isinstance(rule, Eligibility) and rule.sort in ("personal", "shared")
    ]
    in_people = (Quota, Coverage)
    if "fewest-people" in by_kind and all(
        isinstance(rule, in_people) for rule in demands if rule.kind not in ("spacing", "fixed")
    ):
        assert by_kind["fewest-people"].people == least, f"seed {seed}"
    if "fewest-clauses" in by_kind:
        rules = [rule for rule in demands if rule.kind not in ("spacing", "fixed")]
        strict = [rule for rule in world.rules if rule not in rules]
        for few in combinations(rules, len(by_kind["fewest-clauses"].clauses) - 1):
            dropped = [rule.model_copy(update={"strength": "report"}) if rule in few else rule for rule in rules]
            assert not can_be_kept(world, [*strict, *dropped]), f"seed {seed}: {[rule.id for rule in few]} suffice"


@pytest.mark.parametrize(("seeds", "least"), [([5], 1), pytest.param(range(REPAIR_SEEDS), 3, marks=pytest.mark.long)])
def test_repairs_written_and_planned_from_nothing_keep_every_hard_rule(
    seeds: Sequence[int], least: int, tmp_path: Path
) -> None:
    made = 0
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        made += check_repairs(seed, folder)
    assert made >= least
