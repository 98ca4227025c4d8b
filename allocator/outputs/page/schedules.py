"""Every unit and every person of the plan as columns of short numbers, for the search of the page.

A text that occurs often stands in a list once; rows hold its place in the list. Both languages are inside, so that the
switch needs nothing further. Keys and columns are read by ``page.js``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from allocator.domain.rules import ShareFloor
from allocator.language.texts import Texts
from allocator.outputs.output_data import Material

Data = dict[str, Any]


def schedules(zh: Material, en: Material) -> Data:
    """The data of the search; the two are one run in both languages.

    Returns
    -------
    dict
        ``people`` are sorted by unit, principals first. ``seats`` holds one run of placements after another: ``count`` says
        how many belong to each person. ``more`` gives the headcount where it is not 1.
    """
    inputs = zh.inputs
    units = inputs.units["unit_id"].reset_index(drop=True)
    cadres = inputs.cadres.assign(unit=_places(units, inputs.cadres["unit_id"]))
    cadres = cadres.sort_values(["unit", "principal", "cadre_id"], ascending=[True, False, True], kind="stable")
    cadres = cadres.reset_index(drop=True)
    sessions = zh.sessions[zh.sessions["session_id"].isin(zh.plan.placements["session_id"])].reset_index(drop=True)
    return {
        "years": list(inputs.years),
        **_units(zh, en),
        **_people(cadres),
        **_sessions(zh, en, sessions),
        **_seats(zh, en, cadres, sessions),
        **_debts(zh, en, cadres),
        **_floors(zh, en, cadres),
    }


def _units(zh: Material, en: Material) -> Data:
    table = zh.inputs.units
    ids = table["unit_id"].tolist()
    kind, kinds = _coded(table["kind"], lambda texts, value: texts.known("unit_kind", value))
    return {
        "units": {
            "id": ids,
            "zh": [zh.unit_names[u] for u in ids],
            # An English name is rare; where it is the Chinese one it is left out.
            "en": {n: en.unit_names[u] for n, u in enumerate(ids) if en.unit_names[u] != zh.unit_names[u]},
            "kind": kind,
            "above": _places(table["unit_id"], table["parent_unit_id"]).tolist(),
        },
        "kinds": kinds,
    }


def _people(cadres: pd.DataFrame) -> Data:
    post, posts = _coded(cadres["post"], lambda texts, value: texts.known("post", value))
    rank, ranks = _coded(cadres["rank"], lambda texts, value: texts.known("rank", value))
    team, teams = _coded(cadres["team_id"], lambda _, value: value)
    return {
        "people": {
            "id": cadres["cadre_id"].tolist(), "name": cadres["name"].tolist(), "unit": cadres["unit"].tolist(),
            "post": post, "rank": rank, "team": team, "more": _more(cadres["headcount"]),
        },
        "posts": posts, "ranks": ranks, "teams": teams["zh"],
    }  # fmt: skip


def _sessions(zh: Material, en: Material, sessions: pd.DataFrame) -> Data:
    programmes = zh.inputs.programmes["programme_id"]
    english = en.sessions.set_index("session_id").loc[sessions["session_id"], "place"].tolist()
    pairs = list(zip(sessions["place"], english, strict=True))
    places = sorted(set(pairs))
    number = {pair: n for n, pair in enumerate(places)}
    return {
        "programmes": {m.texts.lang: [m.programme_names[p] for p in programmes] for m in (zh, en)},
        "places": {"zh": [pair[0] for pair in places], "en": [pair[1] for pair in places]},
        "sessions": {
            "id": sessions["session_id"].tolist(),
            "programme": _places(programmes, sessions["programme_id"]).tolist(),
            "year": sessions["year"].tolist(),
            "dates": {m.texts.lang: [m.spans.get(s, [""]) for s in sessions["session_id"]] for m in (zh, en)},
            "days": [float(days) if days % 1 else int(days) for days in sessions["days"]],
            "place": [number[pair] for pair in pairs],
        },
    }


def _seats(zh: Material, en: Material, cadres: pd.DataFrame, sessions: pd.DataFrame) -> Data:
    """Rows of a plan file that name no known person or session are the auditor's to report, and left out here."""
    placements = zh.plan.placements
    table = pd.DataFrame(
        {
            "person": _places(cadres["cadre_id"], placements["cadre_id"]),
            "session": _places(sessions["session_id"], placements["session_id"]),
            "start": placements["start_date"],
            "rules": placements["rules"],
            "headcount": placements["headcount"],
        }
    )
    table = table[(table["person"] >= 0) & (table["session"] >= 0)]
    table = table.sort_values(["person", "start", "session"], kind="stable").reset_index(drop=True)
    codes, rules = pd.factorize(table["rules"], sort=True)
    return {
        "seats": {
            "count": np.bincount(table["person"], minlength=len(cadres)).tolist(),
            "session": table["session"].tolist(),
            "reason": codes.tolist(),
            "more": _more(table["headcount"]),
        },
        "reasons": {m.texts.lang: [m.reason(str(served)) for served in rules] for m in (zh, en)},
    }


