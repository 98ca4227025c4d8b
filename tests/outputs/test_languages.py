"""What readers of one language get: nothing in the other but what only the data can say, and their own marks between words."""

import io
import re
from functools import cache
from html.parser import HTMLParser

import openpyxl
import pytest

from allocator.language.texts import Texts
from allocator.outputs.dispatch import dispatch
from allocator.outputs.output_data import Material
from allocator.outputs.page import page
from allocator.outputs.summary import text
from allocator.outputs.units import unit_contents
from allocator.outputs.units.calendars import calendar
from allocator.outputs.units.workbook import workbook
from tests.outputs.builders import run

CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
KINDS = ("dispatch", "unit", "calendar", "notice", "people", "page", "summary")
MARK_OF_THE_OTHER = r"[\u4e00-\u9fff）”][,;:!?()]|[,;:!?(][\u4e00-\u9fff“]"


@cache
def made_of(lang):
    # Somebody of the same name as another is called with the id, and a rule that nobody keeps names who misses.
    return Material(*run(3, name="张1", without=[("school-2020", 1)]).parts, Texts(lang))


def cells(content):
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        yield from (str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)
        yield sheet.title


class Shown(HTMLParser):
    """Texts of the page in one language."""

    def __init__(self, lang):
        super().__init__()
        self.lang, self.texts, self.hidden = lang, [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "input", "rect", "path", "br"):
            own = dict(attrs)
            other = tag in ("script", "style", "button") or own.get("data-lang", self.lang) != self.lang
            self.hidden.append(other or bool(self.hidden and self.hidden[-1]))

    def handle_endtag(self, tag):
        if tag not in ("meta", "link", "input", "rect", "path", "br"):
            self.hidden.pop()

    def handle_data(self, data):
        if not (self.hidden and self.hidden[-1]):
            self.texts.append(data)


@cache
def outputs(lang):
    """Every text of the outputs of a run in one language, by output."""
    made = made_of(lang)
    texts = made.texts
    unit = next(iter(unit_contents(made)))
    parser = Shown(texts.lang)
    parser.feed(page(made))
    lines = calendar(unit, 2019).decode().replace("\r\n ", "").splitlines()
    inputs, plan, audit, result = made.inputs, made.plan, made.audit, made.result
    return {
        "dispatch": [one for year in made.inputs.years for one in cells(dispatch(made, year))],
        "unit": list(cells(workbook(unit, texts("font"), texts("dispatch.footer")))),
        "calendar": [
            line.partition(":")[2] for line in lines if line.startswith(("SUMMARY", "DESCRIPTION", "LOCATION"))
        ],
        "notice": [value for notice in unit.notices for value in notice.fields.values()],
        "people": [value for notice in unit.notices for person in notice.people for value in person.values()],
        "page": parser.texts,
        "summary": text(inputs, plan, audit, result, lang=texts.lang).splitlines(),
    }


def of_the_data(made):
    """What only the data say: people, what has no English name, clauses; the longest first."""
    inputs = made.inputs
    named = [table.loc[table["name_en"] == "", "name"] for table in (inputs.units, inputs.programmes)]
    found = {*inputs.cadres["name"], *inputs.programmes["host_id"], *(name for names in named for name in names)}
    found |= {rule.clause for rule in inputs.policy.rules if rule.clause}
    return sorted(found, key=len, reverse=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_output_is_left_out(lang):
    assert tuple(outputs(lang)) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_english_outputs_hold_no_chinese_but_the_data(kind):
    made = made_of("en")
    known = re.compile("|".join(map(re.escape, of_the_data(made))))
    assert [one for one in outputs("en")[kind] if re.search(CHINESE, known.sub("", one))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_chinese_outputs_hold_no_marks_of_the_other_language(kind):
    made = made_of("zh")
    clauses = re.compile("|".join(re.escape(rule.clause) for rule in made.inputs.policy.rules if rule.clause))
    shown = outputs("zh")[kind]
    assert shown and [one for one in shown if re.search(MARK_OF_THE_OTHER, clauses.sub("", one))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_chinese_outputs_hold_no_english_words_but_ids(kind):
    made = made_of("zh")
    inputs = made.inputs
    ids = {
        inputs.scenario.id,
        inputs.scenario.seed,
        inputs.policy.id,
        *inputs.hashes,
        "SHA-256",
        "BLAKE2b",
        "allocator",
    }
    ids |= {*inputs.sessions["session_id"], *inputs.programmes["programme_id"], *inputs.cadres["team_id"]} - {""}
    ids |= {
        *inputs.notes,
        *made.result.messages,
        *inputs.programmes["host_group"],
        *(r.id for r in inputs.policy.rules),
    }
    known = re.compile("|".join(map(re.escape, sorted(ids, key=len, reverse=True))) + r"|[0-9a-f]{16,}")
    assert [one for one in outputs("zh")[kind] if re.search("[A-Za-z]{3,}", known.sub("", one))] == []
