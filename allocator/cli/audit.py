"""``audit``: any plan file judged rule by rule, without the solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Code, ScenarioFile, Voice
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.audit import AuditReport

LISTED = 20
"""How many differences a terminal shows; ``--json`` has all of them."""


@command()
def audit_plan(
    voice: Voice,
    scenario: ScenarioFile,
    plan_file: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="Plan to judge (CSV, Excel, Parquet). 要审核的计划（CSV、Excel 或 Parquet）。",
            show_default=False,
        ),
    ],
) -> Code:
    """Judge any plan from the files alone, without the solver; writes nothing. 只根据文件审核任何一份计划，不用求解器，不写文件。"""
    from allocator.audit import audit, read_plan
    from allocator.inputs import load
    from allocator.outputs import summary

    inputs = load(scenario)
    placements = read_plan(plan_file, inputs)
    report = audit(placements, inputs)
    code = Code.DONE if report.is_clean else Code.BREACH
    text = summary.text(inputs, placements, report, None, lang=voice.lang)
    record = {
        "exit_code": code,
        "plan_sha256": placements.sha256,
        "rules": report.rules,
        "breaches": report.breaches,
        "differences": report.differences,
        "goals": report.goals,
        "warnings": report.warnings_zh if voice.lang == "zh" else report.warnings,
    }
    voice.result("\n".join([text.rstrip("\n"), *_rule_lines(report, voice), *_differences(report, voice)]), record)
    if not report.is_clean:
        voice.say(Message("talk.code-6"))
    return code


def _rule_lines(report: AuditReport, voice: Voice) -> list[str]:
    """One line per rule of the policy: mark, id, clause, required, achieved, unit, title; then the warnings."""
    from allocator.language.texts import Texts, fit

    texts = Texts(voice.lang)
    lines = ["", "■ " + texts("talk.each-rule")]
    for row in report.rules.to_dict("records"):
        mark = {"kept": "✓", "breached": "✗"}.get(row["status"], "·")
        required, achieved = (texts.figure(row[name], row["unit"]) for name in ("required", "achieved"))
        counted = texts.said(Message("word.counted", figure=achieved, unit=texts.unit(row["unit"])))
        figures = f"{required} → {counted}"
        title = (row["title_zh"] or row["title"]) if voice.lang == "zh" else (row["title"] or row["title_zh"])
        cells = (fit(row["rule_id"], 28), fit(row["clause"], 14), fit(figures, 30), title)
        lines.append(f"  {mark} " + " ".join(cells).rstrip())
    return lines


def _differences(report: AuditReport, voice: Voice) -> list[str]:
    """The cells of the plan that are not as the tables have them; notes stand among the warnings already."""
    table = report.differences
    table = table[table["status"] == "breached"]
    if table.empty:
        return []
    shown = table["message_zh" if voice.lang == "zh" else "message"].head(LISTED)
    lines = ["", "■ " + voice.texts("talk.plan-differs", file=table["file"].iloc[0], count=len(table))]
    lines += [f"  ✗ {message}" for message in shown]
    return lines + ["    " + voice.texts("talk.plan-differs-more", count=len(table) - LISTED)] * (len(table) > LISTED)
