"""What a worker does, here or on a cluster: it plans one task after another and keeps what it has read between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allocator.answers.runs import write
from allocator.answers.sweep.point import (
    CRASH,
    INPUT,
    Base,
    Record,
    failed,
    from_toml,
    planned,
    run_from_record,
    run_to_record,
)
from allocator.domain.errors import AllocatorError, InputError
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.language.message import Message


class Worker:
    """Plans tasks; keeps what was read and the plan that points stand on between them.

    Parameters
    ----------
    setup
        ``scenarios``: for each its ``file``, the ``hashes`` of what was read when the sweep began, and ``base``, the file with the plan that
        points stand on or nothing; ``settings``: changes that every point has; ``lang``: language of run folders.
    """

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self.setup = setup
        self.settings = from_toml(setup["settings"])
        self.number: int | None = None
        self.inputs: Inputs | None = None
        self.base: Base | None = None

    def do(self, task: str) -> str:
        """As ``answer`` does, with task and record as JSON."""
        return json.dumps(self.answer(json.loads(task)), ensure_ascii=False)

    def answer(self, task: Mapping[str, Any]) -> Record:
        """Plan one task and tell how it went."""
        try:
            self._read(int(task["scenario"]))
            assert self.inputs is not None
            record, run = planned(self.inputs, from_toml(task["changes"]), self.base)
            if run is not None and task["folder"]:
                write(run, Path(task["folder"]), lang=self.setup["lang"], force=True)
        except InputError as error:
            return failed(INPUT, [(one.column, one.message) for one in error.defects])
        except AllocatorError as error:
            return failed(CRASH, [("", error)])
        if run is not None and task["plan"]:
            record["run"] = run_to_record(run)
        return record

    def _read(self, number: int) -> None:
        """Have the inputs of a scenario at hand, as they were when the sweep began."""
        if self.number == number:
            return
        self.number, self.inputs, self.base = None, None, None
        scenario = self.setup["scenarios"][number]
        inputs = load(Path(scenario["file"]), changes=self.settings)
        if scenario["hashes"] is not None and dict(inputs.hashes) != scenario["hashes"]:
            raise AllocatorError(Message("sweep.changed-meanwhile", file=scenario["file"]))
        if scenario["base"]:
            record = json.loads(Path(scenario["base"]).read_text(encoding="utf-8"))
            self.base = Base.of(run_from_record(inputs, record))
        self.number, self.inputs = number, inputs
