"""The texts of the outputs: nothing missing, nothing left over."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import allocator
from allocator.audit import BUILT_IN
from allocator.audit.measures.make_up import REASONS
from allocator.domain.result import SolveStatus
from allocator.domain.rules import GOALS, KINDS
from allocator.language.message import OUTPUTS
from allocator.language.texts import Texts, fit, language
from allocator.outputs.units.notice_template import FIELDS, PERSON_FIELDS

PACKAGE = Path(allocator.__file__).parent
CATALOGUE = tomllib.loads((PACKAGE / f"language/catalogue/{OUTPUTS}.toml").read_text(encoding="utf-8"))
FAMILIES = {  # Families whose codes are put together at run time, with every value the program knows.
    "goal": set(GOALS),
    "placeholder": {*FIELDS, *PERSON_FIELDS},
    "kind": {*KINDS, *(rule.kind for rule in BUILT_IN)},
    "solve": {status.value for status in SolveStatus},
    "status": {"kept", "breached", "reported"},
    "why": set(REASONS),
}
OF_THE_DATA = (
    "host",
    "host_group",
    "level",
    "unit_kind",
    "post",
    "rank",
)  # Families looked up by values of the data.


def codes_in_source() -> set[str]:
    """Every literal of the package; a text is used when its code, or its last part after a known prefix, is one."""
    literals: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
    for path in PACKAGE.rglob("*.jinja"):
        literals.update(re.findall(r"\"([\w.-]+)\"", path.read_text(encoding="utf-8")))
    return literals


@pytest.mark.parametrize("family", FAMILIES)
def test_family_has_a_text_for_every_value_and_no_other(family):
    assert {code.partition(".")[2] for code in CATALOGUE if code.startswith(f"{family}.")} == FAMILIES[family]


def test_every_text_is_used():
    literals = codes_in_source()
    unused = {
        code
        for code in CATALOGUE
        if code not in literals
        and code.partition(".")[0] not in {*FAMILIES, *OF_THE_DATA}
        and not (code.partition(".")[2] in literals and code.partition(".")[0] in {"column", "summary", "output"})
    }
    assert unused == set()


def test_every_code_asked_for_exists():
    families = {code.partition(".")[0] for code in CATALOGUE if "." in code}
    asked = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
            if (
                is_call
                and ast.unparse(node.func) in ("texts", "self.texts", "material.texts")
                and isinstance(node.args[0].value, str)
            ):
                asked.add(node.args[0].value)
            if is_call and ast.unparse(node.func) == "heads":
                asked |= {f"column.{arg.value}" for arg in node.args[1:]}
    assert len(asked) > 40  # The search itself works.
    assert {code for code in asked if code.partition(".")[0] in families or "." not in code} - set(CATALOGUE) == set()


@pytest.mark.parametrize(
    ("option", "environment", "expected"),
    [
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        (None, {"LANG": "C"}, "en"),
    ],
)
def test_language_follows_the_option_then_the_locale(monkeypatch, option, environment, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language(option) == expected


def test_language_refuses_another_one_by_name():
    with pytest.raises(ValueError, match="'fr' is not a language; choose one of zh, en"):
        language("fr")


def test_fit_counts_a_chinese_character_as_two_cells():
    assert fit("名额分配", 5) == "名额…"
    assert fit("名额分配", 6) == "名额… "  # The third character would need cells 5 and 6, and the ellipsis one more.
    assert fit("名额", 6, "right") == "  名额"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "—"), (float("nan"), "—"), (1234.0, "1,234"), (0.5, "0.5"), (2.25, "2.25"), ("38-42", "38-42")],
)
def test_number_reads_as_people_write_it(value, expected):
    assert Texts("zh").number(value) == expected


def test_percent_never_shows_a_small_gap_as_nothing():
    assert [Texts("en").percent(share) for share in (None, 0.0, 1e-6, 0.0123)] == ["—", "0 %", "<0.01 %", "1.23 %"]
