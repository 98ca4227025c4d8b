"""The change notice of one unit and session, as the placeholders of a template; the marks that every paper bears."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from allocator.language.message import Message
from allocator.language.texts import Texts
from allocator.outputs.units import Call
from allocator.outputs.units.unit_record import Notice
from allocator.register.papers.differences import Change, ChangeKind, PersonChange


def marks(number: int, version: int, on: date, texts: Texts) -> dict[str, str]:
    """What every paper says of itself: its number, the version of the plan, and the day."""
    day = texts("notices.day", year=on.year, month=on.month, day=on.day)
    return {"paper": str(number), "version": str(version), "issued_on": day}


def mark_line(number: int, version: int, on: date, texts: Texts) -> str:
    """The same in one line."""
    own = marks(number, version, on, texts)
    return texts.said(Message("papers.mark", number=own["paper"], version=own["version"], day=own["issued_on"]))


def call_up(call: Call, own: Mapping[str, str]) -> Notice:
    """The call-up notice with the marks of a paper."""
    notice = call.notice
    return Notice(notice.year, notice.session_id, {**notice.fields, **own}, notice.people)


def change_notice(change: Change, own: Mapping[str, str], texts: Texts) -> Notice:
    """The notice that tells a unit what changed."""
    base = (change.after or change.before).notice
    fields = {
        **base.fields,
        **own,
        "title": texts.said(title_of(change.kind)),
        "what": what_of(change, texts),
        "now": texts.said(_now(change.after, texts)),
        "was_dates": change.before.notice.fields["dates"],
        "was_place": change.before.notice.fields["place"],
    }
    known = {one["cadre_id"]: one for call in (change.before, change.after) if call for one in call.notice.people}
    people = tuple(
        {**known[one.cadre_id], "number": str(number), "effect": texts.said(one.effect), "why": texts.said(one.why), "clause": one.clause}
        for number, one in enumerate(change.people, start=1)
    )  # fmt: skip
    return Notice(base.year, base.session_id, fields, people)


def what_of(change: Change, texts: Texts) -> str:
    """What changed about the session as a whole; where nothing did, that people change."""
    said = [texts.said(one) for one in change.what]
    if not said or change.kind is ChangeKind.SEVERAL:
        said.append(texts.said(Message("papers.what-people")))
    return ("；" if texts.lang == "zh" else "; ").join(said)


def told_of(change: Change, texts: Texts) -> str:
    """The change in one line, with the people it is about; who comes instead of somebody stands beside him or her."""
    if change.kind in (ChangeKind.CANCEL, ChangeKind.MOVE):
        return what_of(change, texts)
    people = texts.listed(
        f"{name_of(change, one)}{texts('colon')}{texts.said(one.effect)}"
        for one in change.people
        if one.effect.code != "papers.effect-instead"
    )
    return texts.join([*(texts.said(one) for one in change.what), people])


def name_of(change: Change, one: PersonChange) -> str:
    """What somebody is called in the notice."""
    rows = [row for call in (change.after, change.before) if call for row in call.notice.people]
    return next(row["name"] for row in rows if row["cadre_id"] == one.cadre_id)


def title_of(kind: ChangeKind) -> Message:
    """The title of a change notice."""
    match kind:
        case ChangeKind.CANCEL:
            return Message("papers.title-cancel")
        case ChangeKind.MOVE:
            return Message("papers.title-move")
        case ChangeKind.SUBSTITUTE:
            return Message("papers.title-substitute")
        case ChangeKind.WITHDRAW:
            return Message("papers.title-withdraw")
        case ChangeKind.ADD:
            return Message("papers.title-add")
        case _:
            return Message("papers.title-several")


def _now(after: Call | None, texts: Texts) -> Message:
    """What holds after the change."""
    if after is None:
        return Message("papers.now-nobody")
    own = after.notice.fields
    names = texts.listed(
        texts("units.several", name=one["name"], count=one["headcount"]) if one["headcount"] != "1" else one["name"]
        for one in after.notice.people
    )
    return Message("papers.now", dates=own["dates"], place=own["place"], count=own["people"], names=names)
