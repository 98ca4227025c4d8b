"""Windows that a closed year has begun: who has done what they ask, and a rule for the years that are left of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from allocator.answers.conflicts.demands import without
from allocator.answers.conflicts.toml_fragments import rule_written
from allocator.domain.rules import Coverage
from allocator.domain.tables import Inputs
from allocator.language.message import Language, Message
from allocator.register.events.tables_after import Record

REST = "-rest"
"""How the id of a rule ends that stands for what is left of the window of another one."""
DONE = "done-"
"""How the tag begins that somebody carries who has done what a rule asks once in its window."""


def rests(inputs: Inputs, begun: int, years: Sequence[int]) -> list[tuple[Coverage, Coverage]]:
    """Rules of the policy whose window is open, each with the rule for what is left of it.

    Everyone once in four plan years: when the first is over, those who have not been trained must be in the three that are left. The rule
    itself counts whole windows of plan years only, so it judges nothing in these.

    Parameters
    ----------
    begun
        The first year of the plan, with which its windows begin.
    years
        The years that are left.
    """
    return list(_rests(inputs, begun, years))


def _rests(inputs: Inputs, begun: int, years: Sequence[int]) -> Iterator[tuple[Coverage, Coverage]]:
    for rule in inputs.policy.rules:
        if not isinstance(rule, Coverage) or rule.id.endswith(REST):
            continue
        span = rule.window_years
        start = begun + (years[0] - begun) // span * span
        window = range(start, start + span)
        is_whole = window[-1] <= years[-1] and (not rule.years or set(window) <= set(rule.years))
        if not is_whole or start == years[0]:
            continue
        left = tuple(year for year in window if year >= years[0])
        told = {"id": f"{rule.id}{REST}", "window_years": len(left), "years": left if len(left) < len(years) else ()}
        told |= {name: _title(title, lang, left) for name, title, lang in _titles(rule)}
        own = without(rule.audience, "tags", (f"{DONE}{rule.id}",))
        yield rule, rule.model_copy(update={**told, "audience": own, "covers": rule.covers or (rule.id,)})


def _titles(rule: Coverage) -> tuple[tuple[str, str, Language], ...]:
    return ("title", rule.title, "en"), ("title_zh", rule.title_zh, "zh")


def _title(title: str, lang: Language, left: Sequence[int]) -> str:
    return Message("close.rest-title", title=title, first=left[0], last=left[-1]).said(lang)


def written(own: Sequence[Coverage], rules: Sequence[Any]) -> list[Any]:
    """Rules of a scenario with those for what is left, in place of those of an earlier closing."""
    kept = [rule for rule in rules if not (str(rule["id"]).endswith(REST) and rule.get("kind") == "coverage")]
    return [*kept, *map(rule_written, own)]


def mark(
    cadres: dict[str, Record],
    inputs: Inputs,
    attended: pd.DataFrame,
    found: Sequence[tuple[Coverage, Coverage]],
    year: int,
) -> None:
    """Tag whoever has done what the rules ask; of an unnamed group as many as attended become a group of their own.

    Parameters
    ----------
    attended
        session_id, cadre_id and headcount of the seats that were completed in the year.
    """
    _forget(cadres, {rule.id for rule, _ in found})
    programme = inputs.sessions.set_index("session_id")["programme_id"]
    counting = {rule.id: set(inputs.programmes["programme_id"][_counts(inputs, rule)]) for rule, _ in found}
    seats = attended.assign(programme_id=attended["session_id"].map(programme))
    table = seats.groupby(["cadre_id", "programme_id"], as_index=False)["headcount"].sum()
    columns = (table[name].tolist() for name in ("cadre_id", "programme_id", "headcount"))
    for cadre_id, programme_id, heads in zip(*columns, strict=True):
        tags = [f"{DONE}{rule_id}" for rule_id, own in counting.items() if programme_id in own]
        if tags and cadre_id in cadres:
            _tag(cadres, cadre_id, int(heads), tags, year)


def asked(found: Sequence[tuple[Coverage, Coverage]], inputs: Inputs, cadres: Mapping[str, Record]) -> list[Coverage]:
    """The rules for what is left of which somebody is left."""
    ids = inputs.cadres["cadre_id"]
    rules = []
    for rule, rest in found:
        own = ids[inputs.audience(rule.audience)]
        if any(one in cadres and f"{DONE}{rule.id}" not in cadres[one]["tags"].split(";") for one in own):
            rules.append(rest)
    return rules


def _counts(inputs: Inputs, rule: Coverage) -> Any:
    days = inputs.programmes["days"].to_numpy()
    return inputs.counting(rule.programmes) & (days >= rule.least_days)


def _forget(cadres: dict[str, Record], open_rules: set[str]) -> None:
    """Take off the tags of windows that are over."""
    for record in cadres.values():
        if DONE in record["tags"]:
            tags = record["tags"].split(";")
            record["tags"] = ";".join(t for t in tags if not t.startswith(DONE) or t.removeprefix(DONE) in open_rules)


def _tag(cadres: dict[str, Record], cadre_id: str, heads: int, tags: Sequence[str], year: int) -> None:
    record = cadres[cadre_id]
    size = int(record["headcount"] or 1)
    if heads < size:
        name = f"{cadre_id}-{year}"
        while name in cadres:
            name += "-"
        cadres[name] = record = {**record, "cadre_id": name, "headcount": str(heads)}
        cadres[cadre_id]["headcount"] = str(size - heads)
    own = [tag for tag in record["tags"].split(";") if tag]
    record["tags"] = ";".join(dict.fromkeys([*own, *tags]))
