"""The command line: every command with an example; each is parsed, called and answered in a module of ``commands``."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from allocator.cli.help_language import App
from allocator.cli.options import Lang

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
        from allocator.outputs.run_record import versions

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


app.later(
    "plan",
    lambda: import_module("allocator.cli.plan").plan_scenario,
    epilog="示例 Example: allocator plan scenarios/tiny.toml --out out/tiny",
)
app.later(
    "check",
    lambda: import_module("allocator.cli.check").check_scenario,
    epilog="示例 Example: allocator check scenarios/tiny.toml --lang en",
)
app.later(
    "audit",
    lambda: import_module("allocator.cli.audit").audit_plan,
    epilog="示例 Example: allocator audit scenarios/tiny.toml out/tiny/plan.csv --lang en",
)
app.later(
    "generate",
    lambda: import_module("allocator.cli.generate").generate_data,
    epilog="示例 Example: allocator generate one-prefecture --out my-data --seed 7",
)
app.later(
    "template",
    lambda: import_module("allocator.cli.template").write_template,
    epilog="Example: allocator template my-data/input.xlsx --policy data/henan/policy.toml",
)
app.later(
    "export",
    lambda: import_module("allocator.cli.export").export_files,
    epilog="示例 Example: allocator export out/tiny --notices --unit N --year 2020",
)
app.later(
    "notice-template",
    lambda: import_module("allocator.cli.export").notice_template,
    epilog="示例 Example: allocator notice-template notice.docx",
)
app.later(
    "show",
    lambda: import_module("allocator.cli.show").show,
    epilog="示例 Example: allocator show scenarios/one-prefecture.toml",
)
app.later(
    "compare",
    lambda: import_module("allocator.cli.compare").compare_runs,
    epilog="示例 Example: allocator compare out/a out/b --out compared.xlsx",
)
app.later(
    "ledger",
    lambda: import_module("allocator.cli.ledger").write_ledger,
    epilog="示例 Example: allocator ledger scenarios/tiny.toml --out ledger.xlsx",
)
app.later(
    "shadow",
    lambda: import_module("allocator.cli.shadow").ask_what_more_buys,
    epilog="示例 Example: allocator shadow out/tiny --of theory-quota --range -2:+4",
)
app.later(
    "explain",
    lambda: import_module("allocator.cli.explain").explain_people,
    epilog="示例 Example: allocator explain out/tiny --cadre N3 --not-in theory-2021a",
)
app.later(
    "sweep",
    lambda: import_module("allocator.cli.sweep").sweep_scenarios,
    epilog="示例 Example: allocator sweep scenarios/tiny.toml --vary quota.theory-quota=2:6",
)
app.later(
    "schema",
    lambda: import_module("allocator.cli.schema").write_schema,
    epilog="Example: allocator schema --out schemas",
)
app.later(
    "publish",
    lambda: import_module("allocator.cli.publish").publish_run,
    epilog="示例 Example: allocator publish out/tiny --register register.db",
)
app.later(
    "event",
    lambda: import_module("allocator.cli.event").enter_events,
    epilog="示例 Example: allocator event --kind withdraw --cadre N3 --session theory-2021a --reason illness",
)
app.later(
    "replan",
    lambda: import_module("allocator.cli.replan").replan_published,
    epilog="示例 Example: allocator replan --register register.db --dry-run",
)
app.later(
    "substitutes",
    lambda: import_module("allocator.cli.substitutes").find_substitutes,
    epilog="示例 Example: allocator substitutes --session theory-2021a --for N3",
)
app.later(
    "record",
    lambda: import_module("allocator.cli.record").record_attendance,
    epilog="示例 Example: allocator record attendance.xlsx --register register.db",
)

app.later(
    "papers",
    lambda: import_module("allocator.cli.papers").issue_papers,
    epilog="示例 Example: allocator papers --register register.db --out papers",
)
app.later(
    "close",
    lambda: import_module("allocator.cli.close").close_year,
    epilog="示例 Example: allocator close --year 2019 --out next --register register.db",
)

app.later(
    "bulletin",
    lambda: import_module("allocator.cli.bulletin").write_bulletin,
    epilog="示例 Example: allocator bulletin --register register.db --year 2019",
)

register = App(
    help="The register: what was published, and what has happened since. 调训台账：发布过什么，之后发生了什么。",
    no_args_is_help=True,
    epilog="示例 Example: allocator register log --register register.db",
)
register.later(
    "log",
    lambda: import_module("allocator.cli.register").log,
    epilog="示例 Example: allocator register log --last 10",
)
register.later(
    "events",
    lambda: import_module("allocator.cli.register").events,
    epilog="示例 Example: allocator register events --open",
)
register.later(
    "verify",
    lambda: import_module("allocator.cli.register").verify,
    epilog="示例 Example: allocator register verify --register register.db",
)
register.later(
    "plan",
    lambda: import_module("allocator.cli.register").plan,
    epilog="示例 Example: allocator register plan --version 1 --out plan-1.csv",
)
register.later(
    "take",
    lambda: import_module("allocator.cli.register_take").take_plan,
    epilog="示例 Example: allocator register take plan.csv --reason 单位来函",
)
app.add_typer(register, name="register")


def main() -> None:
    """Entry point of the command ``allocator``."""
    # Loading makes many small records that all stay: looking for garbage among them, and for plug-ins of pydantic, costs a tenth of a check.
    gc.set_threshold(50_000, 20, 20)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # A terminal that lacks a character shows a mark, never a failure.
            stream.reconfigure(errors="replace")
    app()
