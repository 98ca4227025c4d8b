"""``shadow``: what one more seat, session, share or year buys, on the screen, as a workbook, a figure, a scenario."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.compare import refuse_targets
from allocator.cli.options import Code, ForceFiles, Voice, refuse
from allocator.language.message import Message
from allocator.system.atomic_write import write_whole

if TYPE_CHECKING:
    from allocator.answers.sensitivity import Shadow
    from allocator.answers.sensitivity.question import Question
    from allocator.cli.progress import Display
    from allocator.engine.run import Run
    from allocator.language.texts import Texts

SPOKEN_EVERY = 30.0
"""Seconds between two words on how long the rest will take."""


@command(progress=True)
def ask_what_more_buys(
    voice: Voice,
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished run. 结果目录。", show_default=False)
    ],
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of",
            metavar="ID",
            help="Rule, session, programme or host; may be repeated. RULE.share asks about another number; quotas, floors, "
            "windows, limits, sessions or hosts about all of a sort. 规则、班次、项目或承办机构的编号，可多次；规则.share 问别的数值，"
            "quotas、floors、windows、limits、sessions、hosts 问一整类。",
            show_default="the tightest",
        ),
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="FIRST:LAST:BY",
            help="A curve: how much more, such as -10:+50:10; shares in percentage points. 画曲线：增减的范围，如 -10:+50:10；比例按百分点。",
            show_default="one more, one less",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ask about everything. 全部都问。")] = False,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove", help="Plan every scenario from nothing too, with bounds; slower. 从头求解并求界（较慢）。"
        ),
    ] = False,
    only_list: Annotated[bool, typer.Option("--list", help="List the questions, plan nothing. 只列出问题。")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Workbook (.xlsx) or CSV to write. 结果表。", show_default=False
        ),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--figure", metavar="FILE.png", help="Figure of the curve. 曲线图。", show_default=False),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option("--row", min=1, help="Ask the question of this number alone. 只问这一项。", show_default=False),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--write-scenario",
            metavar="FILE.toml",
            help="Write the scenario of the row, so that anybody can plan it. 写出该项的情景。",
            show_default=False,
        ),
    ] = None,
    force: ForceFiles = False,
) -> Code:
    """Say what one more seat, one session fewer, one year more changes, each by planning anew. 多一个名额、少一个班次、宽一年各有什么用，逐项重新编制来回答。

    Ctrl-C stops and keeps the answers found so far. 按 Ctrl-C 停止并保留已得到的结果。
    """
    from allocator.answers.runs import load_run
    from allocator.answers.sensitivity import shadow
    from allocator.answers.sensitivity.run_questions import asked_of
    from allocator.answers.sensitivity.subjects import ambiguous
    from allocator.answers.sensitivity.tightest import count_all
    from allocator.cli.progress import Display
    from allocator.language.texts import Texts

    _check_call(voice, of, steps, everything=everything, picture=picture)
    refuse_targets({out: ".xlsx .csv", picture: ".png", scenario: ".toml"}, force=force)
    with Display(voice.lang, silent=voice.is_silent) as display:
        base = load_run(run)
        asked = asked_of(base, of or (), steps, everything=everything)
        if only_list:
            _say_list(voice, base, asked)
            return Code.DONE
        _check_row(voice, base, asked, row, scenario)
        for note in ambiguous(base.inputs, of or ()):
            voice.say(note)
        if not of and not everything:
            voice.say(Message("shadow.by-default", count=len(asked), all=count_all(base)))
        voice.say(Message("shadow.estimate", count=1 if row else len(asked)))
        found = display.stoppable(
            lambda stop: shadow(
                base, of or (), steps, everything=everything, row=row, prove=prove,
                on_progress=display.show, on_left=_left_teller(voice, display), stop=stop,
            )
        )  # fmt: skip
    variant = None if scenario is None else (scenario, asked[(row or 1) - 1])
    written = _write(found, Texts(voice.lang), out, picture, variant, force=force)
    code = Code.DONE if len(found.answers) == found.asked else Code.INTERRUPTED
    record = {"exit_code": code, "rows": found.rows, "goals": found.goals, "asked": found.asked, "written": written}
    voice.result(found, record)
    for file in written:
        if file == scenario:
            voice.say(Message("shadow.scenario-written", number=row or 1, file=str(file)))
        else:
            voice.say(Message("compare.written", file=str(file)))
    return code


def _check_call(
    voice: Voice,
    of: list[str] | None,
    steps: str | None,
    *,
    everything: bool,
    picture: Path | None,
) -> None:
    """Refuse what cannot be meant, before anything is read."""
    from allocator.answers.sensitivity.step_range import read_steps

    if everything and of:
        refuse(voice, Code.USAGE, Message("shadow.all-or-of"))
    if picture is not None and steps is None:
        refuse(voice, Code.USAGE, Message("shadow.figure-needs-range"))
    if steps is not None:
        read_steps(steps)


def _left_teller(voice: Voice, display: Display) -> Callable[[float], None]:
    """Says how long the rest will take, at most every half minute."""
    from allocator.cli.progress import clock

    spoken = [float("-inf")]

    def tell(seconds: float) -> None:
        now = time.monotonic()
        if seconds >= 1 and not voice.quiet and now - spoken[0] >= SPOKEN_EVERY:
            spoken[0] = now
            display.say(Message("shadow.time-left", time=clock(seconds, voice.lang)))

    return tell


def _say_list(voice: Voice, base: Run, asked: tuple[Question, ...]) -> None:
    from allocator.answers.sensitivity.phrases import Names
    from allocator.answers.sensitivity.text import listing_of
    from allocator.language.texts import Texts

    names = Names(base, Texts(voice.lang))
    rows = [{"number": n, "of": q.of, "sort": q.sort, "field": q.field, "step": float(q.step), "before": float(q.before), "after": float(q.after)}
            for n, q in enumerate(asked, start=1)]  # fmt: skip
    voice.result(listing_of(asked, names), {"rows": rows})


def _check_row(voice: Voice, base: Run, asked: tuple[Question, ...], row: int | None, scenario: Path | None) -> None:
    """Which row is meant, and that its scenario can be written, must be clear before the work begins."""
    from allocator.inputs import changed

    if row is not None and row > len(asked):
        refuse(voice, Code.USAGE, Message("shadow.no-row", number=row, count=len(asked)))
    if scenario is None:
        return
    if row is None and len(asked) > 1:
        refuse(voice, Code.USAGE, Message("shadow.which-row", count=len(asked)))
    changed(base.inputs, asked[(row or 1) - 1].changes)


def _write(
    found: Shadow,
    texts: Texts,
    out: Path | None,
    picture: Path | None,
    scenario: tuple[Path, Question] | None,
    *,
    force: bool,
) -> list[Path]:
    from allocator.answers.sensitivity.result import write_question
    from allocator.answers.sensitivity.workbook import csv, workbook

    written = []
    if out is not None:
        write_whole(out, csv(found) if out.suffix.lower() == ".csv" else workbook(found, texts))
        written.append(out)
    if picture is not None:
        from allocator.answers.sensitivity.figure import figure  # Drawing is slow to load and seldom wanted.

        write_whole(picture, figure(found, texts))
        written.append(picture)
    if scenario is not None:
        file, question = scenario
        write_question(found.run, question, file, force=force)
        written.append(file)
    return written
