"""The programmes and the dated sessions of the year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allocator.outputs.dispatch.common import LEVELS, heads
from allocator.outputs.excel.workbook import Sheet
from allocator.outputs.output_data import Material, records


def programmes(sheet: Sheet, material: Material, year: int) -> None:
    """One row for each programme with sessions in the year."""
    texts = material.texts
    table = material.sessions[material.sessions["year"] == year]
    table = table.assign(held=table["filled"] > 0, open_seats=table["usable_seats"].where(table["filled"] > 0, 0))
    own = table.drop_duplicates("programme_id")[["programme_id", "programme", "host_group", "level", "days"]]
    sums = own.rename(columns={"host_group": "group"}).merge(
        table.groupby("programme_id").agg(
            offered=("session_id", "size"), held=("held", "sum"), seats=("open_seats", "sum"), filled=("filled", "sum")
        ).reset_index(), on="programme_id",
    )  # fmt: skip
    rank = {level: n for n, level in enumerate(LEVELS)}
    sums = sums.assign(rank=sums["level"].map(rank).fillna(len(rank))).sort_values(["rank", "programme_id"])
    rows = (
        (p.programme_id, p.programme, texts.known("level", p.level or "other"), texts.known("host_group", p.group), p.days,
         p.offered, p.held, p.seats, p.filled, p.filled / p.seats if p.seats else None)
        for p in records(sums)
    )  # fmt: skip
    columns = heads(
        material, "programme_id", "programme", "level", "host_group", "days", "offered", "held", "seats_usable", "filled", "fill"
    )  # fmt: skip
    styles = ("text", "text", "text", "text", "number", "count", "count", "count", "count", "share")
    sheet.table(columns, rows, styles, freeze_columns=2)


def sessions(sheet: Sheet, material: Material, year: int) -> None:
    """One row for each dated session, those nobody attends too."""
    columns = heads(
        material, "session_id", "programme", "host_group", "place", "dates", "days", "min_seats", "seats_usable", "filled",
        "fill", "state",
    )  # fmt: skip
    styles = ("text", "text", "text", "text", "text", "number", "count", "count", "count", "share", "status")
    sheet.table(columns, _session_rows(material, year), styles, freeze_columns=2)


def _session_rows(material: Material, year: int) -> Iterator[tuple[Any, ...]]:
    texts = material.texts
    table = material.sessions[material.sessions["year"] == year].sort_values(["start_date", "session_id"])
    for s in records(table):
        state = (texts("state.held"), "kept") if s.filled else (texts("state.not-held"), "reported")
        yield (
            s.session_id, s.programme, texts.known("host_group", s.host_group), s.place, s.dates, s.days, s.min_seats,
            s.usable_seats, s.filled, s.filled / s.usable_seats if s.usable_seats else None, state,
        )  # fmt: skip
