"""``replan``: the plan in force answers what has happened, with as few changes as can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.command import command
from allocator.cli.options import Voice
from allocator.cli.register_options import Acting, RegisterAt
from allocator.language.message import Language, Message

if TYPE_CHECKING:
    from allocator.register.replan import Answered, SeatChange

SHOWN = 30
"""Changes that are printed; --json lists all."""


@command()
def replan_published(
    voice: Voice,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change. 只试排，不发布。", show_default=False)
    ] = False,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", help="Why, for the journal; without it the reasons of the events. 事由。", show_default=False
        ),
    ] = "",
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
    """Answer the events that wait by a plan with as few changes as can be, and put it in force. 按已登记的变动调整计划，变动最少，并发布新版本。"""
    from allocator.register import Register
    from allocator.register.replan import answer

    with Register.open(register) as opened:
        answered = answer(
            opened, by=acting.by, on=acting.on, reason=reason, clause=clause, dry_run=dry_run,
            despite_breaches=despite_breaches,
        )  # fmt: skip
    voice.result(voice.lines(answered_lines(answered, voice.lang)), answered_record(answered, voice.lang))


def answered_lines(answered: Answered, lang: Language) -> Iterator[object]:
    """What changes for whom and why, and what is proven."""
    from allocator.language.text_table import Table

    changes, made = answered.changes, answered.made
    counts = {"events": len(answered.events), "people": len({one.cadre_id for one in changes})}
    if answered.version is None:
        yield Message("replan.tried", **counts)
    else:
        yield Message("replan.done", version=answered.version, **counts)
    if changes:
        titles = [
            Message("replan.head-person"), Message("replan.head-unit"), Message("replan.head-change"),
            Message("replan.head-before"), Message("replan.head-after"), Message("replan.head-reason"),
            Message("replan.head-clause"),
        ]  # fmt: skip
        rows = [_row(one, lang) for one in changes[:SHOWN]]
        yield Table([title.said(lang) for title in titles], rows, left=range(len(titles)), indent=2, widest=60)
        if len(changes) > SHOWN:
            yield Message("replan.more", count=len(changes) - SHOWN)
    else:
        yield Message("replan.nobody")
    if made.amiss:
        yield Message("replan.amiss", count=round(made.amiss))
    elif made.is_proven:
        yield Message("replan.proven", change=made.change)
    elif made.bound:
        yield Message("replan.between", change=made.change, bound=round(made.bound))
    else:
        yield Message("replan.open", change=made.change)
    if answered.left_out:
        yield Message("event.left-out", rules=answered.left_out)
    breaches = made.audit.breaches
    if len(breaches):
        yield Message("replan.breaches", count=len(breaches), rules=tuple(dict.fromkeys(breaches["rule_id"])))
    else:
        yield Message("replan.clean")


def _row(one: SeatChange, lang: Language) -> tuple[str, ...]:
    return (
        one.cadre_id, one.unit_id, _kind(one.kind).said(lang), one.before or "–", one.after or "–",
        one.why.said(lang), one.clause,
    )  # fmt: skip


def _kind(kind: str) -> Message:
    match kind:
        case "dropped":
            return Message("replan.dropped")
        case "added":
            return Message("replan.added")
        case _:
            return Message("replan.moved")


def answered_record(answered: Answered, lang: Language) -> dict[str, object]:
    """The same as JSON."""
    made = answered.made
    return {
        "version": answered.version,
        "events": [one.event_id for one in answered.events],
        "change": made.change,
        "bound": made.bound,
        "proven": made.is_proven,
        "goals": made.values,
        "clean": made.audit.is_clean,
        "left_out": answered.left_out,
        "changes": [
            {
                "cadre_id": one.cadre_id, "unit_id": one.unit_id, "change": one.kind, "before": one.before, "after": one.after,
                "event_id": one.event_id, "reason": one.why.said(lang), "clause": one.clause, "rules": one.rules,
            }
            for one in answered.changes
        ],
    }  # fmt: skip
