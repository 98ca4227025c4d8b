"""``allocator schema``: what editors and data tools know of the input files."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, ForceFiles, Voice
from allocator.domain.errors import OutputError
from allocator.language.message import Message
from allocator.system.atomic_write import moved_into


class SchemaName(StrEnum):
    """What a schema describes."""

    SCENARIO = "scenario"
    POLICY = "policy"
    TABLES = "tables"


@command(json=False)
def write_schema(
    voice: Voice,
    name: Annotated[
        SchemaName | None,
        typer.Argument(metavar="NAME", help="scenario, policy or tables; else all. 哪一个。", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for NAME.schema.json; else stdout. 目录。", show_default=False),
    ] = None,
    force: ForceFiles = False,
) -> None:
    """Print or write the JSON Schemas of scenario and policy, and the schema of the tables. 输出供编辑器使用的格式定义。"""
    from allocator.inputs.forms.schema import schemas

    made = {one: schema for one, schema in schemas().items() if name in (None, one)}
    if out is None:
        shown = made if name is None else made[name]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        raise typer.Exit(Code.DONE)
    files = {out / f"{one}.schema.json": schema for one, schema in made.items()}
    for file in files:
        if file.is_dir() or (file.exists() and not force):
            raise OutputError(Message("template.exists", file=file))
    with moved_into(out) as folder:
        for file, schema in files.items():
            text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
            (folder / file.name).write_bytes(text.encode("utf-8"))
    voice.result("\n".join(map(str, files)), {})
