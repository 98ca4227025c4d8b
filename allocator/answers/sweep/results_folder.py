"""The folder of a sweep: what was asked, a record for each finished point, and the tables made from them.

Every file is written whole or not at all, a record as soon as its point is finished; so a sweep that was stopped, killed or lost its
cluster goes on where it was.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from allocator.answers.sweep.point import Record, Task
from allocator.domain.errors import OutputError
from allocator.language.message import Message
from allocator.outputs.run_record import versions
from allocator.system.atomic_write import unwritable, write_whole
from allocator.system.unfinished import remove_orphans

HEAD, TABLE, POINTS, BASES, RUNS, SCENARIOS = "sweep.json", "sweep.csv", "points", "bases", "runs", "scenarios"
_OWN = (HEAD, TABLE, "clauses.csv", "curve.csv", "sweep.xlsx", "sweep.png", POINTS, BASES, RUNS, SCENARIOS)
_LOCK = ".sweep.lock"

UNFINISHED = {1, 3, 130}
"""Exit codes of points that are tried again when the sweep goes on."""


class Folder:
    """The folder of one sweep.

    Parameters
    ----------
    path
        The folder; made when it is not there.
    identity
        What results depend on besides the points: hashes of the inputs and settings. Results of another identity are never mixed in.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], *, force: bool) -> None:
        self.path = path
        self.identity = {**identity, "versions": versions()}
        self.force = force

    @contextmanager
    def opened(self) -> Iterator[dict[str, Record]]:
        """Hold the folder for this process; gives the records that are there, by the name of their point.

        Raises
        ------
        OutputError
            If it holds something else, results of other inputs, or another process is at work in it.
        """
        before = self._before()
        lock = self.path / _LOCK
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_company(lock)
            if before is not None and before != self.identity:
                self._clear()
            lock.write_text(json.dumps(_who()), encoding="utf-8")
            for one in (self.path, *(self.path / name for name in (POINTS, BASES, RUNS, SCENARIOS))):
                remove_orphans(one)
        except OSError as error:
            raise unwritable(self.path, error) from error
        try:
            write_whole(self.path / HEAD, _json(self.identity))
            yield self._records()
        finally:
            with suppress(OSError):
                lock.unlink()

    def check(self) -> None:
        """Refuse the folder before any work is done, as ``opened`` would.

        Raises
        ------
        OutputError
            See ``opened``.
        """
        self._before()

    def _before(self) -> Mapping[str, Any] | None:
        if not self.path.exists():
            return None
        if not self.path.is_dir():
            raise OutputError(Message("sweep.not-a-folder", folder=str(self.path)))
        if not (self.path / HEAD).is_file():
            if any(one.name != _LOCK for one in self.path.iterdir()):
                raise OutputError(Message("sweep.foreign-folder", folder=str(self.path)))
            return None
        try:
            before: Mapping[str, Any] = json.loads((self.path / HEAD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = {}
        if before != self.identity and not self.force:
            raise OutputError(self._what_differs(before))
        return before

    def _what_differs(self, before: Mapping[str, Any]) -> Message:
        folder = str(self.path)
        was = {file: sha for one in before.get("scenarios", ()) for file, sha in one.items()}
        now = {file: sha for one in self.identity["scenarios"] for file, sha in one.items()}
        files = tuple(sorted(file for file in was.keys() & now.keys() if was[file] != now[file]))
        if files:
            return Message("sweep.other-inputs", folder=folder, files=files)
        if before.get("versions") != self.identity["versions"]:
            return Message("sweep.other-versions", folder=folder)
        return Message("sweep.other-sweep", folder=folder)

    def _refuse_company(self, lock: Path) -> None:
        try:
            there = json.loads(lock.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        is_here = there.get("machine") == platform.node()
        if is_here and there.get("process") != os.getpid() and psutil.pid_exists(int(there["process"])):
            raise OutputError(Message("sweep.at-work", folder=str(self.path), process=there["process"]))

    def _clear(self) -> None:
        for name in _OWN:
            target = self.path / name
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)

    def _records(self) -> dict[str, Record]:
        found = {}
        for file in sorted((self.path / POINTS).glob("*.json")):
            with suppress(OSError, ValueError):  # A record that cannot be read is planned again.
                record = json.loads(file.read_text(encoding="utf-8"))
                if record["exit_code"] not in UNFINISHED:
                    found[file.stem] = record
        return found

    def run_folder(self, task: Task) -> Path:
        """Where the run folder of a point stands when it is kept."""
        return self.path.resolve() / RUNS / task.name

    def scenario_file(self, task: Task) -> Path:
        """Where the scenario of a point is written."""
        return self.path / SCENARIOS / f"{task.name}.toml"

    def base_file(self, number: int) -> Path:
        """Where the plan stands that points of a scenario start from."""
        return self.path / BASES / f"{number}.json"

    def keep(self, task: Task, record: Record) -> None:
        """Write down a finished point.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        write_whole(self.path / POINTS / f"{task.name}.json", _json(record))

    def keep_base(self, number: int, run: Record) -> None:
        """Write down the plan that points of a scenario start from.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        write_whole(self.base_file(number), _json(run))

    def write(self, name: str, content: bytes) -> Path:
        """Write one of the tables and figures.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        write_whole(self.path / name, content)
        return self.path / name


def _who() -> dict[str, object]:
    return {"machine": platform.node(), "process": os.getpid()}


def _json(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()
