"""A version of the plan as the register keeps it: its bytes, and every file that it was made from."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from allocator.domain.plan import Plan
from allocator.domain.tables import TABLES, Inputs
from allocator.outputs.run_record import scenario_text
from allocator.register.tables import FILES, PLAN_FILES, PLANS

SCENARIO = "scenario.toml"


def write(connection: Connection, plan: Plan, inputs: Inputs, *, by: str, on: date, why: str, after: int) -> int:
    """Write the version that follows ``after`` and return its number; the files of ``inputs`` are kept with it."""
    content = ("\ufeff" + plan.to_csv()).encode()
    hashes = _keep(connection, _files_of(inputs))
    version = after + 1
    row = {
        "version": version, "published_on": on.isoformat(), "by": by, "why": why, "scenario": inputs.scenario.id,
        "run_hash": _sha(content), "inputs_hash": _sha("".join(sorted(hashes.values())).encode()),
        "content": zlib.compress(content),
    }  # fmt: skip
    connection.execute(insert(PLANS), row)
    connection.execute(insert(PLAN_FILES), [{"version": version, "name": n, "sha256": h} for n, h in hashes.items()])
    return version


def _keep(connection: Connection, files: Mapping[str, bytes]) -> dict[str, str]:
    """Store files that are not there yet; their hashes by name."""
    hashes = {name: _sha(content) for name, content in files.items()}
    known = set(connection.execute(select(FILES.c.sha256).where(FILES.c.sha256.in_(hashes.values()))).scalars())
    new = {hashes[name]: content for name, content in files.items() if hashes[name] not in known}
    if new:
        connection.execute(insert(FILES), [{"sha256": h, "content": zlib.compress(c)} for h, c in new.items()])
    return hashes


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files_of(inputs: Inputs) -> dict[str, bytes]:
    """The scenario of inputs, its policy and tables by the names under which they may lie in one folder."""
    home = Path("/register")
    named: dict[Path, str] = {}
    for role, path in inputs.files.items():
        if role in ("policy", *TABLES):
            wanted = path.name
            while wanted in named.values() and named.get(path) != wanted:
                wanted = f"{role}-{wanted}"
            named.setdefault(path, wanted)
    files = {name: path.read_bytes() for path, name in named.items()}
    places = {role: home / named[path] for role, path in inputs.files.items() if path in named}
    files[SCENARIO] = scenario_text(replace(inputs, files={**inputs.files, **places}), home).encode()
    return files
