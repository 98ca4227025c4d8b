"""``event``: a sheet of events, or one event, is checked and entered into the register."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.domain.errors import UsageError
from allocator.language.message import Language, Message

if TYPE_CHECKING:
    import pandas as pd


@command()
def enter_events(
    voice: Voice,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Sheet of events (xlsx, csv). 变动登记表。", show_default=False),
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="One event instead: its kind. 只登记一条：类型。")
    ] = "",
    cadre: Annotated[str, typer.Option("--cadre", metavar="ID", help="Whom it is about. 人员编号。")] = "",
    session: Annotated[str, typer.Option("--session", metavar="ID", help="Which session. 班次编号。")] = "",
    unit: Annotated[str, typer.Option("--unit", metavar="ID", help="Which unit. 单位编号。")] = "",
    value: Annotated[
        str, typer.Option("--value", help="Days, seats, substitute or new record. 日期、名额、替换人或新增内容。")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why. 原因。")] = "",
    clause: Annotated[str, typer.Option("--clause", help="By which clause. 依据。")] = "",
    date: Annotated[
        str, typer.Option("--date", metavar="DATE", help="When it became known; else --as-of. 获知日期。")
    ] = "",
    event_id: Annotated[
        str, typer.Option("--id", metavar="ID", help="Its id; else the next free one. 事件编号。")
    ] = "",
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            metavar="FILE",
            help="Write an empty sheet instead (.xlsx). 生成空白变动登记表。",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only, enter nothing. 只核对，不登记。")] = False,
    register: RegisterAt = "register.db",
    *,
    acting: Acting,
) -> None:
    """Enter what has happened: a sheet of events or one event, checked against the plan in force. 登记变动：整表或单条，与现行计划核对。"""
    if template is not None:
        _write_form(template, register, voice)
        return
    if file is None and not kind:
        raise UsageError(Message("event.no-file-nor-kind"))
    if file is not None and kind:
        raise UsageError(Message("event.file-and-kind"))
    from allocator.inputs import load
    from allocator.register import Register
    from allocator.register.events.apply import apply
    from allocator.register.events.read import one_event, read_events
    from allocator.register.events.standing import events_of, standing

    with tempfile.TemporaryDirectory() as scratch, Register.open(register) as opened:
        folder = Path(scratch)
        version = opened.latest().version
        inputs = load(opened.write_inputs(version, folder / "in-force"))
        now = standing(opened, inputs, acting.on)
        if file is not None:
            events = read_events(file, now, by=acting.by)
        else:
            cells = {
                "event_id": event_id, "date": date, "kind": kind, "cadre_id": cadre, "session_id": session,
                "unit_id": unit, "value": value, "reason": reason, "clause": clause, "by": acting.by,
            }  # fmt: skip
            events = [one_event(cells, now)]
        open_events = opened.events()
        earlier = events_of(open_events[open_events["applied_in"].isna()])
        found = apply(inputs, [*earlier, *events], opened.plan(version), folder / "after", version=version + 1)
        touched = found.touched[found.touched["event_id"].isin([one.event_id for one in events])]
        if not dry_run:
            opened.add_events(events, by=acting.by, on=acting.on, after=version)
    numbers = {"count": len(events), "seats": len(touched)}
    said = Message("event.checked", **numbers) if dry_run else Message("event.done", **numbers)
    record = {"entered": not dry_run, "events": [one.event_id for one in events], "touched": touched.to_dict("records")}
    record["left_out"] = found.left_out
    left_out = Message("event.left-out", rules=found.left_out) if found.left_out else None
    voice.result(voice.lines(filter(None, [said, _table(touched, voice.lang), left_out])), record)


def _write_form(target: Path, register: str, voice: Voice) -> None:
    """Write the sheet to fill in; its drop-down offers the sessions of the register."""
    from allocator.domain.errors import OutputError
    from allocator.register import Register
    from allocator.register.events.form import form
    from allocator.system.atomic_write import write_whole

    if target.suffix.lower() != ".xlsx":
        raise OutputError(Message("template.not-xlsx", file=target))
    if target.exists():
        raise OutputError(Message("template.exists", file=target))
    with Register.open(register) as opened:
        sessions = sorted(map(str, opened.sessions()["session_id"]))
    write_whole(target, form(sessions, voice.lang))
    voice.result(Message("event.form-written", file=target), {"file": target})


def _table(touched: pd.DataFrame, lang: Language) -> str:
    """The seats that the events touch."""
    from allocator.language.text_table import Table

    if touched.empty:
        return ""
    titles = [
        Message("event.touch-session"), Message("event.touch-person"), Message("event.touch-event"),
        Message("event.touch-effect"), Message("event.touch-reason"), Message("event.touch-clause"),
    ]  # fmt: skip
    rows = [
        (
            row["session_id"],
            row["cadre_id"],
            row["event_id"],
            _effect(row["effect"]).said(lang),
            row["reason"],
            row["clause"],
        )
        for row in touched.to_dict("records")
    ]
    return str(Table([title.said(lang) for title in titles], rows, left=range(6), indent=2))


def _effect(effect: str) -> Message:
    match effect:
        case "must-go":
            return Message("event.effect-must-go")
        case "must-come":
            return Message("event.effect-must-come")
        case _:
            return Message("event.effect-look-again")
