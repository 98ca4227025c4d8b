"""The register keeps every plan, finds tampering, refuses what states forbid, and is never half written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import create_engine, event, text

from allocator.domain.errors import OutputError, RegisterError, UsageError
from allocator.domain.plan import Plan, ordered
from allocator.engine.run import Run
from allocator.inputs import load
from allocator.register import Register, database
from allocator.register.publish import publish
from allocator.register.records import Attendance, Event, EventKind, SeatState

ON = date(2019, 1, 7)
TABLES = ("plans", "files", "plan_files", "sessions", "seats", "events", "attendance", "papers", "journal")


def without(plan: Plan, cadre_id: str, session_id: str) -> Plan:
    table = plan.placements
    return ordered(table[(table["cadre_id"] != cadre_id) | (table["session_id"] != session_id)])


def first_seat(run: Run) -> tuple[str, str]:
    row = run.plan.placements.iloc[-1]
    return row["cadre_id"], row["session_id"]


def code_of(fault: pytest.ExceptionInfo[Exception]) -> str:
    return fault.value.args[0].code


def content(path: Path) -> list[object]:
    with sqlite3.connect(path) as raw:
        return [raw.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in TABLES]


@pytest.mark.parametrize("server", [False, True], ids=["sqlite", "postgresql"])
def test_every_past_plan_comes_back_byte_for_byte_with_its_inputs(
    server: bool, run: Run, tmp_path: Path, request: pytest.FixtureRequest, sample: Path
) -> None:
    where = request.getfixturevalue("database") if server else str(tmp_path / "register.db")
    cadre, session = first_seat(run)
    changed = without(run.plan, cadre, session)
    with Register.open(where, create=True) as register:
        assert publish(register, run, by="Planner", on=ON) == 1
        left = {(session, cadre): SeatState.WITHDRAWN}
        assert register.add_version(changed, run.inputs, by="Other", on=ON, why="illness", after=1, left=left) == 2
    with Register.open(where) as register:
        assert register.version(1).content == (sample / "out" / "tiny" / "plan.csv").read_bytes()
        assert register.plan(1).to_csv() == run.plan.to_csv()
        assert register.plan(2).to_csv() == changed.to_csv()
        assert register.latest().version == 2
        read = load(register.write_inputs(1, tmp_path / "inputs"))
        assert read.cadres.equals(run.inputs.cadres)
        assert read.policy == run.inputs.policy
        assert (read.scenario.id, read.years) == (run.inputs.scenario.id, run.inputs.years)
        seats = register.seats()
        assert seats.loc[seats["state"] == "withdrawn", ["cadre_id", "session_id"]].values.tolist() == [
            [cadre, session]
        ]
        assert len(register.seats(held=True)) == len(changed.placements)
        assert register.verify() == []
        assert list(register.journal()["by"]) == ["Planner", "Other"]


def test_tampering_with_any_cell_or_row_is_found(published: Path, run: Run) -> None:
    with Register.open(published) as register:
        register.add_events(
            [Event("E1", ON, EventKind.WITHDRAW, *first_seat(run), reason="illness", by="S")],
            by="Planner",
            on=ON,
            after=1,
        )
        outcome = {
            (run.plan.placements.iloc[0]["session_id"], run.plan.placements.iloc[0]["cadre_id"]): SeatState.CONFIRMED
        }
        session, cadre = next(iter(outcome))
        register.add_papers(
            [{"kind": "notice", "unit_id": "S", "session_id": session, "version": 1, "hash": "x"}],
            [session],
            by="P",
            on=ON,
            after=1,
        )
        report = Attendance(session, cadre, present=True, hours=8.0)
        register.add_attendance([report], {(session, cadre): SeatState.ATTENDED}, by="P", on=ON, after=1)
        assert register.verify() == []
    whole = published.read_bytes()
    tried = 0
    for table in TABLES:
        with sqlite3.connect(published) as raw:
            columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
            rows = [row[0] for row in raw.execute(f"SELECT rowid FROM {table}")]
        for row in {rows[0], rows[-1]}:
            changes = [f"DELETE FROM {table} WHERE rowid = {row}"]
            for column in columns:
                flag = table == "attendance" and column in ("present", "completed")
                value = (
                    "zeroblob(3)"
                    if column == "content"
                    else "1 - {c}"
                    if flag
                    else "CASE WHEN typeof({c}) = 'text' THEN {c} || 'x' ELSE coalesce({c}, 0) + 1 END"
                )
                changes.append(
                    f'UPDATE {table} SET "{column}" = {value.format(c=chr(34) + column + chr(34))} WHERE rowid = {row}'
                )
            for change in changes:
                with sqlite3.connect(published) as raw:
                    raw.execute("PRAGMA foreign_keys = OFF")
                    try:
                        raw.execute(change)
                    except sqlite3.IntegrityError:  # The number of another row.
                        continue
                with Register.open(published) as register:
                    assert register.verify(), change
                published.write_bytes(whole)
                tried += 1
    assert tried > 80


def test_nothing_is_half_written_wherever_a_write_fails(published: Path, run: Run) -> None:
    changed = without(run.plan, *first_seat(run))
    before, failed = content(published), 0
    while True:
        register = Register.open(published)
        done = [0]

        @event.listens_for(register._engine, "before_cursor_execute")
        def fail(*_: object, done: list[int] = done, last: int = failed) -> None:
            done[0] += 1
            if done[0] > last:
                raise KeyboardInterrupt

        try:
            register.add_version(changed, run.inputs, by="P", on=ON, why="w", after=1)
        except KeyboardInterrupt:
            assert content(published) == before
            failed += 1
        else:
            break
        finally:
            register.close()
    assert failed > 8
    with Register.open(published) as register:
        assert (register.latest().version, register.verify()) == (2, [])


KILLED = """
import os, signal, sys
from datetime import date, timedelta
from sqlalchemy import event
from allocator.register import Register
from allocator.register.records import Event, EventKind
register, left = Register.open(sys.argv[1]), int(sys.argv[2])
def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(register._engine, "after_cursor_execute", count)
event.listen(register._engine, "commit", count)
register.add_events([Event("E1", date(2019, 1, 8), EventKind.WITHDRAW, "N3", "theory-2019a")], by="P", on=date(2019, 1, 8), after=1)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
@pytest.mark.parametrize("writes", [2, 12])
def test_killed_writer_leaves_the_register_as_it_was(published: Path, writes: int) -> None:
    before = content(published)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(published), str(writes)], env=os.environ, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert content(published) == before
    with Register.open(published) as register:
        assert register.verify() == []


