"""Who sends how many where: the seats of every unit, session by session and in sum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from allocator.outputs.dispatch.common import LEVELS, heads
from allocator.outputs.excel.workbook import Heading, Sheet
from allocator.outputs.output_data import Material, records


def seats(sheet: Sheet, material: Material, year: int) -> None:
    """Each unit with its total, and below it a row for each of its sessions, which can be folded away.

    A matrix of units by sessions would be hundreds of columns wide and could be neither read nor printed.
    """
    sheet.line(material.texts("dispatch.seats-note"))
    columns = heads(
        material, "unit_id", "unit", "above", "session_id", "programme", "dates", "place", "seats", "unit-seats"
    )
    styles = ("text", "text", "text", "text", "text", "text", "text", "count", "count")
    sheet.table(columns, _seat_rows(material, year), styles, freeze_columns=2)


def _seat_rows(material: Material, year: int) -> Iterator[tuple[Any, ...] | Heading]:
    table = material.seats[material.seats["year"] == year]
    sessions = material.sessions.set_index("session_id")[["programme", "place", "dates", "start_date"]]
    table = table.join(sessions, on="session_id")
    table = table.assign(order=table["unit_id"].map(material.unit_order).fillna(len(material.unit_order)))
    table = table.sort_values(["order", "unit_id", "start_date", "session_id"])
    units = material.inputs.units
    parents = dict(zip(units["unit_id"], units["parent_unit_id"], strict=True))
    rows = records(table, "unit_id", "session_id", "programme", "dates", "place", "seats")
    for unit_id, group in groupby(rows, key=lambda row: row.unit_id):
        own = list(group)
        unit = material.unit_names.get(unit_id, unit_id)
        above = material.unit_names.get(parents.get(unit_id, ""), "")
        count = material.texts("dispatch.sessions-of-unit", count=len(own))
        texts = ((text, "block") for text in (unit_id, unit, above, count, "", "", ""))
        yield Heading([*texts, ("", "block-count"), (sum(row.seats for row in own), "block-count")])
        for row in own:
            yield (unit_id, unit, above, *row[1:], None)


def unit_totals(sheet: Sheet, material: Material, year: int) -> None:
    """Seats of every unit by level of programme, units without any too."""
    texts, units = material.texts, material.inputs.units
    placements = material.plan.placements
    placements = placements[placements["year"] == year]
    levels = material.inputs.programmes.set_index("programme_id")["level"]
    level = placements["programme_id"].map(levels).fillna("")
    table = placements.assign(level=level).pivot_table(
        index="unit_id", columns="level", values="headcount", aggfunc="sum", fill_value=0
    )
    shown = [name for name in LEVELS if name in table.columns] + [name for name in table.columns if name not in LEVELS]
    staff = material.inputs.cadres.groupby("unit_id")["headcount"].sum().to_dict()
    kinds = dict(zip(units["unit_id"], units["kind"], strict=True))
    counts = {str(unit_id): list(map(int, own)) for unit_id, *own in records(table[shown].reset_index())}
    listed = sorted(map(str, {*staff, *counts}), key=lambda u: (material.unit_order.get(u, len(kinds)), u))
    nothing = [0] * len(shown)
    rows = (
        (u, material.unit_names.get(u, u), texts.known("unit_kind", kinds.get(u, "")), int(staff.get(u, 0)),
         *(n or None for n in counts.get(u, nothing)), sum(counts.get(u, nothing)))
        for u in listed
    )  # fmt: skip
    sheet.line(
        texts("dispatch.units-note", count=texts.number(len(listed)), without=texts.number(len(listed) - len(counts)))
    )
    titles = [
        *heads(material, "unit_id", "unit", "kind_of_unit", "staff"),
        *(texts.known("level", name or "other") for name in shown),
        *heads(material, "total"),
    ]
    sheet.table(titles, rows, ("text", "text", "text") + ("count",) * (len(shown) + 2), freeze_columns=2)
