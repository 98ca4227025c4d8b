"""The command line: parse, call, print, leave with a code. Results on stdout, talk on stderr."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Annotated, Any, NoReturn

import numpy as np
import pandas as pd
import typer
from rich.console import Console

from allocator import pipeline
from allocator.audit import AuditReport, read_plan
from allocator.audit import audit as judge
from allocator.counting import CheckReport, Finding
from allocator.display import Display, clock, defect_lines
from allocator.entities import TABLES
from allocator.errors import AllocatorError, InputError, OutputError
from allocator.generate import generate
from allocator.inputs import load
from allocator.interrupts import INTERRUPTED, run_stoppably
from allocator.reports import check_font, check_target, summary
from allocator.reports.record import goal_record, versions
from allocator.reports.texts import LANGUAGES, Language, Texts, fit, language
from allocator.result import Progress
from allocator.talk import Talk


class Code(IntEnum):
    """Exit codes; ``docs`` and outside users rely on them."""

    DONE = 0
    CRASH = 1
    USAGE = 2
    INPUT = 3
    VIOLATION = 4
    LIMIT = 5
    BREACH = 6
    INTERRUPTED = INTERRUPTED


class GeneratedSize(StrEnum):
    """Sizes of the invented data."""

    TINY = "tiny"
    ONE_PREFECTURE = "one-prefecture"
    HENAN = "henan"


app = typer.Typer(
    name="allocator",
    help="Who attends which training and when, with the proof. 培训名额分配与调训计划。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(f"{value!r} is neither {' nor '.join(map(repr, LANGUAGES))}")
    return value


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"allocator {versions()['allocator']}")
        raise typer.Exit


ScenarioFile = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="Scenario file (TOML). 情景文件。", show_default=False)
]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        callback=_language,
        metavar="zh|en",
        envvar="ALLOCATOR_LANG",
        help="Language of all that people read; else that of your system. 语言。",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout. 以 JSON 输出结果。")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only. 只输出结果。")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no progress. 不显示进度。")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the full trace of a failure. 出错时显示详细信息。")]
Force = Annotated[bool, typer.Option("--force", help="Replace an older result folder. 覆盖旧结果。")]
Seed = Annotated[
    str | None,
    typer.Option("--seed", help="Published seed that breaks ties. 并列时决定先后的公开种子。", show_default=False),
]


@dataclass(frozen=True)
class Voice:
    """How this command speaks: language, JSON or text, and how much."""

    lang: Language
    json: bool
    quiet: bool
    debug: bool

    @property
    def talk(self) -> Talk:
        """The texts of the command line in this language."""
        return Talk(self.lang)

    def say(self, text: str) -> None:
        """A line of talk on stderr, unless quiet."""
        if not self.quiet:
            typer.echo(text, err=True)

    def complain(self, text: str) -> None:
        """A refusal or failure on stderr, quiet or not."""
        typer.echo(text, err=True)

    def result(self, text: str, record: Mapping[str, Any]) -> None:
        """The result on stdout, as text or as JSON; colours on a terminal only."""
        if self.json:
            typer.echo(json.dumps(_plain(record), ensure_ascii=False, indent=2, allow_nan=False))
        else:
            Console(highlight=False, soft_wrap=True).print(summary.highlighted(text.rstrip("\n")))


def _voice(lang: str | None, as_json: bool, quiet: bool, debug: bool) -> Voice:
    return Voice(language(lang), as_json, quiet, debug)


@contextmanager
def _faults_explained(voice: Voice) -> Iterator[None]:
    """Turn whatever goes wrong into a message and an exit code; a user's mistake never shows a trace."""
    try:
        yield
    except InputError as error:
        _refuse_input(voice, error)
    except OutputError as error:
        _refuse(voice, Code.USAGE, voice.talk("refused", reason=error))
    except AllocatorError as error:
        _refuse(voice, Code.INPUT, voice.talk("refused", reason=error))
    except KeyboardInterrupt:
        _refuse(voice, Code.INTERRUPTED, voice.talk("interrupted"))
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        if voice.debug:
            traceback.print_exc()
        fault = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        _refuse(voice, Code.CRASH, voice.talk("crash", fault=fault))


def _refuse(voice: Voice, code: Code, text: str, **record: Any) -> NoReturn:
    if voice.json:
        voice.result("", {"exit_code": code, "message": text, **record})
    voice.complain(text)
    raise typer.Exit(code)


def _refuse_input(voice: Voice, error: InputError) -> NoReturn:
    lines = [voice.talk("defects", count=len(error.defects))]
    for defect in error.defects:
        lines += defect_lines(defect, voice.talk)
    _refuse(voice, Code.INPUT, "\n".join(lines), defects=[defect.as_record() for defect in error.defects])


