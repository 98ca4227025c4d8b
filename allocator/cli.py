"""The command line: parse, call, print, leave with a code. Results on stdout, talk on stderr."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Literal

import typer

from allocator import pipeline
from allocator.audit import AuditReport, read_plan
from allocator.audit import audit as judge
from allocator.commands import mending
from allocator.commands.compare import compare_runs
from allocator.commands.explain import explain_people
from allocator.commands.export import NoticeTemplate, export_files, notice_template
from allocator.commands.frames import App
from allocator.commands.ledger import write_ledger
from allocator.commands.marking import mark_and_refuse
from allocator.commands.schema import write_schema
from allocator.commands.shadow import ask_what_more_buys
from allocator.commands.show import show
from allocator.commands.sweep import sweep_scenarios
from allocator.commands.template import write_template
from allocator.commands.voice import (
    Code,
    Debug,
    Force,
    Json,
    Lang,
    NoProgress,
    Quiet,
    ScenarioFile,
    Voice,
    faults_explained,
    refuse,
    voice_of,
)
from allocator.conflicts import Conflicts
from allocator.counting import CheckReport, Finding
from allocator.display import Display, clock
from allocator.entities import TABLES
from allocator.errors import InputError
from allocator.generate import generate
from allocator.inputs import load
from allocator.interrupts import run_stoppably
from allocator.planner import Run
from allocator.reports import check_font, check_target, summary
from allocator.reports.record import goal_record, versions
from allocator.reports.texts import Texts, fit
from allocator.reports.units import template_of
from allocator.result import Progress
from allocator.wording import Message


class GeneratedSize(StrEnum):
    """Sizes of the invented data."""

    TINY = "tiny"
    ONE_PREFECTURE = "one-prefecture"
    HENAN = "henan"


class TableFormat(StrEnum):
    """File formats of generated tables."""

    CSV = "csv"
    PARQUET = "parquet"


OWN_SCENARIO = {
    GeneratedSize.ONE_PREFECTURE: Path("scenarios/one-prefecture.toml"),
    GeneratedSize.HENAN: Path("scenarios/henan-2019-2022.toml"),
}
"""The scenario of a size, seen from the folder of the project."""


app = App(
    name="allocator",
    help="Who attends which training and when, with the proof. 培训名额分配与调训计划。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"allocator {versions()['allocator']}")
        raise typer.Exit


Seed = Annotated[
    str | None,
    typer.Option("--seed", help="Published seed that breaks ties. 并列时决定先后的公开种子。", show_default=False),
]


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version. 显示版本。")
    ] = False,
    lang: Lang = None,
) -> None:
    pass


@app.command(epilog="示例 Example: allocator plan scenarios/tiny.toml --out out/tiny")
def plan(
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
    no_explain: mending.NoExplain = False,
    force: Force = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
    debug: Debug = False,
) -> None:
    """Find the plan for SCENARIO, audit it and write everything to a folder. 编制计划、审核，并把全部结果写入一个目录。

    Ctrl-C stops and keeps the best plan so far; a second Ctrl-C leaves without one.
    按 Ctrl-C 停止并保留目前最好的计划；再按一次则不保留。
    """
    voice = voice_of(lang, as_json, quiet, debug)
    folder = out if out is not None else Path("out") / scenario.stem
    changes = {"seed": seed, "limits.seconds": time_limit}
    with faults_explained(voice):
        check_target(folder, force=force, lang=voice.lang)  # Before the solve, which may take minutes.
        if font is not None:
            check_font(font, voice.lang)
        notices = template_of(letter, Texts(voice.lang))
        with Display(voice.lang, silent=quiet or no_progress) as display:

            def work(stop: Event) -> tuple[Run, tuple[str, ...], Conflicts | None]:
                display.show(Progress("read", 0.0))
                run = pipeline.plan(scenario, changes=changes, on_progress=display.show, stop=stop)
                is_wanted = not no_explain and not stop.is_set() and not mending.is_cut_short(run)
                broken = is_wanted and not run.audit.is_clean
                found = mending.of_run(run, stop, display, voice.talk.said, time_limit) if broken else None
                told = pipeline.write(
                    run, folder, lang=voice.lang, force=force, on_progress=display.show, font=font, notices=notices,
                    conflicts=found,
                )  # fmt: skip
                return run, told, found

            run, told, found = run_stoppably(work, lambda: display.say(voice.talk("stopping")), display.leave)
        code = Code(pipeline.exit_code(run, found))
        text = summary.text(run.inputs, run.plan, run.audit, run.result, lang=voice.lang)
        record = _run_record(run, folder, code, told)
        if found is not None:
            text, record = (
                f"{text.rstrip()}\n\n{mending.words(voice, found)}",
                record | {"conflicts": mending.data(found)},
            )
        voice.result(text, record)
        for note in told:
            voice.say(note)
        if found is None and not run.audit.is_clean:
            voice.say(voice.talk.said(Message("conflict.hint-explain", scenario=scenario)))
        if code != Code.DONE:
            voice.say(voice.talk(f"code-{code.value}"))
        memory = round(run.peak_memory_bytes / 2**20)
        voice.say(voice.talk("took", seconds=clock(sum(run.seconds.values())), memory=memory))
        voice.say(voice.talk("written", folder=folder.resolve()))
    raise typer.Exit(code)


def _run_record(run: Run, folder: Path, code: Code, told: tuple[str, ...]) -> dict[str, Any]:
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


@app.command(epilog="示例 Example: allocator check scenarios/tiny.toml --lang en")
def check(
    scenario: ScenarioFile,
    marked: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="With --annotate: the workbook to write, or a folder. 标注后的工作簿或目录。",
            show_default="beside the input",
        ),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Hand the tables back with every mistake marked. 在工作簿中标出错误。")
    ] = False,
    explain: mending.Explain = False,
    sorts: mending.Sorts = None,
    keep: mending.Keep = None,
    give: mending.Give = None,
    write_repair: mending.WriteRepair = None,
    time_limit: mending.Seconds = 60.0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace older files of --annotate and --write-repair. 覆盖已有文件。")
    ] = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read everything and count whether the rules can be kept at all. 读入全部数据，算一算规则有没有可能满足。

    Writes nothing, unless told to mark the mistakes: then each workbook is handed back as a copy with a column that
    says what is wrong, coloured cells and comments.
    不写任何文件；加 --annotate 时交回每个工作簿的副本，用一列说明、底色和批注标出错误。

    With --explain it plans as well, and says which hard rules stand against each other and what would mend it.
    加 --explain 时还会试排计划，找出互相冲突的硬性规则和调整办法。
    """
    voice = voice_of(lang, as_json, quiet, debug)
    wishes = mending.Wishes(sorts, keep or [], give or [], write_repair, time_limit, force)
    with faults_explained(voice):
        if not explain:
            wishes.refuse_alone(voice)
        if marked is not None and not annotate:
            raise typer.BadParameter(voice.talk("file-without-annotate"), param_hint="FILE")
        try:
            report = pipeline.check(scenario)
        except InputError as error:
            if not annotate:
                raise
            mark_and_refuse(voice, scenario, error, marked, force=force)
        if annotate:
            voice.say(voice.talk.said(Message("annotate.none")))
        found = mending.explained(voice, scenario, wishes) if explain else None
        code = Code.DONE if report.ok else Code.VIOLATION
        text = _findings_text(report, voice)
        record = {"ok": report.ok, "findings": [_finding_record(one) for one in report.findings]}
        if found is not None:
            code = code or mending.code_of(found)
            text, record = f"{text}\n\n{mending.words(voice, found)}", record | mending.data(found)
        voice.result(text, {"exit_code": code, **record})
        if found is None and not report.ok:
            voice.say(voice.talk.said(Message("conflict.hint-explain", scenario=scenario)))
        if found is not None and found.repairs and write_repair is None:
            voice.say(voice.talk.said(Message("conflict.hint-write")))
    raise typer.Exit(code)


