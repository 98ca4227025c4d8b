"""An answer in words; the same in the terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from allocator.answers.compare.phrases import goal_word
from allocator.answers.explain.phrases import (
    DEEP,
    PLAIN,
    change,
    cut,
    days,
    head_of,
    named,
    rule_name,
    several,
    signed_amount,
)
from allocator.answers.explain.why import Why
from allocator.domain.rules import record_of
from allocator.language.message import Message, listing, value
from allocator.language.texts import Texts


def lines(found: Why, texts: Texts) -> Iterator[str]:
    """Why somebody has the seats of the plan."""
    said = texts.said
    yield said(Message("explain.why-title", who=head_of(found.person, texts)))
    if found.person.headcount == 1:
        yield PLAIN + _record(found, texts)
        yield PLAIN + _debts(found, "", Message("explain.owed-before"), texts)
        last = "" if found.seats.empty else str(found.seats["session_id"].iat[-1])
        if last:
            yield PLAIN + _debts(found, last, Message("explain.owed-after"), texts)
        yield from _late(found, last, texts)
    if found.seats.empty:
        yield from _nowhere(found, texts)
    if found.person.headcount > 1 and len(found.seats):
        yield from _of_group(found, texts)
        return
    for seat in found.seats.itertuples():
        yield from _seat(found, seat, texts)


def _record(found: Why, texts: Texts) -> str:
    if found.record.empty:
        return texts.said(Message("explain.no-record"))
    last = found.record.iloc[-1]
    contents = tuple(value("content", one) for one in str(last["content"]).split(";"))
    what = found.names.programme(str(last["programme_id"])) if last["programme_id"] else listing(contents)
    day = f"{last['start_date']:%Y-%m-%d}"
    return texts.said(Message("explain.record", count=len(found.record), day=day, what=what))


def _debts(found: Why, at: str, head: Message, texts: Texts) -> str:
    """What is owed at one moment, in one line."""
    own = found.account[(found.account["at"] == at) & (found.account["owed"] > 0)]
    if own.empty:
        return texts.said(Message("explain.head", head=head, rest=Message("explain.nothing")))
    debts = several((_debt(rows, texts) for _, rows in own.groupby("rule_id", sort=False)), texts)
    return texts.said(Message("explain.head", head=head, rest=debts))


def _late(found: Why, at: str, texts: Texts) -> Iterator[str]:
    """What was attended, and after the year in which it was due."""
    own = found.account[(found.account["at"] == at) & found.account["settled"].notna()]
    if own.empty:
        return
    done = [_done_late(row, texts) for row in own.itertuples()]
    yield PLAIN + texts.said(Message("explain.head", head=Message("explain.late"), rest=several(done, texts)))


def _done_late(row: Any, texts: Texts) -> str:
    years = {"latest": int(row.latest), "settled": int(row.settled)}
    contents = _content(row.content)
    return texts.said(Message("explain.done-late", rule=rule_name(row, texts), contents=contents, **years))


def _debt(rows: pd.DataFrame, texts: Texts) -> str:
    """What is owed under one rule: hours, or contents and the years until which each is due."""
    row: Any = next(rows.itertuples())
    rule, years = rule_name(row, texts), tuple(rows["latest"].unique())
    if row.unit_of == "hours":
        hours = [texts.number(owed) for owed in rows["owed"]]
        if len(hours) == 1:
            return texts.said(Message("explain.debt-hours", rule=rule, hours=hours[0], year=years[0]))
        parts = (
            Message("explain.hours-in", hours=one, year=year) for one, year in zip(hours, rows["latest"], strict=True)
        )
        return texts.said(Message("explain.debt-years", rule=rule, parts=tuple(parts)))
    contents = tuple(value("content", one) for one in dict.fromkeys(filter(None, rows["content"])))
    shown = Message("explain.content", content=contents) if contents else ""
    return texts.said(Message("explain.debt", rule=rule, contents=shown, years=years))


def _content(content: str) -> Message | str:
    return Message("explain.content", content=value("content", content)) if content else ""


def _nowhere(found: Why, texts: Texts) -> Iterator[str]:
    """Nobody's seat: which rules would have wanted one."""
    yield texts.said(Message("explain.nowhere"))
    owed = found.account[found.account["at"] == ""]
    for strength, head in (("hard", Message("explain.wanted-hard")), ("soft", Message("explain.wanted-soft"))):
        own = owed[owed["strength"] == strength].drop_duplicates("rule_id")
        if len(own):
            rules = several((rule_name(row, texts) for row in own.itertuples()), texts)
            yield PLAIN + texts.said(Message("explain.head", head=head, rest=rules))
    if owed.empty:
        yield PLAIN + texts.said(Message("explain.wanted-none"))
    if len(found.offers):
        yield PLAIN + texts.said(Message("explain.offers"))
    yield from cut([_offer(row, texts) for row in found.offers.itertuples()], texts)
    yield PLAIN + texts.said(Message("explain.ask-why-not"))


