"""Resource shares: what each block may use of seats, floors and ceilings that several blocks touch.

This is a primal decomposition by resource allocation: the aggregate relaxation says how much of each wide row the people of a block use, and the whole
row is divided in these proportions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.engine.columns.aggregation import Allotment, disaggregated, members_of
from allocator.engine.columns.pricing import Pricing
from allocator.engine.columns.restricted_master import Master
from allocator.engine.decomposition.partition import Partition
from allocator.engine.parameters import DECOMPOSITION, TOLERANCES


@dataclass(frozen=True, eq=False)
class Followed:
    """People who follow a trajectory: ``cohort``, ``trajectory`` and ``people`` of each row."""

    cohort: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray

    def only(self, keep: np.ndarray) -> Followed:
        """Some of the rows."""
        return Followed(self.cohort[keep], self.trajectory[keep], self.people[keep])


def joined(plans: Sequence[Followed]) -> Followed:
    """The rows of several plans."""
    return Followed(
        *(np.concatenate([getattr(one, name) for one in plans]) for name in ("cohort", "trajectory", "people"))
    )


class ResourceShares:
    """What is left of every limit, and what each block may use of it.

    A wide row is divided over the blocks still to come, in proportion to what the aggregate relaxation uses there. So what one block leaves, or could not
    give, goes to the blocks after it. No block is asked for what no plan reaches.

    Attributes
    ----------
    seats, floor, ceiling
        What is left of the seats (P, Y), and of the floor and ceiling of each family's groups (G, Y).
    """

    def __init__(self, aggregate: Master, people: np.ndarray, parts: Partition) -> None:
        """Start with all there is.

        Parameters
        ----------
        aggregate, people
            A master over person types, and the people on each of its columns.
        """
        cohorts = aggregate.subproblems.cohorts
        self.pricing = Pricing(disaggregated(cohorts))
        self.seats = cohorts.instance.calendar.seats.astype(float)
        self.floor = [f.floor.copy() for f in cohorts.families]
        self.ceiling = [f.ceiling.copy() for f in cohorts.families]
        self.missed = [np.zeros_like(f.ceiling) for f in cohorts.families]
        self._wide_seats = np.flatnonzero(parts.wide_seats)
        self._wide_rows = [np.flatnonzero(wide) for wide in parts.wide_rows]
        self._measure(aggregate, people, parts)
        self._lowered = [np.zeros_like(floor) for floor in self.floor]
        self._raised = [np.zeros_like(ceiling) for ceiling in self.ceiling]
        for f, wide in enumerate(self._wide_rows):
            total = np.round(self._used_rows[f].sum(axis=0))
            low, high = self.floor[f][wide], self.ceiling[f][wide]
            self.missed[f][wide] = DECOMPOSITION.charged_elsewhere
            self._lowered[f][wide] = np.maximum(0.0, np.where(np.isfinite(low), low, 0.0) - total)
            self._raised[f][wide] = np.maximum(0.0, total - np.where(np.isfinite(high), high, np.inf))
            self.floor[f][wide] -= self._lowered[f][wide]
            self.ceiling[f][wide] += self._raised[f][wide]

    def _measure(self, aggregate: Master, people: np.ndarray, parts: Partition) -> None:
        """How much of each wide row the aggregate relaxation uses in each block, shape (B, rows, Y)."""
        cohort, trajectory, part = _spread(aggregate, people)
        used = self.pricing.entries(cohort, trajectory)
        block_of = np.zeros(len(self.pricing.subproblems.type), dtype=np.int64)
        for b, block in enumerate(parts.blocks):
            block_of[block] = b
        block, amount = block_of[cohort[used.column]], used.amount * part[used.column]
        blocks, years = len(parts.blocks), self.seats.shape[1]

        def of(wide: np.ndarray, count: int, own: np.ndarray) -> np.ndarray:
            """The use of some wide rows out of ``count``, from the entries ``own``."""
            place = np.full(count, -1)
            place[wide] = np.arange(len(wide))
            own = own[place[used.row[own]] >= 0]
            found = np.zeros((blocks, len(wide), years))
            np.add.at(found, (block[own], place[used.row[own]], used.year[own]), amount[own])
            return found

        self._used_seats = of(self._wide_seats, len(self.seats), np.flatnonzero(used.family < 0))
        self._used_rows = [
            of(wide, len(self.floor[f]), np.flatnonzero(used.family == f)) for f, wide in enumerate(self._wide_rows)
        ]

    def allotments(self, left: Sequence[int], count: int) -> list[Allotment]:
        """What the first ``count`` of the blocks that are left may use."""
        seats = _shares(self.seats, self._used_seats, self._wide_seats, left, count)
        wide = list(zip(self._used_rows, self._wide_rows, strict=True))
        floors = [_shares(limit, *own, left, count) for limit, own in zip(self.floor, wide, strict=True)]
        ceilings = [_shares(limit, *own, left, count) for limit, own in zip(self.ceiling, wide, strict=True)]
        return [
            Allotment(
                seats[k], tuple(part[k] for part in floors), tuple(part[k] for part in ceilings), tuple(self.missed)
            )
            for k in range(count)
        ]

    def rests(self, plans: Sequence[Followed]) -> list[Allotment]:
        """What parts that are improved beside one another may use: each what it uses now, and a share of what is left over.

        What is left of a row that touches only one of them is all for that one. If a row is missed, or may be, only the first part that touches it
        may choose that, at its cost; for the others it counts as missed.
        """
        cohorts = self.pricing.subproblems.cohorts
        slots = [cohorts.cohort_slots[plan.cohort] for plan in plans]
        groups = [cohorts.cohort_groups[plan.cohort] for plan in plans]
        used_seats, used_rows = zip(*(self._used(plan) for plan in plans), strict=True)
        seats, _ = _beside(self.seats, np.inf, used_seats, slots)
        rests: list[tuple[list[np.ndarray], ...]] = []
        for f, (low, high) in enumerate(zip(self.floor, self.ceiling, strict=True)):
            used, own = [rows[f] for rows in used_rows], [group[:, f] for group in groups]
            spare, room = -(low + self._lowered[f]), high - self._raised[f]
            floors, behind = _beside(spare, room, [-use for use in used], own)
            ceilings, _ = _beside(room, spare, used, own)
            missed = [
                np.where(after[:, None], DECOMPOSITION.charged_elsewhere, np.zeros_like(high)) for after in behind
            ]
            rests.append(([-part for part in floors], ceilings, missed))
        return [
            Allotment(seats[k], *(tuple(parts[kind][k] for parts in rests) for kind in range(3)))
            for k in range(len(plans))
        ]

    def take(self, plan: Followed, times: int = 1) -> None:
        """Book what people use; with ``times=-1`` it is given back."""
        seats, rows = self._used(plan)
        self.seats -= times * seats
        for floor, ceiling, used in zip(self.floor, self.ceiling, rows, strict=True):
            floor -= times * used
            ceiling -= times * used

    def _used(self, plan: Followed) -> tuple[np.ndarray, list[np.ndarray]]:
        """What people use of the seats (P, Y) and of each family's groups (G, Y)."""
        used = self.pricing.entries(plan.cohort, plan.trajectory)
        amount = used.amount * plan.people[used.column]
        seats, rows = np.zeros_like(self.seats), [np.zeros_like(floor) for floor in self.floor]
        for f in np.unique(used.family).tolist():
            own = used.family == f
            np.add.at(seats if f < 0 else rows[f], (used.row[own], used.year[own]), amount[own])
        return seats, rows


