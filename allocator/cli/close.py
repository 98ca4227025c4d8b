"""``close``: a year of the plan becomes history, and the years that follow are ready to be planned."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from allocator.cli.command import command
from allocator.cli.options import Force, Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.domain.errors import UsageError
from allocator.language.message import Language, Message, listing

if TYPE_CHECKING:
    from allocator.register.closing.close import Closed
    from allocator.register.closing.workbook import Told

SHOWN = 12
"""Rows of a table that are printed; the workbook has all."""


@command()
def close_year(
    voice: Voice,
    year: Annotated[int, typer.Option("--year", help="Which year. 年度。", show_default=False)],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for the scenario that follows. 新情景的目录。", show_default=False),
    ],
    next_plan: Annotated[
        bool, typer.Option("--next-plan", help="The next four years, not those left. 以后四年，而非剩余年度。")
    ] = False,
    unrecorded: Annotated[
        str | None,
        typer.Option(
            "--unrecorded",
            metavar="attended|absent",
            help="What is assumed where no attendance is recorded. 未登记到班情况的推定。",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why that is assumed. 推定理由。", show_default=False)] = "",
    register: RegisterAt = "register.db",
    force: Force = False,
    *,
    acting: Acting,
) -> None:
    """Close a year: attendance becomes history, what was missed falls due, the years that follow are ready to plan. 年度结转：到班情况转入培训历史，列出待补训人员，生成以后年度的情景。"""
    if unrecorded not in (None, "attended", "absent"):
        raise UsageError(Message("close.unknown-assumption", given=unrecorded))
    if unrecorded and not reason:
        raise UsageError(Message("close.no-reason"))
    from allocator.language.texts import Texts
    from allocator.register import Register
    from allocator.register.closing import folder
    from allocator.register.closing.close import close
    from allocator.register.closing.workbook import Told

    texts = Texts(voice.lang)
    folder.refuse(out, texts, force=force)
    with tempfile.TemporaryDirectory() as scratch, Register.open(register) as opened:
        closed = close(
            opened, year, Path(scratch), by=acting.by, on=acting.on, next_plan=next_plan,
            assumed=cast("Literal['attended', 'absent'] | None", unrecorded), reason=reason,
        )  # fmt: skip
        scenario = folder.write(opened, closed, out, texts, force=force)
    lines = [
        *_head(closed),
        *_numbers(Told(closed.outcome, texts), voice.lang),
        *_due(Told(closed.outcome, texts), out, voice.lang),
    ]
    lines += ["", *_notes(closed, out, scenario)]
    record = {**closed.details, **closed.outcome.total, "is_new": closed.is_new, "scenario_file": scenario}
    voice.result(voice.lines(lines), record)


def _head(closed: Closed) -> Iterator[Message]:
    total = closed.outcome.total
    if not closed.is_new:
        yield Message("close.done-before", year=closed.year, day=closed.details["day"])
    numbers = {name: int(total[name]) for name in ("expected", "completed", "absent")}
    yield Message("close.done", year=closed.year, version=closed.version, left=int(total["not_completed"]), **numbers)


def _numbers(told: Told, lang: Language) -> Iterator[object]:
    """Planned and actual, by programme."""
    from allocator.language.text_table import Table
    from allocator.register.closing.outcome import NUMBERS
    from allocator.register.closing.workbook import figures, numbers_head

    rows = [
        (told.programme(row["programme_id"]), *_shown(figures({name: float(row[name]) for name in NUMBERS})))
        for row in told.outcome.by("programme_id").to_dict("records")
    ]
    rows = sorted(rows, key=lambda row: -float(row[3].replace(",", "")))[:SHOWN]
    rows.append((Message("close.all").said(lang), *_shown(figures(told.outcome.total))))
    yield ""
    yield Message("close.by-programme")
    yield Table(["", *(title.said(lang) for title in numbers_head())], rows, indent=2)


def _shown(row: tuple[float | None, ...]) -> tuple[str, ...]:
    """Counts, a share and hours as they are printed."""
    return tuple("–" if one is None else f"{one:.1%}" if at == 6 else f"{one:,.0f}" for at, one in enumerate(row))


def _due(told: Told, out: Path, lang: Language) -> Iterator[object]:
    """Who missed what, with the clauses."""
    from allocator.language.text_table import Table
    from allocator.register.states import named

    yield ""
    due = told.outcome.due
    if not due:
        yield Message("close.nobody-due")
        return
    rules = told.outcome.seats.set_index(["session_id", "cadre_id"])["rules"]
    between = "、" if lang == "zh" else ", "
    rows = [
        (one.cadre_id, one.session_id, named(one.state).said(lang), told.clauses(str(rules.loc[(one.session_id, one.cadre_id)])),
         between.join(one.offers[:2]) or Message("attendance.no-offer").said(lang))
        for one in due[:SHOWN]
    ]  # fmt: skip
    titles = [
        Message("event.touch-person"), Message("attendance.head-missed"), Message("attendance.head-outcome"),
        Message("close.head-clauses"), Message("attendance.head-offers"),
    ]  # fmt: skip
    yield Message("close.due-head", count=len(due))
    yield Table([title.said(lang) for title in titles], rows, left=range(5), indent=2, widest=60)
    if len(due) > SHOWN:
        yield Message("close.due-more", file=out / f"{told.outcome.year}.xlsx")


def _notes(closed: Closed, out: Path, scenario: Path) -> Iterator[Message]:
    """What became of people and events, and where the scenario is."""
    details = closed.details
    years, repeated = cast("list[int]", details["years"]), cast("dict[str, int]", details["repeated"])
    yield Message("close.history", count=details["history"])
    if people := cast("list[str]", details["left_roster"]):
        yield Message("close.gone", people=listing(people))
    if settled := cast("list[str]", details["settled"]):
        yield Message("close.settled", events=listing(settled))
    if carried := cast("list[str]", details["carried"]):
        yield Message("close.carried", events=listing(carried))
    if repeated:
        yield Message("close.repeated", years=tuple(repeated), base=next(iter(repeated.values())))
    span = f"{years[0]}–{years[-1]}" if years[0] < years[-1] else str(years[0])
    yield Message("close.folder", years=span, folder=out, scenario=scenario)
