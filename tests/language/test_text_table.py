"""Lines of answers: aligned in a terminal, tables in a notebook and in Markdown, nothing lost and nothing taken for markup."""

from __future__ import annotations

import re
from html import unescape

import pytest
from rich.cells import cell_len

from allocator.language.text_table import Aligned, Table, html, markdown, wrapped

PEOPLE = Table(("", "人数", "unit"), [("名额 <b>", "1,234", "人"), ("seats_a|b", "7", "")], left=(0, 2))


def words_of(shown: str) -> str:
    """The words a browser shows, without their places."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())


def test_table_is_its_lines_and_knows_its_cells() -> None:
    assert PEOPLE.split("\n") == ["              人数  unit", "  名额 <b>   1,234  人", "  seats_a|b      7"]
    assert PEOPLE.titles == ("", "人数", "unit") and PEOPLE.rows[1] == ("seats_a|b", "7", "")


def test_column_begins_in_one_cell_also_below_chinese() -> None:
    first, *rest = (
        line[: line.index("|")] for line in Table(("a", "b"), [("名", "|"), ("xyz", "|")], left=(0, 1)).split("\n")[1:]
    )
    assert {cell_len(line) for line in rest} == {cell_len(first)}


def test_table_cuts_what_is_wider_than_its_widest_but_not_the_last_column_nor_in_a_notebook() -> None:
    table = Table(["key", "outcome"], [["k" * 20, "x" * 50]], left=(0, 1), widest=8)
    assert table.split("\n")[1] == "  kkkkkkk…  " + "x" * 50
    assert "k" * 20 in html([table]) and "k" * 20 in markdown([table])


def test_heading_goes_on_in_the_next_line() -> None:
    assert wrapped("公平（等待时间）（年）", 12) == ["公平", "（等待时间）", "（年）"]
    table = Table(("key", "Quota shortfall (people)"), [("a", "1")], head=12)
    assert table.split("\n") == ["           Quota", "       shortfall", "  key   (people)", "  a            1"]


@pytest.mark.parametrize("rows", [[], [("a", "1")]])
def test_table_may_have_no_rows(rows: list[tuple[str, str]]) -> None:
    assert len(Table(("", "n"), rows).split("\n")) == 1 + len(rows)


def test_html_says_every_word_and_takes_none_for_markup() -> None:
    shown = html(["■ Why <N4>", "  a & b", "    · deep\n    · deeper", "", PEOPLE, Aligned("x  中文\n<y>")])
    assert words_of(shown) == "■ Why <N4> a & b · deep · deeper 人数 unit 名额 <b> 1,234 人 seats_a|b 7 x 中文 <y>"
    assert shown.count("<tr>") == 3 and shown.count("<th ") == 3


def test_html_sets_lines_in_by_their_blanks_and_numbers_to_the_right() -> None:
    shown = html(["  near", "    deep", PEOPLE])
    near, deep = (float(one) for one in re.findall(r"padding-left:([\d.]+)em", shown))
    assert near < deep
    assert '<td style="text-align:right">1,234</td>' in shown and '<td style="text-align:left">人</td>' in shown


def test_html_gives_wide_characters_two_cells_in_lines_that_blanks_align() -> None:
    shown = html([Aligned("名额  7")])
    assert re.search(r'<pre [^>]*><span style="letter-spacing:calc\(2ch - 1em\)">名额</span>  7</pre>', shown)


def test_markdown_has_headings_lists_and_tables_and_escapes_what_it_would_read() -> None:
    shown = markdown(["■ Why *N4*", "  a_b", "    · deep", PEOPLE, Aligned("x *y*")])
    assert shown.split("\n") == [
        "", r"**■ Why \*N4\***", "", r"- a\_b", "  - deep",
        "", "|  | 人数 | unit |", "| :-- | --: | :-- |", r"| 名额 \<b\> | 1,234 | 人 |", r"| seats\_a\|b | 7 |  |", "",
        "", "```text", "x *y*", "```", "",
    ]  # fmt: skip
