"""``explain``: why somebody is where the plan has him or her, and why not elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.command import command
from allocator.cli.compare import refuse_targets
from allocator.cli.options import Code, ForceFile, Voice, refuse
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.answers.explain import Why, WhyNot


@command(progress=True)
def explain_people(
    voice: Voice,
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a finished run. 结果目录。", show_default=False)
    ],
    cadres: Annotated[
        list[str],
        typer.Option(
            "--cadre",
            "-c",
            metavar="ID",
            help="Who; may be given several times. 人员编号，可多次。",
            show_default=False,
        ),
    ],
    not_in: Annotated[
        str | None,
        typer.Option(
            "--not-in",
            metavar="SESSION|PROGRAMME|YEAR|PROGRAMME@YEAR",
            help="Ask why not there. 为什么不在某班次、项目或年度。",
            show_default=False,
        ),
    ] = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove", help="With --not-in: plan from nothing too, with bounds; slower. 从头求解并求界（较慢）。"
        ),
    ] = False,
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--write-scenario",
            metavar="FILE.toml",
            help="Write the scenario with that seat. 写出含该席位的情景。",
            show_default=False,
        ),
    ] = None,
    force: ForceFile = False,
) -> None:
    """Why somebody has the seats of a plan; with --not-in: why not another one, or what it would take. 某人为什么有这些席位；加 --not-in：为什么不是另一个，或者要付出什么。"""
    from allocator.answers import runs
    from allocator.answers.explain import Explainer, WhyNot, write_scenario
    from allocator.cli.progress import Display
    from allocator.language.texts import Texts

    if scenario is not None and (not_in is None or len(cadres) != 1):
        refuse(voice, Code.USAGE, Message("explain.one-question"))
    refuse_targets({scenario: ".toml"}, force=force)
    texts = Texts(voice.lang)
    with Display(voice.lang, silent=voice.is_silent) as display:
        asked = Explainer(runs.load_run(run))
        asked.refuse_unknown(cadres, not_in)
        answers = [
            asked.answer(cadre, not_in, prove=prove, on_progress=display.show) for cadre in dict.fromkeys(cadres)
        ]
    text = "\n\n".join(answer.words(texts) for answer in answers)
    voice.result(text, {"answers": [record_of(answer) for answer in answers]})
    if scenario is not None:
        answer = answers[0]
        if not isinstance(answer, WhyNot) or answer.run is None:
            voice.complain(Message("explain.nothing-to-write"))
            return
        write_scenario(asked.run.inputs, answer, scenario, force=force)
        voice.say(Message("explain.written", file=str(scenario)))


def record_of(answer: Why | WhyNot) -> dict[str, Any]:
    """An answer as JSON knows it."""
    from allocator.answers.explain import Why

    person = vars(answer.person)
    if isinstance(answer, Why):
        tables = (
            "seats",
            "record",
            "account",
            "served",
            "offers",
            "emptied",
            "queue",
            "next",
            "measures",
            "causes",
            "emptied_rules",
        )
        return {"person": person, "seed": answer.seed, **{name: getattr(answer, name) for name in tables}}
    found: dict[str, Any] = {"person": person, "target": vars(answer.target)}
    names = ("seed", "outcome", "session_id", "sessions", "forbidden", "goals", "clauses", "changes", "reasons")
    found |= {name: getattr(answer, name) for name in names}
    if answer.comparison is not None:
        found["people"] = answer.comparison.people
    return found
