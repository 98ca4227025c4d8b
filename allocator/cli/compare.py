"""``compare``: finished runs side by side, on the screen, as a workbook and as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, ForceFiles, Voice, refuse
from allocator.domain.errors import OutputError
from allocator.language.message import Message
from allocator.system.atomic_write import write_whole


@command()
def compare_runs(
    voice: Voice,
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Folders of finished runs; the first is the base. 做好的计划的结果目录；第一个为基准。",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE.xlsx", help="Workbook to write. 比较工作簿。", show_default=False),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE.png", help="Figure to write. 比较图。", show_default=False),
    ] = None,
    force: ForceFiles = False,
) -> None:
    """Set finished runs side by side: goals, clauses, seats by unit, people who move and why. 把几个做好的计划并排比较：目标、条款、单位名额、人员变动及原因。"""
    from allocator.answers.compare import compare
    from allocator.answers.compare.figure import figure
    from allocator.answers.compare.workbook import workbook
    from allocator.language.texts import Texts

    if len(runs) < 2:
        refuse(voice, Code.USAGE, Message("compare.one-run"))
    refuse_targets({out: ".xlsx", picture: ".png"}, force=force)
    texts, comparison = Texts(voice.lang), compare(runs)
    written = []
    if out is not None:
        write_whole(out, workbook(comparison, texts))
        written.append(out)
    if picture is not None:
        write_whole(picture, figure(comparison, texts))
        written.append(picture)
    record = {name: getattr(comparison, name) for name in ("runs", "notes", "goals", "clauses", "units", "people")}
    voice.result(comparison.words(texts), {**record, "written": written})
    for file in written:
        voice.say(Message("compare.written", file=str(file)))


def refuse_targets(endings: dict[Path | None, str], *, force: bool) -> None:
    """Refuse a file of the wrong ending or one that is there, before any work is done.

    Raises
    ------
    OutputError
        With the file in question.
    """
    for file, ending in endings.items():
        if file is None:
            continue
        if file.suffix.lower() not in ending.split():
            raise OutputError(Message("compare.ending", file=str(file), ending=ending))
        if file.is_dir() or (file.exists() and not force):
            raise OutputError(Message("compare.exists", file=str(file)))
