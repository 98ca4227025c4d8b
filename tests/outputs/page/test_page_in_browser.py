"""The page for leaders at work in a real browser: languages, search, print, and names that would like to be scripts."""

import json
import re
from contextlib import ExitStack

import pytest

from allocator.outputs.page import page
from tests.outputs.page import browser as chromium
from tests.outputs.page.pages import PERSON, UNIT, breached, changed, hostile, material


@pytest.fixture(scope="module")
def made():
    return breached()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if chromium.PROGRAM is None:
        pytest.skip("no Chromium is installed")
    folder = tmp_path_factory.mktemp("browser")
    (folder / "empty.html").write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
    with ExitStack() as open_programs:
        try:
            started = open_programs.enter_context(chromium.Browser(folder / "profile"))
            started.open(folder / "empty.html")
        except (OSError, TimeoutError) as error:  # Some packages lock the browser away from files like ours.
            pytest.skip(f"Chromium is installed but does not work here: {error}")
        yield started


@pytest.fixture(scope="module")
def file(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(material(made, "zh")), encoding="utf-8", newline="")
    return path


def written(folder, made, lang="zh"):
    path = folder / "报告.html"
    path.write_text(page(material(made, lang)), encoding="utf-8", newline="")
    return path


def text_of(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)}).innerText")


def look_up(browser, text):
    """Type into the search and press Enter."""
    browser.run("document.getElementById('query').value = ''; document.getElementById('query').focus()")
    browser.type(text)
    browser.press("Enter", 13, "\r")


def schedule(browser):
    rows = "Array.from(document.querySelectorAll('#schedule tbody tr')).map(r => Array.from(r.cells).map(c => c.innerText))"
    return text_of(browser, "#schedule h3"), browser.run(rows)


def assert_quiet(browser, path):
    """Nothing but the file itself was asked for, and the console is silent."""
    asked = [url for url in browser.requests if url != "data:,"]
    assert [url.partition("#")[0] for url in asked] == [path.as_uri()] and browser.complaints == []


def test_language_switches_with_mouse_and_keyboard(browser, file):
    browser.open(file)
    assert text_of(browser, "h1") == "虚构 2019–2022" and "总体情况" in text_of(browser, "main")
    browser.run("document.querySelector('[data-switch=en]').click()")
    assert browser.run("[document.documentElement.lang, document.title]") == ["en", "Invented 2019–2022"]
    assert text_of(browser, "h1") == "Invented 2019–2022"
    shown = text_of(browser, "body")
    assert "Totals" in shown and "总体情况" not in shown
    browser.run("document.querySelector('[data-switch=zh]').focus()")
    browser.press("Enter", 13, "\r")
    assert browser.run("document.documentElement.lang") == "zh-CN" and "总体情况" in text_of(browser, "main")
    assert_quiet(browser, file)


def test_unit_is_found_by_name_and_by_id(browser, file, made):
    browser.open(file)
    plan = made.plan.placements
    own = plan[plan["unit_id"] == "0410101"]
    for words in ("第2县", "0410101", " COUNTY 2 ", "０４１０１０１"):
        look_up(browser, words)
        heading, rows = schedule(browser)
        assert heading == "第2县（0410101）"
        members = {row[1]: row for row in rows if len(row) == 5}
        assert len(members) == 5
        for cadre_id, row in members.items():
            sessions = own.loc[own["cadre_id"] == cadre_id, "session_id"]
            assert re.findall(r"(?:school|base)-\d{4}", row[3]) == list(sessions)
        floors = [row[1:5] for row in rows if len(row) == 6]
        assert floors == [[str(y), "5", "1", "0" if y == 2021 else "1"] for y in made.inputs.years]
    assert_quiet(browser, file)


def test_person_is_found_by_id_and_says_why(browser, file, made):
    browser.open(file, "#lang=en")
    look_up(browser, "0000001")
    heading, rows = schedule(browser)
    assert heading == "张1 (0000001)"
    assert rows == [["2020", "2020-03-04 to 04-02", "Main class", "省委党校", "30", "school-2020",
                     material(made).reason("school;fifth")]]  # fmt: skip
    assert "550 hours: 325 hours owed by 2022" in text_of(browser, "#schedule")
    assert browser.run("document.activeElement.tagName") == "H3"


def test_group_shows_its_headcount(browser, file):
    browser.open(file, "#lang=en&find=G1")
    heading, rows = schedule(browser)
    assert heading == "村书记 (G1)" and len(rows) == 4 and "3 unnamed people" in rows[0][2]


def test_unit_with_nobody_and_a_vain_search_say_so(browser, file):
    browser.open(file, "#find=9")
    assert "名册中没有本单位的人员" in text_of(browser, "#schedule")
    look_up(browser, "没有这个单位")
    assert "没有找到" in text_of(browser, "#told")
    assert browser.run("document.getElementById('schedule').childElementCount") == 0


def test_several_matches_are_listed_and_chosen_by_keyboard(browser, file):
    browser.open(file)
    look_up(browser, "县")
    assert text_of(browser, "#told") == "单位 2 个"
    browser.run("document.querySelectorAll('#matches button')[1].focus()")
    browser.press("Enter", 13, "\r")
    assert schedule(browser)[0] == "第2县（0410101）"
    browser.run("document.getElementById('close').click()")
    assert browser.run("document.getElementById('results').hidden")


