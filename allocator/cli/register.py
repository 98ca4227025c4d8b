"""``register``: the journal, its proof, and every past plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, Force, Voice, refuse
from allocator.cli.register_options import RegisterAt
from allocator.language.message import Message
from allocator.system.atomic_write import write_whole


@command()
def log(
    voice: Voice,
    register: RegisterAt = "register.db",
    last: Annotated[
        int | None, typer.Option("--last", min=1, metavar="N", help="Only the last entries. 只列最近几条。")
    ] = None,
) -> None:
    """Who did what, when, why and by which clause. 何人何时因何依据做了什么。"""
    from allocator.language.text_table import Table
    from allocator.register import Register

    with Register.open(register) as opened:
        entries = opened.journal()
    rows = (entries if last is None else entries.tail(last)).to_dict("records")
    titles = [
        Message("register.log-seq"), Message("register.log-day"), Message("register.log-by"),
        Message("register.log-what"), Message("register.log-why"), Message("register.log-clause"),
    ]  # fmt: skip
    cells = [
        (str(row["seq"]), row["day"], row["by"], _told(row).said(voice.lang), row["why"], row["clause"]) for row in rows
    ]
    table = Table([title.said(voice.lang) for title in titles], cells, left=range(1, 6), indent=0)
    voice.result(table, {"entries": [{**r, "details": json.loads(r["details"])} for r in rows]})


@command()
def events(
    voice: Voice,
    register: RegisterAt = "register.db",
    still_open: Annotated[bool, typer.Option("--open", help="Only those not answered yet. 只列尚未落实的。")] = False,
) -> None:
    """What has happened to the plan, and which version answers it. 登记的变动及其落实情况。"""
    import pandas as pd

    from allocator.language.text_table import Table
    from allocator.register import Register
    from allocator.register.events.kinds import CHINESE
    from allocator.register.records import EventKind

    with Register.open(register) as opened:
        found = opened.events()
    if still_open:
        found = found[found["applied_in"].isna()]
    titles = [
        Message("event.touch-event"), Message("register.log-day"), Message("event.head-kind"),
        Message("event.touch-person"), Message("event.touch-session"), Message("register.log-value"),
        Message("event.touch-reason"), Message("event.touch-clause"), Message("register.log-by"),
        Message("register.answered-in"),
    ]  # fmt: skip
    waiting = Message("register.waiting").said(voice.lang)
    rows = [
        (
            row["event_id"], row["date"], CHINESE[EventKind(row["kind"])][0] if voice.lang == "zh" else row["kind"],
            row["cadre_id"], row["session_id"], row["value"], row["reason"], row["clause"], row["by"],
            waiting if pd.isna(row["applied_in"]) else str(row["applied_in"]),
        )
        for row in found.to_dict("records")
    ]  # fmt: skip
    table = Table([title.said(voice.lang) for title in titles], rows, left=range(10), indent=0)
    voice.result(table if rows else Message("register.no-events"), {"events": found})


@command()
def verify(
    voice: Voice,
    register: RegisterAt = "register.db",
) -> None:
    """Find whatever was changed by another hand than this program. 查出台账是否被本程序以外的方式改动。"""
    from allocator.register import Register

    with Register.open(register) as opened:
        found = opened.verify()
        entries = opened.journal()
    if found:
        lines = [Message("register.unsound"), *(f"  ✗ {one.said(voice.lang)}" for one in found)]
        refuse(voice, Code.BREACH, voice.lines(lines), findings=[one.as_record() for one in found])
    last = entries["hash"].iloc[-1]
    said = Message("register.sound", entries=len(entries), hash=last)
    voice.result(said, {"entries": len(entries), "hash": last})


@command()
def plan(
    voice: Voice,
    register: RegisterAt = "register.db",
    version: Annotated[
        int | None, typer.Option("--version", min=1, metavar="N", help="Which version. 第几版。", show_default="newest")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File to write; else it is printed. 写入的文件；不写则输出到屏幕。", show_default=False
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Any past plan, byte for byte. 逐字节还原任何一版计划。"""
    from allocator.register import Register

    with Register.open(register) as opened:
        found = opened.latest() if version is None else opened.version(version)
    record = {"version": found.version, "plan_sha256": found.plan_sha256, "out": out}
    if out is None:
        voice.result(found.content.decode("utf-8-sig"), {**record, "plan": found.content.decode("utf-8-sig")})
        return
    _refuse_existing(voice, out, force)
    write_whole(out, found.content)
    said = Message("register.done-plan", version=found.version, day=found.on, by=found.by, file=out)
    voice.result(said, record)


def _refuse_existing(voice: Voice, out: Path, force: bool) -> None:
    if out.exists() and not force:
        refuse(voice, Code.USAGE, Message("register.file-exists", file=out))


def _told(entry: Mapping[Any, Any]) -> Message:
    """What an entry of the journal says was done."""
    details = json.loads(entry["details"])
    numbers = {"version": details.get("version"), "came": details.get("came", 0), "gone": details.get("gone", 0)}
    match entry["what"]:
        case "publish":
            return Message("register.did-publish", version=numbers["version"])
        case "take":
            return Message("register.did-take", **numbers)
        case "events":
            return Message("register.did-events", count=len(details.get("events", ())))
        case "attendance":
            return Message("register.did-attendance", count=details.get("seats", 0))
        case "begin":
            return Message("register.did-begin", count=len(details.get("sessions", ())))
        case "papers":
            return Message("register.did-papers", count=details.get("papers", 0))
        case "close":
            return Message("register.did-close", year=details.get("year"))
        case _:
            return Message("register.did-replan", **numbers)