def _findings_text(report: CheckReport, voice: Voice) -> str:
    talk = voice.talk
    lines = [talk("check-ok") if report.ok else talk("check-failed")]
    for severity in ("error", "warning"):
        found = [finding for finding in report.findings if finding.severity == severity]
        if found:
            lines.append("■ " + talk(f"check-{severity}s", count=len(found)))
        for finding in found:
            name = {"title": finding.title, "rule": finding.rule_id, "clause": finding.clause or "—"}
            lines.append(
                "  " + (talk("rule", **name, found=finding.message) if finding.rule_id else talk.said(finding.message))
            )
    return "\n".join(lines)


def _finding_record(finding: Finding) -> dict[str, Any]:
    return {
        name: getattr(finding, name)
        for name in ("code", "severity", "rule_id", "clause", "message_en", "message_zh")
    }  # fmt: skip


@app.command(epilog="示例 Example: allocator audit scenarios/tiny.toml out/tiny/plan.csv --lang en")
def audit(
    scenario: ScenarioFile,
    plan_file: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="Plan to judge (CSV, Excel, Parquet). 要审核的计划（CSV、Excel 或 Parquet）。",
            show_default=False,
        ),
    ],
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Judge any plan from the files alone, without the solver; writes nothing. 只根据文件审核任何一份计划，不用求解器，不写文件。"""
    voice = voice_of(lang, as_json, quiet, debug)
    with faults_explained(voice):
        inputs = load(scenario)
        placements = read_plan(plan_file, inputs)
        report = judge(placements, inputs)
        code = Code.DONE if report.is_clean else Code.BREACH
        text = summary.text(inputs, placements, report, None, lang=voice.lang)
        record = {
            "exit_code": code,
            "plan_sha256": placements.sha256,
            "rules": report.rules,
            "breaches": report.breaches,
            "goals": report.goals,
            "warnings": report.warnings_zh if voice.lang == "zh" else report.warnings,
        }
        voice.result("\n".join([text.rstrip("\n"), *_rule_lines(report, voice)]), record)
        if not report.is_clean:
            voice.say(voice.talk("code-6"))
    raise typer.Exit(code)


def _rule_lines(report: AuditReport, voice: Voice) -> list[str]:
    """One line per rule of the policy: mark, id, clause, required, achieved, unit, title; then the warnings."""
    texts = Texts(voice.lang)
    lines = ["", "■ " + voice.talk("each-rule")]
    for row in report.rules.to_dict("records"):
        mark = {"kept": "✓", "breached": "✗"}.get(row["status"], "·")
        required, achieved = (texts.figure(row[name], row["unit"]) for name in ("required", "achieved"))
        figures = f"{required} → {achieved} {texts.unit(row['unit'])}"
        title = (row["title_zh"] or row["title"]) if voice.lang == "zh" else (row["title"] or row["title_zh"])
        cells = (fit(row["rule_id"], 28), fit(row["clause"], 14), fit(figures, 30), title)
        lines.append(f"  {mark} " + " ".join(cells).rstrip())
    return lines


@app.command("generate", epilog="示例 Example: allocator generate one-prefecture --out my-data --seed 7")
def generate_data(
    size: Annotated[
        GeneratedSize,
        typer.Argument(metavar="SIZE", help="tiny, one-prefecture or henan. 规模，从小到大三种。", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the five tables. 存放五张表的目录。", show_default=False)
    ],
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed makes the same data. 随机种子；相同则数据相同。")
    ] = 2019,
    people: Annotated[
        int | None, typer.Option("--people", min=1, help="About so many named people. 大约多少人。", show_default=False)
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(
            "--scenario", help="Scenario to scale with --people. 按人数放缩的情景。", show_default="the size's own"
        ),
    ] = None,
    file_format: Annotated[
        TableFormat | None,
        typer.Option("--format", help="csv or parquet. 文件格式。", show_default="parquet when large"),
    ] = None,
    force: Force = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make invented people, records, programmes and dated sessions on real units. 在真实的行政区划上生成虚构的人员、培训历史、项目和班次。

    With --people the units, sessions and quotas grow along, and scenario.toml in the folder is ready to be planned.
    加 --people 时，单位、班次和名额按人数放缩，目录中的 scenario.toml 可以直接编制。
    """
    voice = voice_of(lang, as_json, quiet, debug)
    with faults_explained(voice):
        if people is not None and size is GeneratedSize.TINY:
            refuse(voice, Code.USAGE, voice.talk("tiny-people"))
        there = [name for name in TABLES if any((out / f"{name}.{kind}").exists() for kind in TableFormat)]
        if there and not force:
            refuse(voice, Code.USAGE, voice.talk("tables-exist", folder=out, tables=", ".join(there)))
        try:
            base = scenario or OWN_SCENARIO.get(size)
            if people is not None and base is not None and not base.is_file():
                refuse(voice, Code.USAGE, voice.talk("no-scenario-to-scale", file=base))
            kind: Literal["csv", "parquet"] | None = file_format.value if file_format is not None else None
            made = generate(size.value, out, seed=seed, people=people, scenario=base, file_format=kind)
        except OSError as error:
            refuse(voice, Code.USAGE, voice.talk("unwritable", folder=out, reason=error.strerror or error))
        voice.result(str(made), {"exit_code": Code.DONE, "folder": made.folder, "rows": made.rows, "named": made.named})


