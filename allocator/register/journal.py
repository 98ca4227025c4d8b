"""The journal: append-only, each entry with the hash of the one before and of every table after it."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, RowMapping, Table, func, insert, select

from allocator.language.message import Message
from allocator.register.tables import FILES, JOURNAL, PLAN_FILES, PLANS, STATEFUL

CHAINED = ("seq", "at", "day", "by", "what", "why", "clause", "details", "state", "previous_hash")
"""What the hash of an entry covers."""


def append(
    connection: Connection, what: str, *, by: str, on: date, why: str, clause: str, details: Mapping[str, object]
) -> None:
    """Add an entry, inside the transaction of what it tells.

    Parameters
    ----------
    what
        The sort of entry, such as ``publish``; ``register.did-…`` of the catalogue names it.
    details
        Numbers and ids that belong to it.
    """
    last = connection.execute(select(JOURNAL).order_by(JOURNAL.c.seq.desc()).limit(1)).mappings().first()
    entry: dict[str, object] = {
        "seq": 1 if last is None else last["seq"] + 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "day": on.isoformat(),
        "by": by,
        "what": what,
        "why": why,
        "clause": clause,
        "details": json.dumps(details, ensure_ascii=False, sort_keys=True, default=str),
        "state": json.dumps(state_of(connection), sort_keys=True),
        "previous_hash": "" if last is None else last["hash"],
    }
    connection.execute(insert(JOURNAL), {**entry, "hash": hash_of(entry)})


def newest(connection: Connection) -> int:
    """The number of the last entry, 0 when there is none."""
    return connection.execute(select(func.max(JOURNAL.c.seq))).scalar() or 0


def closings(connection: Connection) -> dict[int, dict[str, Any]]:
    """What the entries that closed a year say, by year."""
    told = connection.execute(
        select(JOURNAL.c.details).where(JOURNAL.c.what == "close").order_by(JOURNAL.c.seq)
    ).scalars()
    found = map(json.loads, told)
    return {int(details["year"]): details for details in found}


def hash_of(entry: Mapping[str, object] | RowMapping) -> str:
    """The hash of an entry: SHA-256 of its other columns as JSON."""
    text = json.dumps([entry[name] for name in CHAINED], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def state_of(connection: Connection) -> dict[str, str]:
    """The hash of every table but the journal, by name.

    Large contents stand in it by the hash that is stored beside them; ``verify`` compares these with the contents.
    """
    return {table.name: _hash_of_table(connection, table) for table in STATEFUL}


def _hash_of_table(connection: Connection, table: Table) -> str:
    columns = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
    found = hashlib.sha256()
    for row in sorted(connection.execute(select(*columns)).all(), key=lambda row: [str(cell) for cell in row]):
        found.update(json.dumps(list(row), ensure_ascii=False).encode())
        found.update(b"\n")
    return found.hexdigest()


def verify(connection: Connection) -> list[Message]:
    """What another hand than this program's has changed; nothing, when all is as it was written.

    Who cuts off the end of the journal and sets every table back leaves no trace inside the database: note the last hash elsewhere.
    """
    found: list[Message] = []
    previous, seq = "", 0
    last: RowMapping | None = None
    for row in connection.execute(select(JOURNAL).order_by(JOURNAL.c.seq)).mappings():
        seq += 1
        if row["seq"] != seq:
            found.append(Message("register.entry-missing", seq=seq))
            seq = row["seq"]
        elif row["previous_hash"] != previous or hash_of(row) != row["hash"]:
            found.append(Message("register.entry-changed", seq=seq))
        previous, last = row["hash"], row
    if last is None:
        return [Message("register.journal-empty")]
    said = json.loads(last["state"]) if hash_of(last) == last["hash"] else {}
    found += [
        Message("register.table-changed", table=name)
        for name, own in state_of(connection).items()
        if said and said.get(name) != own
    ]
    return [*found, *_changed_contents(connection)]


def _changed_contents(connection: Connection) -> list[Message]:
    """Plans and files whose content is not what its hash says."""
    found = []
    for version, own, content in connection.execute(select(PLANS.c.version, PLANS.c.run_hash, PLANS.c.content)).all():
        if _hash_of(content) != own:
            found.append(Message("register.plan-changed", version=version))
    for name, content in connection.execute(select(FILES.c.sha256, FILES.c.content)).all():
        if _hash_of(content) != name:
            files = connection.execute(select(PLAN_FILES.c.name).where(PLAN_FILES.c.sha256 == name)).scalars().all()
            found.append(Message("register.file-changed", file=tuple(sorted(set(files))) or name))
    return found


def _hash_of(content: bytes) -> str:
    try:
        return hashlib.sha256(zlib.decompress(content)).hexdigest()
    except zlib.error:
        return ""
