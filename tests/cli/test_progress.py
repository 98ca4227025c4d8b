"""What is shown while the program works."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from allocator.cli.progress import Display, clock, defect_lines
from allocator.domain.errors import Defect
from allocator.domain.names import heading
from allocator.domain.result import Progress
from allocator.language.message import Message, catalogue
from allocator.language.texts import Texts

PACKAGE = Path(__file__).parents[2] / "allocator"


def shown(*steps: Progress, lang: str = "en", terminal: bool = False, silent: bool = False) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=120, soft_wrap=True)
    with Display("en" if lang == "en" else "zh", silent=silent, console=console) as display:
        for step in steps:
            display.show(step)
    return output.getvalue()


def test_plain_line_names_phase_goal_incumbent_bound_gap_and_elapsed() -> None:
    text = shown(Progress("solve", 75.2, goal="owed", incumbent=200.0, bound=199.0))
    for part in ("solving", "Still owed", "incumbent 200", "bound 199", "gap 0.50 %", "1:15"):
        assert part in text


def test_plain_line_is_chinese_when_asked() -> None:
    assert "求解" in shown(Progress("solve", 1.0), lang="zh")


def test_plain_lines_of_one_phase_come_at_most_every_ten_seconds() -> None:
    steps = [
        Progress("solve", second / 2) for second in range(50)
    ]  # 0 to 24.5 s in half seconds: speaks near 0, 10 and 20.
    assert len(shown(*steps).splitlines()) == 3


def test_plain_line_comes_at_once_when_the_phase_changes() -> None:
    assert len(shown(Progress("read", 0.1), Progress("solve", 0.2), Progress("audit", 0.3)).splitlines()) == 3


def test_nothing_is_shown_when_silent() -> None:
    assert shown(Progress("solve", 1.0), silent=True) == ""


def test_terminal_keeps_a_line_for_every_finished_phase() -> None:
    text = shown(Progress("read", 0.5), Progress("solve", 1.5), terminal=True)
    assert "reading" in text
    assert "1.5 s" in text


def test_terminal_gets_its_cursor_back_when_the_process_leaves_at_once() -> None:
    output = io.StringIO()
    with Display("en", console=Console(file=output, force_terminal=True)) as display:
        assert output.getvalue().endswith("\x1b[?25l")
        display.leave()
        assert output.getvalue().endswith("\x1b[?25h")


def test_unknown_phase_is_shown_by_its_name() -> None:
    assert "polish" in shown(Progress("polish", 1.0))


def test_every_phase_of_the_program_has_a_text() -> None:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    phases = {
        phase for source in sources for phase in re.findall(r'(?:\bclock\.say|\bProgress)\(\s*"([a-z-]+)"', source)
    }
    assert {"read", "solve", "dates", "audit", "write"} <= phases
    assert {phase for phase in phases if f"talk.phase-{phase}" not in catalogue()} == set()


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1:00"), (3600, "1:00:00")])
def test_clock_reads_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
    assert clock(seconds, "zh") == text.replace("s", "秒")


def test_progress_counts_in_the_language_of_the_reader() -> None:
    text = shown(Progress("read", 0.5), Progress("solve", 1.5), lang="zh")
    assert "1.5 秒" in text and " s" not in text


def test_defect_names_its_place_and_the_next_step() -> None:
    defect = Defect("cadres.csv", 17, "rank", "'G-7' is not a rank", "did you mean 'G7'?")
    assert defect_lines(defect, Texts("en")) == [
        "cadres.csv:17:rank: 'G-7' is not a rank",
        "    hint: did you mean 'G7'?",
    ]


def test_defect_of_a_whole_file_names_the_file_only() -> None:
    assert defect_lines(Defect("cadres.csv", 0, "", "the file is empty"), Texts("en")) == [
        "cadres.csv: the file is empty"
    ]


def test_defect_is_chinese_when_chinese_is_asked() -> None:
    defect = Defect(
        "cadres.csv", 17, "rank", Message("defect.empty-cell", column=heading("rank")), Message("hint.digits")
    )
    assert defect_lines(defect, Texts("zh")) == [
        "cadres.csv:17:职级（rank）: 单元格是空的，但“职级（rank）”必须填写", "    建议: 只写数字，例如 12 或 7.5",
    ]  # fmt: skip
