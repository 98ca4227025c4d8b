"""The commands ``export`` and ``notice-template``, and a template that is given to ``plan``."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.language.texts import Texts
from allocator.outputs.units import letter, placeholders
from allocator.outputs.units.notice_template import DOCUMENT

RUNNER = CliRunner()
TINY = "scenarios/tiny.toml"


def call(*arguments):
    """A command in English."""
    return RUNNER.invoke(app, [*map(str, arguments), "--lang", "en"])


@pytest.fixture
def finished(sample):
    """The run folder of ``tiny``."""
    return sample / "out" / "tiny"


def document(path):
    """The text of a Word file, tags and all."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(DOCUMENT).decode()


def changed_letter(path, old, new):
    """The plain letter with one text changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(letter(Texts("zh")))) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(old.encode(), new.encode()))
    path.write_bytes(packed.getvalue())
    return path


def test_run_folder_has_the_three_files_of_every_unit(finished):
    names = {path.name for path in (finished / "units").iterdir()}
    assert names == {"index.csv", *(f"{u}{e}" for u in "NS" for e in (".xlsx", ".ics", ".docx"))}


def test_export_writes_what_the_run_folder_has(finished, tmp_path):
    result = call("export", finished, "--out", tmp_path / "all", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["files"] == 6
    for path in (finished / "units").iterdir():
        if path.suffix == ".ics":
            assert (tmp_path / "all" / path.name).read_bytes() == path.read_bytes()


def test_export_of_the_notices_of_one_unit_and_year(finished, tmp_path):
    result = call("export", finished, "--notices", "--unit", "N", "--year", 2020, "--out", tmp_path / "n")
    assert result.exit_code == 0 and "1 file" in result.stdout
    assert {path.name for path in (tmp_path / "n").iterdir()} == {"N.docx", "index.csv", "export.json"}
    text = document(tmp_path / "n" / "N.docx")
    assert "2020" in text and "2019-" not in text
    index = list(csv.DictReader(io.StringIO((tmp_path / "n" / "index.csv").read_text(encoding="utf-8-sig"))))
    assert [(row["unit_id"], row["file"], row["calendar"], row["notices"]) for row in index] == [
        ("N", "", "", "N.docx")
    ]


def test_export_of_one_session_has_only_its_notices(finished, tmp_path):
    plan = list(csv.DictReader(io.StringIO((finished / "plan.csv").read_text(encoding="utf-8-sig"))))
    session = plan[0]["session_id"]
    units = {row["unit_id"] for row in plan if row["session_id"] == session}
    result = call("export", finished, "--notices", "--session", session, "--out", tmp_path / "s")
    assert result.exit_code == 0
    assert {path.stem for path in (tmp_path / "s").glob("*.docx")} == units
    assert all("pageBreakBefore" not in document(path) for path in (tmp_path / "s").glob("*.docx"))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--unit", "n", "no unit n"), ("--year", "2031", "2031 is not a year"), ("--session", "zzz", "no session zzz")],
)
def test_unknown_names_are_refused(finished, tmp_path, option, value, said):
    result = call("export", finished, option, value, "--out", tmp_path / "x")
    assert result.exit_code == 2 and said in result.stderr
    assert not (tmp_path / "x").exists()


def test_older_export_is_replaced_with_force_and_nothing_else(finished, tmp_path):
    out = tmp_path / "out"
    assert call("export", finished, "--calendars", "--out", out).exit_code == 0
    assert call("export", finished, "--calendars", "--out", out).exit_code == 2
    assert call("export", finished, "--workbooks", "--out", out, "--force").exit_code == 0
    assert not list(out.glob("*.ics")) and len(list(out.glob("*.xlsx"))) == 2
    (out / "export.json").unlink()
    assert call("export", finished, "--out", out, "--force").exit_code == 2
    assert len(list(out.glob("*.xlsx"))) == 2 and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_folder_that_is_no_run_is_refused(tmp_path):
    result = call("export", tmp_path, "--out", tmp_path / "x")
    assert result.exit_code == 3 and not (tmp_path / "x").exists()


@pytest.mark.usefixtures("no_figures")
def test_template_of_the_office_is_used_by_plan_and_export(finished, tmp_path, request):
    own = changed_letter(tmp_path / "own.docx", "（印章）", "某某办公室")
    assert call("export", finished, "--notices", "--notice-template", own, "--out", tmp_path / "a").exit_code == 0
    scenario = request.config.rootpath / TINY
    result = call("plan", scenario, "--notice-template", own, "--out", tmp_path / "b", "--quiet", "--no-progress")
    assert result.exit_code == 0
    for folder in (tmp_path / "a", tmp_path / "b" / "units"):
        assert "某某办公室" in document(folder / "N.docx")


def test_bad_template_is_refused_before_the_solve(tmp_path, request, monkeypatch):
    monkeypatch.setattr("allocator.answers.runs.plan", lambda *_, **__: pytest.fail("solved"))
    own = changed_letter(tmp_path / "own.docx", "{{单位}}", "{{单位名}}")
    result = call("plan", request.config.rootpath / TINY, "--notice-template", own, "--out", tmp_path / "b")
    assert result.exit_code == 2 and "{{单位名}}" in result.stderr and "{{unit}}" in result.stderr
    assert not (tmp_path / "b").exists()


def test_notice_template_is_written_for_the_office_to_change(tmp_path):
    file = tmp_path / "notice.docx"
    result = call("notice-template", file)
    assert result.exit_code == 0 and file.read_bytes() == letter(Texts("en"))
    assert all(name in result.stdout for name in placeholders(Texts("en")))
    file.write_bytes(b"changed")
    assert call("notice-template", file).exit_code == 2 and file.read_bytes() == b"changed"
    assert call("notice-template", file, "--force").exit_code == 0 and file.read_bytes() == letter(Texts("en"))


def test_workbook_exported_alone_is_whole(finished, tmp_path):
    assert call("export", finished, "--workbooks", "--unit", "S", "--out", tmp_path / "w").exit_code == 0
    assert openpyxl.load_workbook(tmp_path / "w" / "S.xlsx").sheetnames[0]