def _plain(value: Any) -> Any:
    """A value as JSON knows it; what is not a number becomes null, exact shares become text."""
    match value:
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case pd.DataFrame():
            return [_plain(row) for row in value.to_dict("records")]
        case pd.Timestamp() | date():
            return None if value is pd.NaT else value.isoformat()[:10]
        case Fraction() | Path():
            return str(value)
        case np.generic():
            return _plain(value.item())
        case float():
            return value if np.isfinite(value) else None
        case IntEnum():
            return int(value)
        case list() | tuple() | set() | frozenset():
            return [_plain(one) for one in value]
        case _:
            return None if value is pd.NA or value is pd.NaT else value


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version. 版本。")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: allocator plan scenarios/tiny.toml --out out/tiny")
def plan(
    scenario: ScenarioFile,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for the plan and its reports. 结果目录。", show_default="out/SCENARIO"
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
            help="Font of the figures; else the first Chinese one installed. 图表字体。",
            show_default=False,
        ),
    ] = None,
    force: Force = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
    debug: Debug = False,
) -> None:
    """Find the plan for SCENARIO, audit it and write everything to a folder. 编制计划。

    Ctrl-C stops and keeps the best plan so far; a second Ctrl-C leaves without one.
    """
    voice = _voice(lang, as_json, quiet, debug)
    folder = out if out is not None else Path("out") / scenario.stem
    changes = {"seed": seed, "limits.seconds": time_limit}
    with _faults_explained(voice):
        check_target(folder, force=force, lang=voice.lang)  # Before the solve, which may take minutes.
        if font is not None:
            check_font(font, voice.lang)
        with Display(voice.lang, silent=quiet or no_progress) as display:

            def work(stop: Event) -> tuple[pipeline.Run, tuple[str, ...]]:
                display.show(Progress("read", 0.0))
                run = pipeline.plan(scenario, changes=changes, on_progress=display.show, stop=stop)
                told = pipeline.write(run, folder, lang=voice.lang, force=force, on_progress=display.show, font=font)
                return run, told

            run, told = run_stoppably(work, lambda: display.say(voice.talk("stopping")), display.leave)
        code = Code(pipeline.exit_code(run))
        text = summary.text(run.inputs, run.plan, run.audit, run.result, lang=voice.lang)
        voice.result(text, _run_record(run, folder, code, told))
        for note in told:
            voice.say(note)
        if code != Code.DONE:
            voice.say(voice.talk(f"code-{code.value}"))
        memory = round(run.peak_memory_bytes / 2**20)
        voice.say(voice.talk("took", seconds=clock(sum(run.seconds.values())), memory=memory))
        voice.say(voice.talk("written", folder=folder.resolve()))
    raise typer.Exit(code)


def _run_record(run: pipeline.Run, folder: Path, code: Code, told: tuple[str, ...]) -> dict[str, Any]:
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


@app.command(epilog="Example: allocator check scenarios/tiny.toml --lang en")
def check(
    scenario: ScenarioFile,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read everything and count whether the rules can be kept at all; writes nothing. 只检查数据和数量。"""
    voice = _voice(lang, as_json, quiet, debug)
    with _faults_explained(voice):
        report = pipeline.check(scenario)
        code = Code.DONE if report.ok else Code.VIOLATION
        voice.result(
            _findings_text(report, voice),
            {"exit_code": code, "ok": report.ok, "findings": [_finding_record(one) for one in report.findings]},
        )
    raise typer.Exit(code)


def _findings_text(report: CheckReport, voice: Voice) -> str:
    talk = voice.talk
    lines = [talk("check-ok") if report.ok else talk("check-failed")]
    for severity in ("error", "warning"):
        found = [finding for finding in report.findings if finding.severity == severity]
        if found:
            lines.append("■ " + talk(f"check-{severity}s", count=len(found)))
        for finding in found:
            rule = talk("rule", rule=finding.rule_id, clause=finding.clause or "—") + ": " if finding.rule_id else ""
            lines.append("  " + rule + (finding.message_zh if voice.lang == "zh" else finding.message_en))
    return "\n".join(lines)


def _finding_record(finding: Finding) -> dict[str, Any]:
    return {
        name: getattr(finding, name)
        for name in ("code", "severity", "rule_id", "clause", "message_en", "message_zh")
    }  # fmt: skip


@app.command(epilog="Example: allocator audit scenarios/tiny.toml out/tiny/plan.csv --lang en")
def audit(
    scenario: ScenarioFile,
    plan_file: Annotated[
        Path, typer.Argument(metavar="PLAN", help="Plan to judge (CSV, Excel, Parquet). 计划文件。", show_default=False)
    ],
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Judge any plan from the files alone, without the solver; writes nothing. 审核计划。"""
    voice = _voice(lang, as_json, quiet, debug)
    with _faults_explained(voice):
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
        figures = (
            f"{texts.number(row['required'])} → {texts.number(row['achieved'])} {texts.known('unit', row['unit'])}"
        )
        title = (row["title_zh"] or row["title"]) if voice.lang == "zh" else (row["title"] or row["title_zh"])
        cells = (fit(row["rule_id"], 28), fit(row["clause"], 14), fit(figures, 30), title)
        lines.append(f"  {mark} " + " ".join(cells).rstrip())
    return lines


@app.command("generate", epilog="Example: allocator generate one-prefecture --out my-data --seed 7")
def generate_data(
    size: Annotated[
        GeneratedSize, typer.Argument(metavar="SIZE", help="tiny, one-prefecture or henan. 规模。", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the five tables. 目录。", show_default=False)],
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed makes the same data. 种子。")] = 2019,
    people: Annotated[
        int | None, typer.Option("--people", min=1, help="About so many named people. 大约多少人。", show_default=False)
    ] = None,
    force: Force = False,
    lang: Lang = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make invented people, records, programmes and dated sessions on real units. 生成示例数据。"""
    voice = _voice(lang, as_json, quiet, debug)
    with _faults_explained(voice):
        if people is not None and size is GeneratedSize.TINY:
            _refuse(voice, Code.USAGE, voice.talk("tiny-people"))
        there = [name for name in TABLES if (out / f"{name}.csv").exists()]
        if there and not force:
            _refuse(voice, Code.USAGE, voice.talk("tables-exist", folder=out, tables=", ".join(there)))
        try:
            made = generate(size.value, out, seed=seed, people=people)
        except OSError as error:
            _refuse(voice, Code.USAGE, voice.talk("unwritable", folder=out, reason=error.strerror or error))
        voice.result(str(made), {"exit_code": Code.DONE, "folder": made.folder, "rows": made.rows, "named": made.named})


def main() -> None:
    """Entry point of the command ``allocator``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # A terminal that lacks a character shows a mark, never a failure.
            stream.reconfigure(errors="replace")
    app()
