"""What is different for a unit in a session since it was last told: who drops, who comes instead, what moved or was called off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from allocator.language.message import Message
from allocator.outputs.units import Call
from allocator.register.papers.reasons import Reason, Reasons


class ChangeKind(StrEnum):
    """What a change notice is about; the title says it."""

    CANCEL = "cancel"
    MOVE = "move"
    SUBSTITUTE = "substitute"
    WITHDRAW = "withdraw"
    ADD = "add"
    SEVERAL = "several"


@dataclass(frozen=True)
class PersonChange:
    """What changes for one person or group, why, and by which clause."""

    cadre_id: str
    effect: Message
    why: str | Message = ""
    clause: str = ""


@dataclass(frozen=True)
class Change:
    """What changed for one unit in one session; ``after`` is missing where it sends nobody any more.

    ``what`` are sentences about the session as a whole, with reason and clause.
    """

    kind: ChangeKind
    before: Call
    after: Call | None
    what: tuple[Message, ...]
    people: tuple[PersonChange, ...]


TOLD = ("programme", "dates", "place")
"""What a unit reads of the session itself, as the placeholders are called."""


def is_alike(before: Call, after: Call) -> bool:
    """Whether a unit would read the same of both."""
    fields = (before.notice.fields, after.notice.fields)
    return dict(before.people) == dict(after.people) and all(fields[0][name] == fields[1][name] for name in TOLD)


def difference(before: Call, after: Call | None, *, is_cancelled: bool, since: int, reasons: Reasons) -> Change:
    """What changed between two states of a unit's part in a session.

    Parameters
    ----------
    is_cancelled
        Whether the session was called off.
    since
        The version that the unit was last told.
    """
    session_id, hosts = before.session_id, before.hosts
    if after is None and is_cancelled:
        reason = reasons.of_session(session_id, hosts, since)
        people = tuple(
            PersonChange(one, Message("papers.effect-cancelled"), reason.why, reason.clause) for one in before.people
        )
        return Change(ChangeKind.CANCEL, before, None, (_because(Message("papers.what-cancelled"), reason),), people)
    reason = reasons.of_session(session_id, hosts, since)
    what = _moves(before, after, reason) if after else ()
    people = _people(before, after, since, reasons)
    kind = _kind(before, after, is_moved=bool(what))
    if after and not people:
        stays = Message("papers.effect-stays")
        people = tuple(PersonChange(one, stays, reason.why, reason.clause) for one in after.people)
    return Change(kind, before, after, what, people)


def _kind(before: Call, after: Call | None, *, is_moved: bool) -> ChangeKind:
    now = after.people if after else {}
    is_same = dict(before.people) == dict(now)
    if is_moved:
        return ChangeKind.MOVE if is_same else ChangeKind.SEVERAL
    gone, come = before.people.keys() - now.keys(), now.keys() - before.people.keys()
    resized = any(before.people[one] != now[one] for one in before.people.keys() & now.keys())
    if resized:
        return ChangeKind.SEVERAL
    if gone and come:
        return ChangeKind.SUBSTITUTE
    return ChangeKind.WITHDRAW if gone else ChangeKind.ADD


def _moves(before: Call, after: Call, reason: Reason) -> tuple[Message, ...]:
    """Another programme, new days and new hosts of a session."""
    then, now = before.notice.fields, after.notice.fields
    found = []
    if then["programme"] != now["programme"]:
        found.append(
            _because(Message("papers.what-programme", before=then["programme"], after=now["programme"]), reason)
        )
    if then["dates"] != now["dates"]:
        found.append(_because(Message("papers.what-moved", before=then["dates"], after=now["dates"]), reason))
    if then["place"] != now["place"]:
        found.append(_because(Message("papers.what-elsewhere", before=then["place"], after=now["place"]), reason))
    return tuple(found)


def _because(what: Message, reason: Reason) -> Message:
    if reason.why and reason.clause:
        return Message("papers.because-of-clause", what=what, why=reason.why, clause=reason.clause)
    return Message("papers.because", what=what, why=reason.why) if reason.why else what


def _people(before: Call, after: Call | None, since: int, reasons: Reasons) -> tuple[PersonChange, ...]:
    """Who drops, each with who comes instead where that was agreed; then who comes besides, and whose seats are more or fewer."""
    session_id, names = before.session_id, _names(before, after)
    now = after.people if after else {}
    gone = [one for one in before.people if one not in now]
    come = [one for one in now if one not in before.people]
    rows: list[PersonChange] = []
    paired: dict[str, str] = {}
    for one in gone:
        reason = reasons.of_leaving(session_id, one, since)
        other = reasons.substitute_of(session_id, one, since)
        if other in come:
            paired[other] = one
            effect = Message("papers.effect-replaced", other=names[other])
        else:
            effect = Message("papers.effect-drops")
        rows.append(PersonChange(one, effect, reason.why, reason.clause))
    for one in come:
        reason = reasons.of_coming(session_id, one, since)
        if one in paired:
            effect = Message("papers.effect-instead", other=names[paired[one]])
        else:
            effect = Message("papers.effect-comes")
        rows.append(PersonChange(one, effect, _own_why(reason, one, is_own=one in paired), reason.clause))
    for one in before.people:
        if one in now and before.people[one] != now[one]:
            reason = reasons.of_leaving(session_id, one, since)
            effect = Message("papers.effect-resized", before=before.people[one], after=now[one])
            rows.append(PersonChange(one, effect, reason.why, reason.clause))
    return tuple(rows)


def _names(*calls: Call | None) -> Mapping[str, str]:
    return {one["cadre_id"]: one["name"] for call in calls if call for one in call.notice.people}


def _own_why(reason: Reason, cadre_id: str, *, is_own: bool) -> str | Message:
    """Why somebody comes, without a word about people of another unit."""
    event = reason.event
    is_about_other = event is not None and event.cadre_id not in ("", cadre_id)
    return Message("papers.fills-a-seat") if is_about_other and not is_own else reason.why