def _debts(zh: Material, en: Material, cadres: pd.DataFrame) -> Data:
    """Who is overdue when and why, and who still owes how many hours by which rule."""
    owed, overdue = zh.audit.owed, zh.audit.overdue
    rules = owed[["rule_id", "year"]].drop_duplicates().reset_index(drop=True)
    keys = {key: n for n, key in enumerate(zip(rules["rule_id"], rules["year"], strict=True))}
    why, whys = _coded(overdue["reason"], lambda texts, value: texts.known("why", value))
    return {
        "owed": {
            "person": _places(cadres["cadre_id"], owed["cadre_id"]).tolist(),
            "debt": [keys[key] for key in zip(owed["rule_id"], owed["year"], strict=True)],
            "hours": [round(float(hours), 1) if hours % 1 else int(hours) for hours in owed["owed"]],
        },
        "debts": {
            "year": [int(year) for year in rules["year"]],
            **{m.texts.lang: [m.rule_titles[rule] for rule in rules["rule_id"]] for m in (zh, en)},
        },
        "overdue": {
            "person": _places(cadres["cadre_id"], overdue["cadre_id"]).tolist(),
            "year": [int(year) for year in overdue["year"]],
            "why": why,
        },
        "whys": whys,
    }


def _floors(zh: Material, en: Material, cadres: pd.DataFrame) -> Data:
    """Every team of the share floors by team: what it sent against what it had to, year by year."""
    rules = [r.id for r in zh.inputs.policy.rules if isinstance(r, ShareFloor) and r.group_by == "team_id"]
    teams = pd.Series(sorted(set(cadres["team_id"])), dtype="str")
    table = zh.floors[zh.floors["rule_id"].isin(rules)].sort_values(["group", "rule_id", "year"], kind="stable")
    return {
        "floors": {
            "team": _places(teams, table["group"]).tolist(),
            "rule": [rules.index(rule) for rule in table["rule_id"]],
            **{name: [int(n) for n in table[name]] for name in ("year", "size", "required", "achieved")},
        },
        "floorRules": {
            "missed": [zh.audit[rule].status for rule in rules],
            **{m.texts.lang: [m.rule_titles[rule] for rule in rules] for m in (zh, en)},
        },
    }


def _coded(values: pd.Series, word: Callable[[Texts, str], str]) -> tuple[list[int], dict[str, list[str]]]:
    """The place of every value in the sorted list of distinct ones, and that list in both languages."""
    codes, found = pd.factorize(values.astype("str"), sort=True)
    return codes.tolist(), {
        lang: [word(texts, str(value)) for value in found] for lang, texts in (("zh", Texts("zh")), ("en", Texts("en")))
    }


def _places(ids: Iterable[str], wanted: pd.Series) -> pd.Series:
    """The row of each wanted id, -1 where there is none."""
    rows = pd.Series(pd.Index(ids).get_indexer(pd.Index(wanted)), index=wanted.index)
    return rows.astype("int64")


def _more(headcount: pd.Series) -> dict[int, int]:
    return {n: int(count) for n, count in enumerate(headcount) if count != 1}
