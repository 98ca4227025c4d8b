"""Too little memory is told apart from a fault of the program, however it shows itself."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from pandas.core.arrays.arrow.array import ArrowExtensionArray

from allocator.answers.compare import compare
from allocator.answers.ledger import ledger
from allocator.answers.runs import load_run, write
from allocator.system.memory import is_out_of_memory

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
    ],
)
def test_out_of_memory_is_known_in_every_form(fault: Exception) -> None:
    outer = ValueError("outer")
    outer.__cause__ = fault
    assert is_out_of_memory(fault) and is_out_of_memory(outer)
    assert not is_out_of_memory(ValueError("x")) and not is_out_of_memory(OSError(errno.ENOSPC, "full"))


def test_no_text_is_grouped_in_threads_of_arrow(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow starts threads to group texts, and waits for ever where the system lets it have none."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a text was grouped by Arrow")

    monkeypatch.setattr(ArrowExtensionArray, "_groupby_op_pyarrow", refuse)
    run = load_run(sample / "out" / "tiny")
    write(run, tmp_path / "run")
    ledger(run).workbook("en")
    compare(run, tmp_path / "run").workbook("en")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
@pytest.mark.parametrize(
    ("command", "mebibytes"), [("check", 300), ("plan", 720), pytest.param("plan", 800, marks=pytest.mark.long)]
)
def test_too_little_memory_is_told_and_never_waited_for(command: str, mebibytes: int, tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))

    out = ["--out", str(tmp_path / "out")] if command == "plan" else []
    line = [sys.executable, "-m", "allocator", command, str(ROOT / "scenarios" / "tiny.toml"), *out, "--lang", "en"]
    done = subprocess.run(line, preexec_fn=limit, capture_output=True, text=True, timeout=90, cwd=ROOT)
    assert done.returncode in (0, 2), done.stderr
    if done.returncode:
        assert "too little memory" in done.stderr and "Traceback" not in done.stderr
        assert not list(tmp_path.rglob("*"))
    else:
        assert "Traceback" not in done.stderr