def _offer(row: Any, texts: Texts) -> str:
    """One clause under which somebody could be sent, and among how many."""
    rule, people = rule_name(row, texts), texts.number(row.people)
    if pd.isna(row.amount):
        return texts.said(Message("explain.offer", rule=rule, people=people))
    return texts.said(Message("explain.offer-amount", rule=rule, amount=texts.number(row.amount), people=people))


def _of_group(found: Why, texts: Texts) -> Iterator[str]:
    """The seats of an unnamed group, programme by programme and year by year."""
    keys = ["year", "programme_id", "programme", "programme_en"]
    for (year, programme, name, english), own in found.seats.groupby(keys, sort=False):
        seats = texts.number(own["headcount"].sum())
        shown = texts.name(str(name), str(english))
        yield PLAIN + texts.said(
            Message("explain.group-year", year=year, programme=programme, name=shown, sessions=len(own), seats=seats)
        )
        served = found.served[found.served["session_id"].isin(own["session_id"])]
        rules = [rule_name(rows.iloc[0], texts) for _, rows in served.groupby("rule_id", sort=False)]
        if rules:
            yield DEEP + texts.said(
                Message("explain.head", head=Message("explain.serves-list"), rest=several(rules, texts))
            )
    yield PLAIN + texts.said(Message("explain.group-seat"))


def _seat(found: Why, seat: Any, texts: Texts) -> Iterator[str]:
    said = texts.said
    name = texts.name(str(seat.programme), str(seat.programme_en))
    yield said(Message("explain.seat", session=seat.session_id, name=name, days=days(seat)))
    served = found.served[found.served["session_id"] == seat.session_id]
    yield PLAIN + said(Message("explain.serves", count=served["rule_id"].nunique()))
    for _, own in served.groupby("rule_id", sort=False):
        yield DEEP + _served(found, own, int(seat.year), texts)
    emptied = found.emptied[found.emptied["session_id"] == seat.session_id]
    if emptied.empty:
        yield PLAIN + said(
            Message("explain.head", head=Message("explain.emptied"), rest=Message("explain.emptied-nothing"))
        )
    else:
        own = found.emptied_rules[found.emptied_rules["session_id"] == seat.session_id]
        lines = several((_lost(row, own, texts) for row in emptied.itertuples()), texts)
        yield PLAIN + said(Message("explain.head", head=Message("explain.emptied"), rest=lines))
    if seat.fixed:
        yield PLAIN + said(Message("explain.fixed-seat"))
    else:
        yield from _next(found, str(seat.session_id), texts)


def _lost(row: Any, rules: pd.DataFrame, texts: Texts) -> str:
    """What a goal loses when a seat stays empty, and under which rules; of several each with what it counts."""
    own = rules[rules["goal"] == row.goal]
    told = change(row.goal, row.loss, texts, units=own["unit"].unique())
    named = [
        (rule_name(one, texts), signed_amount(row.goal, float(one.change), str(one.unit), texts))
        for one in own.itertuples()
    ]
    if len(named) == 1:
        return texts.said(Message("explain.lost", change=told, rules=named[0][0]))
    parts = tuple(Message("explain.by-so-much", rule=rule, change=lost) for rule, lost in named)
    return texts.said(Message("explain.lost", change=told, rules=parts)) if parts else told


def _served(found: Why, rows: pd.DataFrame, year: int, texts: Texts) -> str:
    """One rule that a seat counts for, and what it counts."""
    row: Any = next(rows.itertuples())
    rule = rule_name(row, texts)
    if row.asked == row.asked and row.asked:  # A shared rule: what everybody, or the group, has come to.
        figures = {"required": texts.number(row.required), "achieved": texts.number(row.achieved)}
        if not row.group_by:
            asked = {
                "about": Message("explain.asked-about"), "at-least": Message("explain.asked-at-least"),
                "at-most": Message("explain.asked-at-most"), "exactly": Message("explain.asked-exactly"),
            }[row.asked]  # fmt: skip
            return texts.said(Message("explain.served-quota", rule=rule, year=year, asked=asked, **figures))
        size, group = texts.number(row.size), found.names.group(row.group_by, row.scope)
        if row.asked == "at-least" and row.unit == "people":
            return texts.said(Message("explain.served-floor", rule=rule, year=year, group=group, size=size, **figures))
        if row.asked == "at-least":
            unit = texts.unit(row.unit)
            return texts.said(Message("explain.served-group", rule=rule, year=year, group=group, unit=unit, **figures))
        return texts.said(Message("explain.served-part", rule=rule, year=year, group=group, **figures))
    if row.kind == "fixed":
        return texts.said(Message("explain.served-fixed", rule=rule))
    if row.unit == "hours":
        before, after = texts.number(row.owed), texts.number(row.owed_after)
        return texts.said(Message("explain.served-hours", rule=rule, before=before, after=after))
    if row.owed != row.owed:
        return texts.said(Message("explain.served-not-due", rule=rule))
    return texts.said(
        Message("explain.head", head=rule, rest=several((_due(one, texts) for one in rows.itertuples()), texts))
    )


