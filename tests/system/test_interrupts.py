"""Ctrl-C: the first asks for the best plan so far, the second leaves at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from allocator.system.interrupts import run_stoppably


def test_work_gives_its_result_when_nobody_interrupts() -> None:
    assert run_stoppably(lambda stop: stop.is_set(), on_stop=lambda: None) is False


def test_fault_of_the_work_reaches_the_caller() -> None:
    def work(_: threading.Event) -> None:
        raise ZeroDivisionError("of the work")

    with pytest.raises(ZeroDivisionError, match="of the work"):
        run_stoppably(work, on_stop=lambda: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_stops_the_work_which_still_gives_its_result(number: signal.Signals) -> None:
    said = []

    def work(stop: threading.Event) -> str:
        os.kill(os.getpid(), number)
        return "best so far" if stop.wait(20) else "never asked"

    assert run_stoppably(work, on_stop=lambda: said.append("stopping")) == "best so far"
    assert said == ["stopping"]


def test_handlers_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    run_stoppably(lambda _: None, on_stop=lambda: None)
    assert signal.getsignal(signal.SIGINT) is before


def test_second_signal_leaves_at_once_with_code_130() -> None:
    program = """
        import time
        from allocator.system.interrupts import run_stoppably

        def work(stop):
            print("started", flush=True)
            time.sleep(60)  # Deaf to the event, like a solver deep in its search.

        run_stoppably(work, on_stop=lambda: print("stopping", flush=True))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "started\n"
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert time.monotonic() - started < 20


@pytest.mark.skipif(os.name == "nt", reason="no such signal on this system")
def test_one_sigterm_ends_work_that_never_listens() -> None:
    program = """
        import time
        from allocator.system import interrupts

        interrupts.GRACE = 0.5

        def work(stop):
            print("started", flush=True)
            time.sleep(60)

        interrupts.run_stoppably(work, on_stop=lambda: None, on_leave=lambda: print("left", flush=True))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "left\n"
        assert process.wait(timeout=20) == 130
