"""What a change notice is about, case by case, and which reason it gives."""

from __future__ import annotations

import pandas as pd
import pytest

from allocator.language.texts import Texts
from allocator.outputs.units import Call
from allocator.outputs.units.unit_record import Notice
from allocator.register.papers.differences import ChangeKind, difference, is_alike
from allocator.register.papers.notices import change_notice, told_of
from allocator.register.papers.reasons import Reasons
from allocator.register.records import EVENT_COLUMNS

MARKS = {"paper": "7", "version": "2", "issued_on": "2019-02-01"}


def call(people: dict[str, int], dates: str = "May", place: str = "school", programme: str = "theory") -> Call:
    fields = {
        "unit": "North",
        "programme": programme,
        "dates": dates,
        "place": place,
        "people": str(sum(people.values())),
    }
    rows = tuple(
        {"number": str(n), "name": one.upper(), "cadre_id": one, "post": "", "rank": "", "headcount": str(count), "reason": ""}
        for n, (one, count) in enumerate(people.items(), start=1)
    )  # fmt: skip
    return Call("N", "s", people, frozenset({"host"}), "", (), Notice(2019, "s", fields, rows))


def reasons(*events: tuple[str, str, str, str, str]) -> Reasons:
    """Of events: kind, person, session, value, reason; all answered by version 2."""
    rows = [
        {**dict.fromkeys(EVENT_COLUMNS, ""), "event_id": f"E{n}", "date": "2019-02-01", "kind": kind, "cadre_id": cadre,
         "session_id": session, "value": value, "reason": why, "clause": "9", "applied_in": 2}
        for n, (kind, cadre, session, value, why) in enumerate(events)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=[*EVENT_COLUMNS, "applied_in"])
    return Reasons(table, {1: "", 2: "of the version"}, pd.DataFrame(columns=["session_id", "cadre_id", "version"]))


BEFORE = call({"a": 1, "b": 1, "g": 3})


@pytest.mark.parametrize(
    ("after", "kind", "effects"),
    [
        (call({"a": 1, "b": 1, "g": 3}, dates="June"), ChangeKind.MOVE, {"a": "stays", "b": "stays", "g": "stays"}),
        (call({"a": 1, "b": 1, "g": 3}, place="hall"), ChangeKind.MOVE, {"a": "stays", "b": "stays", "g": "stays"}),
        (call({"a": 1, "b": 1, "g": 3}, programme="skills"), ChangeKind.MOVE, {"a": "stays", "b": "stays", "g": "stays"}),
        (call({"a": 1, "c": 1, "g": 3}), ChangeKind.SUBSTITUTE, {"b": "drops", "c": "comes"}),
        (call({"a": 1, "g": 3}), ChangeKind.WITHDRAW, {"b": "drops"}),
        (call({"a": 1, "b": 1, "c": 1, "g": 3}), ChangeKind.ADD, {"c": "comes"}),
        (call({"a": 1, "b": 1, "g": 2}), ChangeKind.SEVERAL, {"g": "resized"}),
        (call({"a": 1, "c": 1, "g": 3}, dates="June"), ChangeKind.SEVERAL, {"b": "drops", "c": "comes"}),
        (None, ChangeKind.WITHDRAW, {"a": "drops", "b": "drops", "g": "drops"}),
    ],
)  # fmt: skip
def test_notice_is_about_what_changed(after: Call | None, kind: ChangeKind, effects: dict[str, str]) -> None:
    found = difference(BEFORE, after, is_cancelled=False, since=1, reasons=reasons())
    assert found.kind is kind
    assert {one.cadre_id: one.effect.code.partition("-")[2] for one in found.people} == effects
    for lang in ("zh", "en"):
        notice = change_notice(found, MARKS, Texts(lang))  # type: ignore[arg-type]
        assert notice.fields["what"] and notice.fields["now"] and notice.fields["title"]
        assert [row["cadre_id"] for row in notice.people] == list(effects) and told_of(found, Texts(lang))  # type: ignore[arg-type]


def test_cancelled_session_says_why_for_everybody() -> None:
    host = ("close-host", "", "", "host", "flood")
    found = difference(
        BEFORE, None, is_cancelled=True, since=1, reasons=reasons(("close-host", "", "", "other", "x"), host)
    )
    assert found.kind is ChangeKind.CANCEL and {(one.why, one.clause) for one in found.people} == {("flood", "9")}
    assert "flood" in told_of(found, Texts("en"))


def test_event_of_the_person_goes_before_one_at_large_and_the_version() -> None:
    own = reasons(
        ("withdraw", "b", "s", "", "ill"), ("leave", "b", "", "", "retired"), ("withdraw", "b", "t", "", "elsewhere")
    )
    (one,) = difference(BEFORE, call({"a": 1, "g": 3}), is_cancelled=False, since=1, reasons=own).people
    assert (one.why, one.clause) == ("ill", "9")
    for known, why in ((reasons(("leave", "b", "", "", "retired")), "retired"), (reasons(), "of the version")):
        (one,) = difference(BEFORE, call({"a": 1, "g": 3}), is_cancelled=False, since=1, reasons=known).people
        assert one.why == why
    (one,) = difference(BEFORE, call({"a": 1, "g": 3}), is_cancelled=False, since=2, reasons=own).people
    assert one.why == ""  # What an earlier paper has told is no reason any more.


def test_substitute_of_another_unit_is_not_named() -> None:
    agreed = reasons(("substitute", "b", "s", "x", "ill"))
    (gone,) = difference(BEFORE, call({"a": 1, "g": 3}), is_cancelled=False, since=1, reasons=agreed).people
    assert (gone.effect.code, gone.why) == ("papers.effect-drops", "ill")
    (came,) = difference(call({"y": 1}), call({"y": 1, "x": 1}), is_cancelled=False, since=1, reasons=agreed).people
    # Why somebody of another unit is away is not told.
    assert (came.effect.code, came.why) == ("papers.effect-comes", "fills a free seat")
    pair = difference(BEFORE, call({"a": 1, "x": 1, "g": 3}), is_cancelled=False, since=1, reasons=agreed)
    assert [one.effect.said("en") for one in pair.people] == ["drops; X comes instead", "comes instead of B"]


def test_what_nobody_reads_is_no_change() -> None:
    assert is_alike(BEFORE, call({"g": 3, "b": 1, "a": 1}))
    assert not is_alike(BEFORE, call({"a": 1, "b": 1, "g": 3}, place="hall"))