app.command("template", epilog="Example: allocator template my-data/input.xlsx --policy data/henan/policy.toml")(
    write_template
)


app.command("export", epilog="示例 Example: allocator export out/tiny --notices --unit N --year 2020")(export_files)
app.command("notice-template", epilog="示例 Example: allocator notice-template notice.docx")(notice_template)


app.command("show", epilog="示例 Example: allocator show scenarios/one-prefecture.toml")(show)


app.command("compare", epilog="示例 Example: allocator compare out/a out/b --out compared.xlsx")(compare_runs)


app.command("ledger", epilog="示例 Example: allocator ledger scenarios/tiny.toml --out ledger.xlsx")(write_ledger)


app.command("shadow", epilog="示例 Example: allocator shadow out/tiny --of theory-quota --range -2:+4")(
    ask_what_more_buys
)


app.command("explain", epilog="示例 Example: allocator explain out/tiny --cadre N3 --not-in theory-2021a")(
    explain_people
)


app.command("sweep", epilog="示例 Example: allocator sweep scenarios/tiny.toml --vary quota.theory-quota=2:6")(
    sweep_scenarios
)


app.command("schema", epilog="Example: allocator schema --out schemas")(write_schema)


def main() -> None:
    """Entry point of the command ``allocator``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # A terminal that lacks a character shows a mark, never a failure.
            stream.reconfigure(errors="replace")
    app()
