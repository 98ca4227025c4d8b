"""One plan of many: among plans equal in every goal, the one that the published draw prefers.

Every pair of a cohort and what its people attend has a draw (``ties``) of its smallest cadre id and the programmes and years. The plan
in which the draws of all people add up to least is the plan; so it depends on the published seed and on nothing else, neither the order
of rows nor the solver's own choices.
"""

from __future__ import annotations

import numpy as np

from allocator.domain.tie_break import BITS, draws
from allocator.engine.assign_names import attended
from allocator.engine.columns.restricted_master import Master

FIRST_BITS = 24
"""Bits of a draw that are added up: few enough for the solver to add whole numbers without error, and enough to tell plans apart.

By the isolation lemma (Mulmuley, Vazirani and Vazirani 1987) two best plans are left with a chance below columns / 2**24.
"""


def draws_of(master: Master, seed: str) -> np.ndarray:
    """Draw of each column of a master over cohorts, a whole number, shape (columns,)."""
    cohorts = master.strata.cohorts
    instance = cohorts.instance
    cohort = np.flatnonzero(master.strata.of >= 0)[master.stratum]
    row, year, programme = attended(cohorts, cohort, master.trajectory)
    order = np.lexsort([programme, year, row])
    texts: list[list[str]] = [[] for _ in cohort]
    years, names = np.array(instance.years), instance.programme_ids
    for r, y, p in zip(row[order].tolist(), years[year[order]].tolist(), names[programme[order]].tolist(), strict=True):
        texts[r].append(f"{p}:{y}")
    first = instance.cadre_ids[[cohorts.members[c][0] for c in cohort.tolist()]]
    found = draws(seed, first.tolist(), [";".join(text) for text in texts])
    return np.asarray(found >> np.uint64(BITS - FIRST_BITS)).astype(float)
