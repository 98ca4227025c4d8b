"""Jobs shared with helper processes: all are done, whatever becomes of the helpers."""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from allocator.system.worker_pool import Helpers


@dataclass(frozen=True)
class Sums:
    """Work for the tests: a job is a number, what is done with it depends on the process that has it."""

    owner: int
    there: str = ""  # what a helper does before it answers
    here: float = 0.0  # seconds that a job takes the owner

    def do(self, job: int) -> tuple[int, int]:
        """The square of the number, and who made it."""
        if os.getpid() == self.owner:
            time.sleep(self.here)
        elif self.there == "print":
            print("between the replies")
        elif self.there == "die":
            os._exit(1)
        elif self.there == "full":
            raise OSError(errno.ENOSPC, "full")
        elif self.there == "fault":
            raise ValueError("only in a helper")
        return job * job, os.getpid()


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Helpers find this module."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def shared(work, count, jobs=6):
    """The jobs done with so many helpers: results by number, and the helpers' processes."""
    results = {}
    with Helpers(count) as helpers:
        helpers.share(work, range(jobs), results.__setitem__)
        processes = [helper.process for helper in helpers._helpers]
    assert all(process.poll() is not None for process in processes)
    assert {number: result for number, (result, _) in results.items()} == {n: n * n for n in range(jobs)}
    return {who for _, who in results.values()}


def test_jobs_are_done_here_without_helpers():
    assert shared(Sums(os.getpid()), 0) == {os.getpid()}


@pytest.mark.parametrize("there", [pytest.param("", marks=pytest.mark.long), "print"])
def test_helpers_do_what_is_left(there):
    assert len(shared(Sums(os.getpid(), there, here=2.0), 2)) > 1


@pytest.mark.parametrize("there", ["die", pytest.param("fault", marks=pytest.mark.long)])
def test_job_that_a_helper_cannot_do_is_done_here(there):
    assert shared(Sums(os.getpid(), there, here=1.0), 1, jobs=3) == {os.getpid()}


def test_helper_that_never_starts_is_no_harm():
    with Helpers(2) as helpers:
        for helper in helpers._helpers:
            helper.process.kill()
            helper.process.wait()
        results = {}
        helpers.share(Sums(os.getpid()), range(3), results.__setitem__)
    assert set(results) == {0, 1, 2}


@pytest.mark.long
def test_fault_of_the_disk_in_a_helper_is_raised_here():
    with Helpers(1) as helpers, pytest.raises(OSError) as caught:
        helpers.share(Sums(os.getpid(), "full", here=2.0), range(6), lambda *_: None)
    assert caught.value.errno == errno.ENOSPC


def test_no_helper_is_left_when_the_work_is_broken_off():
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Helpers(1) as helpers:
        left = [helper.process for helper in helpers._helpers]
        helpers.share(Sums(os.getpid()), range(3), interrupt)
    assert [process.poll() is not None for process in left] == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.long
def test_ctrl_c_that_reaches_a_helper_loses_nothing():
    with Helpers(1) as helpers:
        results = {}

        def interrupt(number, result):
            results[number] = result
            for helper in helpers._helpers:
                os.kill(helper.process.pid, signal.SIGINT)

        helpers.share(Sums(os.getpid(), here=1.0), range(6), interrupt)
    assert set(results) == set(range(6))


OWNER = """
import os, sys
from allocator.system.worker_pool import Helpers
from tests.system.test_worker_pool import Sums
helpers = Helpers(1)
print(helpers._helpers[0].process.pid, flush=True)
helpers.share(Sums(os.getpid(), here=2.0), range(3), lambda *_: os.kill(os.getpid(), 9))
"""


def lives(pid):
    """Whether a process runs; one that has ended may wait for somebody to ask how."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.long
def test_helper_leaves_when_its_owner_is_killed():
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"}
    owner = subprocess.run([sys.executable, "-c", OWNER], env=environment, capture_output=True, text=True)
    assert owner.returncode == -signal.SIGKILL
    until = time.monotonic() + 20
    while lives(int(owner.stdout)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not lives(int(owner.stdout))
