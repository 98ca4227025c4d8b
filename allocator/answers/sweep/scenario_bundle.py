"""Scenarios with all that they read, packed so that they can travel to machines that do not share the disk."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from allocator.domain.errors import AllocatorError
from allocator.domain.tables import TABLES, Inputs
from allocator.language.message import Message
from allocator.outputs.run_record import scenario_text

SETUP = "setup.json"
_DATE = (1980, 1, 1, 0, 0, 0)


def packed(scenarios: Sequence[tuple[Inputs, str | None] | None], setup: Mapping[str, Any]) -> bytes:
    """The setup of a worker with the merged scenarios, their policies and tables, as one archive; equal content gives equal bytes.

    Parameters
    ----------
    scenarios
        Inputs of each scenario, and the text of the plan that its points stand on; nothing for a scenario without points.

    Raises
    ------
    AllocatorError
        If a file is no longer what was read.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)

        shipped: list[dict[str, str | None]] = []
        for number, scenario in enumerate(scenarios):
            if scenario is None:
                shipped.append({"file": None, "hashes": None, "base": None})
                continue
            inputs, base = scenario
            for name, data in _files(inputs):
                put(f"{number}/{name}", data)
            if base is not None:
                put(f"{number}/base.json", base.encode())
            shipped.append(
                {
                    "file": f"{number}/scenario.toml",
                    "hashes": None,
                    "base": None if base is None else f"{number}/base.json",
                }
            )
        put(SETUP, json.dumps({**setup, "scenarios": shipped}, ensure_ascii=False).encode())
    return content.getvalue()


@contextmanager
def unpacked(content: bytes) -> Iterator[dict[str, Any]]:
    """The setup of a worker, its files in a folder that goes in the end."""
    folder = Path(tempfile.mkdtemp(prefix="allocator-"))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
        setup: dict[str, Any] = json.loads((folder / SETUP).read_text(encoding="utf-8"))
        for scenario in setup["scenarios"]:
            for key in ("file", "base"):
                scenario[key] = scenario[key] and str(folder / scenario[key])
        yield setup
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(inputs: Inputs) -> Iterator[tuple[str, bytes]]:
    """The merged scenario and the files it names, all in one folder; a workbook that holds several tables once."""
    here = Path()
    names: dict[Path, str] = {}
    for role, path in inputs.files.items():
        if role == "policy" or role in TABLES:
            names.setdefault(path, f"{role}{path.suffix.lower()}")
    roles = {role: here / names[path] for role, path in inputs.files.items() if path in names}
    # Values that were set on the way are written down with the rest, so the archive needs no word of where they came from.
    yield "scenario.toml", scenario_text(replace(inputs, files=roles, origins={}), here).encode()
    for path, name in names.items():
        content = path.read_bytes()
        if sha256(content).hexdigest() not in inputs.hashes.values():
            raise AllocatorError(Message("sweep.changed-meanwhile", file=path.as_posix()))
        yield name, content
