"""Options of every command that reads or writes the register: which one, who acts, and as of which day."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import typer

RegisterAt = Annotated[
    str,
    typer.Option(
        "--register",
        metavar="FILE|URL",
        envvar="ALLOCATOR_REGISTER",
        help="The register: a file, or the URL of a PostgreSQL database. 调训台账：文件或 PostgreSQL 地址。",
    ),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who does it. 经办人。", show_default="login name"),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The day as of which it is done. 办理日期。",
        show_default="today",
    ),
]


@dataclass(frozen=True)
class Acting:
    """Who writes to the register, and as of which day; the options of every command that does."""

    name: By = None
    as_of: AsOf = None

    @property
    def by(self) -> str:
        """Who is named in the journal: as given, else who is logged in."""
        return author(self.name)

    @property
    def on(self) -> date:
        """The day as of which the command works: as given, else today."""
        return day(self.as_of)


def author(by: str | None) -> str:
    """Who is named in the journal: as given, else who is logged in."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # No login name, as in some containers.
        return "?"


def day(as_of: datetime | None) -> date:
    """The day as of which a command works: as given, else today."""
    return as_of.date() if as_of else date.today()
