"""``check --annotate``: what is said of the workbooks in which the mistakes of the input are marked."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from allocator.cli.options import Code, Voice, refuse, refuse_input
from allocator.cli.progress import defect_lines
from allocator.domain.errors import InputError, OutputError
from allocator.inputs.annotate import annotate
from allocator.language.message import Message

SHOWN = 20
"""Defects that the terminal lists when the rest stands in a workbook."""


def mark_and_refuse(voice: Voice, scenario: Path, error: InputError, to: Path | None, *, force: bool) -> NoReturn:
    """Mark the defects in workbooks beside the files they are in, list some of them, and leave."""
    try:
        marked = annotate(scenario, error.defects, to=to, force=force, lang=voice.lang)
    except OutputError as fault:
        voice.complain(Message("talk.refused", reason=fault))
        refuse_input(voice, error)
    if not marked.files:
        for note in marked.notes:
            voice.complain(note)
        refuse_input(voice, error)
    placed = len(error.defects) - len(marked.elsewhere)
    lines: list[object] = [Message("annotate.defects", count=len(error.defects))]
    shown = [*marked.elsewhere, *[one for one in error.defects if one not in set(marked.elsewhere)][:SHOWN]]
    for defect in shown:
        lines += defect_lines(defect, voice.texts)
    if len(shown) < len(error.defects):
        lines.append(Message("annotate.more", count=len(error.defects) - len(shown)))
    lines += marked.notes
    if marked.elsewhere:
        lines.append(Message("annotate.elsewhere", count=len(marked.elsewhere)))
    between = Message("annotate.between").said(voice.lang)
    lines.append(Message("annotate.written", count=placed, file=between.join(map(str, marked.files))))
    records = [defect.as_record() for defect in error.defects]
    refuse(voice, Code.INPUT, voice.lines(lines), defects=records, annotated=list(marked.files))
