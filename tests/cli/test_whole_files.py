"""Files that belong together are written together: when one cannot be written, none is, and the older ones stay."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.cli.app import app

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "generate": ["generate", "tiny", "--out", "{out}"],
    "generate scaled": ["generate", "one-prefecture", "--people", "60", "--scenario", "{scenario}", "--out", "{out}"],
    "template": ["template", "{out}/input.xlsx"],
    "schema": ["schema", "--out", "{out}"],
}


FULL = [
    pytest.param(name, is_there, id=f"{folder}-{name}", marks=[pytest.mark.long] if n % 2 == is_there else [])
    for n, name in enumerate(COMMANDS)
    for is_there, folder in ((False, "new"), (True, "older"))
]
"""Every command on a full disk: some into a new folder, some over older files, and the other way about in ``make check-long``."""


def call(name: str, out: Path, *more: str) -> tuple[int, str]:
    scenario = ROOT / "scenarios" / "one-prefecture.toml"
    line = [part.format(out=out, scenario=scenario) for part in COMMANDS[name]]
    result = CliRunner().invoke(app, [*line, *more, "--lang", "en"])
    return result.exit_code, result.output


def failing(last: int, real: Callable[..., int]) -> Callable[..., int]:
    """``Path.write_bytes`` or ``write_text`` on a disk that is full after so many files."""
    count = [0]

    def write(path: Path, *content: object, **settings: object) -> int:
        count[0] += 1
        if count[0] > last:
            real(path, content[0][:7], **settings)  # type: ignore[index]
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, *content, **settings)

    return write


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("name", "is_there"), FULL)
def test_nothing_changes_on_a_full_disk(
    name: str, is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    if is_there:
        assert call(name, out)[0] == 0
        (out / "mine.txt").write_text("mine")
        (next(out.glob("*.*sv"), next(out.glob("*")))).write_bytes(b"older")
    before = content(tmp_path)
    written = 0
    while True:
        with monkeypatch.context() as patch:
            for method in ("write_bytes", "write_text"):
                patch.setattr(Path, method, failing(written, getattr(Path, method)))
            code, told = call(name, out, "--force")
        if code == 0:
            break
        assert (code, "No space left" in told, "Traceback" in told) == (2, True, False), told
        assert content(tmp_path) == before
        assert is_there or not out.exists()
        written += 1
    assert written > (0 if is_there else 1) and len(content(out)) >= 3
    assert not list(tmp_path.rglob(".*"))


def test_folder_may_be_written_though_the_one_above_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "home"
    out.mkdir()
    real = Path.mkdir

    def mkdir(path: Path, *given: object, **settings: object) -> None:
        if path.parent == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        real(path, *given, **settings)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", lambda path, *a, **k: mkdir(path, *a, **k) if not path.exists() else None)
        assert call("template", out)[0] == 0
    assert (out / "input.xlsx").is_file()
