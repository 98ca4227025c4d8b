"""How many people are in class, week by week."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from allocator.outputs.dispatch import busy_weeks, weeks_of
from allocator.outputs.output_data import Material


def weekly_load(material: Material) -> tuple[list[date], pd.DataFrame]:
    """The Mondays of the plan, and people in class by group of hosts (rows, most person-weeks first) and week.

    A session in parts counts at the host of each part, in the weeks that part touches.
    """
    inputs = material.inputs
    weeks = sorted({monday for year in inputs.years for monday in weeks_of(year)})
    held = material.sessions.loc[material.sessions["filled"] > 0].set_index("session_id")
    programmes = inputs.programmes.drop_duplicates("host_id").set_index("host_id")["host_group"]
    own_host = inputs.programmes.set_index("programme_id")["host_id"]
    parts = inputs.segments[inputs.segments["session_id"].isin(held.index)].reset_index(drop=True)
    if parts.empty:
        return weeks, pd.DataFrame()
    session = held.loc[parts["session_id"]]
    at_home = parts["host_id"].to_numpy() == session["programme_id"].map(own_host).to_numpy()
    elsewhere = parts["host_id"].map(programmes)
    group = session["host_group"].reset_index(drop=True)
    group = group.where(at_home | elsewhere.isna().to_numpy(), elsewhere)
    # One row for each session and group, so that two parts in one week count their people once.
    key = group.str.cat(parts["session_id"], sep="\n")
    rows = parts.assign(session_id=key)
    distinct = pd.Series(pd.unique(key), dtype="str")
    busy = busy_weeks(rows, distinct, weeks)
    names = distinct.str.partition("\n")
    filled = names[2].map(held["filled"]).to_numpy(dtype=np.int64)
    people = pd.DataFrame(busy * filled[:, None], index=names[0])
    load = people.groupby(level=0).sum()
    return weeks, load.loc[load.sum(axis=1).sort_values(ascending=False, kind="stable").index]
