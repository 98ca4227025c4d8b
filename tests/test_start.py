"""What is loaded when: a help page, a check and the planner wait only for what they use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import allocator
from allocator.answers.sweep.sweep import MOST, STEPS

ROOT = Path(__file__).parent.parent

LOADED = """
import json, sys
from allocator.cli.app import app, main
stages = {}
try:
    app(["--lang", "en", "--help"])
except SystemExit:
    pass
stages["help"] = sorted(sys.modules)
try:
    app(["check", "scenarios/tiny.toml", "--lang", "en"])
except SystemExit:
    pass
stages["check"] = sorted(sys.modules)
import allocator.audit.read_plan
import allocator
stages["is_function"] = [str(callable(getattr(allocator, name))) for name in ("audit", "sweep")]
stages["imported"] = [type(sys.modules["allocator.audit"]).__name__]
print("\\n" + json.dumps(stages))
"""

PLANNER = """
import json, sys
import allocator.engine.planner
print(json.dumps(sorted(sys.modules)))
"""


def _said(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def _tops(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_help_loads_no_data_library_and_check_nothing_that_only_plans_or_writes() -> None:
    stages = json.loads(_said(LOADED))
    assert not {"pandas", "numpy", "ortools", "matplotlib", "pydantic"} & _tops(stages["help"])
    assert not {"matplotlib", "openpyxl", "xlsxwriter", "jinja2", "icalendar", "highspy"} & _tops(stages["check"])
    assert not {"allocator.engine.planner", "allocator.answers.runs", "allocator.answers.conflicts"} & set(
        stages["check"]
    )
    # A folder that is loaded first does not take the place of the function of its name.
    assert stages["is_function"] == ["True", "True"] and stages["imported"] == ["module"]


def test_planner_loads_nothing_that_draws_or_writes() -> None:
    assert not {"matplotlib", "openpyxl", "xlsxwriter", "jinja2", "rich"} & _tops(json.loads(_said(PLANNER)))


def test_public_names_are_there_when_asked_for_and_no_others() -> None:
    assert set(allocator.__all__) <= set(dir(allocator))
    everything: dict[str, object] = {}
    exec("from allocator import *", everything)
    assert set(allocator.__all__) <= set(everything)
    assert not hasattr(allocator, "nothing_of_this_name")


def test_sweep_shows_the_defaults_it_has() -> None:
    source = (ROOT / "allocator" / "cli" / "sweep.py").read_text(encoding="utf-8")
    assert f'show_default="{STEPS}"' in source and f'show_default="{MOST}"' in source
