"""What is half written belongs to one process: another is told, and nothing stays behind when it leaves or dies."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import allocator.__main__ as entry
from allocator.domain.errors import OutputError
from allocator.language.texts import Texts
from allocator.system import unfinished
from allocator.system.atomic_folder import check_target, claimed, written_whole
from allocator.system.atomic_write import write_whole

DEAD = 2**22 + 1  # More than there are process numbers.


def test_second_run_on_one_new_folder_is_told(tmp_path: Path) -> None:
    taken = tmp_path / f".out.partial-{os.getppid()}"  # As another living process leaves it while it plans.
    taken.mkdir()
    with pytest.raises(OutputError, match=f"another run \\(process {os.getppid()}\\) is writing to"):
        check_target(tmp_path / "out")
    check_target(tmp_path / "other")
    assert taken.is_dir()


def test_claimed_folder_leaves_nothing_when_no_plan_is_written(tmp_path: Path) -> None:
    with claimed(tmp_path / "out"):
        assert [path.name for path in tmp_path.iterdir()] == [f".out.partial-{os.getpid()}"]
        check_target(tmp_path / "out")  # Its own claim is in nobody's way.
    assert not [*tmp_path.iterdir()]


def test_folder_that_another_run_wrote_in_the_meantime_is_not_replaced(tmp_path: Path) -> None:
    def write() -> None:
        with written_whole(tmp_path / "out", Texts("en"), force=False) as made:
            (made / "run.json").write_text("ours")
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "run.json").write_text("theirs")

    with pytest.raises(OutputError, match="exists"):
        write()
    assert (tmp_path / "out" / "run.json").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_run_left_is_removed_by_the_next_of_any_name(tmp_path: Path) -> None:
    (tmp_path / f".old.partial-{DEAD}" / "units").mkdir(parents=True)
    (tmp_path / f".book.xlsx.part-{DEAD}").write_text("names")
    (tmp_path / ".out.previous").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / ".partial-notes").mkdir()
    check_target(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".partial-notes", "out"]


def test_file_of_a_killed_process_is_removed_when_the_next_is_written(tmp_path: Path) -> None:
    (tmp_path / f".ledger.xlsx.part-{DEAD}").write_text("names")
    write_whole(tmp_path / "other.xlsx", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["other.xlsx"]


def test_process_that_was_given_the_number_of_a_dead_one_did_not_begin_the_folder(tmp_path: Path) -> None:
    taken = tmp_path / f".out.partial-{os.getppid()}"
    taken.mkdir()
    os.utime(taken, (0, 0))
    check_target(tmp_path / "out")
    assert not taken.exists()


def test_leaving_at_once_leaves_no_names(tmp_path: Path) -> None:
    program = f"""
        import os, signal, threading, time
        from pathlib import Path
        from allocator.system import unfinished
        from allocator.system.interrupts import run_stoppably

        def work(stop):
            made = unfinished.hidden(Path({str(tmp_path / "out")!r}), is_folder=True)
            made.mkdir()
            os.kill(os.getpid(), signal.SIGINT)
            stop.wait()
            os.kill(os.getpid(), signal.SIGINT)
            while True:  # Writes on while the process leaves.
                for i in range(50):
                    try:
                        (made / str(i)).write_text("names")
                    except OSError:
                        pass

        run_stoppably(work, on_stop=lambda: None)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=60)
    assert done.returncode == 130
    assert not [*tmp_path.iterdir()]


def test_own_files_are_forgotten_when_they_are_in_place(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.xlsx", b"whole")
    unfinished.remove_own()
    assert (tmp_path / "a.xlsx").read_bytes() == b"whole"


def test_interrupt_while_the_program_is_read_shows_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "allocator.cli.app", Interrupted())  # type: ignore[arg-type]
    with pytest.raises(SystemExit) as left:
        entry.main()
    assert left.value.code == 130
