"""The list of the papers of one issue, and every change in it with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.excel.workbook import Book
from allocator.register.papers.differences import Change
from allocator.register.papers.notices import name_of, title_of
from allocator.register.papers.so_far import PaperKind


@dataclass(frozen=True)
class Paper:
    """One paper.

    Parameters
    ----------
    facts
        Hash of what it tells.
    file
        Where it lies in the folder; several notices of a unit lie in one file.
    whom, subject, about
        For whom, on which session, and what it says, in the reader's language.
    """

    number: int
    kind: PaperKind
    unit_id: str
    session_id: str
    facts: str
    file: PurePosixPath
    whom: str
    subject: str
    about: str


def index(papers: Sequence[Paper], changes: Mapping[int, Change], title: str, mark: str, texts: Texts) -> bytes:
    """The workbook, ready to be written; ``changes`` are those that a paper of this number tells."""
    book = Book(title, texts("font"), texts("dispatch.footer"))
    sheet = book.sheet(texts.said(Message("papers.sheet-index")), title)
    sheet.line(title, "title")
    sheet.line(mark)
    titles = [text.said(texts.lang) for text in index_titles()]
    rows = [index_row(paper, texts) for paper in papers]
    sheet.table(titles, rows, ("plain", *("text",) * 5, "long", "text"), freeze_columns=2)
    if changes:
        _changes(book, papers, changes, title, texts)
    return book.content()


def index_titles() -> tuple[Message, ...]:
    """Titles of the columns of ``index_row``."""
    return (
        Message("papers.number"), Message("papers.sort"), Message("papers.unit-id"), Message("papers.whom"),
        Message("papers.session"), Message("papers.programme"), Message("papers.about"), Message("papers.file"),
    )  # fmt: skip


def index_row(paper: Paper, texts: Texts) -> tuple[object, ...]:
    """A paper as a row of the list."""
    session = "" if paper.kind is PaperKind.TABLE else paper.session_id
    kind = texts.said(kind_name(paper.kind))
    return (
        paper.number,
        kind,
        paper.unit_id,
        paper.whom,
        session,
        paper.subject,
        paper.about,
        str(paper.file),
    )


def kind_name(kind: PaperKind) -> Message:
    """What a sort of paper is called."""
    match kind:
        case PaperKind.NOTICE:
            return Message("papers.kind-notice")
        case PaperKind.CHANGE:
            return Message("papers.kind-change")
        case PaperKind.WORKBOOK:
            return Message("papers.kind-workbook")
        case PaperKind.CALENDAR:
            return Message("papers.kind-calendar")
        case PaperKind.LIST:
            return Message("papers.kind-list")
        case _:
            return Message("papers.kind-table")


def _changes(book: Book, papers: Sequence[Paper], changes: Mapping[int, Change], title: str, texts: Texts) -> None:
    """One row for every person whom a change concerns, and one for what is said of a session as a whole."""
    heads = (
        Message("papers.number"), Message("papers.title"), Message("papers.unit-id"), Message("papers.whom"),
        Message("papers.session"), Message("papers.person-id"), Message("papers.person"), Message("papers.change"),
        Message("papers.reason"), Message("papers.clause"),
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for paper in papers:
        change = changes.get(paper.number)
        if change is not None:
            head = (paper.number, texts.said(title_of(change.kind)), paper.unit_id, paper.whom, paper.session_id)
            rows += [(*head, "", "", texts.said(what), "", "") for what in change.what]
            rows += [
                (*head, one.cadre_id, name_of(change, one), texts.said(one.effect), texts.said(one.why), one.clause)
                for one in change.people
            ]
    sheet = book.sheet(texts.said(Message("papers.sheet-changes")), title)
    sheet.table(
        [texts.said(one) for one in heads], rows, ("plain", *("text",) * 6, "long", "long", "text"), freeze_columns=2
    )
