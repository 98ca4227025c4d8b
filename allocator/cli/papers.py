"""``papers``: what the plan in force still needs to be told goes out, numbered and entered into the register."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.export import NoticeTemplate
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.register.papers.issue import Issue


@command()
def issue_papers(
    voice: Voice,
    register: RegisterAt = "register.db",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the papers. 文书目录。", show_default="papers-NUMBER")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(
            "--version",
            min=1,
            metavar="N",
            help="Only if this version is in force. 仅当该版为现行计划时印发。",
            show_default=False,
        ),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="ID", help="Of this unit only; may be repeated. 只印发该单位，可多次。"),
    ] = None,
    year: Annotated[
        list[int] | None,
        typer.Option("--year", metavar="YEAR", help="Of sessions of this year only. 只印发该年度班次，可多次。"),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option("--session", metavar="ID", help="Of this session only; may be repeated. 只印发该班次，可多次。"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be issued, issue nothing. 只列出应印发的，不印发。")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="A note for the journal. 记入日志的说明。", show_default=False)
    ] = "",
    notice_template: NoticeTemplate = None,
    change_template: Annotated[
        Path | None,
        typer.Option(
            "--change-template",
            metavar="FILE",
            envvar="ALLOCATOR_CHANGE_TEMPLATE",
            help="Word file (.docx) for the change notices; else a plain letter. 变更通知的 Word 模板。",
            show_default=False,
        ),
    ] = None,
    *,
    acting: Acting,
) -> None:
    """Issue notices, calendars, workbooks and lists that the plan in force needs: all of them at first, then only what changed. 印发现行计划的通知、日历、工作簿和班次名单：首次全部印发，此后只印发有变动的。"""
    from allocator.domain.errors import RegisterError
    from allocator.language.texts import Texts
    from allocator.outputs.units import change_template_of, template_of
    from allocator.register import Register
    from allocator.register.papers.issue import Issue, Templates
    from allocator.register.papers.prepare import Scope, needed

    texts = Texts(voice.lang)
    templates = Templates(
        template_of(notice_template, texts, is_issued=True), change_template_of(change_template, texts)
    )
    with tempfile.TemporaryDirectory() as scratch, Register.open(register) as opened:
        newest = opened.latest().version
        if version not in (None, newest):
            raise RegisterError(Message("papers.not-in-force", version=version, newest=newest))
        scope = Scope(frozenset(unit or ()), frozenset(year or ()), frozenset(session or ()))
        issue = Issue(needed(opened, texts, acting.on, Path(scratch), scope), templates, acting.on)
        folder = out if out is not None else Path(f"papers-{issue.first}")
        if issue.papers and not dry_run:
            issue.write(opened, folder, by=acting.by, why=reason, units=tuple(scope.units))
    _tell(voice, issue, folder, is_dry=dry_run)


def _tell(voice: Voice, issue: Issue, folder: Path, *, is_dry: bool) -> None:
    """What went out: the sorts of papers with their number, or each of them when none went out yet."""
    from allocator.language.text_table import Table
    from allocator.register.papers.index import index_row, index_titles, kind_name

    papers, said = issue.papers, issue.needs.version
    record = {**issue.record(), "out": None if is_dry or not papers else folder}
    if not papers:
        voice.result(Message("papers.up-to-date", version=said), record)
        return
    if is_dry:
        head = Message("papers.would", version=said, count=len(papers))
        titles = [title.said(voice.lang) for title in index_titles()]
        rows = [tuple(map(str, index_row(paper, issue.texts))) for paper in papers]
        table = str(Table(titles, rows, left=range(1, 8), indent=2, widest=60))
    else:
        first, last = papers[0].number, papers[-1].number
        head = Message("papers.done", version=said, count=len(papers), first=first, last=last, folder=folder)
        counts = Counter(paper.kind for paper in papers)
        table = "\n".join(f"  {count:>6}  {kind_name(kind).said(voice.lang)}" for kind, count in counts.items())
    voice.result(voice.lines([head, table]), record)
