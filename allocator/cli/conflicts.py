"""``check --explain`` and what ``plan`` adds when rules cannot all be kept: conflicts, repairs, and scenarios that state them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.options import Code, Voice, refuse
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.answers.conflicts import Conflicts
    from allocator.cli.progress import Display
    from allocator.engine.run import Run

Explain = Annotated[
    bool,
    typer.Option("--explain", help="Also find which rules stand against each other, and repairs. 查找冲突与调整办法。"),
]
NoExplain = Annotated[
    bool,
    typer.Option(
        "--no-explain", help="Do not look for conflicts and repairs where hard rules break. 不查找冲突与调整办法。"
    ),
]
Sorts = Annotated[
    list[str] | None,
    typer.Option(
        "--repair",
        metavar="SORT",
        help="Only repairs of this sort, such as fewest-people, more-seats, only-quotas. 只找这种调整办法。",
        show_default=False,
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep", metavar="RULE", help="A rule that must not give; repeat it. 不得让步的规则。", show_default=False
    ),
]
Give = Annotated[
    list[str] | None,
    typer.Option(
        "--give",
        metavar="RULE",
        help="Only these rules may give; repeat it. 只有这些规则可以让步。",
        show_default=False,
    ),
]
WriteRepair = Annotated[
    Path | None,
    typer.Option(
        "--write-repair", metavar="FILE", help="Write the repairs as scenarios (FILE-1 …). 把调整办法写成情景文件。",
        show_default=False,
    ),
]  # fmt: skip
Seconds = Annotated[
    float,
    typer.Option(
        "--time-limit", min=1.0, metavar="SECONDS", help="For conflicts, and again for repairs. 查找时限（秒）。"
    ),
]


@dataclass(frozen=True)
class Wishes:
    """What the planner asks of repairs; the options of ``check`` that say so."""

    kinds: Sorts = None
    keep: Keep = None
    give: Give = None
    file: WriteRepair = None
    seconds: Seconds = 60.0
    force: Annotated[
        bool, typer.Option("--force", help="Replace older files of --annotate and --write-repair. 覆盖已有文件。")
    ] = False

    def refuse_alone(self, voice: Voice) -> None:
        """Refuse options that go with ``--explain`` only."""
        named = {"--repair": self.kinds, "--keep": self.keep, "--give": self.give, "--write-repair": self.file}
        for option, value in named.items():
            if value:
                said = Message("conflict.explain-only", option=option).said(voice.lang)
                raise typer.BadParameter(said, param_hint=option)


def explained(voice: Voice, scenario: Path, wishes: Wishes) -> Conflicts:
    """Conflicts and repairs of a scenario, with a plan made for it; the repairs written where that is asked for."""
    from allocator.answers.conflicts import answer
    from allocator.cli.progress import Display
    from allocator.inputs import load

    inputs = load(scenario)
    if wishes.file is not None and not wishes.force:
        _refuse_existing(voice, wishes.file)

    with Display(voice.lang, silent=voice.quiet or voice.json) as display:
        found = display.stoppable(
            lambda stop: answer(
                inputs, seconds=wishes.seconds, kinds=wishes.kinds, keep=wishes.keep or (), give=wishes.give or (),
                stop=stop.is_set, on_progress=display.show,
            )
        )  # fmt: skip
    if wishes.file is not None:
        for number, file in enumerate(files(wishes.file, len(found.repairs)), start=1):
            found.write_repair(number, file, force=wishes.force)
            voice.say(Message("conflict.written", number=number, file=str(file)))
    return found


def files(file: Path, count: int) -> list[Path]:
    """A file for each repair: the name given when there is one, else numbered."""
    if count == 1:
        return [file]
    return [file.with_name(f"{file.stem}-{number}{file.suffix or '.toml'}") for number in range(1, count + 1)]


def _refuse_existing(voice: Voice, file: Path) -> None:
    from allocator.answers.conflicts import KINDS

    for one in (file, *files(file, len(KINDS))):
        if one.exists():
            refuse(voice, Code.USAGE, Message("error.file-exists", file=one))


def is_cut_short(run: Run) -> bool:
    """Whether a plan took all its time: who wants it at once does not want to wait for more."""
    limit = run.inputs.scenario.limits.seconds
    return limit is not None and sum(run.seconds.values()) >= limit


def of_run(run: Run, stop: Event, display: Display, seconds: float | None) -> Conflicts:
    """Conflicts and repairs of a plan that breaks hard rules, in a time of its own."""
    from allocator.answers.conflicts import answer
    from allocator.answers.conflicts.result import SECONDS

    limit = SECONDS if seconds is None else min(seconds, SECONDS)
    display.say(Message("conflict.searching", seconds=round(limit)))
    return answer(run.inputs, run, seconds=limit, stop=stop.is_set)


def words(voice: Voice, found: Conflicts) -> str:
    """Conflicts and repairs as the terminal shows them."""
    from allocator.language.texts import Texts

    return found.words(Texts(voice.lang))


def data(found: Conflicts) -> dict[str, Any]:
    """Conflicts and repairs as JSON shows them."""
    from allocator.answers.conflicts.text import record

    return record(found)


def code_of(found: Conflicts) -> Code:
    """How a check that explains leaves."""
    if found.is_kept:
        return Code.DONE
    return Code.VIOLATION if found.is_proven else Code.LIMIT
