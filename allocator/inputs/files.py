"""The bytes of the files that a scenario is read from, each read once, and what is kept to read the scenario again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from allocator.domain.errors import Defect, InputError
from allocator.inputs.own_columns import OwnTypes
from allocator.inputs.scenario.layers import is_there, relative_path
from allocator.inputs.tables.cells import Table
from allocator.language.message import Message


@dataclass
class Files:
    """Reads each file once and remembers what was read."""

    known: Mapping[Path, bytes] = field(default_factory=dict)  # files not to be read from the disk again
    contents: dict[Path, bytes] = field(default_factory=dict)
    digests: dict[Path, str] = field(default_factory=dict)

    def read(self, file: str) -> bytes | None:
        """The bytes of a file, ``None`` when there is none.

        Raises
        ------
        InputError
            If it is there and cannot be read.
        """
        path = Path(file)
        if path not in self.contents:
            content = self.known.get(path)
            if content is None and not is_there(path):
                return None
            try:
                self.contents[path] = path.read_bytes() if content is None else content
            except OSError as error:
                message = Message("defect.unreadable-file", reason=str(error.strerror))
                hint = Message("hint.readable")
                raise InputError([Defect(file, 0, "", message, hint, "unreadable-file")]) from None
            self.digests[path] = hashlib.sha256(self.contents[path]).hexdigest()
        return self.contents[path]

    def hashes(self, start: Path) -> dict[str, str]:
        """Hash of every file read, by its path from ``start``."""
        return dict(sorted((relative_path(path, start), digest) for path, digest in self.digests.items()))


@dataclass(frozen=True)
class Source:
    """What inputs were read from: enough to read the same scenario with further changes, the tables left alone.

    Parameters
    ----------
    path
        The scenario file.
    changes
        The changes it was read with, as tables.
    documents
        The bytes of scenario, bases and policy as they were then.
    tables, frames, digests
        The tables by name: typed as in their files, completed before the scenario changes any session, and hashes of their files.
    notes
        What was noted while the tables were read.
    own
        Types that the rules gave to columns of the user's own, which the tables here hold as texts.
    """

    path: Path
    changes: Mapping[str, object]
    documents: Mapping[Path, bytes]
    tables: Mapping[str, Table]
    frames: Mapping[str, pd.DataFrame]
    digests: Mapping[Path, str]
    notes: tuple[Message, ...]
    own: OwnTypes = field(default_factory=dict)
