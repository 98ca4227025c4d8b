"""Away limit: who is away together, day by day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.audit.finding import ALL, Finding, Row, counted, totals
from allocator.audit.records import Array, Groups, Records, iso, ordinals, running, spread
from allocator.audit.register import MEASURES
from allocator.domain.rules import AwayLimit


@MEASURES.add(AwayLimit)
def measure_away_limit(rule: AwayLimit, records: Records) -> Finding:
    """Count the placements that take one too many of a group away, two posts together, or fall in a blocked period.

    Days are those of the sessions' segments. Of a group with too many away, those whose session started last are at
    fault; of two posts away together, the holder of the second post. The load of hosts by month is only reported.
    """
    a = records.attendances
    audience = records.audience(rule.audience)
    judged = np.flatnonzero(
        a.planned & audience[a.cadre] & records.counting(rule.programmes) & np.isin(a.year, records.years_of(rule))
    )
    groups = records.groups(audience, rule.group_by)
    attendance, day = records.days_away
    chosen = np.isin(attendance, judged)
    attendance, day = attendance[chosen], day[chosen]
    grouped = groups.of[a.cadre[attendance]] >= 0
    at_fault, details = [_blocked(rule, records, attendance, day)], _blocked_rows(rule, records, attendance, day)
    if rule.share is not None:
        wrong, rows = _too_many(rule, records, groups, attendance[grouped], day[grouped])
        at_fault.append(wrong)
        details += rows
    for first, second in rule.posts_apart:
        wrong, rows = _together(first, second, records, groups, attendance[grouped], day[grouped])
        at_fault.append(wrong)
        details += rows
    wrong = np.unique(np.concatenate(at_fault))
    rows = []
    for y in records.years_of(rule):
        total, beyond = int((a.year[judged] == y).sum()), int((a.year[wrong] == y).sum())
        rows.append(Row(y, ALL, total, total - beyond, "placements", beyond))
        rows += sorted(row for row in details if row.year == y)
        if rule.host_month_share is not None:
            rows += _load(rule, records, judged[a.year[judged] == y], y)
    required, achieved = totals(rows)
    return Finding(
        tuple(rows), records.people(audience), "placements", required, achieved, len(wrong), counted(rule, len(wrong))
    )


def _too_many(
    rule: AwayLimit, records: Records, groups: Groups, attendance: Array, day: Array
) -> tuple[Array, list[Row]]:
    """Placements beyond the limit of their group on some day, and for each group and year its worst day."""
    assert rule.share is not None
    a = records.attendances
    limit = np.maximum(1, rule.share.numerator * groups.sizes // rule.share.denominator)
    # A cadre in two sessions on one day is one person away; seats of an unnamed group are different people.
    person = np.where(records.headcount[a.cadre[attendance]] > 1, -1 - attendance, a.cadre[attendance])
    order = np.lexsort((records.rank[attendance], person, day))
    same = (np.diff(person[order]) == 0) & (np.diff(day[order]) == 0)
    order = order[np.concatenate([[True], ~same])] if len(order) else order
    attendance, day = attendance[order], day[order]
    group = groups.of[a.cadre[attendance]]
    order = np.lexsort((records.rank[attendance], day, group))
    attendance, day, group = attendance[order], day[order], group[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(group) != 0) | (np.diff(day) != 0)
    away = running(a.seats[attendance], begins)
    beyond = np.flatnonzero(away > limit[group]) if len(order) else np.empty(0, np.int64)
    worst = pd.DataFrame(
        {"group": group[beyond], "year": a.year[attendance[beyond]], "away": away[beyond], "day": day[beyond]}
    )
    worst = worst.sort_values(["group", "year", "away", "day"], ascending=[True, True, False, True])
    worst = worst.drop_duplicates(["group", "year"])
    rows = [
        Row(int(y), f"{groups.labels[g]} {iso(on)}", int(limit[g]), int(n), "people", int(n - limit[g]))
        for g, y, n, on in worst.to_numpy(np.int64)
    ]
    return attendance[beyond], rows


def _together(
    first: str, second: str, records: Records, groups: Groups, attendance: Array, day: Array
) -> tuple[Array, list[Row]]:
    """Placements of holders of ``second`` on days when a holder of ``first`` of the same group is away."""
    a = records.attendances
    post = records.inputs.cadres["post"].to_numpy(object)[a.cadre[attendance]]
    table = pd.DataFrame({"attendance": attendance, "group": groups.of[a.cadre[attendance]], "day": day})
    clash = table[post == first].merge(table[post == second], on=["group", "day"], suffixes=("", "_second"))
    clash = clash.sort_values("day").drop_duplicates(["attendance", "attendance_second"])
    ids = records.cadre_ids
    rows = [
        Row(int(a.year[r.attendance_second]),
            f"{ids[a.cadre[r.attendance]]}+{ids[a.cadre[r.attendance_second]]} {iso(r.day)}", 1, 2, "people", 1)
        for r in clash.itertuples()
    ]  # fmt: skip
    return clash["attendance_second"].to_numpy(np.int64), rows


def _inside(rule: AwayLimit, day: Array) -> Array:
    """Number of the blocked period each day lies in, -1 for none."""
    inside = np.full(len(day), -1)
    for number, period in enumerate(rule.blocked):
        first, last = ordinals(pd.Series(pd.to_datetime([period.from_date, period.to_date])))
        inside[(day >= first) & (day <= last)] = number
    return inside


def _blocked(rule: AwayLimit, _: Records, attendance: Array, day: Array) -> Array:
    return np.unique(attendance[_inside(rule, day) >= 0])


def _blocked_rows(rule: AwayLimit, records: Records, attendance: Array, day: Array) -> list[Row]:
    a, inside = records.attendances, _inside(rule, day)
    rows = []
    for session in np.unique(a.session[attendance[inside >= 0]]):
        here = (a.session[attendance] == session) & (inside >= 0)
        people = int(a.seats[np.unique(attendance[here])].sum())
        year = int(records.session_year[session])
        rows.append(Row(year, f"{records.session_ids[session]} {iso(day[here].min())}", 0, people, "people", people))
    return rows


def _load(rule: AwayLimit, records: Records, judged: Array, y: int) -> list[Row]:
    """How many hosts spread their year's person-days over the months, and the host-month furthest above the share.

    Told, never a breach.
    """
    assert rule.host_month_share is not None
    a = records.attendances
    seats = np.bincount(a.session[judged], weights=a.seats[judged], minlength=len(records.session_ids))
    parts = records.segments.loc[seats[records.segments["session"].to_numpy()] > 0]
    part, offset = spread(np.maximum(0, parts["last"].to_numpy() - parts["first"].to_numpy() + 1))
    load = pd.DataFrame(
        {
            "host": parts["host_id"].to_numpy(object).astype(str)[part],
            "month": (parts["first"].to_numpy()[part] + offset)
            .astype("datetime64[D]")
            .astype("datetime64[M]")
            .astype(str),
            "days": seats[parts["session"].to_numpy()[part]],
        }
    )
    load = load.groupby(["host", "month"])["days"].sum().reset_index()
    year_of_host = load.groupby("host")["days"].transform("sum")
    beyond = load["days"] - float(rule.host_month_share) * year_of_host
    crowded = load.loc[beyond > 1e-9, "host"].nunique()
    hosts = load["host"].nunique()
    rows = [Row(y, "hosts", hosts, hosts - crowded, "hosts", is_told=True)]
    if crowded:
        worst = int(np.argmax(beyond.to_numpy()))
        share = load["days"].to_numpy()[worst] / year_of_host.to_numpy()[worst]
        scope = f"{load['host'].iloc[worst]} {load['month'].iloc[worst]}"
        rows.append(Row(y, scope, float(rule.host_month_share), float(share), "share", is_told=True))
    return rows
