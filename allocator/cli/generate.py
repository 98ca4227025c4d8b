"""``generate``: invented data of a size, with the policy and the scenario that plan them."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, Force, Voice, refuse
from allocator.language.message import Message
from allocator.system.atomic_write import moved_into


class GeneratedSize(StrEnum):
    """Sizes of the invented data."""

    TINY = "tiny"
    ONE_PREFECTURE = "one-prefecture"
    HENAN = "henan"


class TableFormat(StrEnum):
    """File formats of generated tables."""

    CSV = "csv"
    PARQUET = "parquet"


@command()
def generate_data(
    voice: Voice,
    size: Annotated[
        GeneratedSize,
        typer.Argument(metavar="SIZE", help="tiny, one-prefecture or henan. 规模，从小到大三种。", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the files. 存放文件的目录。", show_default=False)
    ],
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed makes the same data. 随机种子；相同则数据相同。")
    ] = 2019,
    people: Annotated[
        int | None, typer.Option("--people", min=1, help="About so many named people. 大约多少人。", show_default=False)
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--scenario", help="Scenario to scale with --people. 按人数放缩的情景。", show_default="the size's own"
        ),
    ] = None,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Write no scenario and no policy. 只写五张表，不写情景和规则文件。")
    ] = False,
    file_format: Annotated[
        TableFormat | None,
        typer.Option("--format", help="csv or parquet. 文件格式。", show_default="parquet when large"),
    ] = None,
    force: Force = False,
) -> None:
    """Make invented people, records, programmes and dated sessions on real units. 在真实的行政区划上生成虚构的人员、培训历史、项目和班次。

    scenario.toml in the folder is ready to be planned. With --people the units, sessions and quotas grow along.
    目录中的 scenario.toml 可以直接编制。加 --people 时，单位、班次和名额按人数放缩。
    """
    from allocator.domain.tables import TABLES
    from allocator.sample_data import generate
    from allocator.sample_data.scenario import POLICY, SCENARIO

    if people is not None and size is GeneratedSize.TINY:
        refuse(voice, Code.USAGE, Message("talk.tiny-people"))
    there = [name for name in TABLES if any((out / f"{name}.{kind}").exists() for kind in TableFormat)]
    beside = [] if tables_only else [SCENARIO] if scenario is not None else [SCENARIO, POLICY]
    there += [name for name in beside if (out / name).exists()]
    if there and not force:
        refuse(voice, Code.USAGE, Message("talk.tables-exist", folder=out, tables=", ".join(there)))
    if scenario is not None and not scenario.is_file():
        refuse(voice, Code.USAGE, Message("talk.no-scenario-to-scale", file=scenario))
    kind: Literal["csv", "parquet"] | None = file_format.value if file_format is not None else None
    with moved_into(out) as folder:
        made = generate(
            size.value, folder, seed=seed, people=people, scenario=scenario, tables_only=tables_only, file_format=kind,
            home=out,
        )  # fmt: skip
        written = {file.name for file in folder.iterdir()}
    for other in (out / f"{name}.{one}" for name in TABLES for one in TableFormat):
        if other.name not in written:  # A table of the other format would be read instead of the new one.
            other.unlink(missing_ok=True)
    made = replace(made, folder=out, scenario=out / made.scenario.name if made.scenario else None)
    voice.result(str(made), {"folder": made.folder, "rows": made.rows, "named": made.named})