def test_second_of_two_planners_is_told(published: Path, run: Run) -> None:
    with Register.open(published) as one, Register.open(published) as other:
        one.add_version(without(run.plan, *first_seat(run)), run.inputs, by="A", on=ON, why="", after=1)
        with pytest.raises(RegisterError) as fault:
            other.add_version(run.plan, run.inputs, by="B", on=ON, why="", after=1)
        assert code_of(fault) == "register.moved-on"
        assert (other.latest().version, other.verify()) == (2, [])


def test_two_planners_at_once_on_a_server_are_never_overwritten(database: str, run: Run) -> None:
    with Register.open(database, create=True) as register:
        publish(register, run, by="P", on=ON)
    told: list[str] = []
    start = threading.Barrier(4)

    def write(number: int) -> None:
        with Register.open(database) as register:
            start.wait()
            try:
                register.add_version(
                    without(run.plan, *first_seat(run)), run.inputs, by=str(number), on=ON, why="", after=1
                )
            except RegisterError as fault:
                told.append(fault.args[0].code)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert told == ["register.moved-on"] * 3
    with Register.open(database) as register:
        assert (register.latest().version, len(register.journal()), register.verify()) == (2, 2, [])


def test_locked_register_is_told_after_a_while(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAITING", 0.2)
    holder = sqlite3.connect(published, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Register.open(published) as register, pytest.raises(RegisterError) as fault:
        register.add_events([Event("E1", ON, EventKind.LEAVE, "N3")], by="P", on=ON, after=1)
    holder.close()
    assert code_of(fault) == "register.locked"


def test_full_disk_is_told_and_leaves_nothing(published: Path) -> None:
    before = content(published)
    with Register.open(published) as register:

        @event.listens_for(register._engine, "connect")
        def full(raw: sqlite3.Connection, _: object) -> None:
            raw.execute("PRAGMA max_page_count = 1")

        events = [Event(f"E{n}", ON, EventKind.LEAVE, "N3", reason="x" * 5000) for n in range(200)]
        with pytest.raises(OutputError) as fault:
            register.add_events(events, by="P", on=ON, after=1)
    assert code_of(fault) == "register.unwritable"
    assert content(published) == before


def test_what_is_no_register_or_a_newer_one_is_refused(published: Path, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database " * 100)
    with sqlite3.connect(tmp_path / "other.db") as raw:
        raw.execute("CREATE TABLE mine (x)")
    with sqlite3.connect(published) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '999'")
    for where, code in [
        (tmp_path / "text.db", "not-one"), (tmp_path / "other.db", "not-one"), (published, "newer"),
        (tmp_path / "none.db", "missing"), ("mysterydb://x/y", "no-url"), ("postgresql://nobody@127.0.0.1:1/x", "unreachable"),
    ]:  # fmt: skip
        with pytest.raises(RegisterError) as fault:
            Register.open(where, create=where == tmp_path / "other.db")
        assert code_of(fault) == f"register.{code}", where
    assert not (tmp_path / "none.db").exists()


def test_publish_needs_a_clean_audit_or_a_reason(run: Run, tmp_path: Path) -> None:
    from allocator.answers.runs import audit

    plan = without(run.plan, *first_seat(run))
    broken = replace(run, plan=plan, audit=audit(plan, run))
    assert not broken.audit.is_clean
    with Register.open(tmp_path / "r.db", create=True) as register:
        with pytest.raises(RegisterError) as fault:
            publish(register, broken, by="P", on=ON)
        assert code_of(fault) == "register.not-clean"
        assert register.is_empty
        assert publish(register, broken, by="P", on=ON, reason="agreed") == 1


def test_some_years_or_sessions_are_published_and_issued_ones_stay(run: Run, tmp_path: Path) -> None:
    placed = run.plan.placements
    year = int(placed["year"].min())
    session = placed["session_id"][placed["year"] == year].iloc[0]
    with Register.open(tmp_path / "r.db", create=True) as register:
        publish(register, run, by="P", on=ON, sessions=[session])
        assert set(register.seats(held=True)["session_id"]) == {session}
        publish(register, run, by="P", on=ON, years=[year])
        assert set(register.seats(held=True)["session_id"]) == set(placed["session_id"][placed["year"] == year])
        with pytest.raises(RegisterError) as same:
            publish(register, run, by="P", on=ON, years=[year])
        register.add_papers([], [session], by="P", on=ON, after=2)
        assert register.sessions().set_index("session_id")["state"][session] == "issued"
        cadre = placed["cadre_id"][placed["session_id"] == session].iloc[0]
        other = replace(run, plan=without(run.plan, cadre, session))
        with pytest.raises(RegisterError) as issued:
            publish(register, other, by="P", on=ON)
        with pytest.raises(UsageError):
            publish(register, run, by="P", on=ON, sessions=["nix"])
        with pytest.raises(UsageError):
            publish(register, run, by="P", on=ON, years=[1999])
    assert (code_of(same), code_of(issued)) == ("register.nothing-new", "register.already-issued")


def test_states_forbid_what_cannot_be(published: Path, run: Run) -> None:
    cadre, session = first_seat(run)
    people = run.plan.placements["cadre_id"][run.plan.placements["session_id"] == session]
    with Register.open(published) as register:
        with pytest.raises(RegisterError) as early:  # Nobody attends a class to which nobody was called.
            register.add_attendance(
                [Attendance(session, cadre, True, hours=8.0)],
                {(session, cadre): SeatState.ATTENDED},
                by="P",
                on=ON,
                after=1,
            )
        register.add_papers([], [session], by="P", on=ON, after=1)
        reports = [Attendance(session, person, True, hours=8.0) for person in people]
        register.add_attendance(reports, {(session, p): SeatState.ATTENDED for p in people}, by="P", on=ON, after=1)
        assert register.sessions().set_index("session_id")["state"][session] == "closed"
        with pytest.raises(RegisterError) as late:
            register.add_version(without(run.plan, cadre, session), run.inputs, by="P", on=ON, why="", after=1)
        register.add_attendance(
            reports[:1], {(session, people.iloc[0]): SeatState.ABSENT}, by="P", on=ON, after=1
        )  # A report may be corrected.
        assert register.verify() == []
    assert (code_of(early), code_of(late)) == ("register.seat-state", "register.seats-closed")


def test_schema_of_the_migrations_is_that_of_the_tables(published: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from allocator.register.tables import METADATA

    with create_engine(f"sqlite:///{published}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.execute(text("SELECT count(*) FROM plans")).scalar() == 1


def test_new_run_leaves_nothing_of_the_drafts_that_it_replaces(run: Run, published: Path) -> None:
    _, session = first_seat(run)
    table = run.plan.placements
    empty = ordered(table[table["session_id"] != session])  # The new run holds this session no more.
    with Register.open(published) as register:
        publish(register, replace(run, plan=empty), by="P", on=ON, reason="new run")
        assert register.plan(2).to_csv() == empty.to_csv()
        assert not (register.seats(held=True)["session_id"] == session).any()
        register.add_papers([], [table["session_id"].iloc[0]], by="P", on=ON, after=2)
        rest = ordered(empty.placements[empty.placements["session_id"] != table["session_id"].iloc[0]])
        with pytest.raises(RegisterError) as fault:  # Who was called up is not dropped by a run.
            publish(register, replace(run, plan=rest), by="P", on=ON, reason="again")
    assert code_of(fault) == "register.already-issued"


def test_part_of_a_run_must_not_clash_with_what_is_in_force(run: Run, published: Path) -> None:
    table = run.plan.placements.copy()
    one, other = table["session_id"].unique()[:2]
    moved = table["session_id"] == other
    doubled = ordered(pd.concat([table[~moved], table[table["session_id"] == one].assign(**{
        name: table.loc[moved, name].iloc[0] for name in ("session_id", "programme_id", "year", "start_date", "end_date")
    })], ignore_index=True))  # fmt: skip
    sessions = run.inputs.sessions.copy()
    days = sessions.set_index("session_id").loc[one, ["start_date", "end_date"]]
    sessions.loc[sessions["session_id"] == other, ["start_date", "end_date"]] = days.to_numpy()
    segments = run.inputs.segments.copy()
    segments.loc[segments["session_id"] == other, ["start_date", "end_date"]] = days.to_numpy()
    clashing = replace(run, plan=doubled, inputs=replace(run.inputs, sessions=sessions, segments=segments))
    with Register.open(published) as register:
        with pytest.raises(RegisterError) as fault:
            publish(register, clashing, by="P", on=ON, sessions=[other])
        assert code_of(fault) == "register.clash"
        assert register.latest().version == 1


def test_nobody_comes_or_goes_once_a_session_has_begun(run: Run, published: Path) -> None:
    cadre, session = first_seat(run)
    start = run.inputs.sessions.set_index("session_id").loc[session, "start_date"].date()
    changed = without(run.plan, cadre, session)
    with Register.open(published) as register:
        register.add_papers([{"kind": "notice", "version": 1, "hash": "x"}], [session], by="P", on=ON, after=1)
        assert register.papers()["number"].tolist() == [1]
        with pytest.raises(RegisterError) as fault:
            register.add_version(changed, run.inputs, by="P", on=start, why="", after=1)
        assert code_of(fault) == "register.seats-closed"
        with pytest.raises(RegisterError):
            register.add_version(run.plan, run.inputs, by="P", on=start, why="", after=1, cancelled=[session])
        assert register.add_version(changed, run.inputs, by="P", on=start - timedelta(days=1), why="", after=1) == 2


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("plans@home/register.db", "plans@home/register.db"),
        ("postgresql://ann:se@cret@server/plans", "postgresql://server/plans"),
        ("postgresql://server/plans", "postgresql://server/plans"),
    ],
)
def test_no_password_is_told_and_no_path_cut(where: str, told: str) -> None:
    assert database.shown(where) == told


def test_refusals_of_a_server_tell_no_password() -> None:
    with pytest.raises(RegisterError) as fault:
        Register.open("postgresql://zelda:secret@127.0.0.1:1/x")
    assert "secret" not in str(fault.value) and "zelda" not in str(fault.value)


def test_writer_is_told_when_the_plan_moved_on(run: Run, published: Path) -> None:
    cadre, session = first_seat(run)
    report = Attendance(session, cadre, present=True, hours=8.0)
    with Register.open(published) as register:
        register.add_version(without(run.plan, cadre, session), run.inputs, by="A", on=ON, why="", after=1)
        for write in (
            lambda: register.add_events([Event("E1", ON, EventKind.LEAVE, cadre)], by="B", on=ON, after=1),
            lambda: register.add_papers([], [session], by="B", on=ON, after=1),
            lambda: register.add_attendance([report], {}, by="B", on=ON, after=1),
        ):
            with pytest.raises(RegisterError) as fault:
                write()
            assert code_of(fault) == "register.moved-on"
        assert register.attendance().empty and register.verify() == []
