"""Tie-break cost: among plans equal in every goal, the one that the published draw prefers.

Each pair of a cohort and what its people attend has a draw (``domain.tie_break``), made from its smallest cadre id, the programmes and the
years. The plan with the least sum of draws over all people is chosen. So it depends on the published seed and on nothing else: not on the
order of rows, and not on the solver.
"""

from __future__ import annotations

import numpy as np

from allocator.domain.tie_break import BITS, draws
from allocator.engine.assign_names import attended
from allocator.engine.columns.restricted_master import Master
from allocator.engine.parameters import LEXICOGRAPHIC


def tie_break_cost(master: Master, seed: str) -> np.ndarray:
    """Draw of each column of a master over cohorts, a whole number, shape (columns,)."""
    cohorts = master.subproblems.cohorts
    instance = cohorts.instance
    cohort = np.flatnonzero(master.subproblems.of >= 0)[master.subproblem]
    row, year, programme = attended(cohorts, cohort, master.trajectory)
    order = np.lexsort([programme, year, row])
    texts: list[list[str]] = [[] for _ in cohort]
    years, names = np.array(instance.years), instance.programme_ids
    for r, y, p in zip(row[order].tolist(), years[year[order]].tolist(), names[programme[order]].tolist(), strict=True):
        texts[r].append(f"{p}:{y}")
    first = instance.cadre_ids[[cohorts.members[c][0] for c in cohort.tolist()]]
    found = draws(seed, first.tolist(), [";".join(text) for text in texts])
    return np.asarray(found >> np.uint64(BITS - LEXICOGRAPHIC.draw_bits)).astype(float)
