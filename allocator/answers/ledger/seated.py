"""Who must go in the first year against the seats there are: how many of them get none in any plan."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from allocator.answers.ledger.debts import Debt
from allocator.answers.ledger.tables import is_due
from allocator.checks.open_seats import Openings
from allocator.engine.solvers.max_flow import SINK, SOURCE, Network


def without_seat(debts: Iterable[Debt], openings: Openings) -> int:
    """People who must go in the first year, have some class open to them, and get no seat whatever the plan.

    A person needs a seat in one class that settles one of his or her debts; more than the seats of these classes hold together go
    without. Rest between classes and other rules are left aside, so it may be more of them.
    """
    instance = openings.instance
    counts = np.zeros(openings.slots.shape, dtype=bool)
    for debt in debts:
        rows = debt.cadre[is_due(debt, instance.years[0])]
        counts[rows] |= openings.counting(debt.programmes, rows)[:, 0, :]
    rows = np.flatnonzero(counts.any(axis=1))
    if not len(rows):
        return 0
    due = np.zeros(len(counts), dtype=bool)
    due[rows] = True
    open_to = np.sort(np.where(counts[rows], openings.slots[rows], -1), axis=1)
    alike = pd.DataFrame(open_to).groupby(list(range(open_to.shape[1])), sort=False).ngroup().to_numpy()
    _, first = np.unique(alike, return_index=True)
    people = np.bincount(alike, weights=instance.headcount[rows], minlength=len(first)).astype(np.int64)
    kind, slot = np.nonzero(open_to[first] >= 0)
    programme = open_to[first][kind, slot]
    seats = openings.seats_for(due)[:, 0]
    network = Network()
    kinds, places = network.nodes(len(people)), network.nodes(len(seats))
    network.join(SOURCE, kinds, people)
    network.join(kinds[kind], places[programme], people[kind])
    network.join(places, SINK, seats)
    return int(people.sum()) - network.flow().value
