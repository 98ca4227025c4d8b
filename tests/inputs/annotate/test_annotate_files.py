"""``check --annotate``: the same workbook with its mistakes marked, and nothing else changed."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.domain.tables import TABLES
from allocator.inputs import load
from allocator.inputs.annotate.comments import AUTHOR, LONGEST, MOST
from allocator.inputs.annotate.ooxml_package import Package, Tree
from allocator.inputs.annotate.sheet_filter import CONDITION
from allocator.inputs.tables.headings import RESULT_COLUMN, TITLES, is_result_column

ROOT = Path(__file__).parents[3]
Change = Callable[[openpyxl.Workbook], None]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")


def scenario(folder: Path, tables: str) -> Path:
    """A scenario of tiny's policy over other tables."""
    shutil.copy(ROOT / "data" / "tiny" / "policy.toml", folder)
    path = folder / "scenario.toml"
    path.write_text(
        f'id = "t"\npolicy = "policy.toml"\ntables = "{tables}"\nhorizon = [2019, 2020, 2021, 2022]\n', encoding="utf-8"
    )
    return path


def rows_of(name: str) -> list[list[str]]:
    with (ROOT / "data" / "tiny" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def workbook(folder: Path, *changes: Change) -> tuple[Path, Path]:
    """Tiny's tables as a planner would have them, in one workbook; its scenario and the workbook."""
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "封面"
    cover["A1"], cover["A2"] = "名册", "=SUM(1,2)"
    for name in TABLES:
        sheet = book.create_sheet(TITLES[name][0])
        chinese = {column.name: column.name_zh for column in TABLES[name]}
        header, *records = rows_of(name)
        sheet.append([f"{TITLES[name][0]}一览表"])
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(header))
        sheet.append([chinese[column] for column in header])
        for record in records:
            sheet.append(record)
    for change in changes:
        change(book)
    path = folder / "名册.xlsx"
    book.save(path)
    return scenario(folder, path.name), path


def spoil(book: openpyxl.Workbook) -> None:
    """One bad flag in row 5 of the cadres, one bad date in row 3 of the history."""
    book["干部"]["H5"] = "也许"
    book["培训历史"]["C3"] = "2018/4/9"


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def marked(path: Path, title: str = "干部") -> Worksheet:
    return openpyxl.load_workbook(path)[title]


def findings(sheet: Worksheet, header: int = 2) -> dict[int, str]:
    """What the column of findings says, by row."""
    column = next(cell.column for cell in sheet[header] if is_result_column(str(cell.value or "")))
    values = {row: sheet.cell(row, column).value for row in range(header, sheet.max_row + 1)}
    return {row: str(value) for row, value in values.items() if value}


def comments(sheet: Worksheet) -> dict[str, tuple[str, str]]:
    return {c.coordinate: (c.comment.author, c.comment.text) for row in sheet for c in row if c.comment}


def coloured(sheet: Worksheet) -> set[str]:
    """The areas under our condition."""
    return {
        str(area)
        for areas in sheet.conditional_formatting
        for area in areas.sqref.ranges
        if any(rule.formula == [CONDITION] for rule in areas.rules)
    }


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_workbook_comes_back_with_column_colour_comment_and_filter(tmp_path: Path) -> None:
    path, book = workbook(tmp_path, spoil)
    before = book.read_bytes()
    result = check(path, "--annotate")
    assert result.exit_code == 3
    assert "2 mistakes are marked in" in result.stderr
    assert book.read_bytes() == before
    sheet = marked(tmp_path / "名册-checked.xlsx")
    assert findings(sheet) == {
        2: RESULT_COLUMN["en"],
        5: "[主要负责人] '也许' is neither true nor false; write true/false, yes/no, 1/0 or 是/否",
    }
    assert coloured(sheet) == {"H5"}
    author, text = comments(sheet)["H5"]
    assert author == AUTHOR
    assert text.startswith("allocator check:\n'也许' is neither")
    assert sheet.auto_filter.ref == "A2:P17"
    assert sheet.dimensions == "A1:P17"