def _beside(
    left: np.ndarray, opposite: np.ndarray | float, used: Sequence[np.ndarray], touched: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Limits of some rows for parts that are planned beside one another.

    Parameters
    ----------
    left, opposite
        What is left over of each row (R, Y), negative where it is missed; and the same for its limit on the other side.
    used, touched
        What each part uses of it, and the rows of each part.

    Returns
    -------
    list
        What each part uses and its share of what is left, in whole numbers. The first part takes all that is missed, on either side, because
        it alone may go there.
    numpy.ndarray
        Which rows of each part touch an earlier part, boolean (parts, R).
    """
    own = np.array([np.isin(np.arange(len(left)), rows) for rows in touched])
    before, count = np.cumsum(own, axis=0) - own, np.maximum(1, own.sum(axis=0))[:, None]
    finite = np.where(np.isfinite(left), left, 0.0)
    of_first = np.where(finite < 0, finite, np.minimum(finite, np.maximum(0.0, -opposite)))
    least = np.floor((finite - of_first) / count)
    over = finite - of_first - least * count
    shares = [
        least + np.clip(over - rank[:, None], 0.0, 1.0) + np.where(rank[:, None] > 0, 0.0, of_first) for rank in before
    ]
    limits = [np.where(np.isfinite(left), share + use, left) for share, use in zip(shares, used, strict=True)]
    return limits, own & (before > 0)


def _shares(limit: np.ndarray, used: np.ndarray, wide: np.ndarray, left: Sequence[int], count: int) -> np.ndarray:
    """What the first of the blocks left have of some rows: all of a local row, a share of a wide one."""
    own = np.repeat(limit[None], count, axis=0)
    for k, row in enumerate(wide.tolist()):
        for y in np.flatnonzero(np.isfinite(limit[row])).tolist():
            own[:, row, y] = split(limit[row, y], used[left, k, y])[:count]
    return own


def _spread(master: Master, people: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cohort, trajectory and people of a plan over person types; every cohort of a type gets its proportional part."""
    subproblems, cohorts = master.subproblems, master.subproblems.cohorts
    used = np.flatnonzero(people > TOLERANCES.used)
    place, cohort = members_of(master.subproblem[used], subproblems.of, len(subproblems.type))
    column = used[place]
    part = people[column] * cohorts.cohort_people[cohort] / subproblems.people[master.subproblem[column]]
    return cohort, master.trajectory[column], part


def split(total: float, used: np.ndarray) -> np.ndarray:
    """Whole parts of a total in proportion to use, by largest remainder; at a tie the first block gets more."""
    amount = used * (total / used.sum()) if used.sum() > TOLERANCES.used else np.full(len(used), total / len(used))
    parts = np.floor(amount + TOLERANCES.used)
    missing = round(total - parts.sum())
    order = np.argsort(-(amount - parts), kind="stable")
    parts[order[:missing]] += 1
    return parts
