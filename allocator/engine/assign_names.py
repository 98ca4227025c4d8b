"""From counts to names: who of a cohort follows which trajectory, by a published draw.

Cadres of one cohort are alike in everything the policy looks at, so only chance can decide between them. The
draw is a hash of the published seed and the cadre's id: the same on every machine, whatever the order of the rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.domain.tie_break import draws
from allocator.model.cohorts import Cohorts


def name(cohorts: Cohorts, cohort: np.ndarray, trajectory: np.ndarray, people: np.ndarray, seed: str) -> pd.DataFrame:
    """Who attends which programme in which year.

    Parameters
    ----------
    cohort, trajectory, people
        So many people of a cohort follow a trajectory (position among those open to its person type).
    seed
        Published seed of the tie-break.

    Returns
    -------
    pandas.DataFrame
        Columns ``cadre_id``, ``programme_id``, ``year``, ``headcount``, sorted by them; one row per attendance of a named
        cadre, seats of an unnamed group added up.
    """
    instance = cohorts.instance
    order = np.lexsort([trajectory, cohort])
    order = order[people[order] > 0]
    cohort, trajectory, people = cohort[order], trajectory[order], people[order]
    member, row, seats = _dealt(cohorts, cohort, people, seed)
    of_row, year, programme = attended(cohorts, cohort, trajectory)
    count = np.bincount(of_row, minlength=len(cohort))[row]
    piece = np.repeat(np.arange(len(row)), count)
    first = np.searchsorted(of_row, row)
    at = first[piece] + np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    # People and programmes stand in the order of their ids, so their positions sort the rows.
    keys = (member[piece] * len(instance.days) + programme[at]) * len(instance.years) + year[at]
    key, which = np.unique(keys, return_inverse=True)
    pair = key // len(instance.years)
    return pd.DataFrame(
        {
            "cadre_id": instance.cadre_ids[pair // max(1, len(instance.days))],
            "programme_id": instance.programme_ids[pair % max(1, len(instance.days))],
            "year": np.array(instance.years)[key % len(instance.years)],
            "headcount": np.bincount(which, weights=seats[piece], minlength=len(key)).astype(np.int64),
        }
    ).astype({"cadre_id": "str", "programme_id": "str"})


def _dealt(
    cohorts: Cohorts, cohort: np.ndarray, people: np.ndarray, seed: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who takes which row, and with how many seats: the rows of a cohort one after the other, its members by their draw.

    Everybody of a cohort is laid on one line, row by row; where a row or a member ends, a piece ends.
    """
    used, first = np.unique(cohort, return_index=True)
    capacity = cohorts.cohort_people[used]
    start = np.cumsum(capacity) - capacity
    is_split = np.diff(np.append(first, len(cohort))) > 1
    members = _in_order_of_draw(cohorts, used, is_split, people[first], seed)
    ends_of_members = np.cumsum(cohorts.instance.headcount[members])
    before = np.cumsum(people) - people
    of_used = np.searchsorted(used, cohort)
    begins = start[of_used] + before - before[first][of_used]
    ends = begins + people
    # If fewer people follow a trajectory than there are members, the last members get nothing.
    cuts = np.unique(np.concatenate([begins, ends, ends_of_members]))
    row = np.searchsorted(begins, cuts[:-1], side="right") - 1
    inside = (row >= 0) & (cuts[:-1] < ends[np.maximum(row, 0)])
    member = members[np.searchsorted(ends_of_members, cuts[:-1][inside], side="right")]
    return member, row[inside], np.diff(cuts)[inside]


def _in_order_of_draw(
    cohorts: Cohorts, used: np.ndarray, is_split: np.ndarray, people: np.ndarray, seed: str
) -> np.ndarray:
    """Members of some cohorts, cohort by cohort, in the order of draw and id where members follow different trajectories."""
    instance = cohorts.instance
    members = [cohorts.members[c] for c in used.tolist()]
    is_split = is_split | (people < cohorts.cohort_people[used])
    line = np.concatenate([*members, np.empty(0, dtype=np.int64)])
    place = np.repeat(np.arange(len(used)), [len(own) for own in members])
    drawn = np.zeros(len(line), dtype=np.uint64)
    chosen = is_split[place]
    drawn[chosen] = draws(seed, instance.cadre_ids[line[chosen]])
    return np.asarray(line[np.lexsort([line, drawn, place])])


def attended(cohorts: Cohorts, cohort: np.ndarray, trajectory: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the people of each row attend, as positions (row, year, programme), in the order of the rows."""
    person_types = cohorts.cohort_type[cohort]
    types = cohorts.type_table[person_types]
    index = trajectory.copy()
    for person_type in np.unique(person_types).tolist():
        allowed = cohorts.type_allowed[person_type]
        if allowed is not None:
            index[person_types == person_type] = allowed[trajectory[person_types == person_type]]
    parts = []
    for kind in np.unique(types).tolist():
        table, rows = cohorts.tables[kind], np.flatnonzero(types == kind)
        r, y, slot = np.nonzero(table.menus[table.index[index[rows]]])
        parts.append(np.stack([rows[r], y, cohorts.cohort_slots[cohort[rows[r]], slot]]))
    found = np.concatenate([*parts, np.empty((3, 0), dtype=np.int64)], axis=1)
    row, year, programme = found[:, np.argsort(found[0], kind="stable")]
    return row, year, programme