def test_chinese_copy_has_a_chinese_name_and_chinese_findings(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path, spoil)
    result = check(path, "--annotate", "--lang", "zh")
    assert "已在" in result.stderr
    sheet = marked(tmp_path / "名册-检查结果.xlsx")
    assert findings(sheet)[2] == RESULT_COLUMN["zh"]
    assert findings(sheet)[5].startswith("【主要负责人】“也许”不是“是/否”")


def decorate(book: openpyxl.Workbook) -> None:
    """What a planner's workbook may hold beyond its values."""
    cover, sheet = book["封面"], book["干部"]
    chart = BarChart()
    chart.add_data(Reference(book["班次"], min_col=7, min_row=3, max_row=8))
    cover.add_chart(chart, "C3")
    flags = DataValidation(type="list", formula1='"是,否"')
    flags.add("H3:H100")
    sheet.add_data_validation(flags)
    sheet["H5"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet["B4"].comment = Comment("mine", "Zhang")
    sheet["H5"].comment = Comment("mine too", "Zhang")
    sheet["J5"].font = Font(bold=True)
    sheet["B3"] = "=1+1"
    sheet["B3"].data_type = "s"
    sheet.conditional_formatting.add(
        "J3:J20", CellIsRule(operator="lessThan", formula=["1950"], font=Font(color="FF0000"))
    )
    sheet.column_dimensions["A"].width = 33
    sheet.row_dimensions[5].height = 44
    sheet.freeze_panes = "B3"


def test_nothing_else_is_changed(tmp_path: Path) -> None:
    path, book = workbook(tmp_path, decorate, spoil)
    check(path, "--annotate")
    old, new = parts(book), parts(tmp_path / "名册-checked.xlsx")
    number = {sheet.title: i for i, sheet in enumerate(openpyxl.load_workbook(book), start=1)}
    touched = {f"xl/worksheets/sheet{number[title]}.xml" for title in ("干部", "培训历史")}
    # Besides the two sheets: the list of parts, the styles, which only grow, the names of the filters, and the comments.
    others = {"xl/styles.xml", "xl/workbook.xml", "[Content_Types].xml"}
    assert {name for name in old if old[name] != new[name]} - touched - others == {
        name for name in old if "comment" in name.lower() and not name.endswith(".rels") and old[name] != new[name]
    }
    before, after = (openpyxl.load_workbook(one)["干部"] for one in (book, tmp_path / "名册-checked.xlsx"))
    for row in before.iter_rows(max_col=15):
        for cell in row:
            other = after[cell.coordinate]
            assert (cell.value, cell.data_type, cell.number_format) == (
                other.value,
                other.data_type,
                other.number_format,
            )
            assert str((cell.font, cell.fill, cell.border)) == str((other.font, other.fill, other.border))
    assert after["B3"].data_type == "s"
    assert after.column_dimensions["A"].width == 33
    assert after.row_dimensions[5].height == 44  # A height set by hand stays.
    assert after.freeze_panes == "B3"
    assert [str(one.sqref) for one in after.data_validations.dataValidation] == ["H3:H100"]
    assert "J3:J20" in {str(areas.sqref) for areas in after.conditional_formatting}
    assert comments(after)["H5"] == ("Zhang", "mine too")  # Its finding stands in the column only.
    assert comments(after)["B4"] == ("Zhang", "mine")
    assert "也许" in findings(after)[5]


def test_formulas_keep_their_text_and_their_values(tmp_path: Path) -> None:
    path, book = workbook(tmp_path, spoil)
    content = parts(book)
    sheet = content["xl/worksheets/sheet3.xml"].decode()
    place = sheet.index('r="B4"') - 3
    end = sheet.index("</c>", place) + 4
    formula = '<c r="B4" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>'
    content["xl/worksheets/sheet3.xml"] = (sheet[:place] + formula + sheet[end:]).encode()
    with zipfile.ZipFile(book, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    check(path, "--annotate")
    assert marked(tmp_path / "名册-checked.xlsx")["B4"].value == '="a"&"b"'
    values = openpyxl.load_workbook(tmp_path / "名册-checked.xlsx", data_only=True)
    assert values["干部"]["B4"].value == "ab"


def test_annotated_workbook_is_read_as_the_plain_one_and_marks_are_replaced(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path, decorate, spoil)
    check(path, "--annotate", tmp_path / "one.xlsx")
    again = scenario(tmp_path, "one.xlsx")
    check(again, "--annotate", tmp_path / "two.xlsx")
    one, two = (marked(tmp_path / f"{name}.xlsx") for name in ("one", "two"))
    assert findings(one) == findings(two)
    assert comments(one) == comments(two)
    assert coloured(one) == coloured(two)
    assert one.max_column == two.max_column == 16
    styles = [len(Tree.parse(parts(tmp_path / f"{name}.xlsx")["xl/styles.xml"]).root[-1]) for name in ("one", "two")]
    assert styles[0] == styles[1]
    # The flag is put right, another cell is spoilt: its mark goes, the other's comes.
    book = openpyxl.load_workbook(tmp_path / "one.xlsx")
    book["干部"]["H5"], book["干部"]["J6"] = "是", "abc"
    book.save(tmp_path / "one.xlsx")
    check(again, "--annotate", tmp_path / "three.xlsx", "--lang", "zh")
    three = marked(tmp_path / "three.xlsx")
    assert set(findings(three)) == {2, 6}
    assert findings(three)[2] == RESULT_COLUMN["zh"]
    assert coloured(three) == {"J6"}
    assert {place for place, (author, _) in comments(three).items() if author == AUTHOR} == {"J6"}
    # All is put right: the marks do no harm.
    for name, cell, value in (("干部", "J6", "1968"), ("培训历史", "C3", "2018-04-09")):
        book = openpyxl.load_workbook(tmp_path / "three.xlsx")
        book[name][cell] = value
        book.save(tmp_path / "three.xlsx")
    result = check(scenario(tmp_path, "three.xlsx"), "--annotate")
    assert result.exit_code == 0, result.output
    assert "nothing to mark" in result.stderr


def test_missing_column_is_said_in_the_header(tmp_path: Path) -> None:
    def rename(book: openpyxl.Workbook) -> None:
        book["干部"]["E2"] = "人员类型"

    path, _ = workbook(tmp_path, rename)
    check(path, "--annotate")
    sheet = marked(tmp_path / "名册-checked.xlsx")
    assert findings(sheet)[2].startswith(f"{RESULT_COLUMN['en']}: [category] required column 'category' is missing")
    assert "人员类型" in comments(sheet)["P2"][1]
    assert (
        check(scenario(tmp_path, "名册-checked.xlsx")).stderr.count("is missing") == 1
    )  # The long heading is no data.


def test_mistakes_outside_the_tables_are_listed_in_full(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path, spoil)
    with path.open("a", encoding="utf-8") as file:
        file.write('sed = "x"\n')
    result = check(path, "--annotate", "--json")
    assert "1 more mistake is in no table" in result.stderr
    assert '"annotated": [' in result.stdout
    (tmp_path / "名册.xlsx").write_bytes(b"damaged")
    result = check(path, "--annotate", "--force")
    assert result.exit_code == 3
    assert "nothing was written" in result.stderr


def test_more_than_a_thousand_mistakes_are_all_in_the_column(tmp_path: Path) -> None:
    def many(book: openpyxl.Workbook) -> None:
        sheet = book["培训历史"]
        for i in range(1200):
            sheet.append(["N1", "", "2018-01-01", "2018-01-02", "x" * 700, "", "theory", "school", ""][:9])
            sheet.cell(sheet.max_row, 7, "theory;" + str(i))

    path, _ = workbook(tmp_path, many)
    result = check(path, "--annotate")
    assert "… and 1180 more, all marked in the workbook." in result.stderr
    sheet = marked(tmp_path / "名册-checked.xlsx", "培训历史")
    assert len(findings(sheet)) == 1 + 1200
    assert len(comments(sheet)) == MOST
    assert max(len(text) for _, text in comments(sheet).values()) <= LONGEST
    (area,) = coloured(sheet)
    assert area.startswith("E") and area.endswith(f":E{sheet.max_row}")


def test_table_of_excel_takes_the_column_in(tmp_path: Path) -> None:
    def as_table(book: openpyxl.Workbook) -> None:
        book["干部"].add_table(Table(displayName="Cadres", ref="A2:O17"))

    path, _ = workbook(tmp_path, as_table, spoil)
    check(path, "--annotate")
    sheet = marked(tmp_path / "名册-checked.xlsx")
    table = sheet.tables["Cadres"]
    assert table.ref == "A2:P17"
    assert [column.name for column in table.tableColumns][-1] == sheet["P2"].value == RESULT_COLUMN["en"]
    assert sheet.auto_filter.ref is None  # A sheet cannot have a filter over that of a table.


def test_protected_sheet_stays_protected_and_can_be_filtered(tmp_path: Path) -> None:
    def protect(book: openpyxl.Workbook) -> None:
        book["干部"].protection.set_password("secret")
        book["干部"].protection.enable()

    path, _ = workbook(tmp_path, protect, spoil)
    check(path, "--annotate")
    protection = marked(tmp_path / "名册-checked.xlsx").protection
    assert protection.sheet
    assert protection.password == marked(tmp_path / "名册.xlsx").protection.password
    assert not protection.autoFilter  # Not locked.


def test_filter_of_the_user_is_extended(tmp_path: Path) -> None:
    def filtered(book: openpyxl.Workbook) -> None:
        book["干部"].auto_filter.ref = "A2:O17"
        book["干部"].auto_filter.add_filter_column(2, ["N"])

    path, _ = workbook(tmp_path, filtered, spoil)
    check(path, "--annotate")
    own = marked(tmp_path / "名册-checked.xlsx").auto_filter
    assert own.ref == "A2:P17"
    assert [column.colId for column in own.filterColumn] == [2]


def test_csv_tables_come_back_as_workbooks_of_text(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    shutil.copytree(ROOT / "data" / "tiny", folder)
    text = (folder / "cadres.csv").read_text(encoding="utf-8-sig")
    text = text.replace("\nN2,北二,", "\n\n0012,=1+1𠮷,", 1).replace(",1966,", ",abc,", 1)
    (folder / "cadres.csv").write_text(text, encoding="utf-8")
    result = check(scenario(tmp_path, "tables"), "--annotate", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"cadres-checked.xlsx", "history-checked.xlsx"}
    assert result.exit_code == 3
    sheet = openpyxl.load_workbook(tmp_path / "out" / "cadres-checked.xlsx")["cadres"]
    assert [cell.value for cell in sheet[4]][:2] == ["0012", "=1+1𠮷"]  # Row 3 is blank in the file and stays so.
    assert sheet["B4"].data_type == "s"
    bad = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 10).value == "abc")
    assert set(findings(sheet, header=1)) == {1, bad}


def test_older_file_is_replaced_only_with_force_and_the_input_never(tmp_path: Path) -> None:
    path, book = workbook(tmp_path, spoil)
    target = tmp_path / "marked.xlsx"
    target.write_bytes(b"older")
    result = check(path, "--annotate", target)
    assert (result.exit_code, target.read_bytes()) == (3, b"older")
    assert "exists already" in result.stderr
    assert "neither true nor false" in result.stderr  # The mistakes are said all the same.
    assert check(path, "--annotate", target, "--force").exit_code == 3
    assert target.read_bytes() != b"older"
    before = book.read_bytes()
    result = check(path, "--annotate", book, "--force")
    assert "is the input itself" in result.stderr
    assert book.read_bytes() == before


def test_open_workbooks_are_noticed(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path, spoil)
    (tmp_path / "~$名册.xlsx").write_bytes(b"")
    assert "what was checked is what was saved last" in check(path, "--annotate").stderr
    (tmp_path / "~$名册-checked.xlsx").write_bytes(b"")
    assert "close it first" in check(path, "--annotate", "--force").stderr


def test_read_only_folder_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = workbook(tmp_path, spoil)

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", denied)
    before = set(tmp_path.iterdir())
    result = check(path, "--annotate")
    assert result.exit_code == 3
    assert "Permission denied" in result.stderr and "neither true nor false" in result.stderr
    assert set(tmp_path.iterdir()) == before


def test_file_without_annotate_is_refused(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path)
    assert check(path, tmp_path / "marked.xlsx").exit_code == 2


def test_several_files_do_not_go_into_one(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "tiny", tmp_path / "tables")
    for name in ("cadres", "sessions"):
        file = tmp_path / "tables" / f"{name}.csv"
        file.write_text(file.read_text(encoding="utf-8") + "x\n", encoding="utf-8")
    assert "name a folder" in check(scenario(tmp_path, "tables"), "--annotate", tmp_path / "one.xlsx").stderr


def test_next_check_of_a_copy_gets_a_number(tmp_path: Path) -> None:
    path, book = workbook(tmp_path, spoil)
    check(path, "--annotate")
    check(scenario(tmp_path, "名册-checked.xlsx"), "--annotate")
    check(scenario(tmp_path, "名册-checked-2.xlsx"), "--annotate")
    assert {one.name for one in tmp_path.glob("*.xlsx")} == {book.name} | {
        f"名册-checked{number}.xlsx" for number in ("", "-2", "-3")
    }


def test_xml_of_other_programs_keeps_its_prefixes() -> None:
    source = (
        '<x:worksheet xmlns:x="urn:main" xmlns:mc="urn:mc" xmlns:x14ac="urn:ac" mc:Ignorable="x14ac">'
        '<x:c x14ac:dyDescent="0.25" note="a&#10;b &lt;&quot;">𠮷 &amp; <x:t xml:space="preserve"> t </x:t></x:c></x:worksheet>'
    )
    content = Tree.parse(source.encode()).content().decode()
    assert content.partition("\n")[2] == source.replace("&quot;", "&quot;").replace(
        'note="a&#10;b &lt;&quot;"', "note='a&#10;b &lt;\"'"
    )
    assert Tree.parse(content.encode()).content().decode() == content


def test_package_of_equal_parts_has_equal_bytes(tmp_path: Path) -> None:
    _, book = workbook(tmp_path)
    package = Package.parse(book.read_bytes())
    assert package.content() == Package.parse(io.BytesIO(package.content()).getvalue()).content()


def test_marked_copy_without_mistakes_loads_to_the_same_inputs(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path)
    plain = load(path)

    def harmless(book: openpyxl.Workbook) -> None:
        book["干部"]["P2"], book["干部"]["P3"] = RESULT_COLUMN["zh"], "an old finding"

    path, _ = workbook(tmp_path, harmless)
    assert load(path).cadres.equals(plain.cadres)


def test_comments_are_known_again_when_a_program_forgot_their_author(tmp_path: Path) -> None:
    path, _ = workbook(tmp_path, decorate, spoil)
    with (tmp_path / "名册.xlsx").open("rb") as file:
        book = openpyxl.load_workbook(file)
    book["干部"]["H6"] = "也许"
    book.save(tmp_path / "名册.xlsx")
    check(path, "--annotate", tmp_path / "one.xlsx")
    book = openpyxl.load_workbook(tmp_path / "one.xlsx")
    assert "H6" in comments(book["干部"])
    for place in ("B4", "H6"):
        book["干部"][place].comment.author = " "
    book["干部"]["H6"] = "是"
    book.save(tmp_path / "one.xlsx")
    check(scenario(tmp_path, "one.xlsx"), "--annotate", tmp_path / "two.xlsx")
    assert "H6" not in comments(marked(tmp_path / "two.xlsx"))
    assert comments(marked(tmp_path / "two.xlsx"))["B4"] == (" ", "mine")


def test_comments_and_drop_downs_of_the_template_stay(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["template", str(tmp_path / "input.xlsx"), "--lang", "zh"]).exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "input.xlsx")
    book["干部"]["A2"], book["干部"]["H2"] = "001", "也许"
    book.save(tmp_path / "input.xlsx")
    check(tmp_path / "scenario.toml", "--annotate")
    before, after = marked(tmp_path / "input.xlsx"), marked(tmp_path / "input-checked.xlsx")
    kept = {place: text for place, (author, text) in comments(after).items() if author != AUTHOR}
    assert kept == {place: text for place, (_, text) in comments(before).items()}
    assert "H2" in comments(after)
    assert len(after.data_validations.dataValidation) == len(before.data_validations.dataValidation) > 5
    assert after.auto_filter.ref == "A1:P20000"
    assert findings(after, header=1)[2].count("\n") == 4  # Name, unit, category and rank are missing, the flag is bad.
