"""``substitutes``: who could take a seat, what the plan gains or loses by each, and one of them put there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.domain.errors import UsageError
from allocator.language.message import Language, Message

if TYPE_CHECKING:
    from allocator.engine.replan.substitutes import Effect, Substitute
    from allocator.register.substitutes import Asked

RULES = 3
"""Rules that are named for each person; --json has all."""


@command()
def find_substitutes(
    voice: Voice,
    session: Annotated[str, typer.Option("--session", help="Which session. 哪个班次。", show_default=False)],
    cadre: Annotated[
        str, typer.Option("--for", help="Whose seat; else a free one. 谁的名额。", show_default=False)
    ] = "",
    count: Annotated[int, typer.Option("--count", min=1, help="How many people, at most. 最多列出人数。")] = 10,
    accept: Annotated[
        str, typer.Option("--accept", metavar="ID", help="Put this person in the seat. 选定此人。", show_default=False)
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why. 事由。", show_default=False)] = "",
    clause: Annotated[str, typer.Option("--clause", help="By which clause. 依据的条款。", show_default=False)] = "",
    despite_breaches: Annotated[
        bool,
        typer.Option(
            "--despite-breaches", help="Even if the audit finds breaches. 审核有不符也发布。", show_default=False
        ),
    ] = False,
    register: RegisterAt = "register.db",
    *,
    acting: Acting,
) -> None:
    """List who could take a seat and what the plan gains or loses by each; --accept puts one of them there. 列出可以替补的人员及计划的得失；--accept 选定一人。"""
    from allocator.cli.replan import answered_lines, answered_record
    from allocator.register import Register
    from allocator.register import substitutes as asking

    if accept and not reason:
        raise UsageError(Message("substitutes.no-reason"))
    with Register.open(register) as opened:
        if accept:
            done = asking.accept(
                opened, session, cadre, accept, by=acting.by, on=acting.on, reason=reason, clause=clause,
                despite_breaches=despite_breaches,
            )  # fmt: skip
            voice.result(voice.lines(answered_lines(done, voice.lang)), answered_record(done, voice.lang))
            return
        asked = asking.ask(opened, session, cadre, on=acting.on, most=count)
    voice.result(voice.lines(_lines(asked, voice.lang)), _record(asked))


def _lines(asked: Asked, lang: Language) -> Iterator[object]:
    from allocator.language.text_table import Table

    found = asked.found
    counts = {"admitted": found.admitted, "able": found.able, "limited": found.limited}
    if not found.substitutes:
        yield Message("substitutes.nobody", **counts)
        return
    if asked.cadre_id:
        yield Message("substitutes.head", session=asked.session_id, cadre=asked.cadre_id)
    else:
        yield Message("substitutes.head-free", session=asked.session_id)
    titles = [
        Message("substitutes.head-person"), Message("substitutes.head-unit"), Message("substitutes.head-last"),
        Message("substitutes.head-gains"), Message("substitutes.head-loses"),
    ]  # fmt: skip
    rows = [_row(asked, one, lang) for one in found.substitutes]
    yield Table([title.said(lang) for title in titles], rows, left=range(len(titles)), indent=2, widest=64)
    yield Message("substitutes.counted", **counts)
    if asked.cadre_id:
        yield Message("substitutes.accept", session=asked.session_id, cadre=asked.cadre_id)


def _row(asked: Asked, one: Substitute, lang: Language) -> tuple[str, ...]:
    who = (
        Message("substitutes.chain-alone", cadre=one.cadre_id, session=one.gives_up).said(lang)
        if one.gives_up
        else one.cadre_id
    )
    if one.then:
        who = Message("substitutes.chain", cadre=one.cadre_id, session=one.gives_up, then=one.then).said(lang)
    last = Message("substitutes.never").said(lang) if one.last is None else str(one.last)
    gains = [effect for effect in one.effects if effect.amount < 0]
    loses = [effect for effect in one.effects if effect.amount > 0]
    return who, one.unit_id, last, _told(asked, gains, lang), _told(asked, loses, lang)


def _told(asked: Asked, effects: list[Effect], lang: Language) -> str:
    """Rules with what each gains or loses."""
    titles = {rule.id: rule.title_zh if lang == "zh" else rule.title for rule in asked.inputs.policy.rules}
    parts = []
    for one in effects[:RULES]:
        other = Message("substitutes.points") if one.goal == "priority" else Message("substitutes.dates")
        title = titles.get(one.rule_id) or other.said(lang)
        parts.append(Message("substitutes.effect", rule=title, amount=f"{abs(one.amount):,.0f}").said(lang))
    if len(effects) > RULES:
        parts.append(Message("substitutes.more", count=len(effects) - RULES).said(lang))
    return ("；" if lang == "zh" else "; ").join(parts) or "–"


def _record(asked: Asked) -> dict[str, object]:
    found = asked.found
    return {
        "session_id": asked.session_id,
        "cadre_id": asked.cadre_id,
        "admitted": found.admitted,
        "able": found.able,
        "limited": found.limited,
        "substitutes": [
            {
                "cadre_id": one.cadre_id, "unit_id": one.unit_id, "last": one.last, "gives_up": one.gives_up, "then": one.then,
                "goals": one.goals,
                "effects": [{"rule": effect.rule_id, "goal": effect.goal, "amount": effect.amount} for effect in one.effects],
            }
            for one in found.substitutes
        ],
    }  # fmt: skip
