"""The catalogue of what the program says: complete in both languages, every code used, nothing said outside of it."""

from __future__ import annotations

import ast
import copy
import json
import locale
import pickle
import re
import string
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import allocator
from allocator.cli.app import app
from allocator.cli.help_language import half
from allocator.domain.errors import Defect, InputError, ModelError, UnknownRuleError
from allocator.language.message import (
    LANGUAGES,
    OUTPUTS,
    Message,
    catalogue,
    filled,
    from_record,
    language,
    listing,
    quoted,
    said,
)
from allocator.language.texts import Texts

PACKAGE = Path(allocator.__file__).parent
TREES = {path.relative_to(PACKAGE): ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}

PUT_TOGETHER = ("talk.phase-", "talk.code-", "talk.check-", "unit.", "meaning.", "frame.", "value.")
"""Codes put together from the name of a phase, an exit code, a severity, a measure, a value, or found by their English text."""


def fields(text: str) -> set[str]:
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def calls() -> Iterator[tuple[Path, ast.Call, str, bool]]:
    """File, call, code, and whether all parameters are written out, of every sentence the program says."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            is_ours = name == "Message" or (name in ("texts", "_texts") and path.parts[0] != "inputs")
            if is_ours and isinstance(first, ast.Constant):
                yield path, node, str(first.value), all(word.arg for word in node.keywords)


def test_every_text_exists_in_both_languages_with_the_same_parameters() -> None:
    assert len(catalogue()) > 1000
    wrong = []
    for code, entry in catalogue().items():
        if set(entry) != set(LANGUAGES) or not all(text.strip() for text in entry.values()):
            wrong.append(f"{code} is not there in both languages")
            continue
        given_by_language = set(LANGUAGES)  # Parameters of these names are texts of the data in that language.
        if fields(entry["zh"]) - given_by_language != fields(entry["en"]) - given_by_language:
            wrong.append(f"{code} has other parameters in the other language")
    assert wrong == []


def test_chinese_texts_are_chinese_and_english_texts_are_english() -> None:
    wrong = []
    for code, entry in catalogue().items():
        chinese, english = (re.sub(r"\{[^}]*\}", "", entry[lang]) for lang in LANGUAGES)
        if (
            re.search(r"[A-Za-z]{3}", english)
            and not code.endswith("font")
            and not re.search(r"[\u4e00-\u9fff]", chinese)
        ):
            wrong.append(f"the Chinese text of {code} has no Chinese in it")
        words = re.sub(r"'?（?\(?[\u4e00-\u9fff/、, ]+\)?）?'?", "", english) if "hint" in code else english
        if re.search(r"[\u4e00-\u9fff]", words):
            wrong.append(f"the English text of {code} has Chinese in it")
    assert wrong == []


ONE = re.compile(r"(?<![\d.,:/-])1 ((?:[a-z-]+ ){0,3}?)([a-z-]*[^s\W]s|misses|classes|people|are|have|do|were|owe)\b")
"""One, and within three words what looks like many."""

SINGULAR = {
    "is",
    "was",
    "has",
    "does",
    "its",
    "this",
    "us",
    "as",
    "always",
    "gives",
    "owes",
    "waits",
    "attends",
    "reaches",
    "seems",
    "touches",
    "holds",
    "comes",
    "plans",
    "goes",
    "contains",
    "ends",
    "appears",
    "requires",
    "names",
    "sends",
    "gets",
    "settles",
    "states",
    "makes",
    "lacks",
    "exists",
    "becomes",
    "happens",
    "occurs",
    "reports",
    "needs",
    "follows",
    "lies",
    "reads",
}
"""What ends like many, and is not: verbs that speak of one."""


def test_english_text_has_no_plural_behind_a_one() -> None:
    wrong = []
    for code, entry in catalogue().items():
        names = fields(entry["en"])
        for one in names:
            for figure in (
                1,
                "1",
            ):  # A number, and one in words; what stands in quotation marks is a value of the data.
                if f"{{{one}!q}}" in entry["en"] or (isinstance(figure, str) and re.search(rf"{{{one}:", entry["en"])):
                    continue
                text = filled(entry["en"], "en", {name: figure if name == one else 7 for name in names})
                wrong += [
                    f"{code}: {text}" for found in ONE.finditer(text)
                    if found[2] not in SINGULAR | (NAMES_DO if isinstance(figure, str) else set()) and not set(found[1].split()) & NO_COUNT
                ]  # fmt: skip
    assert wrong == [], "\n".join(wrong)


NAMES_DO = {"are", "have", "were"}
"""What may be said of a file or run that is called 1."""

NO_COUNT = {
    "merged",
    "several",
    "between",
    "will",
    "could",
    "of",
    "in",
    "to",
    "for",
    "by",
    "at",
    "than",
    "or",
    "and",
    "which",
    "that",
    "who",
    "may",
    "can",
    "must",
    "is",
    "are",
    "has",
    "does",
    "was",
    "if",
    "so",
    "but",
    "because",
}
"""Words behind which something else is spoken of: "1 of the sessions", "1 in 3 years"."""


def test_only_what_is_one_is_said_as_one() -> None:
    sentence = "{count:,} {unit} are missing, of {all} people"
    assert filled(sentence, "en", {"count": 1, "unit": "hours", "all": 21}) == "1 hour is missing, of 21 people"
    assert filled(sentence, "en", {"count": 1001, "unit": "hours", "all": 1}) == "1,001 hours are missing, of 1 person"
    assert filled(sentence, "zh", {"count": 1, "unit": "hours", "all": 1}) == "1 hours are missing, of 1 people"
    # A group, rule or file may be called 1, and somebody may be called "1 people".
    assert filled("{run} have changed: {name}", "en", {"run": "1", "name": "1 people"}) == "1 have changed: 1 people"
    assert (
        Texts("en")("summary.year", year=2019, people=1, seats="1", sessions=2) == "2019: 1 person, 1 seat, 2 sessions"
    )


def test_every_code_said_is_in_the_catalogue_with_its_parameters() -> None:
    wrong = []
    for path, node, code, is_whole in calls():
        if code not in catalogue():
            wrong.append(f"{path}:{node.lineno} says {code}, which the catalogue does not have")
        elif is_whole and {word.arg for word in node.keywords} != fields("".join(catalogue()[code].values())):
            wrong.append(f"{path}:{node.lineno} says {code} with other parameters")
    assert wrong == []


def test_every_text_is_used() -> None:
    said_codes = {code for _, _, code, _ in calls()}
    outputs = tomllib.loads(
        (PACKAGE / f"language/catalogue/{OUTPUTS}.toml").read_text(encoding="utf-8")
    ).keys()  # See test_texts.
    literals = {n.value for tree in TREES.values() for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    unused = {
        code for code in set(catalogue()) - outputs - said_codes - literals if not code.startswith(PUT_TOGETHER)
        and not (code.startswith(("talk.", "template.")) and code.partition(".")[2] in literals)
    }  # fmt: skip
    assert unused == set()
    assert len(said_codes) > 200  # The search itself works.


def test_codes_are_written_out_so_that_they_can_be_searched() -> None:
    made = [
        f"{path}:{node.lineno}" for path, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Message" and path.as_posix() != "language/message.py"
        and not (node.args and isinstance(node.args[0], ast.Constant))
    ]  # fmt: skip
    assert made == []


# Where Chinese may stand in Python: names of columns, sheets and values that users write, invented data, a developers' page.
DATA = {
    "audit/read_plan.py", "domain/tables.py", "inputs/tables/cells.py", "inputs/tables/headings.py",
    "outputs/figures/fonts.py", "outputs/excel/workbook.py", "inputs/annotate/styles.py",
    "register/events/kinds.py", "register/events/values.py", "register/attendance/read.py",
}  # fmt: skip
SPEAKERS = {
    "AllocatorError",
    "BadCellError",
    "BadParameter",
    "Defect",
    "FilterError",
    "ModelError",
    "OutputError",
    "defect",
    "note",
    "_refuse",
}
OF_THE_SOLVER = {
    "engine/solvers/integer_program.py",
    "engine/solvers/simplex.py",
}  # Technical words of the solver; see error.model.


def texts_of(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every text of a file that is neither documentation nor the help of an option, which is in both languages."""
    apart = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    apart |= {
        id(word.value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        for word in n.keywords
        if word.arg in ("help", "epilog")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield node


def test_no_chinese_is_said_outside_the_catalogue() -> None:
    said_outside = [
        f"{path}:{text.lineno} {text.value!r}" for path, tree in TREES.items() for text in texts_of(tree)
        if re.search("[\u4e00-\u9fff]", text.value) and path.as_posix() not in DATA and path.parts[0] != "sample_data"
    ]  # fmt: skip
    assert said_outside == []


def test_no_error_says_an_english_sentence_outside_the_catalogue() -> None:
    said_outside = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SPEAKERS:
                for given in (*node.args, *(word.value for word in node.keywords)):
                    parts = given.values if isinstance(given, ast.JoinedStr) else [given]
                    texts = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
                    if any(len(re.findall(r"[A-Za-z']+", text)) >= 2 and " " in text for text in texts):
                        said_outside.append(f"{path}:{node.lineno} {texts}")
    assert [one for one in said_outside if one.partition(":")[0] not in OF_THE_SOLVER] == []


def helps() -> list[tuple[str, str]]:
    """Every help text of the command line: of each command and each of its options and arguments."""
    program = typer.main.get_command(app)
    found = [("allocator", program.help or "")]
    for name, command in getattr(program, "commands", {}).items():
        found.append((name, command.help or ""))
        found += [(f"{name} {p.name}", getattr(p, "help", None) or "") for p in command.params if p.name != "help"]
    return found


def test_help_is_in_both_languages() -> None:
    assert len(helps()) > 100
    for place, text in helps():
        assert re.search("[\u4e00-\u9fff]", text) and re.search("[A-Za-z]{2}", text), place
        # The page shows one of them: of each line what stands before, or after, the first Chinese sign.
        english, chinese = half(text, "en"), half(text, "zh")
        assert english.endswith(".") and chinese.endswith("。"), place


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["--lang", "zh"], {"LC_ALL": "en_US.UTF-8", "ALLOCATOR_LANG": "en"}, "没有文件"),
        (["--lang", "en"], {"LC_ALL": "zh_CN.UTF-8", "ALLOCATOR_LANG": "zh"}, "there is no file"),
        ([], {"LC_ALL": "en_US.UTF-8", "ALLOCATOR_LANG": "zh"}, "没有文件"),
        ([], {"LC_ALL": "zh_CN.UTF-8"}, "没有文件"),
        ([], {"LC_ALL": "C"}, "there is no file"),
        ([], {"LC_ALL": "en_US.UTF-8"}, "there is no file"),
    ],
)
def test_command_line_speaks_the_language_asked_for_else_that_of_the_system(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "ALLOCATOR_LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["check", "nowhere.toml", *arguments])
    assert result.exit_code == 3
    assert expected in result.stderr


# ------------------------------------------------------------------ one message


def test_message_is_its_english_text_and_knows_the_chinese_one() -> None:
    message = Message("defect.unknown-id", thing=Message("word.cadre"), value="C 7", file="cadres.csv")
    assert message == "there is no cadre 'C 7' in cadres.csv"
    assert message.said("zh") == "cadres.csv 中没有这个人员编号：“C 7”"


def test_message_survives_copies_and_pickles() -> None:
    message = Message("defect.too-small", column="seats", least=1, value=0)
    for again in (copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert (again, again.said("zh")) == (message, message.said("zh"))


def test_message_goes_through_json_and_back() -> None:
    names = listing(map(quoted, ["a", "b", "c"]), 2)
    message = Message("defect.missing-sheet", name=np.str_("units"), titles=names)
    again = from_record(json.loads(json.dumps(message.as_record())))
    assert again == message == "there is no sheet 'units'; the workbook has 'a', 'b' … (3 in all)"
    assert said(again, "zh") == "没有名为“units”的工作表；工作簿中有 “a”、“b”……（共3个）"
    json.dumps(Message("defect.period-order", start=date(2019, 1, 1), end=np.int64(3)).as_record())


def test_message_of_another_version_is_read_back_as_its_english_text() -> None:
    assert from_record({"code": "word.gone", "parameters": {}, "en": "an old word", "zh": "旧词"}) == "an old word"


def test_values_between_chinese_quotation_marks_show_no_control_characters() -> None:
    assert quoted("a\x1b[31m\nb").said("zh") == "“a\\x1b[31m\\nb”"


def test_braces_in_a_value_are_not_filled_in() -> None:
    assert quoted("{value.__class__}").said("zh") == "“{value.__class__}”"


def test_what_an_exception_says_follows_the_language_and_its_log_stays_english() -> None:
    error = ModelError(Message("defect.no-years"))
    assert (str(error), error.said("zh")) == ("the horizon has no years", "规划年度是空的")
    failed = ModelError("it ended with status 7")
    assert (str(failed), said(failed, "zh")) == (
        "it ended with status 7",
        "求解未能进行，技术信息：it ended with status 7",
    )


def test_mistakes_shown_speak_the_language_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Defect("a.csv", 2, "rank", Message("defect.empty-file"), Message("hint.whole-number"), "empty-file")
    error = InputError([first, Defect("b.csv", 0, "", "anything")])
    english = "a.csv:2:rank: the file is empty\n    hint: write a whole number\nb.csv:0:: anything"
    chinese = "a.csv:2:rank: 文件是空的\n    建议: 请写整数\nb.csv:0:: anything"
    assert (error.said("en"), error.said("zh"), said(error, "zh")) == (english, chinese, chinese)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for lang, text in (("zh", chinese), ("en", english), ("fr", english), ("", english)):
        monkeypatch.setenv("ALLOCATOR_LANG", lang)
        assert str(error) == text == str(pickle.loads(pickle.dumps(error)))
        assert str(first) == text.rpartition("\n")[0]
    monkeypatch.setenv("ALLOCATOR_LANG", "zh")
    assert str(UnknownRuleError("a", ["b"])) == UnknownRuleError("a", ["b"]).said("zh") == "没有规则“a”；可用的有：b"


def test_defect_has_both_languages_in_its_record() -> None:
    defect = Defect("a.csv", 2, "rank", Message("defect.empty-file"), Message("hint.whole-number"), "empty-file")
    record = json.loads(json.dumps(InputError([defect]).defects[0].as_record()))
    assert (record["message"], record["message_zh"]) == ("the file is empty", "文件是空的")
    assert (record["hint"], record["hint_zh"]) == ("write a whole number", "请写整数")


# --------------------------------------------------------------- the language


@pytest.mark.parametrize(
    ("option", "environment", "system", "expected"),
    [
        ("en", {"LANG": "zh_CN.UTF-8"}, None, "en"),
        ("zh", {"LC_ALL": "C"}, None, "zh"),
        (None, {"LC_ALL": "zh_CN.UTF-8"}, None, "zh"),
        (None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, None, "en"),
        (None, {"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, None, "en"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "zh_TW.UTF-8", "LANG": "C"}, None, "zh"),
        (None, {"LANG": "C.UTF-8"}, None, "en"),
        (None, {}, "Chinese (Simplified)_China", "zh"),  # Windows sets no LANG.
        (None, {}, "zh_CN", "zh"),
        (None, {}, "German_Germany", "en"),
        (None, {}, None, "en"),
    ],
)
def test_language_follows_the_option_then_the_locale(
    monkeypatch: pytest.MonkeyPatch, option: str | None, environment: dict[str, str], system: str | None, expected: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(locale, "getlocale", lambda: (system, None))
    assert language(option) == expected


def test_no_text_leaves_it_open_whether_there_are_several() -> None:
    wrong = [code for code, entry in catalogue().items() if re.search(r"\w\(e?s\)", entry["en"])]
    assert [code for code in wrong if not code.startswith("frame.")] == []  # Those are sentences of the library.
