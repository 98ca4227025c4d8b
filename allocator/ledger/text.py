"""The ledger on one screen."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.ledger.account import Ledger, heads
from allocator.reports.texts import Texts, fit
from allocator.wording import Message

MOST = 12  # lines of a list; the file has all of them


def text(found: Ledger, title: str, texts: Texts) -> str:
    """Who must go in the first year, what is owed by clause, groups that cannot reach their share."""
    head = texts.said(Message("ledger.title", title=title, first=found.years[0], last=found.years[-1]))
    return "\n".join([head, *_clauses(found, texts), *_forced(found, texts), *_floors(found, texts)])


def unit_of(unit: str, texts: Texts) -> str:
    """What debts are counted in."""
    return texts.said(Message("ledger.hours-unit") if unit == "hours" else Message("ledger.attendances"))


def _clauses(found: Ledger, texts: Texts) -> Iterator[str]:
    yield texts.said(Message("ledger.clauses-heading"))
    for row in found.clauses.itertuples():
        figures = (texts.number(value) for value in (row.people, row.owing, row.must, row.shut_out, row.owed))
        cells = [fit(f"{row.clause} {texts.title(row)}", 56), *(fit(figure, 10, "right") for figure in figures)]
        yield "  " + " ".join(cells) + " " + unit_of(str(row.unit_of), texts)


def _forced(found: Ledger, texts: Texts) -> Iterator[str]:
    forced = found.forced
    shut = heads(forced[~forced["open"]])
    count, units = heads(forced), forced["unit_id"].nunique()
    yield texts.said(Message("ledger.owing", year=found.years[0], count=count, units=units, shut=shut))
    for row in forced.sort_values("open", kind="stable").head(MOST).itertuples():
        content = Message("ledger.content", content=row.content) if row.content else ""
        shut_out = "" if row.open else Message("ledger.shut")
        unit = row.unit or row.unit_id
        yield texts.said(
            Message(
                "ledger.must-line", cadre=row.cadre_id, unit=unit, rule=texts.title(row), content=content, shut=shut_out
            )
        )
    if len(forced) > MOST:
        yield texts.said(Message("ledger.more", count=len(forced) - MOST))


def _floors(found: Ledger, texts: Texts) -> Iterator[str]:
    for one in found.findings:
        yield f"  {one.rule_id}: {texts.said(one.message)}"
    short = found.floors[found.floors["short"] > 0]
    if short.empty:
        yield texts.said(Message("ledger.floors-kept", count=len(found.floors)))
        return
    yield texts.said(Message("ledger.floors-short", count=len(short)))
    for row in short.head(MOST).itertuples():
        figures = {"year": row.year, "required": row.required, "able": row.able}
        yield texts.said(Message("ledger.floor-line", rule=texts.title(row), group=row.group, **figures))
    if len(short) > MOST:
        yield texts.said(Message("ledger.more", count=len(short) - MOST))
