"""Partition: blocks of cohorts that can be planned one by one once the wide rows are divided.

A row that touches few cohorts is *local*: cohorts that share one are put into the same block, which keeps the row exactly. All other rows are *wide*
(seats of a programme open to many units, quotas of the province); what each block may use of them is decided by ``resource_shares``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.parameters import DECOMPOSITION
from allocator.model.cohorts import Cohorts


@dataclass(frozen=True, eq=False)
class Partition:
    """Blocks of cohorts, and which rows are wide: ``wide_seats`` boolean (P,), ``wide_rows`` one boolean array (groups,) per family."""

    blocks: tuple[np.ndarray, ...]
    wide_seats: np.ndarray
    wide_rows: tuple[np.ndarray, ...]


def partition(cohorts: Cohorts) -> Partition:
    """Divide the cohorts into blocks; a small problem is one block.

    Rows that are local by nature join their cohorts first: seats of programmes that serve one unit, and floors of one group among many. Then come the
    others, the small ones first, as long as no block grows too large. What is left is wide.
    """
    count, programmes = len(cohorts.cohort_type), len(cohorts.programme_class)
    rows, members = _touches(cohorts)
    total = programmes + sum(len(f.names) for f in cohorts.families)
    is_wide = np.zeros(total, dtype=bool)
    if count <= 2 * DECOMPOSITION.block_cohorts:
        component = np.zeros(count, dtype=np.int64)
    else:
        serves = cohorts.instance.inputs.programmes["serves_unit_id"].to_numpy() != ""
        by_nature = np.concatenate([serves, *(np.full(len(f.names), len(f.names) > 1) for f in cohorts.families)])
        order = np.argsort(rows, kind="stable")
        touched = np.split(members[order], np.cumsum(np.bincount(rows, minlength=total))[:-1])
        joined = _Joined(count)
        for row in sorted(range(total), key=lambda r: (not by_nature[r], len(touched[r]), r)):
            is_wide[row] = not joined.join(touched[row], 2 * DECOMPOSITION.block_cohorts)
        component = np.unique([joined.root(c) for c in range(count)], return_inverse=True)[1]
    at, wide_rows = programmes, []
    for family in cohorts.families:
        wide_rows.append(is_wide[at : at + len(family.names)])
        at += len(family.names)
    return Partition(_packed(component), is_wide[:programmes], tuple(wide_rows))


class _Joined:
    """Disjoint sets of cohorts, with path halving (Tarjan 1975)."""

    def __init__(self, count: int) -> None:
        self.above = list(range(count))
        self.size = [1] * count

    def root(self, c: int) -> int:
        """The cohort that stands for the set of ``c``."""
        above = self.above
        while above[c] != c:
            above[c] = above[above[c]]
            c = above[c]
        return c

    def join(self, members: np.ndarray, most: int) -> bool:
        """Join the sets of some cohorts unless the union has more than ``most``; returns whether they are in one set."""
        roots = {self.root(c) for c in members.tolist()}
        if len(roots) < 2:
            return True
        size = sum(self.size[root] for root in roots)
        if size > most:
            return False
        first = min(roots)
        for root in roots:
            self.above[root] = first
        self.size[first] = size
        return True


def _touches(cohorts: Cohorts) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (row, cohort). Rows are the programmes first, then the groups of each family."""
    cohort, slot = np.nonzero(cohorts.cohort_slots >= 0)
    rows, members = [cohorts.cohort_slots[cohort, slot]], [cohort]
    at = len(cohorts.programme_class)
    for f, family in enumerate(cohorts.families):
        group = cohorts.cohort_groups[:, f]
        rows.append(group[group >= 0] + at)
        members.append(np.flatnonzero(group >= 0))
        at += len(family.names)
    return np.concatenate(rows), np.concatenate(members)


def _packed(component: np.ndarray) -> tuple[np.ndarray, ...]:
    """Components put together, in their order, into blocks of a fair size."""
    size = np.bincount(component)
    block, blocks, filled = np.zeros(len(size), dtype=np.int64), 0, 0
    for c, people in enumerate(size):
        if filled and filled + people > DECOMPOSITION.block_cohorts:
            blocks, filled = blocks + 1, 0
        block[c] = blocks
        filled += int(people)
    of = block[component]
    return tuple(np.flatnonzero(of == b) for b in range(blocks + 1))