def test_names_twice_in_a_unit_are_told_apart_by_id(browser, made, tmp_path):
    cadres = made.inputs.cadres.copy()
    cadres.loc[[0, 1], "name"] = "𠮷田·买买提"
    file = written(tmp_path, changed(made, cadres=cadres))
    browser.open(file, "#find=0410100")
    _, rows = schedule(browser)
    assert [row[1] for row in rows if row[0] == "𠮷田·买买提"] == ["0000000", "0000001"]
    assert_quiet(browser, file)


def test_clauses_are_filtered_by_status(browser, file, made):
    browser.open(file)
    count = "Array.from(document.querySelectorAll('[data-lang=zh] tr[data-status]')).filter(r => !r.hidden).length"
    select = "s = document.querySelector('[data-lang=zh] select[data-filter]'); s.value = {}; s.dispatchEvent(new Event('change'))"
    statuses = [v.status for v in made.audit.verdicts if v.finding.achieved is not None]
    for status in ("breached", "kept", "reported"):
        browser.run(f"var {select.format(json.dumps(status))}")
        assert browser.run(count) == statuses.count(status) > 0
    browser.run(f"var {select.format('``')}")
    assert browser.run(count) == len(statuses)


def test_long_tables_are_folded_on_a_screen_and_whole_on_paper(browser, made, tmp_path):
    rules = made.inputs.policy.rules
    more = tuple(rules[1].model_copy(update={"id": f"floor-{n}"}) for n in range(20))
    policy = made.inputs.policy.model_copy(update={"rules": rules + more})
    file = written(tmp_path, changed(made, policy=policy))
    table = "[data-lang=zh] table.{}"
    seen = "Array.from(document.querySelectorAll('{} tbody tr')).filter(r => getComputedStyle(r).display !== 'none').length"
    clauses, quotas = seen.format(table.format("clauses")), seen.format(table.format("years"))
    whole = "document.querySelectorAll('[data-lang=zh] table.clauses tbody tr').length"
    try:
        browser.open(file, width=390)
        assert browser.run(clauses) == browser.run(quotas) == 12 < browser.run(whole)
        browser.send("Emulation.setEmulatedMedia", media="print")
        assert browser.run(clauses) == browser.run(whole) and browser.run(quotas) == 22
        browser.send("Emulation.setEmulatedMedia", media="screen")
        button = "document.querySelector('[data-lang=zh] table.years').parentNode.nextElementSibling"
        assert browser.run(f"{button}.innerText") == "显示全部 22 行"
        browser.run(f"{button}.click()")
        assert browser.run(quotas) == 22 and browser.run(clauses) == 12
        # What is asked for by status is shown whole.
        browser.run(
            "s = document.querySelector('[data-lang=zh] select[data-filter]'); s.value = 'kept'; s.dispatchEvent(new Event('change'))"
        )
        assert browser.run(clauses) > 20
        assert_quiet(browser, file)
    finally:
        browser.send("Emulation.setEmulatedMedia", media="")


def test_hostile_texts_do_nothing_in_a_browser(browser, tmp_path):
    file = written(tmp_path, hostile())
    browser.open(file)
    title = browser.run("document.title")
    for words, heading in (("0410100", f"{UNIT}（0410100）"), ("0000004", f"{PERSON}（0000004）")):
        look_up(browser, words)
        assert text_of(browser, "#schedule h3") == heading
    look_up(browser, PERSON)
    assert (
        browser.run("document.querySelectorAll('img, svg[onload], script:not([type])').length") == 1
    )  # its own script
    assert browser.run("document.title") == title != "hacked"
    assert browser.complaints == [] and len([u for u in browser.requests if u != "data:,"]) == 1


def test_page_cannot_reach_a_network_even_if_it_tried(browser, file):
    browser.open(file)
    tried = browser.run("fetch('https://example.invalid/').then(() => 'reached', () => 'refused')")
    browser.run("document.body.appendChild(document.createElement('img')).src = 'https://example.invalid/x.png'")
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert tried == "refused"
    assert any("Content Security Policy" in said for said in browser.complaints)


@pytest.mark.parametrize("width", [390, 718])  # A phone; the width of A4 between the margins.
def test_long_names_stay_inside_phone_and_paper(browser, made, tmp_path, width):
    cadres, units = made.inputs.cadres.copy(), made.inputs.units.copy()
    cadres.loc[4, "name"] = "很长的名字" * 30
    units.loc[units["unit_id"] == "0410100", "name"] = "Unbreakable" * 20
    file = written(tmp_path, changed(made, cadres=cadres, units=units))
    try:
        browser.send("Emulation.setEmulatedMedia", media="print" if width == 718 else "screen")
        browser.open(file, "#find=0410100", width=width)
        assert browser.run("document.documentElement.scrollWidth") <= width
        furthest = (
            "Math.max(...Array.from(document.querySelectorAll('table')).map(t => t.getBoundingClientRect().right))"
        )
        assert browser.run(furthest) <= width
    finally:
        browser.send("Emulation.setEmulatedMedia", media="")


def test_print_opens_what_is_folded_and_folds_it_again(browser, file):
    browser.open(file)
    browser.run(
        "addEventListener('beforeprint', () => { window.open_ = document.querySelectorAll('details[open]').length })"
    )
    assert browser.pdf().startswith(b"%PDF")
    assert browser.run("window.open_") == browser.run("document.querySelectorAll('details').length") > 0
    assert browser.run("document.querySelectorAll('details[open]').length") == 0
