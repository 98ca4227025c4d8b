"""The tables of the register. Dates are ISO texts, so that SQLite and PostgreSQL hold the same."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _text("at"),
    _text("day"),
    _text("by"),
    _text("what"),
    _text("why"),
    _text("clause"),
    _text("details"),
    _text("state"),
    _text("previous_hash"),
    _text("hash"),
)
"""Who did what, when, why and by which clause; ``state`` holds the hash of every other table after it, ``hash`` covers the whole entry."""

PLANS = Table(
    "plans",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    _text("published_on"),
    _text("by"),
    _text("why"),
    _text("scenario"),
    _text("run_hash"),
    _text("inputs_hash"),
    Column("content", LargeBinary, nullable=False),
)
"""Every version of the plan; ``content`` is its ``plan.csv``, compressed."""

FILES = Table(
    "files", METADATA, Column("sha256", Text, primary_key=True), Column("content", LargeBinary, nullable=False)
)
"""The files that plans were made from, compressed, each once."""

PLAN_FILES = Table(
    "plan_files",
    METADATA,
    Column("version", Integer, ForeignKey("plans.version"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("sha256", Text, ForeignKey("files.sha256"), nullable=False),
)
"""Which files a version was made from, and under which names they lie beside its scenario."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("year", Integer, nullable=False),
    _text("start_date"),
    _text("end_date"),
    _text("state"),
)

SEATS = Table(
    "seats",
    METADATA,
    Column("session_id", Text, ForeignKey("sessions.session_id"), primary_key=True),
    Column("cadre_id", Text, primary_key=True),
    _text("unit_id"),
    Column("headcount", Integer, nullable=False),
    _text("state"),
    Column("version", Integer, ForeignKey("plans.version"), nullable=False),
)
"""Every seat that a version of the plan ever held; ``version`` is the one that changed it last."""

EVENTS = Table(
    "events",
    METADATA,
    Column("event_id", Text, primary_key=True),
    _text("date"),
    _text("kind"),
    _text("cadre_id"),
    _text("session_id"),
    _text("unit_id"),
    _text("value"),
    _text("reason"),
    _text("clause"),
    _text("by"),
    Column("applied_in", Integer, ForeignKey("plans.version")),
)

ATTENDANCE = Table(
    "attendance",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("cadre_id", Text, primary_key=True),
    Column("present", Boolean, nullable=False),
    Column("leave_days", Float, nullable=False),
    Column("hours", Float, nullable=False),
    Column("completed", Boolean, nullable=False),
    _text("remark"),
)

PAPERS = Table(
    "papers",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("kind"),
    _text("unit_id"),
    _text("session_id"),
    Column("version", Integer, ForeignKey("plans.version"), nullable=False),
    _text("issued_on"),
    _text("hash"),
)
"""Papers that went out, with the version of the plan that they tell."""

STATEFUL = (PLANS, FILES, PLAN_FILES, SESSIONS, SEATS, EVENTS, ATTENDANCE, PAPERS)
"""The tables of which every entry of the journal holds a hash."""
