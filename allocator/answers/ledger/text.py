"""The ledger on one screen."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.answers.ledger.result import Ledger
from allocator.answers.ledger.tables import heads
from allocator.language.message import Message, value
from allocator.language.text_table import Table
from allocator.language.texts import Texts

MOST = 12  # lines of a list; the file has all of them
WIDEST = 56  # terminal cells of a clause


def lines(found: Ledger, texts: Texts) -> Iterator[str]:
    """Who must go in the first year, what is owed by clause, groups that cannot reach their share."""
    yield heading(found, texts)
    for block in (_clauses, _forced, _floors):
        yield from block(found, texts)


def heading(found: Ledger, texts: Texts) -> str:
    """Whose ledger it is, and of which years."""
    title = texts.title(found.scenario) or found.scenario.id
    return texts.said(Message("ledger.title", title=title, first=found.years[0], last=found.years[-1]))


def content_of(found: Ledger, kind: str, content: str) -> str:
    """What is owed: the content by name, or the programme where a seat is settled; empty where any class will do."""
    return found.names.programme(content) if kind == "fixed" else value("content", content)


def unit_of(unit: str, texts: Texts) -> str:
    """What debts are counted in."""
    return texts.said(Message("ledger.hours-unit") if unit == "hours" else Message("ledger.attendances"))


def _clauses(found: Ledger, texts: Texts) -> Iterator[str]:
    if found.clauses.empty:
        return
    said = texts.said
    yield said(Message("ledger.clauses-heading"))
    titles = [
        said(Message("ledger.people")), said(Message("ledger.owing-column")), said(Message("ledger.must-in", year=found.years[0])),
        said(Message("ledger.shut-column")), said(Message("ledger.owed")),
    ]  # fmt: skip
    rows = []
    for row in found.clauses.itertuples():
        figures = (texts.number(value) for value in (row.people, row.owing, row.must, row.shut_out, row.owed))
        rows.append((f"{row.clause} {texts.title(row)}", *figures, unit_of(str(row.unit_of), texts)))
    yield Table(("", *titles, ""), rows, left=(0, 6), widest=WIDEST)


def _forced(found: Ledger, texts: Texts) -> Iterator[str]:
    forced = found.forced
    if forced.empty:
        yield texts.said(Message("ledger.nobody-must", year=found.years[0]))
        return
    told = {"year": found.years[0], "count": heads(forced), "units": forced["unit_id"].nunique()}
    yield texts.said(Message("ledger.owing", **told))
    if shut := heads(forced[~forced["open"]]):
        yield texts.said(Message("ledger.owing-shut", shut=shut))
    if found.unseated:
        yield texts.said(Message("ledger.owing-unseated", count=found.unseated))
    else:
        yield texts.said(Message("ledger.owing-open"))
    for row in forced.sort_values("open", kind="stable").head(MOST).itertuples():
        owed = content_of(found, str(row.kind), str(row.content))
        content = Message("ledger.content", content=owed) if owed else ""
        shut_out = "" if row.open else Message("ledger.shut")
        unit = texts.name(str(row.unit), str(row.unit_en)) or row.unit_id
        cadre, rule = Message("word.called", zh=row.name, en=row.name, id=row.cadre_id), texts.title(row)
        line = Message("ledger.must-line", cadre=cadre, unit=unit, rule=rule, content=content, shut=shut_out)
        yield texts.said(line)
    if len(forced) > MOST:
        yield texts.said(Message("ledger.more", count=len(forced) - MOST))


def _floors(found: Ledger, texts: Texts) -> Iterator[str]:
    for one in found.findings:
        yield texts.said(Message("ledger.finding", rule=one.title or one.rule_id, message=one.message))
    short = found.floors[found.floors["short"] > 0]
    if short.empty:
        yield texts.said(Message("ledger.floors-kept", count=len(found.floors)))
        return
    yield texts.said(Message("ledger.floors-short", count=len(short)))
    for row in short.head(MOST).itertuples():
        figures = {"year": row.year, "required": row.required, "able": row.able}
        group = found.names.group(str(row.group_by), str(row.group))
        yield texts.said(Message("ledger.floor-line", rule=texts.title(row), group=group, **figures))
    if len(short) > MOST:
        yield texts.said(Message("ledger.more", count=len(short) - MOST))
