"""Papers: everything at first, afterwards only what changed, numbered, entered, whole or not at all."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import icalendar
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.domain.errors import OutputError, RegisterError, UsageError
from allocator.domain.plan import ordered
from allocator.engine.run import Run
from allocator.inputs import load
from allocator.language.texts import Texts
from allocator.outputs.units import change_letter, change_template_of, template_of
from allocator.register import Register
from allocator.register.bulletin.basis import Period, basis
from allocator.register.bulletin.figures import figures, total
from allocator.register.events.apply import apply, brought_up
from allocator.register.papers.issue import Issue, Templates
from allocator.register.papers.prepare import Scope, needed
from allocator.register.publish import publish
from allocator.register.records import Attendance, Event, EventKind, SeatState

ON = date(2019, 1, 8)
LATER = date(2019, 2, 1)
K = EventKind


def issue_of(register: Register, scratch: Path, on: date = ON, lang: str = "zh", **scope: frozenset[str]) -> Issue:
    texts = Texts(lang)  # type: ignore[arg-type]
    templates = Templates(template_of(None, texts, is_issued=True), change_template_of(None, texts))
    return Issue(needed(register, texts, on, scratch / "scratch", Scope(**scope)), templates, on)  # type: ignore[arg-type]


def kinds(issue: Issue) -> dict[str, int]:
    return dict(Counter(paper.kind.value for paper in issue.papers))


def seat(register: Register, session: str, unit: str) -> str:
    seats = register.seats(held=True)
    return str(seats["cadre_id"][(seats["session_id"] == session) & (seats["unit_id"] == unit)].iloc[0])


def changed(register: Register, scratch: Path) -> tuple[str, str]:
    """Version 2: N5 instead of somebody in theory-2019a, somebody fewer in theory-2021a, skills-2019a later, branch-2021 cancelled."""
    one, other = seat(register, "theory-2019a", "N"), seat(register, "theory-2021a", "N")
    events = [
        Event("E1", LATER, K.SUBSTITUTE, one, "theory-2019a", value="N5", reason="因病住院", clause="三(二)", by="N"),
        Event("E2", LATER, K.WITHDRAW, other, "theory-2021a", reason="借调", by="N"),
        Event("E3", LATER, K.MOVE_SESSION, session_id="skills-2019a", value="2019-08-05", reason="校舍维修", clause="五(一)", by="P"),
        Event("E4", LATER, K.CANCEL_SESSION, session_id="branch-2021", reason="与换届重叠", by="P"),
    ]  # fmt: skip
    inputs = load(register.write_inputs(1, scratch / "before"))
    applied = apply(inputs, events, register.plan(1), scratch / "after", version=2)
    register.add_events(events, by="P", on=LATER, after=1)
    register.add_version(
        brought_up(register.plan(1), applied), applied.inputs, by="P", on=LATER, why="February", after=1,
        left={("theory-2019a", one): SeatState.REPLACED}, events=[event.event_id for event in events], cancelled=applied.cancelled,
    )  # fmt: skip
    return one, other


def words(content: bytes | Path) -> str:
    """The text of a Word file without its tags."""
    import re

    with zipfile.ZipFile(content if isinstance(content, Path) else io.BytesIO(content)) as archive:
        return re.sub(r"<[^>]*>", "", archive.read("word/document.xml").decode())


def events_of(path: Path) -> dict[tuple[str, str], tuple[int, str]]:
    """Sequence and status by session and first day."""
    found = {}
    for event in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT"):
        session = str(event["description"]).splitlines()[-1].rpartition("：")[2]
        found[session, str(event["dtstart"].dt)] = (int(event["sequence"]), str(event.get("status", "")))
    return found


def test_first_issue_is_everything_and_the_second_is_nothing(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        placements = register.plan(1).placements
        pairs = len(placements.drop_duplicates(["unit_id", "session_id"]))
        sessions = placements["session_id"].nunique()
        issue = issue_of(register, tmp_path)
        assert kinds(issue) == {"notice": pairs, "calendar": 2, "workbook": 2, "list": sessions, "table": 4}
        issue.write(register, tmp_path / "papers", by="Wu")
        table = register.papers()
        assert table["number"].tolist() == list(range(1, len(issue.papers) + 1))
        assert set(table["version"]) == {1} and set(table["issued_on"]) == {"2019-01-08"}
        assert set(register.sessions()["state"]) == {"issued"}
        assert set(register.seats()["state"]) == {"confirmed"}
        last = register.journal().iloc[-1]
        assert (last["what"], last["by"], json.loads(last["details"])["papers"]) == ("papers", "Wu", len(issue.papers))
        assert register.verify() == []
        for lang in ("zh", "en"):  # Another language is no difference.
            assert issue_of(register, tmp_path, lang=lang).papers == ()
    record = json.loads((tmp_path / "papers" / "issue.json").read_text(encoding="utf-8"))
    assert all((tmp_path / "papers" / paper["file"]).is_file() for paper in record["papers"])
    assert "第 1 版　文书编号 1" in words(tmp_path / "papers" / "units" / "N.docx")
    book = openpyxl.load_workbook(tmp_path / "papers" / "units" / "N.xlsx")
    assert str(book.worksheets[0]["A3"].value).startswith("第 1 版，2019年1月8日印发，文书编号")


def test_after_a_change_only_what_changed_is_issued(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        issue_of(register, tmp_path).write(register, tmp_path / "one", by="Wu")
        one, other = changed(register, tmp_path)
        issue = issue_of(register, tmp_path, LATER)
        told = {(paper.unit_id, paper.session_id) for paper in issue.papers if paper.kind == "change"}
        people = register.plan(1).placements
        moved = set(people["unit_id"][people["session_id"] == "skills-2019a"])
        assert told == {
            ("N", "theory-2019a"), ("N", "theory-2021a"), *((unit, "skills-2019a") for unit in moved),
            *((unit, "branch-2021") for unit in people["unit_id"][people["session_id"] == "branch-2021"]),
        }  # fmt: skip
        lists = {paper.session_id for paper in issue.papers if paper.kind == "list"}
        assert lists == {"theory-2019a", "theory-2021a", "skills-2019a", "branch-2021"}
        assert [paper.session_id for paper in issue.papers if paper.kind == "table"] == ["2019", "2021"]
        assert "notice" not in kinds(issue)
        issue.write(register, tmp_path / "two", by="Wu")
        assert issue_of(register, tmp_path, LATER).papers == ()
        assert register.verify() == []
        seats = register.seats().set_index(["session_id", "cadre_id"])["state"]
        assert (seats["theory-2019a", one], seats["theory-2019a", "N5"], seats["theory-2021a", other]) == (
            "replaced", "confirmed", "withdrawn",
        )  # fmt: skip
    text = words(tmp_path / "two" / "changes" / "N.docx")
    for said in ("调训人员替换通知", "由北五替换", "因病住院", "三(二)", "调训人员退出通知", "借调", "班次改期通知",
                 "培训时间由2019年7月8日至7月14日改为2019年8月5日至8月11日（原因：校舍维修；依据：五(一)）", "班次取消通知", "与换届重叠", "第 2 版", "2019年2月1日"):  # fmt: skip
        assert said in text, said
    assert "南" not in text.replace("河南", "")  # Nobody of the other unit.
    earlier, now = (events_of(tmp_path / folder / "units" / "N.ics") for folder in ("one", "two"))
    assert set(earlier.values()) == {(0, "")}
    assert now["skills-2019a", "2019-08-05"] == now["theory-2019a", "2019-03-18"] == (1, "")
    assert now["branch-2021", "2021-05-17"] == (1, "CANCELLED")
    assert now["theory-2019b", "2019-10-14"] == (0, "")
    rows = list(openpyxl.load_workbook(tmp_path / "two" / "index.xlsx").worksheets[1].iter_rows(values_only=True))
    assert any(row[5] == one and "由北五替换" in str(row[7]) and row[8:] == ("因病住院", "三(二)") for row in rows)


def test_calendar_id_stays_and_what_was_called_off_may_come_back(published: Path, tmp_path: Path) -> None:
    def ids(folder: str) -> dict[str, str]:
        calendar = icalendar.Calendar.from_ical((tmp_path / folder / "units" / "N.ics").read_bytes())
        return {str(event["uid"]): str(event["sequence"]) for event in calendar.walk("VEVENT")}

    with Register.open(published) as register:
        issue_of(register, tmp_path).write(register, tmp_path / "one", by="Wu")
        _, other = changed(register, tmp_path)
        issue_of(register, tmp_path, LATER).write(register, tmp_path / "two", by="Wu")
        inputs = load(register.write_inputs(2, tmp_path / "two-inputs"))
        back = Event("E9", LATER, K.CALL_UP, other, "theory-2021a", reason="回来了", by="N")
        table = register.plan(1).placements
        again = table[(table["cadre_id"] == other) & (table["session_id"] == "theory-2021a")]
        plan = ordered(pd.concat([register.plan(2).placements, again], ignore_index=True))
        register.add_version(plan, inputs, by="P", on=LATER, why="", after=2, noted=[back])
        issue = issue_of(register, tmp_path, LATER)
        issue.write(register, tmp_path / "three", by="Wu")
    assert set(ids("two")) == set(ids("one"))  # What moved or was called off has the id that it had.
    assert sorted(Counter(ids("three").values())) == ["0", "1", "2"]
    text = words(tmp_path / "three" / "changes" / "N.docx")
    assert "增调人员通知" in text and "回来了" in text


def test_unit_year_and_session_narrow_an_issue(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        only = issue_of(register, tmp_path, units=frozenset({"N"}), years=frozenset({2019}))  # type: ignore[arg-type]
        assert {paper.unit_id for paper in only.papers} == {"N"}
        assert {paper.session_id[-5:].strip("-ab") for paper in only.papers if paper.session_id} == {"2019"}
        assert not {"list", "table"} & kinds(only).keys() and kinds(only)["workbook"] == 1
        only.write(register, tmp_path / "north", by="Wu", units=["N"])
        seats = register.seats()
        assert set(seats["state"][(seats["unit_id"] == "N") & (seats["year"] == 2019)]) == {"confirmed"}
        assert set(seats["state"][seats["unit_id"] == "S"]) == {"planned"}
        session = issue_of(register, tmp_path, sessions=frozenset({"theory-2020a"}))
        assert {paper.session_id for paper in session.papers} == {"theory-2020a", ""} and "workbook" not in kinds(
            session
        )
        events = session.needs.calendars["N"][0]
        assert {event.year for event in events} == {2019, 2020}  # What the unit knows by then, and nothing of drafts.
        for scope in ({"units": frozenset({"X"})}, {"sessions": frozenset({"x"})}, {"years": frozenset({1999})}):
            with pytest.raises(UsageError):
                issue_of(register, tmp_path, **scope)  # type: ignore[arg-type]


def test_papers_and_register_agree_whatever_fails(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Register.open(published) as register:
        issue = issue_of(register, tmp_path)
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "own.txt").write_text("mine")
        with pytest.raises(OutputError):
            issue.write(register, tmp_path / "full", by="Wu")
        with monkeypatch.context() as patch:
            patch.setattr(Issue, "_list", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                issue.write(register, tmp_path / "half", by="Wu")
        assert not (tmp_path / "half").exists() and register.papers().empty
        with Register.open(published) as other:
            other.add_papers([{"kind": "notice", "version": 1, "hash": "x"}], [], by="Li", on=ON, after=1)
        with pytest.raises(RegisterError) as fault:  # Somebody else has issued a paper of the same number.
            issue.write(register, tmp_path / "late", by="Wu")
        assert fault.value.args[0].code == "register.moved-on"
        assert not (tmp_path / "late").exists()
        assert len(register.papers()) == 1 and register.verify() == []
    assert (tmp_path / "full" / "own.txt").read_text() == "mine"


def call(*arguments: object, lang: str = "en") -> tuple[int, str]:
    result = CliRunner().invoke(app, [*map(str, arguments), "--lang", lang])
    return result.exit_code, result.output


def test_command_lists_issues_and_says_when_there_is_nothing(published: Path, tmp_path: Path) -> None:
    at = ("papers", "--register", published, "--as-of", "2019-01-08", "--by", "Wu")
    code, said = call(*at, "--dry-run", "--year", "2019")
    assert code == 0 and "would be issued" in said and "call-up notice" in said and not list(tmp_path.glob("papers*"))
    assert call(*at, "--out", tmp_path / "papers", "--version", "2")[0] == 7
    code, said = call(*at, "--out", tmp_path / "papers", "--version", "1", lang="zh")
    assert code == 0 and "已印发第 1 版计划的文书" in said and "班次名单" in said
    assert call(*at, "--out", tmp_path / "more") == (0, "Version 1: nothing has changed since the papers were issued\n")
    assert not (tmp_path / "more").exists()
    code, said = call("register", "log", "--register", published)
    assert "issued 61 papers" in said


def test_own_letter_for_changes(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "change.docx"
    assert call("notice-template", file, "--changes")[0] == 0 and file.read_bytes() == change_letter(Texts("en"))
    with zipfile.ZipFile(io.BytesIO(change_letter(Texts("zh")))) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace("（印章）".encode(), "某某办公室".encode()))
    with Register.open(published) as register:
        issue_of(register, tmp_path).write(register, tmp_path / "one", by="Wu")
        changed(register, tmp_path)
    at = ("papers", "--register", published, "--as-of", "2019-02-01", "--change-template", file)
    assert call(*at, "--out", tmp_path / "two")[0] == 0
    assert "某某办公室" in words(tmp_path / "two" / "changes" / "N.docx")


def test_list_of_a_session_comes_back_filled_in(published: Path, tmp_path: Path) -> None:
    for lang, session in (("zh", "theory-2019a"), ("en", "branch-2019")):
        out = tmp_path / lang
        at = ("papers", "--register", published, "--as-of", "2019-01-08", "--session", session, "--out", out)
        assert call(*at, lang=lang)[0] == 0
        file = out / "sessions" / f"{session}.xlsx"
        book = openpyxl.load_workbook(file)
        sheet = book.worksheets[0]
        heads = [cell.value for cell in sheet[1]]
        present = heads.index("到班" if lang == "zh" else "present") + 1
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, present).value = "是" if lang == "zh" else "yes"
        book.save(file)
        code, said = call("record", file, "--register", published, "--as-of", "2019-06-30", lang=lang)
        assert code == 0, said
    with Register.open(published) as register:
        seats = register.seats()
        assert set(seats["state"][seats["session_id"].isin(["theory-2019a", "branch-2019"])]) == {"attended"}
        assert (
            register.sessions().set_index("session_id")["state"][["theory-2019a", "branch-2019"]].tolist()
            == ["closed"] * 2
        )


def test_year_of_papers_by_commands(sample: Path, tmp_path: Path) -> None:
    """Publish, papers, an event, the plan edited by hand and taken in, papers again."""
    register = ("--register", tmp_path / "register.db", "--by", "Wu")
    assert call("publish", sample / "out" / "tiny", *register, "--as-of", "2019-01-07")[0] == 0
    assert call("papers", *register, "--as-of", "2019-01-08", "--out", tmp_path / "one", lang="zh")[0] == 0
    with Register.open(tmp_path / "register.db") as opened:
        one = seat(opened, "theory-2019b", "S")
        held = set(opened.seats()["cadre_id"][opened.seats()["session_id"] == "theory-2019b"])
        other = next(cadre for cadre in ("S1", "S2", "S3", "S4", "S5") if cadre not in held)
        lines = opened.latest().content.decode("utf-8-sig").splitlines()
    event = ("--kind", "withdraw", "--cadre", one, "--session", "theory-2019b", "--reason", "出国", "--clause", "7")
    assert call("event", *event, *register, "--as-of", "2019-03-01")[0] == 0
    assert call("papers", *register, "--as-of", "2019-03-01")[1].startswith("Version 1: nothing has changed")
    edited = [line.replace(f",{one},", f",{other},") if ",theory-2019b," in line else line for line in lines]
    (tmp_path / "plan.csv").write_text("\n".join(edited) + "\n", encoding="utf-8")
    taken = ("register", "take", tmp_path / "plan.csv", "--reason", "单位来函", "--despite-breaches", *register)
    assert call(*taken, "--as-of", "2019-03-02")[0] == 0
    code, said = call("papers", *register, "--as-of", "2019-03-03", "--out", tmp_path / "two", lang="zh")
    assert code == 0 and "1  变更通知" in said and "1  班次名单" in said, said
    text = words(tmp_path / "two" / "changes" / "S.docx")
    assert "调训人员替换通知" in text and "单位来函" in text and not (tmp_path / "two" / "changes" / "N.docx").exists()
    assert set(events_of(tmp_path / "two" / "units" / "S.ics").values()) == {(0, ""), (1, "")}
    assert call("register", "verify", *register[:2])[0] == 0


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from allocator.language.texts import Texts
from allocator.outputs.units import change_template_of, template_of
from allocator.register import Register
from allocator.register.papers.issue import Issue, Templates
from allocator.register.papers.prepare import Scope, needed
register, left, written = Register.open(sys.argv[1]), int(sys.argv[3]), Path.write_bytes
def write(self, content):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return written(self, content)
texts, on = Texts("zh"), date(2019, 1, 8)
templates = Templates(template_of(None, texts, is_issued=True), change_template_of(None, texts))
issue = Issue(needed(register, texts, on, Path(sys.argv[2]) / "scratch", Scope()), templates, on)
Path.write_bytes = write
issue.write(register, Path(sys.argv[2]) / "papers", by="Wu")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_killed_issue_leaves_nothing_that_counts(published: Path, tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(published), str(tmp_path), "5"], env=os.environ, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "papers").exists()
    with Register.open(published) as register:
        assert register.papers().empty and set(register.sessions()["state"]) == {"draft"} and register.verify() == []
        issue_of(register, tmp_path).write(register, tmp_path / "papers", by="Wu")  # The next one is not in its way.
        assert len(register.papers()) == 61


def test_papers_and_bulletin_of_a_server(database: str, run: Run, tmp_path: Path) -> None:
    with Register.open(database, create=True) as register:
        publish(register, run, by="P", on=ON)
        issue_of(register, tmp_path).write(register, tmp_path / "one", by="Wu")
        changed(register, tmp_path)
        assert kinds(issue_of(register, tmp_path, LATER))["change"] == 5
        found = basis(register, Period(2019), LATER, tmp_path / "bulletin")
        assert (total(figures(found)).confirmed, found.first_version) == (9, 1)
        assert register.verify() == []


def test_seat_table_names_nobody_and_counts_every_seat(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        issue = issue_of(register, tmp_path, years=frozenset({2019}))  # type: ignore[arg-type]
        issue.write(register, tmp_path / "papers", by="Wu")
        plan, inputs = register.plan(1).placements, issue.needs.material.inputs
    assert [path.name for path in (tmp_path / "papers").glob("seats-*.xlsx")] == ["seats-2019.xlsx"]
    book = openpyxl.load_workbook(tmp_path / "papers" / "seats-2019.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert not set(cells) & {*inputs.cadres["name"], *inputs.cadres["cadre_id"]}
    assert all("2019年1月8日印发，文书编号" in str(sheet["A1"].value) for sheet in book)
    rows = list(book["名额"].iter_rows(min_row=4, values_only=True))
    assert sum(row[7] or 0 for row in rows) == int(plan["headcount"][plan["year"] == 2019].sum())


def test_what_is_over_is_not_told_and_no_other_hash_is_a_change(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        session = "theory-2019a"
        seats = register.seats().query("session_id == @session")["cadre_id"].tolist()
        register.add_papers([], [session], by="P", on=ON, after=1)
        rows = [Attendance(session, one, True, hours=8.0) for one in seats]
        outcome = {(session, one): SeatState.ATTENDED for one in seats}
        register.add_attendance(rows, outcome, by="P", on=date(2019, 4, 2), after=1)
        issue = issue_of(register, tmp_path, date(2019, 4, 3))
        assert session not in {paper.session_id for paper in issue.papers} and "theory-2019b" in issue.issued
        # A paper of another version of this program: its hash is worked out again from the plan that it told.
        told = [{"kind": "notice", "unit_id": "N", "session_id": "theory-2019b", "version": 1, "hash": "of old"}]
        register.add_papers(told, ["theory-2019b"], by="P", on=ON, after=1)
        again = issue_of(register, tmp_path, date(2019, 4, 3))
        assert ("N", "theory-2019b") not in {(paper.unit_id, paper.session_id) for paper in again.papers}


def test_reason_is_that_of_the_version_that_changed_the_seat(published: Path, tmp_path: Path) -> None:
    with Register.open(published) as register:
        issue_of(register, tmp_path).write(register, tmp_path / "one", by="Wu")
        inputs = load(register.write_inputs(1, tmp_path / "inputs"))
        for version, (session, why) in enumerate((("theory-2020a", "三月调整"), ("theory-2020b", "四月调整")), start=1):
            table = register.plan(version).placements
            gone = (table["session_id"] == session) & (table["unit_id"] == "N")
            register.add_version(ordered(table[~gone]), inputs, by="P", on=LATER, why=why, after=version)
        issue = issue_of(register, tmp_path, LATER)
        reasons = {change.before.session_id: change.people[0].why for change in issue.changes.values()}
    assert reasons == {"theory-2020a": "三月调整", "theory-2020b": "四月调整"}
