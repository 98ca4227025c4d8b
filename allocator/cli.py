"""The command line: every command with an example; each is parsed, called and answered in a module of ``commands``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from allocator.commands.audit import audit_plan
from allocator.commands.check import check_scenario
from allocator.commands.compare import compare_runs
from allocator.commands.explain import explain_people
from allocator.commands.export import export_files, notice_template
from allocator.commands.frames import App
from allocator.commands.generate import generate_data
from allocator.commands.ledger import write_ledger
from allocator.commands.plan import plan_scenario
from allocator.commands.schema import write_schema
from allocator.commands.shadow import ask_what_more_buys
from allocator.commands.show import show
from allocator.commands.sweep import sweep_scenarios
from allocator.commands.template import write_template
from allocator.commands.voice import Lang
from allocator.reports.record import versions

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


@app.callback()
def _common(
    _: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version. 显示版本。")
    ] = False,
    lang: Lang = None,
) -> None:
    pass


app.command("plan", epilog="示例 Example: allocator plan scenarios/tiny.toml --out out/tiny")(plan_scenario)
app.command("check", epilog="示例 Example: allocator check scenarios/tiny.toml --lang en")(check_scenario)
app.command("audit", epilog="示例 Example: allocator audit scenarios/tiny.toml out/tiny/plan.csv --lang en")(audit_plan)
app.command("generate", epilog="示例 Example: allocator generate one-prefecture --out my-data --seed 7")(generate_data)
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