def _due(row: Any, texts: Texts) -> str:
    """One content that had to be attended."""
    done = Message("explain.never") if row.done != row.done else Message("explain.last", year=int(row.done))
    if row.kind == "coverage":  # Only classes of the plan count.
        done = Message("explain.not-yet")
    settled = Message("explain.settled") if row.owed_after < row.owed else Message("explain.not-settled")
    content = _content(row.content)
    return texts.said(
        Message("explain.due", content=content, done=done, latest=int(row.latest), settled=settled)
    ).strip()


def _next(found: Why, session: str, texts: Texts) -> Iterator[str]:
    """Who was next, how many others there are, and what separates the two."""
    said = texts.said
    queue = found.queue[found.queue["session_id"] == session].iloc[0]
    own = found.next[found.next["session_id"] == session]
    if own.empty:
        yield PLAIN + said(Message("explain.nobody-else"))
        return
    other: Any = next(own.itertuples())
    others = {name: int(queue[name]) for name in ("may", "bound", "busy")}
    last = Message("explain.never") if other.last != other.last else Message("explain.last", year=int(other.last))
    who = Message("explain.who", cadre=other.cadre_id, rest=(*named(other, other.cadre_id, texts), said(last)))
    head = {
        "may": Message("explain.next-may"), "bound": Message("explain.next-bound"), "busy": Message("explain.next-busy")
    }[str(other.sort)]  # fmt: skip
    yield PLAIN + said(Message("explain.head", head=head, rest=who))
    yield DEEP + said(Message("explain.queue", **others))
    if other.goal:
        yield from _separated(found, other, texts)
    else:
        yield from _tie(found, other, texts)


def _units(causes: pd.DataFrame) -> list[str]:
    """What the rules behind a difference count, the goal being one of hours."""
    if not {"owed"} & set(causes["goal"]):
        return []
    return list(dict.fromkeys("hours" if record_of(kind).owed_in == "hours" else "misses" for kind in causes["kind"]))


def _separated(found: Why, other: Any, texts: Texts) -> Iterator[str]:
    said = texts.said
    causes = found.causes[(found.causes["session_id"] == other.session_id) & (found.causes["goal"] == other.goal)]
    rules = several((rule_name(row, texts) for row in causes.itertuples()), texts)
    parts = {
        "cadre": other.cadre_id,
        "change": change(other.goal, other.loss, texts, units=_units(causes)),
        "rules": rules,
    }
    yield DEEP + said(
        Message("explain.apart-worse", **parts) if other.loss > 0 else Message("explain.apart-better", **parts)
    )
    own = found.measures[(found.measures["session_id"] == other.session_id) & (found.measures["goal"] == other.goal)]
    if (own["with_seat"] != own["without_seat"]).any():
        figures = (
            said(
                Message(
                    "explain.measure",
                    cadre=row.cadre_id,
                    with_seat=texts.number(row.with_seat),
                    without=texts.number(row.without_seat),
                )
            )
            for row in own.itertuples()
        )
        yield DEEP + said(
            Message("explain.measures", goal=goal_word(other.goal, texts), figures=several(figures, texts))
        )
    else:
        yield DEEP + said(Message("explain.shared-only"))


def _tie(found: Why, other: Any, texts: Texts) -> Iterator[str]:
    """Nothing separates the two but the draw."""
    said, me, them = texts.said, found.person.cadre_id, str(other.cadre_id)
    key = f"|{other.key}" if other.key else ""
    drawn = {me: f"{other.own_draw:016x}", them: f"{other.draw:016x}"}
    order = sorted(drawn, key=lambda cadre: drawn[cadre])
    shown = {cadre: Message("explain.drawn", text=f"{found.seed}|{cadre}{key}", draw=drawn[cadre]) for cadre in order}
    if not other.alike:
        yield DEEP + said(Message("explain.tie", seed=found.seed))
        yield DEEP + said(Message("explain.draw-seat", first=shown[order[0]], second=shown[order[1]], cadre=order[0]))
        return
    classes = {me: ";".join(found.seats["session_id"]), them: str(other.classes)}
    dealt = [
        said(
            Message(
                "explain.dealt",
                drawn=shown[cadre],
                cadre=cadre,
                classes=tuple(filter(None, classes[cadre].split(";"))) or Message("explain.no-class"),
            )
        )
        for cadre in order
    ]
    yield DEEP + said(Message("explain.tie-alike"))
    yield DEEP + said(Message("explain.draw-alike", dealt=several(dealt, texts)))
