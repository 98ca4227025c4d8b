"""The outcome of a year as a workbook: by programme, session and unit; who missed what; who gave up a seat."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import pandas as pd

from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book, Sheet
from allocator.register.closing.outcome import NUMBERS, YearOutcome
from allocator.register.closing.windows import REST
from allocator.register.records import SeatState
from allocator.register.states import named

DUE_COLUMNS = (
    "session_id",
    "programme_id",
    "cadre_id",
    "unit_id",
    "state",
    "clauses",
    "rules",
    "has_seat_in",
    "can_be_made_up_in",
)
"""Columns of ``due.csv``; several values of one cell stand with ``;`` between."""

Numbers = Mapping[str, float]


def numbers_head() -> tuple[Message, ...]:
    """Headings of the numbers that ``figures`` gives."""
    return (
        Message("close.head-called"), Message("close.head-given-up"), Message("close.head-expected"),
        Message("close.head-completed"), Message("close.head-absent"), Message("close.head-not-completed"),
        Message("close.head-rate"), Message("close.head-hours-planned"), Message("close.head-hours"),
    )  # fmt: skip


def figures(row: Numbers) -> tuple[float | None, ...]:
    """The numbers of a row of the outcome as they are shown, the share of those expected who completed among them."""
    called, given_up, expected, completed, absent, lost, _, planned, hours = (row[name] for name in NUMBERS)
    rate = completed / expected if expected else None
    return called, given_up, expected, completed, absent, lost, rate, planned, hours


STYLES = (*("count",) * 6, "share", "number", "number")


class Told:
    """The outcome in one language."""

    def __init__(self, outcome: YearOutcome, texts: Texts) -> None:
        self.outcome, self.texts = outcome, texts
        self.rules = {rule.id: rule for rule in outcome.inputs.policy.rules}

    def programme(self, programme_id: str) -> str:
        """A programme by name."""
        return self._programmes.get(programme_id) or programme_id

    def unit(self, unit_id: str) -> str:
        """A unit by name."""
        return self._units.get(unit_id) or unit_id

    def clauses(self, rules: str) -> str:
        """The clauses that a seat was to serve, each with its title."""
        found = []
        served = [one for one in rules.split(";") if one and f"{one}{REST}" not in rules.split(";")]
        for rule_id in served:
            rule = self.rules.get(rule_id)
            title = (rule.title_zh if self.texts.lang == "zh" else rule.title) if rule else rule_id
            found.append(f"{rule.clause} {title}" if rule and rule.clause else title)
        return ("；" if self.texts.lang == "zh" else "; ").join(found)

    @cached_property
    def _programmes(self) -> dict[str, str]:
        return self._named(self.outcome.inputs.programmes, "programme_id")

    @cached_property
    def _units(self) -> dict[str, str]:
        return self._named(self.outcome.inputs.units, "unit_id")

    @cached_property
    def people(self) -> dict[str, str]:
        """Names by id."""
        table = self.outcome.inputs.cadres
        return dict(zip(table["cadre_id"], table["name"], strict=True))

    def _named(self, table: pd.DataFrame, key: str) -> dict[str, str]:
        rows = zip(table[key], table["name"], table["name_en"], strict=True)
        return {str(one): self.texts.name(str(name), str(english)) for one, name, english in rows}


def workbook(outcome: YearOutcome, reasons: Mapping[tuple[str, str], str], texts: Texts) -> bytes:
    """The workbook, ready to be written; equal content gives equal bytes.

    Parameters
    ----------
    reasons
        Why somebody gave up a seat, by session and person.
    """
    told, title = Told(outcome, texts), texts.said(Message("close.title", year=outcome.year))
    book = Book(title, texts("font"), texts("dispatch.footer"))
    sheets: tuple[tuple[Message, Callable[[Sheet], None]], ...] = (
        (Message("close.sheet-programmes"), lambda sheet: _programmes(sheet, told)),
        (Message("close.sheet-sessions"), lambda sheet: _sessions(sheet, told)),
        (Message("close.sheet-units"), lambda sheet: _units(sheet, told)),
        (Message("close.sheet-due"), lambda sheet: _due(sheet, told)),
        (Message("close.sheet-given-up"), lambda sheet: _given_up(sheet, told, reasons)),
    )
    for name, write in sheets:
        sheet = book.sheet(texts.said(name), title)
        sheet.line(f"{title}　{texts.said(name)}", "title")
        write(sheet)
    return book.content()


def _heads(told: Told, *first: str) -> list[str]:
    return [told.texts(f"column.{name}") for name in first]


def _summed(told: Told, *columns: str) -> list[tuple[tuple[str, ...], tuple[float | None, ...]]]:
    """The numbers by columns, and at the end those of all."""
    rows = [
        (tuple(str(row[name]) for name in columns), figures({name: float(row[name]) for name in NUMBERS}))
        for row in told.outcome.by(*columns).to_dict("records")
    ]
    return [*rows, ((told.texts.said(Message("close.all")), *[""] * (len(columns) - 1)), figures(told.outcome.total))]


def _table(sheet: Sheet, told: Told, heads: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    titles = [*heads, *map(told.texts.said, numbers_head())]
    sheet.table(titles, rows, (*("text",) * len(heads), *STYLES), freeze_columns=len(heads))


def _programmes(sheet: Sheet, told: Told) -> None:
    rows = [(key[0], told.programme(key[0]), *own) for key, own in _summed(told, "programme_id")]
    rows[-1] = (rows[-1][0], "", *rows[-1][2:])
    _table(sheet, told, _heads(told, "programme_id", "programme"), rows)


def _sessions(sheet: Sheet, told: Told) -> None:
    rows = [(key[0], told.programme(key[1]), *own) for key, own in _summed(told, "session_id", "programme_id")]
    _table(sheet, told, _heads(told, "session_id", "programme"), rows)


def _units(sheet: Sheet, told: Told) -> None:
    rows = [(key[0], told.unit(key[0]), *own) for key, own in _summed(told, "unit_id")]
    rows[-1] = (rows[-1][0], "", *rows[-1][2:])
    _table(sheet, told, _heads(told, "unit_id", "unit"), rows)


def _due(sheet: Sheet, told: Told) -> None:
    said = told.texts.said
    sheet.line(said(Message("close.due-note")))
    seats = {(row["session_id"], row["cadre_id"]): row for row in told.outcome.seats.to_dict("records")}
    titles = [
        *_heads(told, "cadre_id", "name", "unit", "session_id", "programme"), said(Message("attendance.head-outcome")),
        said(Message("close.head-leave")), said(Message("close.head-clauses")), said(Message("attendance.head-offers")),
        said(Message("close.head-has")), said(Message("close.head-remark")),
    ]  # fmt: skip
    rows = []
    for one in told.outcome.due:
        seat = seats[one.session_id, one.cadre_id]
        rows.append((
            one.cadre_id, told.people.get(one.cadre_id, ""), told.unit(one.unit_id), one.session_id, told.programme(one.programme_id),
            said(named(one.state)), float(seat["leave_days"]), told.clauses(str(seat["rules"])), told.texts.join(one.offers),
            told.texts.join(one.has), str(seat["remark"]),
        ))  # fmt: skip
    styles = (*("text",) * 6, "number", "long", "text", "text", "text")
    sheet.table(titles, rows, styles, freeze_columns=2)


def _given_up(sheet: Sheet, told: Told, reasons: Mapping[tuple[str, str], str]) -> None:
    said = told.texts.said
    seats = told.outcome.seats
    seats = seats[seats["given_up"] > 0]
    titles = [
        *_heads(told, "cadre_id", "name", "unit", "session_id", "programme"), said(Message("attendance.head-outcome")),
        said(Message("close.head-reason")),
    ]  # fmt: skip
    columns = ("session_id", "cadre_id", "unit_id", "programme_id", "state")
    rows = [
        (cadre, told.people.get(cadre, ""), told.unit(unit), session, told.programme(programme), said(named(SeatState(state))),
         reasons.get((session, cadre), ""))
        for session, cadre, unit, programme, state in zip(*(seats[name] for name in columns), strict=True)
    ]  # fmt: skip
    sheet.table(titles, rows, (*("text",) * 6, "long"), freeze_columns=2)


def due_csv(outcome: YearOutcome) -> bytes:
    """Who missed what as CSV, for other programs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(DUE_COLUMNS)
    writer.writerows(_due_rows(outcome))
    return ("\ufeff" + out.getvalue()).encode()


def _due_rows(outcome: YearOutcome) -> Iterator[tuple[str, ...]]:
    rules = {rule.id: rule.clause for rule in outcome.inputs.policy.rules}
    seats = outcome.seats.set_index(["session_id", "cadre_id"])["rules"]
    for one in outcome.due:
        served = str(seats.loc[(one.session_id, one.cadre_id)])
        clauses = dict.fromkeys(filter(None, (rules.get(rule, "") for rule in served.split(";"))))
        yield (
            one.session_id, one.programme_id, one.cadre_id, one.unit_id, one.state.value, ";".join(clauses), served,
            ";".join(one.has), ";".join(one.offers),
        )  # fmt: skip
