"""Counting for shared rules: quotas, share floors and seats in proportion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from allocator.checks.finding import CHECKS, Finding, finding, missed, names, span, titled
from allocator.checks.open_seats import Openings, Part
from allocator.domain.rules import Apportion, Quota, RuleKind, ShareFloor
from allocator.engine.solvers.max_flow import SINK, SOURCE, Flow, Network
from allocator.language.message import Message
from allocator.model.shared.apportion import apportion_rows
from allocator.model.shared.quota import quota_rows
from allocator.model.shared.rows import SHARED, RowFamily
from allocator.model.shared.share_floor import share_floor_rows


@CHECKS.add(Quota)
def check_quota(openings: Openings, rule: Quota) -> list[Finding]:
    """Compare the least a quota accepts with the most people its classes can hold, year by year and over all years."""
    family = quota_rows(openings.instance, rule)
    audience = family.group >= 0
    part = openings.part(audience, family.programmes)
    wished = np.where(np.isfinite(family.floor[0]), family.floor[0], 0).astype(np.int64)
    slack = dict(family.short_goals).get("violation")
    owed = wished if slack is None else np.maximum(wished - slack, 0)
    found = _quota_years(openings, rule, part, wished, owed)
    if not found:
        found = _quota_together(openings, rule, part, wished, owed)
    return found + _quota_ceiling(openings, rule, family)


def _quota_years(openings: Openings, rule: Quota, part: Part, wished: np.ndarray, owed: np.ndarray) -> list[Finding]:
    short: dict[tuple[int, int, int, int], list[int]] = {}
    for y, year in enumerate(openings.instance.years):
        if not wished[y]:
            continue
        only = np.arange(len(wished)) == y
        own = part.within(only)
        people = int(own.heads(1)[0])
        most = _attendances(own, np.where(only, people, 0))
        if most < wished[y]:
            need = int(owed[y]) if most < owed[y] else int(wished[y])
            short.setdefault((need, most, people, own.open_seats), []).append(year)
    return [
        finding(
            Message("counting.quota-short", years=span(years), need=need, most=most, people=people, seats=seats),
            rule,
            missed(rule) if most < owed[openings.instance.years.index(years[0])] else "warning",
        )
        for (need, most, people, seats), years in short.items()
    ]  # fmt: skip


def _quota_together(openings: Openings, rule: Quota, part: Part, wished: np.ndarray, owed: np.ndarray) -> list[Finding]:
    for need in (owed, wished):
        most = _attendances(part, need)
        if most < need.sum():
            severity = missed(rule) if need is owed else "warning"
            years = span(np.array(openings.instance.years)[need > 0].tolist())
            told: dict[str, object] = {"need": int(need.sum()), "most": most, "people": int(part.people.sum())}
            return [finding(Message("counting.quota-repeats", years=years, **told), rule, severity)]
    return []


def _attendances(part: Part, need: np.ndarray) -> int:
    """Most of the people needed each year (Y,) that can be sent, everyone at most once a year and ``times`` in all.

    The network runs from years over classes held and people in a year to people over all years.
    """
    network = Network()
    years = len(need)
    keys, place = part.places
    year_nodes, place_nodes = network.nodes(years), network.nodes(len(keys))
    person_years, of_pair = np.unique(part.of * years + part.year, return_inverse=True)
    pair_nodes, people_nodes = network.nodes(len(person_years)), network.nodes(len(part.people))
    network.join(SOURCE, year_nodes, need)
    network.join(year_nodes[keys % years], place_nodes, part.seats.reshape(-1)[keys])
    network.join(place_nodes[place], pair_nodes[of_pair], part.people[part.of])
    network.join(pair_nodes, people_nodes[person_years // years], part.people[person_years // years])
    network.join(people_nodes, SINK, part.people * part.times)
    return network.flow().value


def _quota_ceiling(openings: Openings, rule: Quota, family: RowFamily) -> list[Finding]:
    """People called up by name are more than the quota may hold."""
    called = openings.called & np.append(family.programmes, False)[openings.slots][:, None, :]
    heads = np.where(called, openings.called_heads, 0).max(axis=2, initial=0)  # Everyone counts once a year.
    sent = heads[family.group >= 0].sum(axis=0)
    slack = dict(family.over_goals).get("violation", 0)
    over = sent > family.ceiling[0] + slack
    return [
        finding(
            Message(
                "counting.quota-ceiling", years=openings.instance.years[y], most=int(family.ceiling[0][y] + slack),
                called=int(sent[y]),
            ), rule, missed(rule),
        )
        for y in np.flatnonzero(over)
    ]  # fmt: skip


def check_together(openings: Openings, rules: Sequence[Quota]) -> list[Finding]:
    """Compare the least of all hard quotas together with the seats: a seat serves one quota only, where they share none.

    Quotas that one seat could serve at once (people and programmes of both in common) are not added up: of them the first
    counts. A quota that already cannot be kept by itself should be left out.
    """
    instance = openings.instance
    families = [quota_rows(instance, rule) for rule in rules]
    chosen: list[int] = []
    for q, family in enumerate(families):
        shared = (
            (families[c].programmes & family.programmes).any()
            and ((families[c].group >= 0) & (family.group >= 0)).any()
            for c in chosen
        )
        if np.isfinite(family.floor).any() and not any(shared):
            chosen.append(q)
    parts = [openings.part(families[q].group >= 0, families[q].programmes) for q in chosen]
    found = []
    for y, year in enumerate(instance.years):
        network = Network()
        places = network.nodes(len(instance.calendar.seats))
        network.join(places, SINK, instance.calendar.seats[:, y])
        quotas, owed = network.nodes(len(chosen)), np.zeros(len(chosen), dtype=np.int64)
        for k, (q, part) in enumerate(zip(chosen, parts, strict=True)):
            floor = families[q].floor[0, y]
            owed[k] = max(0, floor - dict(families[q].short_goals)["violation"]) if np.isfinite(floor) else 0
            own = part.within(np.arange(len(instance.years)) == y)
            people = network.nodes(len(own.people))
            network.join(SOURCE, quotas[k], owed[k])
            network.join(quotas[k], people, own.people)
            network.join(people[own.of], places[own.programme], own.people[own.of])
        flow = network.flow()
        if flow.value < owed.sum():
            hungry = [rules[q] for k, q in enumerate(chosen) if flow.starved[quotas[k]] and owed[k]]
            ids = instance.inputs.programmes["programme_id"].to_numpy()
            found.append(
                finding(
                    Message(
                        "counting.quotas-together", years=year, need=int(owed.sum()), most=flow.value,
                        quotas=names([titled(rule) for rule in hungry]), programmes=names(openings.names.programmes(ids[flow.starved[places]].tolist())),
                    ), hungry[0], "error",
                )
            )  # fmt: skip
    return found


@CHECKS.add(ShareFloor)
def check_share_floor(openings: Openings, rule: ShareFloor) -> list[Finding]:
    """Compare what every group owes with its members who can attend, and all that is owed with the seats open to it."""
    family = share_floor_rows(openings.instance, rule)
    part = openings.part(family.group >= 0, family.programmes, family.group)
    need = np.where(np.isfinite(family.floor), family.floor, 0).astype(np.int64)
    labels, years = np.array(family.names), openings.instance.years
    few: dict[tuple[str, ...], list[int]] = {}
    crowded: list[Finding] = []
    for y, year in enumerate(years):
        own = part.within(np.arange(len(years)) == y)
        able = own.heads(len(labels))
        if short := tuple(
            _group(openings, rule, labels[g], able[g], need[g, y]) for g in np.flatnonzero(able < need[:, y]).tolist()
        ):
            few.setdefault(short, []).append(year)
        wanted = np.minimum(need[:, y], able)
        flow, group_nodes, place_nodes = _seated(own, wanted)
        if flow.value < wanted.sum():
            hungry = flow.starved[group_nodes] & (wanted > 0)
            crowded.append(
                finding(
                    Message(
                        "counting.floor-seats", years=year, need=int(wanted.sum()), most=flow.value,
                        groups=names([openings.names.group(rule.group_by, label) for label in labels[hungry].tolist()]),
                        programmes=names(_programmes(openings, own, flow.starved[place_nodes])),
                    ), rule, missed(rule),
                )
            )  # fmt: skip
    found = [
        finding(
            Message("counting.floor-people", years=span(of), count=len(groups), groups=names(groups)),
            rule,
            missed(rule),
        )
        for groups, of in few.items()
    ]
    possible = np.bincount(part.group, weights=part.people * part.times, minlength=len(labels))
    tired = np.flatnonzero(possible < need.sum(axis=1)) if not found else np.zeros(0, dtype=np.int64)
    if len(tired):
        groups = tuple(_group(openings, rule, labels[g], possible[g], need[g].sum()) for g in tired.tolist())
        message = Message("counting.floor-repeats", count=len(tired), groups=names(groups))
        found.append(finding(message, rule, missed(rule)))
    return found + crowded


def check_rows(openings: Openings, rule: RuleKind) -> list[Finding] | None:
    """Compare the floors of the rows that a shared kind states with those who can attend and with the seats.

    For kinds without an argument of their own. What a deviation within the band of the rule costs is no miss. ``None`` where the kind states
    no rows, or floors that hang on who is sent.
    """
    state = SHARED.get(type(rule))
    family = None if state is None else state(openings.instance, rule)
    if family is None or family.among is not None:
        return None
    slack = dict(family.short_goals).get("violation", 0)
    floor = np.where(np.isfinite(family.floor), np.maximum(family.floor - slack, 0), 0).astype(np.int64)
    part = openings.part(family.group >= 0, family.programmes, family.group)
    few: dict[tuple[Message, ...], list[int]] = {}
    crowded: dict[tuple[int, int], list[int]] = {}
    for y, year in enumerate(openings.instance.years):
        own = part.within(np.arange(floor.shape[1]) == y)
        able = own.heads(len(floor)) if family.distinct else _in_every_class(own, len(floor))
        short = np.flatnonzero(able < floor[:, y])
        if len(short):
            groups = tuple(_group(openings, rule, family.names[g], able[g], floor[g, y]) for g in short.tolist())
            few.setdefault(groups, []).append(year)
        elif own.open_seats < floor[:, y].sum():
            crowded.setdefault((int(floor[:, y].sum()), own.open_seats), []).append(year)
    messages = [
        Message("counting.rows-people", years=span(of), count=len(groups), groups=names(groups))
        for groups, of in few.items()
    ]
    messages += [
        Message("counting.rows-seats", years=span(of), need=need, seats=seats) for (need, seats), of in crowded.items()
    ]
    return [finding(message, rule, missed(rule)) for message in messages]


def _in_every_class(part: Part, groups: int) -> np.ndarray:
    """Seats that each group can fill when everybody sits in every class held, shape (groups,)."""
    return np.bincount(part.group[part.of], weights=part.people[part.of], minlength=groups).astype(np.int64)


def _seated(part: Part, wanted: np.ndarray) -> tuple[Flow, np.ndarray, np.ndarray]:
    """Most of the people wanted of each group (G,) that have a seat; with the nodes of groups and of classes held."""
    network = Network()
    keys, place = part.places
    group_nodes, people_nodes, place_nodes = (network.nodes(n) for n in (len(wanted), len(part.people), len(keys)))
    network.join(SOURCE, group_nodes, wanted)
    network.join(group_nodes[part.group], people_nodes, part.people)
    network.join(people_nodes[part.of], place_nodes[place], part.people[part.of])
    network.join(place_nodes, SINK, part.seats.reshape(-1)[keys])
    return network.flow(), group_nodes, place_nodes


def _programmes(openings: Openings, part: Part, chosen: np.ndarray) -> tuple[str, ...]:
    """Programmes of the chosen places, by name."""
    ids = openings.instance.inputs.programmes["programme_id"].to_numpy()
    return openings.names.programmes(ids[np.unique(part.places[0][chosen] // part.seats.shape[1])].tolist())


def _group(openings: Openings, rule: RuleKind, label: str, able: int, need: int) -> Message:
    """A group by name, with how many it can send of those it must."""
    return Message("counting.group", group=openings.names.group(rule.grouped_by, label), able=int(able), need=int(need))


@CHECKS.add(Apportion)
def check_apportion(openings: Openings, rule: Apportion) -> list[Finding]:
    """Compare the least and most of every group with its members, the seats and the amount to be shared out."""
    family = apportion_rows(openings.instance, rule)
    floor = np.where(np.isfinite(family.floor), np.maximum(family.floor, 0), 0).astype(np.int64)
    labels, years = np.array(family.names), openings.instance.years
    part = openings.part(family.group >= 0, family.programmes, family.group)
    few: dict[tuple[str, ...], list[int]] = {}
    crowded: dict[tuple[int, int], list[int]] = {}
    for y, year in enumerate(years):
        own = part.within(np.arange(len(years)) == y)
        # Every seat counts here, so a person may fill one in each class held.
        able = _in_every_class(own, len(labels))
        if short := tuple(
            _group(openings, rule, labels[g], able[g], floor[g, y]) for g in np.flatnonzero(able < floor[:, y]).tolist()
        ):
            few.setdefault(short, []).append(year)
        if own.open_seats < floor[:, y].sum():
            crowded.setdefault((int(floor[:, y].sum()), own.open_seats), []).append(year)
    found = [
        finding(
            Message("counting.apportion-people", years=span(of), count=len(groups), groups=names(groups)),
            rule,
            missed(rule),
        )
        for groups, of in few.items()
    ]
    found += [
        finding(Message("counting.apportion-seats", years=span(of), need=need, seats=seats), rule, missed(rule))
        for (need, seats), of in crowded.items()
    ]
    least = int(floor.sum(axis=0).max(initial=0))
    if least > rule.amount:
        message = Message("counting.apportion-least", need=least, amount=rule.amount)
        found.append(finding(message, rule, "warning"))
    if rule.most is not None and len(labels) and len(labels) * rule.most < rule.amount:
        message = Message("counting.apportion-most", most=len(labels) * rule.most, amount=rule.amount)
        found.append(finding(message, rule, "warning"))
    return found
