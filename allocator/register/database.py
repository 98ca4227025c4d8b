"""The database behind the register: one SQLite file, or PostgreSQL by URL; schema by Alembic, faults in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from allocator.domain.errors import OutputError, RegisterError
from allocator.language.message import Message

MIGRATIONS = Path(__file__).parent / "migrations"
WRITES = "allocator_writes"
"""Execution option of a connection that is going to write."""
WAITING = 5.0
"""Seconds for which a command waits while another one writes."""
LOCK = 7_231_507
"""The advisory lock under which PostgreSQL lets one planner write at a time; any number will do, as long as it is always the same."""


def connect(where: str | Path, *, create: bool = False) -> Engine:
    """The database at a path or URL, its schema brought up to date.

    Parameters
    ----------
    where
        Path of a SQLite file, or a URL as SQLAlchemy reads it, such as ``postgresql://user@server/plans``.
    create
        Make the register if there is none; a PostgreSQL database must exist and may be empty.

    Raises
    ------
    RegisterError
        If there is no register, it is something else, of a newer version, or cannot be reached.
    """
    url = _url(str(where))
    if url.get_backend_name() == "sqlite" and not create and not Path(url.database or "").is_file():
        raise RegisterError(Message("register.missing", register=shown(where)))
    engine = _engine(url)
    with told(where):
        upgrade(engine, where, create=create)
    return engine


def shown(where: str | Path) -> str:
    """The register as it is told: a path as it was given, a URL without its user and password."""
    protocol, mark, rest = str(where).partition("://")
    return f"{protocol}{mark}{rest.rpartition('@')[2]}" if mark else protocol


def _url(where: str) -> URL:
    if "://" not in where:
        return URL.create("sqlite", database=where)
    try:
        url = make_url(where)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise RegisterError(Message("register.no-url", register=shown(where))) from None
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, poolclass=NullPool)
        except ImportError:  # The driver of PostgreSQL is an extra.
            raise RegisterError(Message("register.no-driver")) from None
    Path(url.database or "").resolve().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAITING, "isolation_level": None})

    # The driver is left without transactions of its own: who writes takes the lock at the beginning, and so cannot lose it half-way.
    @event.listens_for(engine, "connect")
    def keep_references(raw: Any, _: object) -> None:
        raw.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that nobody else writes beside; committed whole when the block ends, else undone."""
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{int(WAITING * 1000)}ms'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        yield connection


def upgrade(engine: Engine, where: str | Path, *, create: bool) -> None:
    """Bring the schema to that of this program, in one transaction.

    Raises
    ------
    RegisterError
        If the database is no register, or one of a newer program.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
        tables = set(inspect(connection).get_table_names())
    if set(found) == set(script.get_heads()):
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if not set(found) <= known:
        raise RegisterError(Message("register.newer", register=shown(where)))
    if not found and (tables or not create):
        raise RegisterError(Message("register.not-one", register=shown(where)))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def told(where: str | Path) -> Iterator[None]:
    """Say in words what a database cannot do: locked, full, read-only, gone, or no database.

    Raises
    ------
    RegisterError, OutputError
        The second for a disk that is full or refuses to be written.
    """
    name = shown(where)
    try:
        yield
    except IntegrityError:
        raise RegisterError(Message("register.moved-on", register=name)) from None
    except (OperationalError, DatabaseError) as fault:
        reason = str(fault.orig).strip().splitlines()[0] if fault.orig else type(fault).__name__
        low = reason.lower()
        if "locked" in low or "lock timeout" in low or "lock_timeout" in low:
            raise RegisterError(Message("register.locked", register=name, seconds=int(WAITING))) from None
        if "full" in low or "readonly" in low or "read-only" in low or "no space" in low:
            raise OutputError(Message("register.unwritable", register=name, reason=reason)) from None
        if "not a database" in low or "malformed" in low:
            raise RegisterError(Message("register.not-one", register=name)) from None
        raise RegisterError(Message("register.unreachable", register=name, reason=reason)) from None
