"""The name list of every session in the order of the office, and the reserves behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from allocator.outputs.dispatch.common import heads
from allocator.outputs.excel.workbook import Heading, Sheet
from allocator.outputs.output_data import Material, records
from allocator.outputs.reserves import Reserve

_SHOWN = 3  # reserves named beside a seat

_PERSON = ("session_id", "number", "cadre_id", "name", "unit", "post", "rank", "headcount", "reason", "fixed")


class Block(NamedTuple):
    """A session held and its people in their order; both are rows of tables, typed loosely."""

    session: Any
    people: list[Any]


@dataclass(frozen=True)
class NameLists:
    """The people of the year's sessions, numbered in the order of the office, with their reserves."""

    material: Material
    year: int

    @cached_property
    def blocks(self) -> list[Block]:
        """The sessions held, by date, each with its people in their order, numbered from 1."""
        material = self.material
        table = material.seatings[material.seatings["year"] == self.year]
        order = table["cadre_id"].map(material.person_order).fillna(len(material.person_order))
        table = table.assign(order=order).sort_values(["session_id", "order", "cadre_id"], kind="stable")
        table = table.assign(number=table.groupby("session_id").cumcount() + 1)
        rows = records(table, *_PERSON)
        people = {session_id: list(own) for session_id, own in groupby(rows, key=lambda row: row.session_id)}
        sessions = material.sessions.sort_values(["start_date", "session_id"])
        return [Block(s, people[s.session_id]) for s in records(sessions) if s.session_id in people]

    @cached_property
    def numbers(self) -> dict[tuple[str, str], int]:
        """Number of every (session, cadre) in the name list."""
        return {(person.session_id, person.cadre_id): person.number for b in self.blocks for person in b.people}

    @cached_property
    def reserves(self) -> dict[str, list[Reserve]]:
        """The reserves of every session in their order."""
        found: dict[str, list[Reserve]] = {}
        for reserve in self.material.reserves.of_year(self.year):
            found.setdefault(reserve.session_id, []).append(reserve)
        return found


def names(sheet: Sheet, lists: NameLists) -> None:
    """One block for each session; its id stands in every row, so the filter shows a session with its names."""
    texts = lists.material.texts
    sheet.line(texts("dispatch.names-note"))
    columns = heads(
        lists.material, "session_id", "number", "cadre_id", "name", "unit", "post", "rank", "seats", "reason", "reserves"
    )  # fmt: skip
    styles = ("brief", "count", "text", "text", "text", "text", "text", "count", "long", "text")
    sheet.table(columns, _name_rows(lists), styles, freeze_columns=4)


def _name_rows(lists: NameLists) -> Iterator[Sequence[Any] | Heading]:
    texts = lists.material.texts
    for session, people in lists.blocks:
        title = texts(
            "dispatch.block", programme=session.programme, dates=session.dates, place=session.place,
            people=texts.number(sum(person.headcount for person in people)),
        )  # fmt: skip
        yield Heading([(session.session_id, "block-wrapped"), (title, "block"), *[(None, "block")] * 8])
        standing = _standing_in(lists.reserves.get(session.session_id, []))
        for person in people:
            reserves = standing.get(person.cadre_id)
            if reserves:
                shown = texts.listed(map(str, reserves[:_SHOWN])) + ("…" if len(reserves) > _SHOWN else "")
            else:
                why = "reserve.group" if person.headcount > 1 else "reserve.fixed" if person.fixed else "reserve.none"
                shown = texts(why)
            yield (*person[:-1], shown)


def _standing_in(reserves: Sequence[Reserve]) -> dict[str, list[int]]:
    """For every cadre with a seat the numbers of those who may take it."""
    standing: dict[str, list[int]] = {}
    for reserve in reserves:
        for cadre_id in reserve.stands_in:
            standing.setdefault(cadre_id, []).append(reserve.number)
    return standing


def reserve_list(sheet: Sheet, lists: NameLists) -> None:
    """Who may step in, session by session, in the published order, and for whom."""
    material = lists.material
    texts, seed = material.texts, material.inputs.scenario.seed
    for code in ("reserve.note-who", "reserve.note-order", "reserve.note-count"):
        sheet.line(texts(code, seed=seed))
    columns = heads(
        material, "session_id", "reserve", "cadre_id", "name", "unit", "post", "rank", "last", "draw", "stands-in"
    )  # fmt: skip
    styles = ("text", "count", "text", "text", "text", "text", "text", "text", "text", "long")
    sheet.table(columns, _reserve_rows(lists), styles, freeze_columns=4)


def _reserve_rows(lists: NameLists) -> Iterator[Sequence[Any] | Heading]:
    texts = lists.material.texts
    listed = {reserve.cadre_id for own in lists.reserves.values() for reserve in own}
    roster = lists.material.people.reset_index()
    roster = roster[roster["cadre_id"].isin(listed)]
    known = {
        cadre_id: (name, lists.material.unit_names.get(unit, unit), post, rank)
        for cadre_id, name, unit, post, rank in records(roster, "cadre_id", "name", "unit_id", "post", "rank")
    }
    for session, people in lists.blocks:
        own = lists.reserves.get(session.session_id, [])
        if not own:
            continue
        title = texts("reserve.block", programme=session.programme, dates=session.dates, count=len(own))
        yield Heading([(session.session_id, "block-wrapped"), (title, "block"), *[(None, "block")] * 8])
        for reserve in own:
            numbers = sorted(lists.numbers[session.session_id, cadre_id] for cadre_id in reserve.stands_in)
            seats = texts("reserve.all") if len(numbers) == len(people) else texts.listed(ranges(numbers))
            last = texts("never") if reserve.last is None else str(reserve.last)
            yield (session.session_id, reserve.number, reserve.cadre_id, *known[reserve.cadre_id], last,
                   f"{reserve.draw:016x}", seats)  # fmt: skip


def ranges(numbers: Sequence[int]) -> list[str]:
    """Sorted numbers as people write them, those that follow each other together.

    Examples
    --------
    >>> ranges([1, 2, 3, 5, 7, 8])
    ['1–3', '5', '7–8']
    """
    cuts = [0, *(n + 1 for n, (a, b) in enumerate(pairwise(numbers)) if b != a + 1), len(numbers)]
    parts = [numbers[a:b] for a, b in pairwise(cuts)]
    return [str(part[0]) if len(part) == 1 else f"{part[0]}–{part[-1]}" for part in parts if part]
