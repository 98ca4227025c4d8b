"""Calendar files, read back by an independent reader and octet by octet."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pandas as pd
import pytest

from allocator.language.texts import Texts
from allocator.outputs.output_data import Material
from allocator.outputs.units import unit_contents
from allocator.outputs.units.calendars import calendar
from tests.outputs.builders import run

HOSTILE = [
    "a;b,c\\d",
    "line\nbreak",
    "line\r\nbreak",
    "carriage\rreturn",
    "x\nEND:VEVENT\nBEGIN:VALARM",
    "<b>x</b>",
    "=1+1",
    "𠮷·王" * 40,
    "tab\tand\x07bell",
    '"quoted":colon',
]


def units(lang="zh", **replaced):
    """What every unit gets, by unit id."""
    return {unit.unit_id: unit for unit in unit_contents(Material(*run(**replaced).parts, Texts(lang)))}


def events(content):
    """The events of a file as the library reads them."""
    return icalendar.Calendar.from_ical(content).walk("VEVENT")


def test_event_runs_over_whole_days_and_ends_the_day_after_the_last():
    unit = units()["0410100"]
    first = events(calendar(unit, 2019))[0]
    assert (first["dtstart"].dt, first["dtend"].dt) == (date(2019, 3, 4), date(2019, 4, 3))  # The last day is 2 April.
    assert b"DTSTART;VALUE=DATE:20190304\r\nDTEND;VALUE=DATE:20190403\r\n" in calendar(unit, 2019)
    assert first["summary"] == "党校主体班（1 人）" and first["location"] == "省委党校"
    assert "张0" in first["description"] and "school-2019" in first["description"]


def test_every_session_and_part_has_one_event():
    made = run()
    parts = made.inputs.segments
    school = parts["session_id"] == "school-2019"
    early = parts[school].assign(end_date=parts[school]["start_date"] + timedelta(days=4))
    late = parts[school].assign(start_date=parts[school]["end_date"] - timedelta(days=4))
    table = pd.concat([parts[~school], early, late], ignore_index=True)
    made = replace(made, inputs=replace(made.inputs, segments=table))
    unit = unit_contents(Material(*made.parts, Texts("zh")))[0]
    found = events(calendar(unit, 2019))
    assert len(found) == 9 and len({event["uid"] for event in found}) == 9
    assert [(e["dtstart"].dt, e["dtend"].dt) for e in found[:2]] == [
        (date(2019, 3, 4), date(2019, 3, 9)), (date(2019, 3, 29), date(2019, 4, 3)),
    ]  # fmt: skip
    assert found[0]["summary"] == "党校主体班（1 人，第 1 段，共 2 段）"


def test_file_has_what_the_standard_asks_for():
    content = calendar(units()["0410100"], 2019)
    made = icalendar.Calendar.from_ical(content)
    assert made["version"] == "2.0" and made["prodid"]
    for event in made.walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= set(event)
    assert content.startswith(b"BEGIN:VCALENDAR\r\n") and content.endswith(b"END:VCALENDAR\r\n")
    assert b"\r\n" in content and not re.search(rb"(?<!\r)\n|\r(?!\n)", content)


@pytest.mark.parametrize("name", HOSTILE)
def test_name_from_data_is_only_text(name):
    content = calendar(units(name=name)["0410100"], 2019)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f]", content)
    assert content.count(b"\r\nBEGIN:VEVENT") == 8 and b"\r\nBEGIN:VALARM" not in content
    said = events(content)[0]["description"]
    assert re.sub(r"[\x00-\x08\x0b-\x1f]", "", name.replace("\r\n", "\n").replace("\r", "\n")) in said


def test_lines_are_folded_at_75_octets_between_characters():
    content = calendar(units(name="𠮷·王" * 40)["0410100"], 2019)
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75 and any(line.startswith(b" ") for line in lines)
    for line in lines:
        line.decode()  # A fold inside a character would not decode.


def by_the_library(unit):
    """The calendar of a unit with every property added to the library's own components."""
    made = icalendar.Calendar()
    made.add("prodid", "-//allocator//units//ZH")
    made.add("version", "2.0")
    made.add("x-wr-calname", unit.title)
    for event in unit.events:
        one = icalendar.Event()
        one.add("uid", event.uid)
        one.add("dtstamp", datetime(2019, 1, 1, tzinfo=UTC))
        one.add("dtstart", event.first)
        one.add("dtend", event.last + timedelta(days=1))
        one.add("summary", event.summary)
        if event.place:
            one.add("location", event.place)
        one.add("description", event.description)
        one.add("transp", "TRANSPARENT")
        made.add_component(one)
    return made.to_ical()


@pytest.mark.parametrize("text", ["a;b,c\\d", "𠮷·王" * 40, "\\" * 200, "x" * 61, "x" * 62, "x" * 63, ""])
def test_file_is_as_the_library_makes_it(text):
    unit = units()["0410100"]
    events = tuple(replace(e, summary=text, place=text, description=text, uid=text) for e in unit.events)
    assert calendar(unit, 2019) == by_the_library(unit)
    assert calendar(replace(unit, events=events, title=text), 2019) == by_the_library(
        replace(unit, events=events, title=text)
    )


def test_line_break_in_a_title_is_a_space():
    content = calendar(replace(units()["0410100"], title="two\nlines"), 2019)
    assert icalendar.Calendar.from_ical(content)["x-wr-calname"] == "two lines"


def test_ids_stay_the_same_when_dates_move_and_differ_between_units():
    first, other = units()["0410100"], units()["0410101"]
    made = run()
    moved = made.inputs.segments.assign(start_date=made.inputs.segments["start_date"] + timedelta(days=7))
    made = replace(made, inputs=replace(made.inputs, segments=moved))
    later = unit_contents(Material(*made.parts, Texts("en")))[0]
    assert [event.uid for event in later.events] == [event.uid for event in first.events]
    assert not {event.uid for event in first.events} & {event.uid for event in other.events}
    assert "0410100" not in first.events[0].uid and "school" not in first.events[0].uid


def test_stamp_is_of_the_plan_and_not_of_the_clock():
    content = calendar(units()["0410100"], 2019)
    assert set(re.findall(rb"DTSTAMP:(\S+)", content)) == {b"20190101T000000Z"}
    assert calendar(units()["0410100"], 2019) == content


def test_calendar_names_only_the_units_own_people():
    content = calendar(units()["0410101"], 2019).decode()
    assert "张5" in content and not re.search("张[0-4]", content) and "0000005" not in content


def test_unit_without_events_gets_no_calendar():
    with pytest.raises(ValueError, match="no events"):
        calendar(replace(units()["0410100"], events=()), 2019)
