"""Programmes: one row for each offer of the catalogue, one for each unit where the offer is local."""

from __future__ import annotations

import pandas as pd

from allocator.sample_data.design import Catalogue, Offer, Shares


def build_programmes(catalogue: Catalogue, units: pd.DataFrame) -> pd.DataFrame:
    """All programmes, with their hours by subject.

    A programme of the academies names the six as one host; which of them is the place stands in the session's segments.
    """
    rows = []
    for offer in catalogue.programmes:
        if not offer.for_each:
            rows.append(_row(catalogue, offer, offer.id, "", offer.name, offer.name_en))
            continue
        local = units[units["kind"] == offer.for_each]
        for unit_id, name, name_en in zip(local["unit_id"], local["name"], local["name_en"], strict=True):
            texts = f"{name}{offer.name}", f"{name_en}, {offer.name_en}"
            rows.append(_row(catalogue, offer, f"{offer.id}-{unit_id}", unit_id, *texts))
    return pd.DataFrame(rows)


def _shares(catalogue: Catalogue, host_group: str) -> Shares:
    for shares in catalogue.curriculum.values():
        if host_group in shares.groups:
            return shares
    return catalogue.curriculum["other"]


def _row(
    catalogue: Catalogue, offer: Offer, programme_id: str, serves: str, name: str, name_en: str
) -> dict[str, object]:
    shares = _shares(catalogue, offer.host_group)
    hours = offer.days * catalogue.hours_per_day
    lectures = shares.lectures if offer.lectures is None else offer.lectures
    interactive = shares.interactive if offer.interactive is None else offer.interactive
    return {
        "programme_id": programme_id,
        "name": name,
        "name_en": name_en,
        "host_id": f"{offer.host_group}-{serves}" if serves else offer.host_group,
        "host_group": offer.host_group,
        "content": offer.content,
        "level": offer.level,
        "days": offer.days,
        "hours": hours,
        "online": False,
        "theory_hours": round(hours * shares.theory, 2),
        "party_spirit_hours": round(hours * shares.spirit, 2),
        "leader_lecture_hours": round(hours * lectures, 2),
        "interactive_hours": round(hours * interactive, 2),
        "party_analysis": offer.days >= catalogue.analysis_days,
        "serves_unit_id": serves,
    }
