"""What the library of the command line says around our texts: help pages and mistakes of a call, in Chinese."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import pytest
import typer
from typer import rich_utils
from typer.testing import CliRunner

from allocator.cli import help_language
from allocator.cli.app import app
from allocator.language.message import catalogue, family, render


@pytest.fixture(autouse=True)
def _wide_english_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_MESSAGES", "LANG", "ALLOCATOR_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")


COMMANDS = list(getattr(typer.main.get_command(app), "commands"))  # noqa: B009 - which kind of command it is, is the library's own.


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


sample = help_language.App()  # Every sort of option the library has a sentence for, also those of no command of ours.


@sample.command()
def first(
    size: Annotated[Size, typer.Argument(metavar="SIZE")],
    share: Annotated[float, typer.Option("--share", min=0, max=1)] = 0.5,
    count: Annotated[int, typer.Option("--count")] = 1,
    kind: Annotated[Size, typer.Option("--kind", envvar="SAMPLE_KIND")] = Size.SMALL,
    text: Annotated[str, typer.Option("--text")] = "",
    switch: Annotated[bool, typer.Option("--switch")] = False,
    least: Annotated[int, typer.Option("--least", min=0)] = 1,
    weight: Annotated[float, typer.Option("--weight")] = 1,
) -> None:
    if text == "refused":
        raise typer.BadParameter("因为")
    typer.echo([size, share, count, kind, switch, least, weight])


@sample.command()
def second(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    size: Annotated[Size, typer.Option("--size")],
    out: Annotated[str, typer.Option("--out")],
) -> None:
    typer.echo([name, size, out])


MISTAKES = [
    ("frst small", "没有 'frst' 这个命令。您要的是不是 'first'？"),
    ("zzz", "没有 'zzz' 这个命令。"),
    ("--nothing", "没有 --nothing 这个选项。"),
    ("first", "缺少参数 'SIZE'，可选：small, large"),
    ("second", "缺少参数 'NAME'。"),
    ("second a", "缺少选项 '--size'，可选：small, large"),
    ("second a --size small", "缺少选项 '--out'。"),
    ("first small --txt a", "没有 --txt 这个选项。相近的选项有：--text"),
    ("first small more and more", "多出了不认识的参数：more and more"),
    ("first small --switch=1", "选项 '--switch' 后面不带值。"),
    ("first small --text", "选项 '--text' 后面要写一个值。"),
    ("first small --share much", "'--share' 的值不对：应为数字"),
    ("first small --share 2", "'--share' 的值不对：不能大于 1"),
    ("first small --share -1", "'--share' 的值不对：不能小于 0"),
    ("first small --count 1.5", "'--count' 的值不对：应为整数"),
    ("first tall", "'SIZE' 的值不对：'tall' 不在可选的 'small', 'large' 之中"),
    ("first small --kind tall", "'--kind'（环境变量 'SAMPLE_KIND'）的值不对：'tall' 不在可选的 'small', 'large' 之中"),
    ("first small --text refused", "值不对：因为"),
]


@pytest.mark.parametrize(("line", "sentence"), MISTAKES)
def test_mistake_of_a_call_is_told_in_chinese(line: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    result = CliRunner().invoke(sample, line.split())
    assert result.exit_code == 2
    assert f" {sentence} " in result.stderr
    assert not re.search("Usage|Error|Try|Missing|Invalid|such", result.stderr)


@pytest.mark.parametrize(("line", "sentence"), MISTAKES)
def test_mistake_of_a_call_is_told_in_english_in_the_words_of_the_library(line: str, sentence: str) -> None:
    result = CliRunner().invoke(sample, line.split())
    assert result.exit_code == 2
    assert "Error" in result.stderr and sentence not in result.stderr


def test_every_sentence_of_the_catalogue_is_still_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update of the library this shows which sentences are worded anew and so would come in English."""
    found: set[str] = set()

    def noted(code: str, *rest: object) -> str:
        found.add(code)
        return render(code, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(help_language, "render", noted)
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    for line in [*(line for line, _ in MISTAKES), "--help", "first --help", "second --help"]:
        CliRunner().invoke(sample, line.split())
    CliRunner().invoke(app, ["--lang", "zh"])
    for command in COMMANDS:
        CliRunner().invoke(app, [command, "--help"])
    constants = {*help_language.PANELS.values(), *help_language.TEMPLATES.values(), "frame.try-help"}
    sentences = set(family("frame"))
    assert sentences - found - constants == set()


@pytest.mark.parametrize(("name", "code"), [*help_language.PANELS.items(), *help_language.TEMPLATES.items()])
def test_words_of_the_library_are_those_it_has(name: str, code: str) -> None:
    assert re.sub(r"{\w+}", "{}", catalogue()[code]["en"]) == getattr(rich_utils, name)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_page_has_chinese_frames_only_and_switches_show_no_type(command: str) -> None:
    page = CliRunner().invoke(app, ["--lang", "zh", *([command] if command else []), "--help"]).stdout
    assert "用法：" in page and "─ 选项 ─" in page and "显示本说明。" in page
    assert not re.search(
        r"Usage|OPTIONS|Options ─|Arguments|Commands ─|default:|required|env var|this message|<[a-z ]+>", page
    )
    english = CliRunner().invoke(app, ["--lang", "en", *([command] if command else []), "--help"]).stdout
    assert "Usage: " in english and "─ Options ─" in english and "Show this message and exit." in english
    assert "<bool>" not in page + english


def page_of(command: str, lang: str) -> str:
    return CliRunner().invoke(app, ["--lang", lang, *([command] if command else []), "--help"]).stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_page_is_in_one_language(command: str) -> None:
    chinese, english = page_of(command, "zh"), page_of(command, "en")
    assert re.search("[\u4e00-\u9fff]", english) is None
    sentences = re.findall(r"[A-Za-z]+,? [a-z]+,? [a-z]+", chinese.partition("示例：")[0])
    assert sentences == []
    assert f"示例：allocator {command} " in chinese or not command
    assert f"Example: allocator {command} " in english or not command


def test_help_text_is_divided_at_the_first_chinese_sign() -> None:
    text = "Plan SCENARIO and\nwrite. 编制情景 SCENARIO，\n\nCtrl-C stops.\n按 Ctrl-C 停止；\n再按则退出。"
    assert help_language.half(text, "en") == "Plan SCENARIO and write.\n\nCtrl-C stops."
    assert help_language.half(text, "zh") == "编制情景 SCENARIO，\n\n按 Ctrl-C 停止；再按则退出。"
    assert help_language.half("Years. “年度”一项。", "zh") == "“年度”一项。"
    assert help_language.half("English only", "zh") == "English only"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan --lang zh", "缺少参数"),
        ("--lang zh plan", "缺少参数"),
        ("plan --lang=zh", "缺少参数"),
        ("plan --lang en --lang zh", "缺少参数"),
        ("--lang zh plan --lang en", "Missing argument"),
        ("plan", "Missing argument"),
        ("plan --lang", "requires an argument"),
        ("plan a.toml -- --lang zh", "extra argument"),
    ],
)
def test_language_may_be_asked_for_anywhere_on_the_line(line: str, expected: str) -> None:
    assert expected in CliRunner().invoke(app, line.split()).stderr


def test_language_in_front_of_the_command_is_that_of_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOCATOR_LANG", "en")
    assert "没有文件" in CliRunner().invoke(app, ["--lang", "zh", "check", "nowhere.toml"]).stderr


def test_language_of_one_call_is_gone_in_the_next() -> None:
    CliRunner().invoke(app, ["plan", "--lang", "zh"])
    assert "Missing argument" in CliRunner().invoke(app, ["plan"]).stderr


def test_unknown_language_is_refused_in_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["check", "a.toml", "--lang", "fr"])
    assert result.exit_code == 2 and "'fr'" in result.stderr
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    result = CliRunner().invoke(app, ["check", "a.toml", "--lang", "fr"])
    assert "“fr”" in result.stderr and "的值不对" in result.stderr


def test_program_alone_shows_its_help_in_the_language_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    result = CliRunner().invoke(app, [])
    assert "用法：" in result.output and "命令有误" not in result.output


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_no_word_of_a_help_page_is_cut_off(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = re.sub(r"\S+ …|…\}?\.\.\.", "", CliRunner().invoke(app, [*command.split(), "--help", "--lang", "zh"]).output)
    assert "…" not in page.replace("RUN …", "").replace("SCENARIO …", "")
