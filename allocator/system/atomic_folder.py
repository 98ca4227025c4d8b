"""A folder of results, written whole or not at all.

Everything is written to a hidden folder beside the target, which takes the target's name only when it is complete. With
``force`` the old folder is first moved aside and removed only when the new one stands in its place. A run killed
between those two moves is mended by the next run on the same target.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from allocator.domain.errors import OutputError
from allocator.language.texts import Language, Texts
from allocator.system.unfinished import finished, hidden, remove_orphans, writer_of

RECORD = "run.json"
"""The file that makes a folder a run folder; written last, so a folder that has it is complete."""

_REASONS = {
    errno.ENOSPC: "full",
    getattr(errno, "EDQUOT", -1): "full",  # Windows has no quotas of this name.
    errno.EROFS: "read-only",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ENOTDIR: "not-folder",
    errno.ENAMETOOLONG: "name",
}


def check_target(folder: Path, *, force: bool = False, lang: Language = "en", mark: str = RECORD) -> None:
    """Refuse a target that cannot be written, before any time is spent on a plan.

    ``mark`` is the file by which a folder of ours is known; no other is ever replaced.

    Raises
    ------
    OutputError
        If the folder exists and ``force`` is not given, if it is no run folder, or if its parent cannot be written.
    """
    texts = Texts(lang)
    target = folder.resolve()
    if (process := writer_of(target)) is not None:
        raise OutputError(texts("output.busy", path=folder, process=process))
    _mend(target)
    if target.exists() and not target.is_dir():
        raise OutputError(texts("output.not-folder", path=folder))
    if target.exists() and any(target.iterdir()):
        if not force:
            raise OutputError(texts("output.exists", path=folder))
        if not (target / mark).is_file():
            raise OutputError(texts("output.foreign", path=folder, mark=mark))
    above = next(parent for parent in target.parents if parent.exists())
    if not above.is_dir():
        raise OutputError(texts("output.not-folder", path=above))
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(texts("output.denied", path=folder, detail=str(above)))


@contextmanager
def written_whole(folder: Path, texts: Texts, *, force: bool, mark: str = RECORD) -> Iterator[Path]:
    """A hidden folder to write into; it takes the place of ``folder`` when the block ends well, else nothing is left.

    Raises
    ------
    OutputError
        If the folder cannot be written, see ``check_target``; the target is then as it was before.
    """
    check_target(folder, force=force, lang=texts.lang, mark=mark)
    target = folder.resolve()
    with _os_errors_explained(folder, texts):
        target.parent.mkdir(parents=True, exist_ok=True)
        made = hidden(target, is_folder=True)
        try:
            made.mkdir(exist_ok=True)  # It is there when the target was claimed.
            yield made
            if not force and target.exists() and any(target.iterdir()):
                raise OutputError(texts("output.exists", path=folder))  # Written by another run in the meantime.
            put_in_place(made, target)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        finally:
            finished(made)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep a target for this process while it works out what to write there: another one that wants it is told at once."""
    target = folder.resolve()
    made = hidden(target, is_folder=True)
    with suppress(OSError):  # What keeps the folder from being made is explained when it is written.
        target.parent.mkdir(parents=True, exist_ok=True)
        made.mkdir(exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):
            made.rmdir()  # Empty when nothing was written.
        finished(made)


def _beside(target: Path, suffix: str) -> Path:
    """A hidden neighbour of the target, on the same file system so that renaming is one step."""
    return target.with_name(f".{target.name}.{suffix}")


def _mend(target: Path) -> None:
    """Undo what a killed run left behind: put the old folder back, remove partial ones nobody writes any more."""
    aside = _beside(target, "previous")
    if not target.parent.is_dir():
        return
    try:
        if aside.is_dir() and not target.exists():
            aside.rename(target)
        elif aside.is_dir():  # The new folder stands; the old one was about to go.
            shutil.rmtree(aside, ignore_errors=True)
        remove_orphans(target.parent)
    except OSError:
        return  # A folder that cannot be written is explained by the check that follows.


def put_in_place(made: Path, target: Path) -> None:
    """Give the finished folder its name; the older one of that name goes when the new one stands."""
    aside = _beside(target, "previous")
    if not target.exists():
        made.rename(target)
        return
    shutil.rmtree(aside, ignore_errors=True)
    target.rename(aside)
    try:
        made.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _os_errors_explained(folder: Path, texts: Texts) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, "failed")
        detail = error.strerror or str(error)
        raise OutputError(texts(f"output.{reason}", path=folder, detail=detail)) from error
