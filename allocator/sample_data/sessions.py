"""Dated sessions: as many seats as the design asks for, spread over the working weeks of every year."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from allocator.sample_data.calendar import starts
from allocator.sample_data.design import Catalogue, Offer

GOLDEN = (5**0.5 - 1) / 2  # multiples of it, modulo one, spread most evenly
TAG = "#"  # marks a tag among the categories of an offer's rates
NEARBY = timedelta(days=10)  # a session moves so far on behalf of a busy host
DAY = timedelta(days=1)

Busy = Counter[tuple[str, date]]


class Segment(NamedTuple):
    """One part of a session; an empty place is the host itself."""

    first: date
    last: date
    place: str = ""

    def __str__(self) -> str:
        return f"{self.first}/{self.last}" + (f"@{self.place}" if self.place else "")


def build_sessions(
    catalogue: Catalogue,
    programmes: pd.DataFrame,
    units: pd.DataFrame,
    cadres: pd.DataFrame,
    factor: float = 1.0,
    times: float = 1.0,
) -> pd.DataFrame:
    """All sessions of the plan years, in the order of the programmes.

    Parameters
    ----------
    factor
        Multiplies the seats of offers whose sessions are counted in the design; the others follow the people.
    times
        Multiplies the sessions of every offer, at least one, and leaves all their seats together as they are, rounded up.
    """
    heads = _heads(units, cadres)
    offers = {offer.id: offer for offer in catalogue.programmes}
    busy: Busy = Counter()
    rows: list[dict[str, object]] = []
    columns = (programmes["programme_id"], programmes["serves_unit_id"], programmes["host_id"])
    for position, (programme_id, serves, host) in enumerate(zip(*columns, strict=True), start=1):
        offer = offers[programme_id.removesuffix(f"-{serves}") if serves else programme_id]
        count, seats = _split(*_size(offer, heads[serves], factor), times)
        for year in catalogue.years:
            if offer.year not in (None, year):
                continue
            phase = (position * GOLDEN + year * GOLDEN**2) % 1
            dates = _spread(catalogue, offer, host, year, count, phase, busy)
            for number, first in enumerate(dates, start=1):
                segments = _segments(catalogue, offer, first, number + position + year)
                is_plain = len(segments) == 1 and not segments[0].place
                rows.append(
                    {
                        "session_id": f"{programme_id}-{year}-{number:02d}",
                        "programme_id": programme_id,
                        "year": year,
                        "start_date": str(segments[0].first),
                        "end_date": str(segments[-1].last),
                        "min_seats": max(1, math.floor(seats * catalogue.least_share)),
                        "seats": seats,
                        "segments": "" if is_plain else ";".join(map(str, segments)),
                    }
                )
    return pd.DataFrame(rows)


def _heads(units: pd.DataFrame, cadres: pd.DataFrame) -> Mapping[str, Counter[str]]:
    """Heads by category and ``#tag`` in every unit with all units below it; the empty id is the whole province."""
    parent = dict(zip(units["unit_id"], units["parent_unit_id"], strict=True))
    heads: dict[str, Counter[str]] = {unit_id: Counter() for unit_id in ("", *parent)}
    columns = (cadres["unit_id"], cadres["category"], cadres["tags"], cadres["headcount"])
    for unit_id, category, tags, count in zip(*columns, strict=True):
        keys = [category, *(f"{TAG}{tag}" for tag in tags.split(";") if tag)]
        above = unit_id
        while above:
            for key in keys:
                heads[above][key] += int(count)
            above = parent[above]
        for key in keys:
            heads[""][key] += int(count)
    return heads


def _size(offer: Offer, heads: Counter[str], factor: float) -> tuple[int, int]:
    """Sessions a year and seats of each.

    Of a larger province there are more sessions, of a smaller one fewer and smaller ones: two at least where there are
    several, so that the dates leave a choice.
    """
    if offer.sessions is not None:
        count, seats = offer.sessions
        times = max(min(count, 2), round(count * factor))
        return times, max(2, math.ceil(count * seats * factor / times))
    wanted = math.ceil(sum(rate * heads[key] for key, rate in offer.rates.items()))
    count = max(offer.fewest, math.ceil(wanted / offer.largest))
    return count, max(2, math.ceil(wanted / count))


def _split(count: int, seats: int, times: float) -> tuple[int, int]:
    """The same seats in so many times as many sessions, each of two seats at least."""
    split = max(1, round(count * times))
    return split, max(2, math.ceil(count * seats / split))


def _spread(
    catalogue: Catalogue, offer: Offer, host: str, year: int, count: int, phase: float, busy: Busy
) -> list[date]:
    """First days, even over the year from a phase of its own; of near days, the one on which the host has least to do."""
    possible = _first_days(catalogue, offer, year)
    whole = (possible[-1] - possible[0]).days
    chosen: list[date] = []
    for number in range(count):
        target = possible[0] + timedelta(days=round((number + phase) / count * whole))
        reach = max(NEARBY, min(abs(day - target) for day in possible))
        near = [day for day in possible if abs(day - target) <= reach]
        # Two sessions of one programme on the same day are no choice to anybody, so a day taken counts as very busy.
        load = {day: sum(busy[host, d] for d in _days(day, offer.days)) + offer.days * (day in chosen) for day in near}
        best = min(near, key=load.__getitem__)
        chosen.append(best)
        busy.update((host, day) for day in _days(best, offer.days))
    return sorted(chosen)


def _first_days(catalogue: Catalogue, offer: Offer, year: int) -> Sequence[date]:
    first, last = (date.fromisoformat(f"{year}-{day}") for day in (catalogue.first_day, catalogue.last_day))
    if offer.segments != "two-part":
        return starts(first, last, offer.days)
    half = offer.days // 2
    return [day for day in starts(first, last, half) if _second_day(catalogue, offer, day)]


def _second_day(catalogue: Catalogue, offer: Offer, first: date) -> date | None:
    """First day of the second part: some weeks after the first part, when no holiday is met."""
    begin, last = (date.fromisoformat(f"{first.year}-{day}") for day in (catalogue.first_day, catalogue.last_day))
    possible = starts(begin, last, offer.days - offer.days // 2)
    weeks = range(catalogue.pause_weeks, catalogue.pause_weeks + 3)
    return next((day for day in (first + timedelta(weeks=number) for number in weeks) if day in possible), None)


def _days(first: date, days: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(days)]


def _segments(catalogue: Catalogue, offer: Offer, first: date, turn: int) -> list[Segment]:
    """The parts of a session with their places; ``turn`` goes round the places of the host group."""
    last = first + timedelta(days=offer.days - 1)
    if offer.host_group in catalogue.hosts:
        places = catalogue.hosts[offer.host_group]
        return [Segment(first, last, places[turn % len(places)])]
    if offer.segments == "visit":
        places = catalogue.hosts["three-academies-three-bases"]
        leave = first + timedelta(days=(offer.days - catalogue.visit_days) // 2)
        back = leave + timedelta(days=catalogue.visit_days)
        away = Segment(leave, back - DAY, places[turn % len(places)])
        return [Segment(first, leave - DAY), away, Segment(back, last)]
    second = _second_day(catalogue, offer, first) if offer.segments == "two-part" else None
    if second is not None:
        half = offer.days // 2
        return [
            Segment(first, first + timedelta(days=half - 1)),
            Segment(second, second + timedelta(days=offer.days - half - 1)),
        ]
    return [Segment(first, last)]
