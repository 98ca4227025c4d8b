"""``allocator template``: from an empty workbook to a checked plan, as a planner goes."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

import allocator
from allocator.cli.app import app
from allocator.domain.tables import TABLES
from allocator.inputs import load, load_policy
from allocator.inputs.forms.meanings import meaning
from allocator.inputs.forms.values import known_values
from allocator.inputs.forms.workbook import LAST_ROW, example_rows, template
from allocator.inputs.tables.headings import TITLES, column_names, sheets_of
from allocator.language.message import LANGUAGES, Language, render

ROOT = Path(__file__).parents[3]
HENAN = ROOT / "data" / "henan" / "policy.toml"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def validations(sheet: Worksheet) -> dict[str, tuple[str, str | None]]:
    """Type and list of the validation of each column, by its heading in English."""
    found = {}
    for one in sheet.data_validations.dataValidation:
        area = str(one.sqref)
        name = column_names(
            next(n for n in TABLES if sheets_of(n, [sheet.title])), [sheet[f"{area.partition('2:')[0]}1"].value]
        )
        assert area.endswith(str(LAST_ROW))
        found[str(name[0])] = (str(one.type), one.formula1)
    return found


def typed(column: str, text: str, lang: Language) -> object:
    """A cell as somebody fills it in: dates and numbers as such, flags by the drop-down."""
    kind = next(one.type for columns in TABLES.values() for one in columns if one.name == column)
    if not text or kind in ("id", "text", "list"):
        return text or None
    if kind == "date":
        return date.fromisoformat(text)
    return (
        render(f"template.{'yes' if text in ('true', 'True') else 'no'}", lang, {}) if kind == "flag" else float(text)
    )


def fill(path: Path, tables: dict[str, list[dict[str, str]]], lang: Language) -> None:
    """Write records under the headings of the template."""
    book = openpyxl.load_workbook(path)
    for name, records in tables.items():
        sheet = book[sheets_of(name, book.sheetnames)[0]]
        at = {column: i for i, column in enumerate(column_names(name, [str(c.value) for c in sheet[1]]), start=1)}
        for row, record in enumerate(records, start=2):
            for column, text in record.items():
                sheet.cell(row, at[column]).value = typed(column, text, lang)
    book.save(path)


def tiny() -> dict[str, list[dict[str, str]]]:
    tables = {}
    for name in TABLES:
        with (ROOT / "data" / "tiny" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    return tables


@pytest.mark.parametrize("lang", LANGUAGES)
def test_template_filled_with_tiny_gives_the_plan_of_tiny(tmp_path: Path, lang: Language) -> None:
    scenario = ROOT / "scenarios" / "tiny.toml"
    result = run("template", tmp_path / "数据.xlsx", "--scenario", scenario, "--lang", lang)
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {"数据.xlsx", "scenario.toml"}
    fill(tmp_path / "数据.xlsx", tiny(), lang)
    assert run("check", tmp_path / "scenario.toml").exit_code == 0
    made = allocator.plan(tmp_path / "scenario.toml").plan
    assert made.sha256 == allocator.plan(scenario).plan.sha256


@pytest.mark.parametrize("lang", LANGUAGES)
def test_examples_copied_into_the_sheets_pass_the_check_of_the_starter_files(tmp_path: Path, lang: Language) -> None:
    assert run("template", tmp_path / "input.xlsx", "--lang", lang).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"input.xlsx", "scenario.toml", "policy.toml"}
    first = load_horizon(tmp_path)
    records = {
        name: [{column: str(value) for column, value in row.items()} for row in rows]
        for name, rows in example_rows(first).items()
    }
    fill(tmp_path / "input.xlsx", records, lang)
    result = run("check", tmp_path / "scenario.toml")
    assert result.exit_code == 0, result.output
    assert len(load(tmp_path / "scenario.toml").cadres) == len(records["cadres"])


def load_horizon(folder: Path) -> int:
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    return int(text.partition("horizon = [")[2][:4])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sheets_headings_and_marks_are_those_of_the_tables(tmp_path: Path, lang: Language) -> None:
    path = tmp_path / "input.xlsx"
    path.write_bytes(template({}, first_year=2027, scenario="scenario.toml", lang=lang))
    book = openpyxl.load_workbook(path)
    assert {name: sheets_of(name, book.sheetnames) for name in TABLES} == {
        name: [TITLES[name][0] if lang == "zh" else name] for name in TABLES
    }
    for name, columns in TABLES.items():
        header = book[sheets_of(name, book.sheetnames)[0]][1]
        assert [str(cell.value).removesuffix("*") for cell in header] == [
            one.name_zh if lang == "zh" else one.name for one in columns
        ]
        assert [str(cell.value).endswith("*") for cell in header] == [one.required for one in columns]
        for cell, one in zip(header, columns, strict=True):
            assert meaning("column", name, one.name, lang=lang) in cell.comment.text
        assert book[cell.parent.title].max_row == 1  # Nothing that could be read as data.
    assert len(book[book.sheetnames[0]]["A"]) > 100  # The how-to is there, in both languages.
    text = {str(cell.value) for row in book[book.sheetnames[0]] for cell in row}
    assert any("allocator check" in one and "有错误" in one for one in text)
    assert any("allocator check" in one and "mistakes" in one for one in text)


def test_drop_downs_offer_flags_ids_and_the_values_of_the_policy(tmp_path: Path) -> None:
    path = tmp_path / "input.xlsx"
    assert run("template", path, "--policy", HENAN, "--lang", "zh").exit_code == 0
    book = openpyxl.load_workbook(path)
    cadres = validations(book["干部"])
    assert cadres["principal"] == ("list", '"是,否"')
    assert cadres["appointed_on"][0] == "date"
    assert cadres["birth_year"] == ("whole", "1900")
    assert cadres["unit_id"] == ("list", "ids_units")
    assert cadres["category"] == ("list", "list_cadres_category")
    assert "name" not in cadres
    assert validations(book["培训项目"])["host_group"] == ("list", "list_programmes_host_group")
    # Names, not references to other sheets: Excel would store those where many programs lose them.
    names = {name: one.attr_text for name, one in book.defined_names.items()}
    assert names["ids_units"] == "OFFSET('单位'!$A$2,0,0,MAX(1,COUNTA('单位'!$A$2:$A$20000)),1)"
    sheet, _, area = names["list_cadres_category"].partition("!")
    offered = [cell.value for (cell,) in book[sheet.strip("'")][area.replace("$", "")]]
    assert offered == known_values(load_policy(HENAN))["cadres", "category"]
    assert "bureau-principal" in offered
    assert book[sheet.strip("'")].sheet_state == "hidden"


def test_known_values_look_into_nested_filters(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        'id = "p"\ntitle = "p"\ntitle_zh = "p"\n[[rules]]\nid = "r"\nkind = "share-floor"\ntitle = "r"\ntitle_zh = "r"\nshare = 0.2\n'
        'audience = { category = "a", birth_year = { min = 1970 }, not = { unit_kind = ["k", ""] }, any = [{ tags = "t" }] }\n'
        'programmes = { content = ["c"], host_group = "h" }\n',
        encoding="utf-8",
    )
    assert known_values(load_policy(policy)) == {
        ("units", "kind"): ["k"], ("cadres", "category"): ["a"], ("cadres", "tags"): ["t"],
        ("programmes", "content"): ["c"], ("programmes", "host_group"): ["h"],
        ("history", "content"): ["c"], ("history", "host_group"): ["h"],
    }  # fmt: skip


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("mine", encoding="utf-8")
    result = run("template", tmp_path / "input.xlsx")
    assert result.exit_code == 2
    assert "policy.toml exists already" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["policy.toml"]
    assert run("template", tmp_path / "input.xlsx", "--workbook-only").exit_code == 0
    assert (tmp_path / "policy.toml").read_text(encoding="utf-8") == "mine"
    assert run("template", tmp_path / "input.xlsx", "--force").exit_code == 0
    assert (tmp_path / "policy.toml").read_text(encoding="utf-8") != "mine"


def test_other_endings_and_unreadable_policies_are_refused(tmp_path: Path) -> None:
    assert "not the name of an .xlsx file" in run("template", tmp_path / "input.xls").stderr
    result = run("template", tmp_path / "input.xlsx", "--policy", tmp_path / "none.toml")
    assert (result.exit_code, list(tmp_path.iterdir())) == (3, [])
    assert "no file" in result.stderr


def test_equal_arguments_give_equal_bytes() -> None:
    one, other = (template({}, first_year=2027, scenario="s.toml", lang="zh") for _ in range(2))
    assert one == other


def test_template_says_what_comes_next_in_chinese(tmp_path: Path) -> None:
    output = run("template", tmp_path / "input.xlsx", "--lang", "zh").stdout
    assert "下一步：填写" in output and "allocator check" in output
