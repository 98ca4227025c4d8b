"""Files written whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from allocator.domain.errors import OutputError
from allocator.language.message import Message
from allocator.system.unfinished import finished, hidden, remove_orphans


class Workbook(bytes):
    """An Excel workbook in hand; ``save`` writes it."""

    def save(self, path: Path | str) -> None:
        """Write the file, whole or not at all; one of that name is replaced.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        write_whole(Path(path), self)

    def __repr__(self) -> str:
        return f"<Workbook: {len(self):,} bytes>"


_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows has no quotas of this name.


def unwritable(target: Path, error: OSError) -> OutputError:
    """Why a file or folder cannot be written, with what helps."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        return OutputError(Message("annotate.full", file=target, reason=reason))
    return OutputError(Message("annotate.denied", file=target, reason=reason))


def write_whole(target: Path, content: bytes) -> None:
    """Write a file beside its place and move it there when it is complete; missing folders are made.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    made = hidden(target, is_folder=False)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_orphans(target.parent)
        made.write_bytes(content)
        made.replace(target)
    except OSError as error:
        with suppress(OSError):
            made.unlink(missing_ok=True)
        raise unwritable(target, error) from error
    finally:
        finished(made)


@contextmanager
def moved_into(folder: Path) -> Iterator[Path]:
    """A hidden folder for files that belong together; they move into ``folder`` when the block ends well, else nothing is left.

    What lies in ``folder`` under other names stays.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    target = folder.resolve()
    new = not target.exists()
    # Inside a folder that is there: who may write to it need not be allowed to write beside it.
    made = hidden(target if new else target / target.name, is_folder=True)
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        remove_orphans(made.parent)
        made.mkdir()
        yield made
        target.mkdir(exist_ok=True)
        for file in sorted(made.iterdir()):
            file.replace(target / file.name)
    except OSError as error:
        if new:
            with suppress(OSError):
                target.rmdir()
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
        finished(made)
