"""``export`` and ``notice-template``: files of single units from a finished run, and the letter an office may change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, Force, Voice, refuse
from allocator.system.atomic_write import write_whole

NoticeTemplate = Annotated[
    Path | None,
    typer.Option(
        "--notice-template",
        metavar="FILE",
        envvar="ALLOCATOR_NOTICE_TEMPLATE",
        help="Word file (.docx) for the call-up notices; else a plain letter. 调训通知的 Word 模板。",
        show_default=False,
    ),
]


@command()
def export_files(
    voice: Voice,
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished run. 结果目录。", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files. 导出目录。", show_default="RUN-export")
    ] = None,
    workbooks: Annotated[bool, typer.Option("--workbooks", help="The workbooks of the units. 单位工作簿。")] = False,
    calendars: Annotated[bool, typer.Option("--calendars", help="The calendar files. 日历文件。")] = False,
    notices: Annotated[bool, typer.Option("--notices", help="The call-up notices. 调训通知。")] = False,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="ID", help="Of this unit only; may be repeated. 只导出该单位，可多次。"),
    ] = None,
    year: Annotated[
        list[int] | None,
        typer.Option("--year", metavar="YEAR", help="Notices and events of this year only. 只导出该年度的通知和日历。"),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(
            "--session", metavar="ID", help="Notices and events of this session only. 只导出该班次的通知和日历。"
        ),
    ] = None,
    notice_template: NoticeTemplate = None,
    force: Force = False,
) -> None:
    """Write workbooks, calendars and call-up notices of chosen units from a finished run. 从做好的计划中按单位、年度或班次导出工作簿、日历和通知。

    Without --workbooks, --calendars or --notices all three are written. 三者都不写时全部导出。
    """
    folder = out if out is not None else run_folder.with_name(f"{run_folder.resolve().name}-export")
    from allocator.answers import runs
    from allocator.language.texts import Texts
    from allocator.outputs.export import Wanted, export
    from allocator.outputs.output_data import Material
    from allocator.outputs.units import CALENDAR, NOTICES, WORKBOOK, template_of

    texts = Texts(voice.lang)
    chosen = {WORKBOOK: workbooks, CALENDAR: calendars, NOTICES: notices}
    endings = tuple(ending for ending, asked in chosen.items() if asked) or tuple(chosen)
    wanted = Wanted(endings, tuple(unit or ()), tuple(year or ()), tuple(session or ()))
    template = template_of(notice_template, texts)  # First, since reading the run takes seconds.
    run = runs.load_run(run_folder)
    material = Material(run.inputs, run.plan, run.audit, run.result, texts)
    files = export(material, folder, wanted, template, force=force)
    units = ", ".join(wanted.units) or texts("export.all-units")
    text = texts("export.done", files=files, units=units, folder=folder)
    voice.result(text, {"out": folder, "files": files})


@command()
def notice_template(
    voice: Voice,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to put it, such as notice.docx. 模板文件。", show_default=False),
    ],
    changes: Annotated[
        bool,
        typer.Option(
            "--changes", help="The change notice, to use with --change-template. 变更通知，用于 --change-template。"
        ),
    ] = False,
    force: Force = False,
) -> None:
    """Write the plain call-up notice as a Word file to change and use with --notice-template. 写出调训通知的 Word 模板，改好后用于 --notice-template。"""
    from allocator.language.texts import Texts
    from allocator.outputs.units import change_letter, letter, placeholders

    texts = Texts(voice.lang)
    if file.exists() and not force:
        refuse(voice, Code.USAGE, texts("export.template-exists", file=file))
    write_whole(file, change_letter(texts) if changes else letter(texts))
    known = placeholders(texts)
    option = "--change-template" if changes else "--notice-template"
    text = texts("export.template-done", file=file, known=" ".join(known), option=option)
    voice.result(text, {"file": file, "placeholders": known})
