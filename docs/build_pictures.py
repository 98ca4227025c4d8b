"""Make the pictures of both READMEs from real output: two terminals, a sheet of the dispatch plan and a figure in each language.

Needs Chromium, LibreOffice and pdftoppm beside the program, and a Chinese font. Run: ``python docs/build_pictures.py``
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from openpyxl import load_workbook
from PIL import Image, ImageChops
from rich.console import Console
from rich.terminal_theme import MONOKAI

from allocator.language.text_table import highlighted

ROOT = Path(__file__).parent.parent
PICTURES = Path(__file__).parent / "pictures"
SCENARIO = "scenarios/one-prefecture.toml"
RIM = 12  # pixels left around what is drawn
SHEETS = {"zh": "名单", "en": "Names"}  # of the dispatch workbook
NARROW = re.compile("[…≥≤✓✗■·]")
"""Signs that a terminal shows in one cell and a Chinese font draws in two."""

PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #1e2127; }}
pre {{ font: 15px/1.35 "Noto Sans Mono CJK SC", "Noto Sans CJK SC", monospace; color: #dde1e7; padding: 16px 20px; margin: 0; }}
i {{ display: inline-block; width: 7.5px; text-align: center; font: 12px "DejaVu Sans Mono", monospace; }}
{stylesheet}
</style><pre>{code}</pre>"""


def run(folder: Path, lang: str, *arguments: str) -> str:
    """What a command prints, with the colours left to us; an error of the input is no failure here."""
    command = [sys.executable, "-m", "allocator", *arguments, "--lang", lang]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", env=environment, check=False
    )
    assert done.returncode in (0, 3, 5), done.stderr  # Mistakes that are shown; a gap just above the one asked for.
    return f"$ allocator {' '.join(arguments)}\n{done.stdout}{done.stderr}"


def terminal(text: str, name: str, width: int, rows: int, folder: Path) -> None:
    """A picture of the first rows of a terminal."""
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(highlighted("\n".join(text.splitlines()[:rows])), no_wrap=True)
    page = folder / f"{name}.html"
    html = console.export_html(code_format=PAGE, theme=MONOKAI)
    page.write_text(NARROW.sub(r"<i>\g<0></i>", html), encoding="utf-8")
    shot = folder / f"{name}.png"
    program = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    size = f"--window-size={width * 9},{rows * 21 + 60}"
    call([program, "--headless", "--no-sandbox", "--disable-gpu", f"--screenshot={shot}", size, page.as_uri()])
    save(Image.open(shot), name, 1000)


def sheet(workbook: Path, title: str, name: str, folder: Path) -> None:
    """A picture of the upper part of the first page of one sheet, as it is printed."""
    book = load_workbook(workbook)
    for other in [each for each in book.sheetnames if each != title]:
        book[other].sheet_state = "hidden"
    book.active = book.sheetnames.index(title)
    alone = folder / f"{name}.xlsx"
    book.save(alone)
    call(["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(alone)])
    call(["pdftoppm", "-png", "-r", "150", "-f", "1", "-l", "1", str(folder / f"{name}.pdf"), str(folder / name)])
    page = Image.open(next(folder.glob(f"{name}-*.png")))
    save(page.crop((0, 0, page.width, round(page.height * 0.5))), name, 1300)


def save(picture: Image.Image, name: str, width: int) -> None:
    """Cut off the empty rim, scale down and store in few colours."""
    plain = picture.convert("RGB")
    empty = Image.new("RGB", plain.size, plain.getpixel((plain.width - 1, plain.height - 1)))
    left, top, right, bottom = ImageChops.difference(plain, empty).getbbox() or (0, 0, *plain.size)
    left, top, right, bottom = left - RIM, top - RIM, right + RIM, bottom + RIM
    plain = plain.crop((max(0, left), max(0, top), min(plain.width, right), min(plain.height, bottom)))
    if plain.width > width:
        plain = plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS)
    PICTURES.mkdir(exist_ok=True)
    plain.quantize(64, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


def call(command: Sequence[str]) -> None:
    """Run a program that must succeed."""
    subprocess.run(command, check=True, capture_output=True)


def with_mistakes(folder: Path) -> None:
    """The tiny tables with mistakes that people make in spreadsheets."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    shutil.copytree(ROOT / "data" / "tiny", folder / "data" / "tiny")
    changes = {"cadres": {"N2": ("2015-01-01", "2016.3.1"), "N4": (",N,", ",N0,")}, "sessions": {"": (",4,", ",四,")}}
    for table, by_id in changes.items():
        path = folder / "data" / "tiny" / f"{table}.csv"
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        for start, (old, new) in by_id.items():
            at = next(i for i, line in enumerate(lines) if i and line.startswith(start) and old in line)
            lines[at] = lines[at].replace(old, new, 1)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    scenario = folder / "scenarios" / "tiny.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8").replace("seed =", "sead ="), encoding="utf-8")


def main() -> None:
    """Make all pictures; those in English end in ``-en``."""
    for lang, mark in (("zh", ""), ("en", "-en")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            out = folder / "out"
            printed = run(ROOT, lang, "plan", SCENARIO, "--out", str(out), "--no-progress")
            terminal(printed.replace(str(out), "out"), f"terminal{mark}", 104, 30, folder)
            with_mistakes(folder)
            terminal(run(folder, lang, "check", "scenarios/tiny.toml"), f"mistakes{mark}", 112, 12, folder)
            sheet(out / "dispatch-2019.xlsx", SHEETS[lang], f"dispatch{mark}", folder)
            save(Image.open(out / "figures" / "teams.png"), f"teams{mark}", 1000)


if __name__ == "__main__":
    main()
