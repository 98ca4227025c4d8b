"""``bulletin``: how far units have filled their seats, and how the policy's indicators stand."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Force, Voice
from allocator.cli.register_options import AsOf, RegisterAt, day
from allocator.language.message import Message


@command()
def write_bulletin(
    voice: Voice,
    year: Annotated[int, typer.Option("--year", help="Of this year. 年度。", show_default=False)],
    register: RegisterAt = "register.db",
    quarter: Annotated[
        int | None,
        typer.Option("--quarter", min=1, max=4, help="Of this quarter only. 只报该季度。", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for workbook and page. 输出目录。", show_default="bulletin-YEAR"),
    ] = None,
    as_of: AsOf = None,
    force: Force = False,
) -> None:
    """Report how units filled their seats in a year or quarter, ranked, and how the policy's indicators stand: planned and attended. 调训情况通报：各单位名额完成、到训率、人均学时和排名，以及各项指标计划与实际对照。"""
    from allocator.language.texts import Texts
    from allocator.register import Register
    from allocator.register.bulletin.basis import Period, basis
    from allocator.register.bulletin.view import View
    from allocator.register.bulletin.write import RECORD, record, write
    from allocator.system.atomic_folder import check_target

    folder = out or Path(f"bulletin-{year}" + (f"-q{quarter}" if quarter else ""))
    check_target(folder, force=force, lang=voice.lang, mark=RECORD)
    with tempfile.TemporaryDirectory() as scratch, Register.open(register) as opened:
        view = View(basis(opened, Period(year, quarter), day(as_of), Path(scratch)), Texts(voice.lang))
        write(view, folder, force=force)
    lines = [view.title, *(f"  {sentence}" for sentence in view.sentences), Message("bulletin.done", folder=folder)]
    voice.result(voice.lines(lines), {**record(view), "out": folder})
