"""``publish``: a finished run, or some of it, becomes the plan in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.language.message import Message


@command()
def publish_run(
    voice: Voice,
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished run. 计划结果目录。", show_default=False)
    ],
    register: RegisterAt = "register.db",
    year: Annotated[list[int] | None, typer.Option("--year", help="Only these years. 只发布这些年度。")] = None,
    session: Annotated[
        list[str] | None, typer.Option("--session", metavar="ID", help="Only these sessions. 只发布这些班次。")
    ] = None,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="Why; needed where the audit found a breach. 发布理由；审核有不符时必填。",
            show_default=False,
        ),
    ] = "",
    *,
    acting: Acting,
) -> None:
    """Take a run, or some years or sessions of it, into the register as the plan in force. 把计划（或其中部分年度、班次）发布到调训台账。"""
    from allocator.answers.runs import load_run
    from allocator.register import Register
    from allocator.register.database import shown
    from allocator.register.publish import publish

    run = load_run(run_folder)
    with Register.open(register, create=True) as opened:
        version = publish(
            opened, run, by=acting.by, on=acting.on, years=year or (), sessions=session or (), reason=reason
        )
        seats = opened.seats(held=True)
        sha256 = opened.latest().plan_sha256
    sessions = seats["session_id"].nunique()
    people = int(seats["headcount"].sum())
    said = Message("register.done-publish", version=version, seats=people, sessions=sessions, register=shown(register))
    record = {
        "version": version,
        "seats": people,
        "sessions": sessions,
        "plan_sha256": sha256,
    }
    voice.result(said, record)
