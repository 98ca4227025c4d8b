"""What a process is in the middle of writing, under hidden names with its number: nobody who leaves or dies leaves it behind.

Who leaves on purpose removes its own; what a killed process left is removed when the next one writes beside it.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_NAME = re.compile(r"\.(?P<target>.+)\.(?:partial-|part-)(?P<process>\d+)")
_OPEN: set[Path] = set()

PATIENCE = 50
"""Times that a folder is removed while a thread of this process may still write into it."""


def hidden(target: Path, *, is_folder: bool) -> Path:
    """Where this process writes what will be ``target``: beside it, so that renaming is one step."""
    path = target.with_name(f".{target.name}.{'partial' if is_folder else 'part'}-{os.getpid()}")
    _OPEN.add(path)
    return path


def finished(path: Path) -> None:
    """It is in its place, or gone."""
    _OPEN.discard(path)


def remove_own() -> None:
    """Remove everything that this process has not finished, now that it leaves."""
    for path in [*_OPEN]:
        gone = path.with_name(f".gone{path.name}")
        with suppress(OSError):  # Under another name no thread of this process finds it to write on.
            path.rename(gone)
        for _ in range(PATIENCE):
            _remove(path)
            _remove(gone)
            if not path.exists() and not gone.exists():
                break
            time.sleep(0.01)
        _OPEN.discard(path)


def remove_orphans(folder: Path) -> None:
    """Remove what processes that are no more have left in a folder, whatever it was to become."""
    with suppress(OSError):
        for path in folder.iterdir():
            if (process := _process(path)) is not None and not _is_alive(process, path):
                _remove(path)


def writer_of(target: Path) -> int | None:
    """The number of another living process that is writing ``target``; ``None`` when there is none."""
    with suppress(OSError):
        for path in target.parent.iterdir():
            process = _process(path)
            if process not in (None, os.getpid()) and _target(path) == target.name and _is_alive(process or 0, path):
                return process
    return None


def _process(path: Path) -> int | None:
    found = _NAME.fullmatch(path.name)
    return int(found["process"]) if found else None


def _target(path: Path) -> str:
    found = _NAME.fullmatch(path.name)
    return found["target"] if found else ""


def _is_alive(process: int, path: Path) -> bool:
    """Whether the process that began ``path`` still runs; a younger one that was given its number did not."""
    try:
        return bool(psutil.Process(process).create_time() <= path.stat().st_mtime + 1)
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
