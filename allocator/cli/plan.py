"""``plan``: the main job: check, solve, name, audit and write everything."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli import conflicts
from allocator.cli.command import command
from allocator.cli.export import NoticeTemplate
from allocator.cli.options import Code, Force, ScenarioFile, Seed, Voice
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.answers.conflicts import Conflicts
    from allocator.engine.run import Run


@command(progress=True)
def plan_scenario(
    voice: Voice,
    scenario: ScenarioFile,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the plan and its reports. 存放计划和报表的目录。",
            show_default="out/SCENARIO",
        ),
    ] = None,
    seed: Seed = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", min=1.0, metavar="SECONDS", help="Stop solving after so long. 求解时限（秒）。"),
    ] = None,
    font: Annotated[
        str | None,
        typer.Option(
            "--font",
            metavar="NAME",
            help="Font of the figures; else the first Chinese one installed. 图表字体；不写则用已安装的第一种中文字体。",
            show_default=False,
        ),
    ] = None,
    letter: NoticeTemplate = None,
    no_explain: conflicts.NoExplain = False,
    force: Force = False,
) -> Code:
    """Find the plan for SCENARIO, audit it and write everything to a folder. 编制计划、审核，并把全部结果写入一个目录。

    Ctrl-C stops and keeps the best plan so far; a second Ctrl-C leaves without one.
    按 Ctrl-C 停止并保留目前最好的计划；再按一次则不保留。
    """
    folder = out if out is not None else Path("out") / scenario.stem
    changes = {"seed": seed, "limits.seconds": time_limit}
    from allocator.answers import runs
    from allocator.cli.progress import Display, clock
    from allocator.domain.result import Progress
    from allocator.language.texts import Texts
    from allocator.outputs import summary
    from allocator.outputs.run_folder import check_font, check_target
    from allocator.outputs.units import template_of
    from allocator.system.atomic_folder import claimed

    check_target(folder, force=force, lang=voice.lang)  # Before the solve, which may take minutes.
    if font is not None:
        check_font(font, voice.lang)
    notices = template_of(letter, Texts(voice.lang))
    with claimed(folder), Display(voice.lang, silent=voice.is_silent) as display:

        def work(stop: Event) -> tuple[Run, tuple[str, ...], Conflicts | None]:
            display.show(Progress("read", 0.0))
            run = runs.plan(scenario, changes=changes, on_progress=display.show, stop=stop)
            is_wanted = not no_explain and not stop.is_set() and not conflicts.is_cut_short(run)
            broken = is_wanted and not run.audit.is_clean
            found = conflicts.of_run(run, stop, display, time_limit) if broken else None
            told = runs.write(
                run, folder, lang=voice.lang, force=force, on_progress=display.show, font=font, notices=notices,
                conflicts=found,
            )  # fmt: skip
            return run, told, found

        run, told, found = display.stoppable(work)
    code = Code(runs.exit_code(run, found))
    text = summary.text(run.inputs, run.plan, run.audit, run.result, lang=voice.lang)
    record = _run_record(run, folder, code, told)
    if found is not None:
        text = f"{text.rstrip()}\n\n{conflicts.words(voice, found)}"
        record["conflicts"] = conflicts.data(found)
    voice.result(text, record)
    for note in told:
        voice.say(note)
    if found is None and not run.audit.is_clean:
        voice.say(Message("conflict.hint-explain", scenario=scenario))
    if code != Code.DONE:
        voice.say(voice.texts(f"talk.code-{_how(run, code)}"))
    memory = round(run.peak_memory_bytes / 2**20)
    voice.say(Message("talk.took", seconds=clock(sum(run.seconds.values()), voice.lang), memory=memory))
    voice.say(Message("talk.written", folder=folder.resolve()))
    return code


def _how(run: Run, code: Code) -> str:
    """What the exit code says of this run; the code alone says the same of what is proven and of what is open."""
    from allocator.domain.result import SolveStatus

    violation = next((goal for goal in run.result.goals if goal.goal == "violation"), None)
    if code == Code.VIOLATION:
        return "4" if violation is not None and violation.is_proven and run.cannot_keep_rules else "4-open"
    if code != Code.LIMIT:
        return str(code.value)
    if not run.audit.is_clean:
        return "5-rules"
    return "5-open" if run.result.status is SolveStatus.OPEN else "5"


def _run_record(run: Run, folder: Path, code: Code, told: tuple[str, ...]) -> dict[str, Any]:
    from allocator.outputs.run_record import goal_record

    return {
        "exit_code": code,
        "status": run.result.status.value,
        "out": folder,
        "plan_sha256": run.plan.sha256,
        "goals": [
            goal_record(goal) for goal in run.result.goals
        ],
        "rules": run.audit.rules,
        "messages": [*run.result.messages, *told],
        "seconds": run.seconds,
        "peak_memory_bytes": run.peak_memory_bytes,
    }  # fmt: skip
