"""``record``: the name list that comes back from a host is checked, judged and written down."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.domain.errors import OutputError, UsageError
from allocator.language.message import Language, Message, listing

if TYPE_CHECKING:
    from datetime import date

    from allocator.register.attendance.judge import Judged
    from allocator.register.attendance.make_up import Missed
    from allocator.register.attendance.roll import Roll

NAMED = 8
"""Sessions or people that a sentence names; of more it tells how many."""
SHOWN = 4
"""Sessions in which somebody can make up, as many as are printed; ``--json`` has all."""


@command()
def record_attendance(
    voice: Voice,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="List that came back (xlsx, csv). 填好的名单。", show_default=False),
    ] = None,
    correct: Annotated[
        bool, typer.Option("--correct", help="Record again what was recorded before. 更正已登记的内容。")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is corrected. 更正理由。", show_default=False)] = "",
    clause: Annotated[str, typer.Option("--clause", help="By which clause. 依据。", show_default=False)] = "",
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            metavar="FILE",
            help="Write the list to fill in instead (.xlsx). 生成待填的名单。",
            show_default=False,
        ),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(
            "--session",
            metavar="ID",
            help="With --template: only these sessions. 只生成这些班次的名单。",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only, write nothing. 只核对，不登记。")] = False,
    register: RegisterAt = "register.db",
    *,
    acting: Acting,
) -> None:
    """Record who came: the list from the host, checked against the plan and judged by the limit on leave. 登记到班情况：承训机构交回的名单，与计划核对并按请假规定认定。"""
    if template is not None:
        if file is not None:
            raise UsageError(Message("attendance.file-and-template"))
        _write_list(template, register, session or (), acting.on, voice)
        return
    if file is None:
        raise UsageError(Message("attendance.no-file"))
    if correct and not reason:
        raise UsageError(Message("attendance.no-reason"))
    from allocator.inputs import load
    from allocator.register import Register
    from allocator.register.attendance.judge import judged
    from allocator.register.attendance.make_up import missed
    from allocator.register.attendance.read import read_attendance
    from allocator.register.attendance.record import record
    from allocator.register.attendance.roll import roll

    with tempfile.TemporaryDirectory() as scratch, Register.open(register) as opened:
        version = opened.latest().version
        inputs = load(opened.write_inputs(version, Path(scratch)))
        expected = roll(opened, inputs, acting.on)
        reported = read_attendance(file, expected, correct=correct)
        found = judged(reported, expected)
        away = missed(opened, inputs, expected, found.outcome)
        closed = []
        if not dry_run:
            closed = record(
                opened, reported, found, by=acting.by, on=expected.on, after=version, reason=reason, clause=clause,
                correct=correct,
            )  # fmt: skip
    lines = [*_numbers(found, dry_run, reported.blank), *_sessions(found, expected, closed)]
    states = {f"{one}/{who}": state.value for (one, who), state in found.outcome.items()}
    voice.result(voice.lines([*lines, *_table(away, voice.lang)]), {
        "recorded": not dry_run, "seats": states, "blank": reported.blank, "closed": closed,
        "limited": [f"{one}/{who}" for one, who in found.limited],
        "missed": [{**vars(one), "state": one.state.value} for one in away],
    })  # fmt: skip


def _numbers(found: Judged, dry_run: bool, blank: int) -> list[Message]:
    """How many came."""
    count = Counter(state.value for state in found.outcome.values())
    numbers = {
        "count": len(found.outcome), "attended": count["attended"], "absent": count["absent"], "left": count["left-early"]
    }  # fmt: skip
    lines = [Message("attendance.checked", **numbers) if dry_run else Message("attendance.done", **numbers)]
    if blank:
        lines.append(Message("attendance.rows-blank", count=blank))
    return lines


def _sessions(found: Judged, expected: Roll, closed: Sequence[str]) -> list[Message]:
    """Which sessions counted as issued, which are closed now, and who was away too long."""
    from allocator.register.records import SessionState

    touched = sorted({one for one, _ in found.outcome})
    lines = []
    if begun := tuple(one for one in touched if expected.classes[one].state is SessionState.DRAFT):
        lines.append(Message("attendance.begun", sessions=listing(begun, NAMED)))
    if closed:
        lines.append(Message("attendance.now-closed", sessions=listing(closed, NAMED)))
    if found.limited:
        people = tuple(Message("attendance.person-in", cadre=who, session=one) for one, who in found.limited)
        lines.append(Message("attendance.limit", share=str(expected.leave_share), people=listing(people, NAMED)))
    return lines


def _table(away: Sequence[Missed], lang: Language) -> list[str]:
    """Who missed what, and where it can be made up."""
    from allocator.language.text_table import Table
    from allocator.register.states import named

    if not away:
        return []
    titles = [
        Message("event.touch-person"), Message("attendance.head-missed"), Message("attendance.head-outcome"),
        Message("attendance.head-offers"),
    ]  # fmt: skip
    rows = []
    for one in away:
        offers = list(one.offers[:SHOWN]) + (["…"] if len(one.offers) > SHOWN else [])
        cell = ("、" if lang == "zh" else ", ").join(offers) or Message("attendance.no-offer").said(lang)
        if one.has:
            cell += " " + Message("attendance.has-seat", sessions=one.has).said(lang)
        rows.append((one.cadre_id, one.session_id, named(one.state).said(lang), cell))
    table = Table([title.said(lang) for title in titles], rows, left=range(4), widest=80)
    return ["", Message("attendance.missed-head").said(lang), str(table)]


def _write_list(target: Path, register: str, wanted: Sequence[str], on: date, voice: Voice) -> None:
    """Write the list of the sessions that have begun, or of those wanted, with the people whose attendance is not recorded yet."""
    from allocator.inputs import load
    from allocator.register import Register
    from allocator.register.attendance.form import name_list
    from allocator.register.attendance.roll import to_fill
    from allocator.system.atomic_write import write_whole

    if target.suffix.lower() != ".xlsx":
        raise OutputError(Message("template.not-xlsx", file=target))
    if target.exists():
        raise OutputError(Message("template.exists", file=target))
    with tempfile.TemporaryDirectory() as scratch, Register.open(register) as opened:
        inputs = load(opened.write_inputs(opened.latest().version, Path(scratch)))
        seats = to_fill(opened, on, wanted)
    write_whole(target, name_list(inputs, seats, voice.lang))
    count = seats["session_id"].nunique()
    said = Message("attendance.form-written", file=target, sessions=count, count=len(seats))
    voice.result(said, {"file": target, "sessions": count, "seats": len(seats)})
