"""``allocator template``: an empty input workbook and the files that lead from it to the first check."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import ForceFiles, Voice
from allocator.domain.errors import OutputError
from allocator.language.message import Message
from allocator.system.atomic_write import moved_into

if TYPE_CHECKING:
    from allocator.domain.tables import Policy

POLICY, SCENARIO = "policy.toml", "scenario.toml"


@command()
def write_template(
    voice: Voice,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Workbook to write (.xlsx). 要写出的工作簿。")] = Path(
        "input.xlsx"
    ),
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="Policy whose values the drop-downs offer. 规则文件。", show_default=False),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--scenario", help="Scenario to start from, with its policy. 作为基础的情景文件。", show_default=False
        ),
    ] = None,
    book_only: Annotated[
        bool, typer.Option("--workbook-only", help="Write no scenario and no policy beside it. 只写工作簿。")
    ] = False,
    force: ForceFiles = False,
) -> None:
    """Write an empty input workbook with drop-downs, a how-to and examples, and a scenario beside it. 生成空白的填写工作簿（带下拉选项、说明和示例）和起步用的情景文件。"""
    from allocator.inputs import load_policy, load_rules
    from allocator.inputs.forms.starter import starter_policy, starter_scenario
    from allocator.inputs.forms.values import known_values
    from allocator.inputs.forms.workbook import template

    if file.suffix.lower() != ".xlsx":
        raise OutputError(Message("template.not-xlsx", file=file))
    first_year = date.today().year + 1
    known: Policy | None = None
    if scenario is not None:
        base, known = load_rules(scenario)
        first_year = base.horizon[0]
    if policy is not None:
        known = load_policy(policy)
    files: dict[Path, bytes] = {}
    home = file.parent
    if not book_only:
        text = starter_scenario(file, home, first_year, policy=policy, extends=scenario)
        files[home / SCENARIO] = text.encode("utf-8")
        if policy is None and scenario is None:
            files[home / POLICY] = starter_policy().encode("utf-8")
    values = known_values(known) if known is not None else {}
    files[file] = template(values, first_year=first_year, scenario=SCENARIO, lang=voice.lang)
    for target in files:
        if target.is_dir() or (target.exists() and not force):
            raise OutputError(Message("template.exists", file=target))
    with moved_into(home) as folder:
        for target, content in files.items():
            (folder / target.name).write_bytes(content)
    written = Message("template.written", files=tuple(map(str, files)), book=str(file), scenario=str(home / SCENARIO))
    voice.result(written, {"files": list(files)})
