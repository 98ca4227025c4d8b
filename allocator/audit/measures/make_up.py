"""Make-up: who went too long without, in which year, and whether a seat was left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import NEVER, Array, Records
from allocator.audit.register import MEASURES
from allocator.domain.rules import MakeUp
from allocator.language.message import Message

REASONS: Mapping[str, Message] = {
    "no-class": Message("audit.no-class"),
    "no-free-seat": Message("audit.no-free-seat"),
    "not-placed": Message("audit.not-placed"),
}
"""Why an overdue person was not sent: no class that he or she may attend, all of them full, or seats left unused."""


@MEASURES.add(MakeUp)
def measure_make_up(rule: MakeUp, records: Records) -> Finding:
    """Count the (person, year) pairs in which some content was not attended for ``after_years`` calendar years.

    Only named cadres have a record. The list ``overdue`` says of each when the content that waits longest was last
    attended and whether an eligible class of a missing content had a free seat that year.
    """
    contents = rule.contents or ("",)
    people = records.named(records.audience(rule.audience))
    last = np.stack(
        [records.last_year(records.counting(rule.programmes, content))[people] for content in contents], axis=2
    )
    missing = last <= np.array(records.years)[None, :, None] - rule.after_years
    overdue = np.asarray(missing.any(axis=2))
    rows, lists = [], []
    for column, y in enumerate(records.years):
        if rule.years and y not in rule.years:
            continue
        late = np.flatnonzero(overdue[:, column])
        rows.append(Row(y, ALL, len(people), len(people) - len(late), "people", len(late)))
        lists.append(_list(rule, records, y, people[late], last[late, column].min(axis=1), missing[late, column]))
        if rule.strength == "hard":
            oldest = last[late, column].min(axis=1)
            rows += [
                Row(y, records.cadre_ids[people[i]], y - rule.after_years + 1, _year(when), "years", 1)
                for i, when in zip(late, oldest, strict=True)
            ]
    required, achieved = totals(rows)
    shortfall = required - achieved
    return Finding(
        tuple(rows),
        len(people),
        "people",
        required,
        achieved,
        shortfall,
        counted(rule, shortfall),
        overdue=pd.concat(lists, ignore_index=True) if lists else None,
    )


def _year(when: int) -> float | None:
    return None if when == NEVER else float(when)


def _list(rule: MakeUp, records: Records, y: int, cadres: Array, last: Array, missing: Array) -> pd.DataFrame:
    """One row for each overdue cadre of year ``y``, with the reason."""
    a = records.attendances
    sessions = np.flatnonzero(records.session_year == y)
    used = np.bincount(a.session[a.planned], weights=a.seats[a.planned], minlength=len(records.session_ids))
    free = records.inputs.sessions["usable_seats"].to_numpy()[sessions] > used[sessions]
    counting = records.programmes(rule.programmes)
    offered, open_ = np.zeros(len(cadres), dtype=bool), np.zeros(len(cadres), dtype=bool)
    for number, content in enumerate(rule.contents or ("",)):
        fits = (counting & records.carries(content))[records.session_programme[sessions]]
        for seen, which in ((offered, fits), (open_, fits & free)):
            programmes = np.unique(records.session_programme[sessions[which]])
            seen |= missing[:, number] & records.any_eligible(cadres, programmes, y)
    reason = np.select([open_, offered], ["not-placed", "no-free-seat"], "no-class")
    return pd.DataFrame(
        {
            "rule_id": pd.Series(rule.id, index=range(len(cadres)), dtype=str),
            "cadre_id": pd.Series(records.cadre_ids[cadres], dtype=str),
            "year": y,
            "last": pd.array(np.where(last == NEVER, 0, last), dtype="Int64"),
            "reason": pd.Series(reason, dtype=str),
        }
    ).assign(
        last=lambda table: table["last"].mask(table["last"] == 0),
        reason_zh=lambda table: (
            table["reason"].map({code: why.said("zh") for code, why in REASONS.items()}).astype(str)
        ),
    )
