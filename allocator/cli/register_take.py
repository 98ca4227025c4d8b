"""``register take``: a plan edited by hand becomes the plan in force."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.register.records import Event


@command()
def take_plan(
    voice: Voice,
    plan_file: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN", help="The edited plan. 手工修改后的计划（CSV、Excel 或 Parquet）。", show_default=False
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why it was changed. 修改理由。", show_default=False)],
    register: RegisterAt = "register.db",
    clause: Annotated[str, typer.Option("--clause", help="By which clause. 依据的条款。", show_default=False)] = "",
    despite_breaches: Annotated[
        bool,
        typer.Option(
            "--despite-breaches", help="Even if the audit finds breaches. 审核有不符也收录。", show_default=False
        ),
    ] = False,
    *,
    acting: Acting,
) -> None:
    """Audit a plan edited by hand and put it in force; its differences become events. 审核并收录手工修改的计划，差异登记为变动。"""
    from allocator.register import Register
    from allocator.register.take import take

    with Register.open(register) as opened:
        taken = take(
            opened, plan_file, by=acting.by, on=acting.on, reason=reason, clause=clause,
            despite_breaches=despite_breaches,
        )  # fmt: skip
    said = Message("register.done-take", version=taken.version, count=len(taken.events))
    lines: list[object] = [said, *(f"  · {_told(one).said(voice.lang)}" for one in taken.events)]
    if taken.answered:
        lines.append(Message("register.take-answered", events=taken.answered))
    if taken.open:
        lines.append(Message("register.take-open", events=taken.open))
    events = [{**asdict(one), "date": one.date.isoformat()} for one in taken.events]
    voice.result(
        voice.lines(lines),
        {
            "version": taken.version,
            "events": events,
            "answered": taken.answered,
            "open": taken.open,
        },
    )


def _told(one: Event) -> Message:
    """What an event of an edited plan says."""
    match one.kind.value:
        case "substitute":
            return Message("register.took-substitute", session=one.session_id, cadre=one.cadre_id, value=one.value)
        case "withdraw":
            return Message("register.took-withdraw", session=one.session_id, cadre=one.cadre_id)
        case "request":
            return Message("register.took-request", session=one.session_id, cadre=one.cadre_id, value=one.value)
        case _:
            return Message("register.took-call-up", session=one.session_id, cadre=one.cadre_id)
