"""The page for leaders: every figure is one of the run, hostile texts stay text, both languages are inside."""

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from allocator.audit import audit
from allocator.domain.plan import Plan
from allocator.domain.tables import Policy
from allocator.language.texts import LANGUAGES, Texts
from allocator.outputs.output_data import Material
from allocator.outputs.page import page
from allocator.outputs.page.overview import bar_width, ratio, steps
from allocator.outputs.verdicts import tightest
from allocator.outputs.weekly_load import weekly_load
from tests.outputs.builders import run
from tests.outputs.page.pages import PERSON, POST, PROGRAMME, UNIT, breached, hostile, material


class Parsed(HTMLParser):
    """The tags of a page, the text of its scripts, and the cells of the rows of each section in each language."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.rows, self.texts = [], [], {}, []
        self._section, self._cell, self._raw = "", False, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self._raw = tag if tag in ("script", "style") else ""
        if tag == "script":
            self.scripts.append([attrs, ""])
        elif tag == "section":
            self._section = attrs.get("aria-labelledby", "")
        elif tag == "tr":
            self.rows.setdefault(self._section, []).append([])
        elif tag in ("td", "th"):
            self.rows[self._section][-1].append("")
            self._cell = True

    def handle_endtag(self, tag):
        self._raw = ""
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data):
        if self._raw == "script":
            self.scripts[-1][1] += data
        elif not self._raw:
            self.texts.append(data)
            if self._cell:
                self.rows[self._section][-1][-1] += data

    def block(self, name):
        return json.loads(next(text for attrs, text in self.scripts if attrs.get("id") == name))

    def table(self, section):
        """Rows of a section, cells without white space at the ends."""
        return [[" ".join(cell.split()) for cell in row] for row in self.rows[section]]


@pytest.fixture(scope="module")
def made():
    return breached()


@pytest.fixture(scope="module", params=LANGUAGES)
def lang(request):
    return request.param


@pytest.fixture(scope="module")
def parsed(made):
    return Parsed(page(material(made)))


# ---------------------------------------------------------------- every figure is one of the run


def test_goals_are_those_of_the_result(made, parsed, lang):
    texts = Texts(lang)
    rows = parsed.table(f"{lang}-proof")[1:]
    assert [row[1:4] for row in rows] == [
        [texts.number(goal.value), texts.number(goal.bound), "—" if goal.gap is None else texts.percent(goal.gap)]
        for goal in made.result.goals
    ]
    # 0 of 0 is proven; 100 against 99.5 is not; without bound or value nothing can be said.
    codes = ("proven", "open", "no-bound", "none")
    assert [row[4].split(" ", 1)[1] for row in rows] == [texts(f"verdict.{code}") for code in codes]


def test_run_is_named_with_hash_seed_and_files(made, parsed):
    text = "\n".join(parsed.texts)
    assert made.plan.sha256 in text and made.inputs.scenario.seed in text
    assert "cadres.csv" in text and "0" * 64 in text


def test_every_rule_stands_once_with_what_it_required_and_achieved(made, parsed, lang):
    texts = Texts(lang)
    expected = []
    for verdict in made.audit.verdicts:
        finding = verdict.finding
        if finding.achieved is not None:
            status = texts(f"status.{verdict.status}")
            expected.append([texts.number(finding.required), texts.number(finding.achieved), status])
    rows = parsed.table(f"{lang}-clauses")[1:]
    assert [[row[3], row[4], row[7].split()[1]] for row in rows] == expected
    shown = [attrs["id"] for tag, attrs in parsed.tags if tag == "tr" and "data-status" in attrs]
    assert [name for name in shown if name.startswith(f"{lang}-rule-")] == [
        f"{lang}-rule-{v.rule_id}" for v in made.audit.verdicts if v.finding.achieved is not None
    ]


def test_breach_is_said_in_words_and_marks(made, parsed):
    assert made.audit["school"].is_breached and made.audit["fifth"].is_breached
    row = next(row for row in parsed.table("en-clauses") if row[1].startswith("School places"))
    assert row[7] == "✗ breached short by 9" and row[6] == "43.75 %"  # 2 + 2 + 1 + 2 of 4 a year
    assert any("Hard rules breached: 2." in text for text in parsed.texts)


def test_quotas_are_the_auditors_counts_and_carry_a_cross_outside(parsed):
    rows = {row[0].split()[0]: row[1:] for row in parsed.table("en-quotas")[1:]}
    # Two counties send one each year, a group of three goes to the base; the school wants 4 and has no band.
    assert rows["School"] == ["≈4", "✗ 2", "✗ 2", "✗ 1", "✗ 2"]
    assert rows["At"] == ["≥2", "3", "3", "3", "3"]


def test_quota_carries_a_cross_above_its_most_too():
    rows = {row[0].split()[0]: row[1:] for row in Parsed(page(material(run(counties=5)))).table("en-quotas")[1:]}
    assert rows["School"] == ["≈4", "✗ 5", "✗ 5", "✗ 5", "✗ 5"]
    assert rows["At"] == ["≥2", "3", "3", "3", "3"]


def test_teams_are_counted_and_the_lowest_named(made, parsed):
    rows = parsed.table("en-teams")[1:]
    assert [row[-1] for row in rows] == ["2/2", "2/2", "✗ 1/2", "2/2"]
    lowest = tightest(material(made).floors)
    assert (lowest["group"], lowest["year"]) == ("0410101-team", 2021)
    text = " ".join(" ".join(parsed.texts).split())
    assert "County 2 (0410101-team) 2021: 0 of 5 people (0 %), 1 required ✗" in text


def test_hosts_show_their_fullest_week(made, parsed):
    weeks, load = weekly_load(material(made))
    total = load.sum(axis=0)
    first = parsed.table("en-hosts")[1]
    assert first[2:] == [str(total.max()), weeks[int(total.argmax())].isoformat(), str(total.sum())]
    assert len(parsed.table("en-hosts")) == 2 + len(load)


def test_steps_draw_each_week_at_its_height():
    assert steps(np.array([0, 2, 2, 1])) == "M0 100H1V0H3V50H4V100Z"
    assert steps(np.array([0, 0])) == "M0 100H2V100Z"


def test_bar_stops_at_its_end_and_ratio_never_rounds_up():
    assert [bar_width(share) for share in (-1.0, 0.5, 1.0, 9.0)] == [0.0, 50.0, 100.0, 125.0]
    assert ratio(4999 / 5000) == "99.98 %" and ratio(0.999999) == "99.99 %" and ratio(0.29) == "29 %"


def test_waiting_counts_everybody_before_and_after():
    rows = Parsed(page(material(run()))).table("en-waiting")
    # In both counties member y goes in year y and the fifth never; nobody has a record before the plan.
    assert [row[1:] for row in rows[1:8]] == [["0", n] for n in "222200"] + [["10", "2"]]
    assert [row[0] for row in rows[9:11]] == ["0000004", "0000009"] and rows[9][4] == "never on record"


# ---------------------------------------------------------------- the data of the search


def rebuilt(data):
    """The placements that the data of the search describe."""
    rows, seat = [], 0
    for person, count in enumerate(data["seats"]["count"]):
        for _ in range(count):
            session = data["seats"]["session"][seat]
            rows.append((
                data["people"]["id"][person], data["units"]["id"][data["people"]["unit"][person]],
                data["sessions"]["id"][session], data["seats"]["more"].get(str(seat), 1),
            ))  # fmt: skip
            seat += 1
    return rows


def test_search_holds_the_whole_plan_and_nothing_else(made, parsed):
    plan = made.plan.placements
    columns = ("cadre_id", "unit_id", "session_id", "headcount")
    assert sorted(rebuilt(parsed.block("data"))) == sorted(zip(*(plan[c] for c in columns), strict=True))


def test_search_holds_what_is_owed_and_overdue(made, parsed):
    data = parsed.block("data")
    owed, overdue = data["owed"], data["overdue"]
    ids = data["people"]["id"]
    assert sorted((ids[p], hours) for p, hours in zip(owed["person"], owed["hours"], strict=True)) == sorted(
        zip(made.audit.owed["cadre_id"], made.audit.owed["owed"], strict=True)
    )
    assert sorted((ids[p], year) for p, year in zip(overdue["person"], overdue["year"], strict=True)) == sorted(
        zip(made.audit.overdue["cadre_id"], made.audit.overdue["year"], strict=True)
    )
    assert len(made.audit.owed) and len(made.audit.overdue)


def test_search_holds_the_floors_of_the_teams(made, parsed):
    data = parsed.block("data")
    floors = data["floors"]
    found = zip(*(floors[c] for c in ("team", "year", "required", "achieved")), strict=True)
    own = material(made).floors.sort_values(["group", "year"])
    assert [(data["teams"][team], *figures) for team, *figures in found] == list(
        own[["group", "year", "required", "achieved"]].itertuples(index=False, name=None)
    )


def test_unknown_people_and_sessions_of_a_plan_file_are_left_out(made):
    odd = made.plan.placements.head(2).assign(cadre_id=["nobody", "0000000"], session_id=["school-2019", "nowhere"])
    plan = Plan(pd.concat([made.plan.placements, odd], ignore_index=True))
    own = Material(made.inputs, plan, audit(plan, made.inputs), None, Texts("en"))
    data = Parsed(page(own)).block("data")
    assert len(rebuilt(data)) == len(made.plan.placements)


# ---------------------------------------------------------------- one file, safe, in both languages


def test_hostile_texts_stay_text():
    text = page(material(hostile()))
    parsed = Parsed(text)
    data = parsed.block("data")
    assert len(parsed.scripts) == 4 and not [tag for tag, _ in parsed.tags if tag in ("img", "iframe", "object")]
    assert not [attrs for _, attrs in parsed.tags if any(name.startswith("on") for name in attrs)]
    assert PERSON in data["people"]["name"] and UNIT in data["units"]["zh"] and PROGRAMME in data["programmes"]["en"]
    assert POST in data["posts"]["en"]
    shown = " ".join(parsed.texts)
    assert all(name in shown for name in (PERSON, UNIT, POST))  # Who waits and which team is lowest is named.


def test_page_names_nothing_outside_itself(made):
    parsed = Parsed(page(material(made)))
    for tag, attrs in parsed.tags:
        assert "src" not in attrs and "style" not in attrs and tag != "base"
        assert attrs.get("href", "#").startswith("#") or attrs["href"] == "data:,"


def test_policy_of_the_page_allows_its_own_style_and_script_only(made):
    text = page(material(made))
    rule = next(attrs["content"] for tag, attrs in Parsed(text).tags if attrs.get("http-equiv"))
    assert rule.startswith("default-src 'none';") and "unsafe" not in rule and "http" not in rule
    for tag in ("style", "script"):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert len(content) == 1 and f"{tag}-src 'sha256-{digest}'" in rule


def test_script_makes_no_markup_and_template_trusts_no_data():
    files = resources.files("allocator.outputs.page")
    script = files.joinpath("page.js").read_text(encoding="utf-8")
    for word in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "Function(",
        "</",
    ]:
        assert word not in script
    template = files.joinpath("page.html.jinja").read_text(encoding="utf-8")
    assert "|safe" not in template and "autoescape" not in template


def test_first_language_is_shown_and_the_other_hidden(made, lang):
    text = page(material(made, lang))
    tags = Parsed(text).tags
    assert dict(tags)["html"]["lang"].startswith(lang)
    parts = [attrs for _, attrs in tags if "data-lang" in attrs]
    assert {attrs["data-lang"] for attrs in parts} == set(LANGUAGES)
    assert all(("hidden" in attrs) == (attrs["data-lang"] != lang) for attrs in parts)
    other = page(material(made, "en" if lang == "zh" else "zh"))
    # Both hold the same words; only the title in the head is in the first language.
    differing = Counter(Parsed(text).texts) - Counter(Parsed(other).texts)
    assert differing == Counter([{"zh": "虚构 2019–2022", "en": "Invented 2019–2022"}[lang]])


def test_same_run_gives_the_same_page(made):
    assert page(material(made)) == page(material(made))


def test_page_without_result_rules_or_people_still_opens(lang):
    inputs, plan, *_ = run().parts
    inputs = replace(
        inputs, policy=Policy(id="empty", title="Empty", title_zh="空", rules=()), cadres=inputs.cadres.iloc[:0],
        sessions=inputs.sessions.iloc[:0], segments=inputs.segments.iloc[:0],
    )  # fmt: skip
    plan = Plan(plan.placements.iloc[:0])
    parsed = Parsed(page(Material(inputs, plan, audit(plan, inputs), None, Texts(lang))))
    assert Texts(lang)("page.not-solved") in parsed.texts
    assert rebuilt(parsed.block("data")) == []
