"""From counts to names: who of a cohort follows which trajectory, by a published draw.

Cadres of one cohort are alike in everything the policy looks at, so only chance can decide between them. The
draw is a hash of the published seed and the cadre's id: the same on every machine, whatever the order of the rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.model.cohorts import Cohorts
from allocator.ties import draw


def name(cohorts: Cohorts, cohort: np.ndarray, trajectory: np.ndarray, people: np.ndarray, seed: str) -> pd.DataFrame:
    """Who attends which programme in which year.

    Parameters
    ----------
    cohort, trajectory, people
        So many people of a cohort follow a trajectory (position among those open to its sort).
    seed
        Published seed of the tie-break.

    Returns
    -------
    pandas.DataFrame
        Columns ``cadre_id``, ``programme_id``, ``year``, ``headcount``, sorted by them; one row per attendance of a named
        cadre, seats of an unnamed group added up.
    """
    instance = cohorts.instance
    ids = instance.inputs.cadres["cadre_id"].to_numpy()
    person, programme, year, seats = [], [], [], []
    order = np.lexsort([trajectory, cohort])
    left: list[list[int]] = []
    current = -1
    for k in order:
        c = int(cohort[k])
        if c != current:
            current = c
            members = sorted(cohorts.members[c].tolist(), key=lambda i: (draw(seed, str(ids[i])), str(ids[i])))
            left = [[i, int(instance.headcount[i])] for i in members]
        attended = _attended(cohorts, c, int(trajectory[k]))
        wanted = int(people[k])
        while wanted:
            take = min(wanted, left[0][1])
            for y, p in attended:
                person.append(left[0][0])
                programme.append(p)
                year.append(y)
                seats.append(take)
            wanted -= take
            left[0][1] -= take
            if not left[0][1]:
                left.pop(0)
    table = pd.DataFrame(
        {
            "cadre_id": ids[np.array(person, dtype=np.int64)],
            "programme_id": instance.inputs.programmes["programme_id"].to_numpy()[np.array(programme, dtype=np.int64)],
            "year": np.array(instance.years)[np.array(year, dtype=np.int64)],
            "headcount": np.array(seats, dtype=np.int64),
        }
    )
    keys = ["cadre_id", "programme_id", "year"]
    return table.groupby(keys, sort=True)["headcount"].sum().reset_index()


def _attended(cohorts: Cohorts, cohort: int, trajectory: int) -> list[tuple[int, int]]:
    """(year, programme) pairs of one trajectory of a cohort."""
    sort = cohorts.cohort_sort[cohort]
    table = cohorts.tables[cohorts.sort_type[sort]]
    menus = cohorts.menus(int(sort), trajectory)
    return [
        (y, int(cohorts.cohort_slots[cohort][slot]))
        for y, menu in enumerate(menus)
        for slot in np.flatnonzero(table.menus[menu])
    ]
