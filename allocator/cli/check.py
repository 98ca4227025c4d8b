"""``check``: the data and what counting alone proves, and on request the conflicts, the repairs and the tables marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli import conflicts
from allocator.cli.command import command
from allocator.cli.options import Code, ScenarioFile, Voice
from allocator.domain.errors import InputError
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.checks import Finding


@command()
def check_scenario(
    voice: Voice,
    scenario: ScenarioFile,
    marked: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="With --annotate: the workbook to write, or a folder. 标注后的工作簿或目录。",
            show_default="beside the input",
        ),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Hand the tables back with every mistake marked. 在工作簿中标出错误。")
    ] = False,
    explain: conflicts.Explain = False,
    *,
    wishes: conflicts.Wishes,
) -> Code:
    """Read everything and count whether the rules can be kept at all. 读入全部数据，算一算规则有没有可能满足。

    Writes nothing, unless told to mark the mistakes: then each workbook is handed back as a copy with a column that
    says what is wrong, coloured cells and comments.
    不写任何文件；加 --annotate 时交回每个工作簿的副本，用一列说明、底色和批注标出错误。

    With --explain it plans as well, and says which hard rules stand against each other and what would mend it.
    加 --explain 时还会试排计划，找出互相冲突的硬性规则和调整办法。
    """
    from allocator.checks import count
    from allocator.inputs import load

    if not explain:
        wishes.refuse_alone(voice)
    if marked is not None and not annotate:
        raise typer.BadParameter(Message("talk.file-without-annotate").said(voice.lang), param_hint="FILE")
    try:
        report = count(load(scenario))
    except InputError as error:
        if not annotate:
            raise
        from allocator.cli.annotate import mark_and_refuse

        mark_and_refuse(voice, scenario, error, marked, force=wishes.force)
    if annotate:
        voice.say(Message("annotate.none"))
    found = conflicts.explained(voice, scenario, wishes) if explain else None
    code = Code.DONE if report.ok else Code.VIOLATION
    text = report.said(voice.lang)
    record = {
        "ok": report.ok,
        "findings": [_finding_record(one) for one in report.findings],
        "notes": list(report.notes),
    }
    if found is not None:
        code = code or conflicts.code_of(found)
        text, record = f"{text}\n\n{conflicts.words(voice, found)}", record | conflicts.data(found)
    voice.result(text, {"exit_code": code, **record})
    if found is None and not report.ok:
        voice.say(Message("conflict.hint-explain", scenario=scenario))
    if found is not None and found.repairs and wishes.file is None:
        voice.say(Message("conflict.hint-write"))
    return code


def _finding_record(finding: Finding) -> dict[str, Any]:
    return {
        name: getattr(finding, name)
        for name in ("code", "severity", "rule_id", "clause", "message_en", "message_zh")
    }  # fmt: skip
