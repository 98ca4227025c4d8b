"""Fixed: named call-ups, forbidden pairs, unavailable periods, audiences that attend as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.audit.finding import ALL, Finding, Row, counted
from allocator.audit.records import Records, ordinals
from allocator.audit.register import MEASURES
from allocator.domain.rules import Fixed


@MEASURES.add(Fixed)
def measure_fixed(rule: Fixed, records: Records) -> Finding:
    """Count call-ups without a seat, seats that are forbidden or fall in an unavailable period, and missing attendances.

    With ``everyone`` each of the audience owes each programme exactly one attendance in each year of the rule.
    """
    demands = [*_call_ups(rule, records), *_forbidden(rule, records), *_unavailable(rule, records)]
    rows = []
    if demands:
        kept = sum(row.shortfall == 0 for row in demands)
        rows.append(Row(None, ALL, len(demands), kept, "demands", len(demands) - kept))
        rows += [row for row in demands if row.shortfall]
    breaches = sum(row.shortfall for row in demands)
    required, achieved = float(len(demands)), float(sum(row.shortfall == 0 for row in demands))
    audience = records.audience(rule.audience)
    people = records.people(audience) if rule.everyone else _named_people(rule, records)
    if rule.everyone:
        for row in (whole := _everyone(rule, records)):
            if row.scope == ALL:
                required += row.required or 0
                achieved += row.achieved or 0
                breaches += row.shortfall
        rows += whole
    return Finding(tuple(rows), people, "demands", required, achieved, breaches, counted(rule, breaches))


def _named_people(rule: Fixed, records: Records) -> int:
    named = {
        *(item.cadre_id for item in rule.call_ups),
        *(item.cadre_id for item in rule.forbidden),
        *(item.cadre_id for item in rule.unavailable),
    }
    return int(np.isin(records.cadre_ids.astype(str), list(named)).sum())


def _seat_table(records: Records) -> pd.DataFrame:
    a = records.attendances
    planned = np.flatnonzero(a.planned)
    return pd.DataFrame(
        {
            "cadre_id": records.cadre_ids[a.cadre[planned]],
            "session_id": records.session_ids[a.session[planned]],
            "programme_id": records.programme_ids[a.programme[planned]],
            "session": a.session[planned],
            "year": a.year[planned],
        }
    )


def _call_ups(rule: Fixed, records: Records) -> list[Row]:
    if not rule.call_ups:
        return []
    seats = _seat_table(records)
    taken = set(zip(seats["cadre_id"], seats["session_id"], strict=True))
    year_of = dict(zip(records.session_ids, map(int, records.session_year), strict=True))
    rows = []
    for item in rule.call_ups:
        missing = int((item.cadre_id, item.session_id) not in taken)
        scope = f"{item.cadre_id}@{item.session_id}"
        rows.append(Row(year_of.get(item.session_id), scope, 1, 1 - missing, "placements", missing))
    return rows


def _forbidden(rule: Fixed, records: Records) -> list[Row]:
    if not rule.forbidden:
        return []
    seats, rows = _seat_table(records), []
    for item in rule.forbidden:
        hit = seats["cadre_id"] == item.cadre_id
        named = {"programme_id": item.programme_id, "session_id": item.session_id, "year": item.year}
        for column, wanted in named.items():
            if wanted is not None:
                hit &= seats[column] == wanted
        scope = "@".join([item.cadre_id, *(str(wanted) for wanted in named.values() if wanted is not None)])
        rows.append(Row(item.year, scope, 0, int(hit.sum()), "placements", int(hit.sum())))
    return rows


def _unavailable(rule: Fixed, records: Records) -> list[Row]:
    if not rule.unavailable:
        return []
    seats, rows = _seat_table(records), []
    parts = records.segments
    for item in rule.unavailable:
        first, last = ordinals(pd.Series(pd.to_datetime([item.from_date, item.to_date])))
        touching = parts.loc[(parts["first"] <= last) & (parts["last"] >= first), "session"]
        hits = int(((seats["cadre_id"] == item.cadre_id) & seats["session"].isin(touching)).sum())
        scope = f"{item.cadre_id} {item.from_date}/{item.to_date}"
        rows.append(Row(item.from_date.year, scope, 0, hits, "placements", hits))
    return rows


def _everyone(rule: Fixed, records: Records) -> list[Row]:
    a = records.attendances
    people = np.flatnonzero(records.audience(rule.audience))
    programmes = np.flatnonzero(records.programmes(rule.programmes))
    wanted = records.headcount[people]
    rows = []
    for y in records.years_of(rule):
        total = missed = 0
        details = []
        for p in programmes:
            here = a.planned & (a.programme == p) & (a.year == y)
            taken = np.bincount(a.cadre[here], weights=a.seats[here], minlength=len(records.headcount))[people]
            off = np.abs(wanted - taken).astype(np.int64)
            total += int(wanted.sum())
            missed += int(off.sum())
            details += [
                Row(y, f"{records.cadre_ids[people[i]]}@{records.programme_ids[p]}", int(wanted[i]), int(taken[i]),
                    "placements", int(off[i]))
                for i in np.flatnonzero(off)
            ]  # fmt: skip
        rows += [Row(y, ALL, total, total - missed, "placements", missed), *details]
    return rows
