"""``generate``: invented data of a size, with a scenario to plan when the number of people is asked for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from allocator.cli.options import Code, Debug, Force, Json, Lang, Quiet, faults_explained, refuse, voice_of


class GeneratedSize(StrEnum):
    """Sizes of the invented data."""

    TINY = "tiny"
    ONE_PREFECTURE = "one-prefecture"
    HENAN = "henan"


class TableFormat(StrEnum):
    """File formats of generated tables."""

    CSV = "csv"
    PARQUET = "parquet"


OWN_SCENARIO = {
    GeneratedSize.ONE_PREFECTURE: Path("scenarios/one-prefecture.toml"),
    GeneratedSize.HENAN: Path("scenarios/henan-2019-2022.toml"),
}
"""The scenario of a size, seen from the folder of the project."""


def generate_data(
    size: Annotated[
        GeneratedSize,
        typer.Argument(metavar="SIZE", help="tiny, one-prefecture or henan. 规模，从小到大三种。", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the five tables. 存放五张表的目录。", show_default=False)
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
    file_format: Annotated[
        TableFormat | None,
        typer.Option("--format", help="csv or parquet. 文件格式。", show_default="parquet when large"),
    ] = None,
    force: Force = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make invented people, records, programmes and dated sessions on real units. 在真实的行政区划上生成虚构的人员、培训历史、项目和班次。

    With --people the units, sessions and quotas grow along, and scenario.toml in the folder is ready to be planned.
    加 --people 时，单位、班次和名额按人数放缩，目录中的 scenario.toml 可以直接编制。
    """
    voice = voice_of(lang, as_json, quiet, debug)
    with faults_explained(voice):
        from allocator.domain.tables import TABLES
        from allocator.sample_data import generate

        if people is not None and size is GeneratedSize.TINY:
            refuse(voice, Code.USAGE, voice.talk("tiny-people"))
        there = [name for name in TABLES if any((out / f"{name}.{kind}").exists() for kind in TableFormat)]
        if there and not force:
            refuse(voice, Code.USAGE, voice.talk("tables-exist", folder=out, tables=", ".join(there)))
        try:
            base = scenario or OWN_SCENARIO.get(size)
            if people is not None and base is not None and not base.is_file():
                refuse(voice, Code.USAGE, voice.talk("no-scenario-to-scale", file=base))
            kind: Literal["csv", "parquet"] | None = file_format.value if file_format is not None else None
            made = generate(size.value, out, seed=seed, people=people, scenario=base, file_format=kind)
        except OSError as error:
            refuse(voice, Code.USAGE, voice.talk("unwritable", folder=out, reason=error.strerror or error))
        voice.result(str(made), {"exit_code": Code.DONE, "folder": made.folder, "rows": made.rows, "named": made.named})
