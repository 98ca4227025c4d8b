"""``ledger``: what everybody has done and still owes before anything is planned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.command import command
from allocator.cli.compare import refuse_targets
from allocator.cli.options import ForceFile, ScenarioFile, Voice
from allocator.language.message import Message
from allocator.system.atomic_write import write_whole


@command()
def write_ledger(
    voice: Voice,
    scenario: ScenarioFile,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Workbook (.xlsx) or CSV to write. 台账文件。", show_default=False
        ),
    ] = None,
    force: ForceFile = False,
) -> None:
    """Who has done what and owes what before any plan; who must go in the first year whatever happens. 编制之前的轮训台账：谁已训、谁欠什么、第一年谁必须去。"""
    from allocator.answers.ledger import ledger
    from allocator.inputs import load

    refuse_targets({out: ".xlsx .csv"}, force=force)
    found = ledger(load(scenario))
    if out is not None:
        write_whole(out, found.csv() if out.suffix.lower() == ".csv" else found.workbook(voice.lang))
    record = {
        name: getattr(found, name) for name in ("years", "clauses", "forced", "unseated", "teams", "floors", "people")
    }
    voice.result(found, {**record})
    if out is not None:
        voice.say(Message("compare.written", file=str(out)))
