"""``sweep``: many scenarios at once, their goals side by side, and the trade-off curve between two goals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, Seed, Voice
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.answers.sweep import Sweep


@command(progress=True)
def sweep_scenarios(
    voice: Voice,
    scenarios: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCENARIO …",
            help="Scenario file (TOML), or several side by side. 情景文件，可写多个。",
            show_default=False,
        ),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=VALUES",
            help="quota.RULE=150:300:25, or any key of a scenario with values and commas; several make a grid. 要改变的键和取值，可写多次。",
            show_default=False,
        ),
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto",
            metavar="GOAL,GOAL",
            help="Trade-off curve between two goals. 两个目标的权衡曲线。",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps", min=1, help="Points between the ends of the curve. 曲线两端之间的点数。", show_default="7"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder of the results; the same command goes on there. 结果目录。",
            show_default="out/SCENARIO-sweep",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, help="Points planned at a time. 同时计算的点数。", show_default="cores of this machine"
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster", metavar="ADDRESS", help="Plan on a Dask cluster. 在 Dask 集群上计算。", show_default=False
        ),
    ] = None,
    from_base: Annotated[
        bool,
        typer.Option("--from-base", help="Plan SCENARIO once and every point from its plan. 以原情景的计划为基础。"),
    ] = False,
    keep_runs: Annotated[
        bool, typer.Option("--keep-runs", help="Keep the run folder of every point. 保留每个点的结果目录。")
    ] = False,
    most: Annotated[
        int | None,
        typer.Option("--most", min=1, help="Refuse more points than this. 点数上限。", show_default="1000"),
    ] = None,
    seed: Seed = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", min=1.0, metavar="SECONDS", help="Limit of each point. 每个点的求解时限（秒）。"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew where the folder has other results. 清除目录中别的结果。")
    ] = False,
) -> Code:
    """Plan many scenarios at once and set their goals side by side. 一次编制许多情景，把各个目标并排比较。

    A point that fails never spoils the others. Ctrl-C keeps what is finished; the same command goes on.
    一个点出错不影响其他点。按 Ctrl-C 保留已完成的点；再次运行同一命令会接着算。
    """
    from allocator.answers.sweep import sweep
    from allocator.answers.sweep.sweep import MOST, STEPS
    from allocator.cli.sweep_progress import SweepDisplay

    folder = out if out is not None else Path("out") / f"{scenarios[0].stem}-sweep"
    with SweepDisplay(voice.lang, silent=voice.is_silent) as display:
        made = display.stoppable(
            lambda stop: sweep(
                scenarios, vary or (), pareto=pareto, steps=steps or STEPS, out=folder, workers=workers, cluster=cluster,
                from_base=from_base, keep_runs=keep_runs, most=most or MOST, seed=seed, time_limit=time_limit, force=force,
                lang=voice.lang, on_progress=display.show, stop=stop,
            )
        )  # fmt: skip
        display.close()
        _tell(voice, made, folder)
    return Code(made.exit_code)


def _tell(voice: Voice, made: Sweep, folder: Path) -> None:
    record = {
        "exit_code": made.exit_code,
        "out": folder,
        "scenarios": made.scenarios,
        "varied": {axis.key: axis.values for axis in made.axes},
        "all": len(made.tasks),
        "points": made.points,
        "curve": made.curve,
    }
    voice.result(made, record)
    voice.say(Message("talk.written", folder=folder.resolve()))
