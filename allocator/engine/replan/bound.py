r"""How few changes any plan needs that comes as near to the goals before changes as a given plan.

A relaxation with far fewer things in it than plans. Who must change follows one of all trajectories open to him or her. Everybody else who changes
does so by *actions*: taking a seat, leaving one, moving to another year of the same programme. A seat taken can mend those rows that count it and are
missed now, and with them at most all that the person costs in personal goals. What an action spoils is left out, and so are dates; so every plan
is counted here at no more than it costs:

.. math::
    \min \sum_a c_a n_a + \sum_{i \in M} \sum_k c_{ik} x_{ik}, \qquad
    \sum_r miss_{rg} + personal_g \le value_g \quad \forall g, \qquad
    taken_{py} - left_{py} \le free_{py} \quad \forall p, y

:math:`a` are actions alike in all that they mend, :math:`M` the people who must change. Only rows missed on the ground stand in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from allocator.domain.rules import Goal
from allocator.engine.parameters import REPLAN, TOLERANCES
from allocator.engine.replan.alternatives import Alternatives, joined, near
from allocator.engine.replan.program import Levels, Neighbourhood
from allocator.engine.replan.situation import Situation
from allocator.model.goals import SHAPES

Place = tuple[int, int]
"""Programme and year."""


def fewest_changes(now: Situation, must: list[int], unfit: frozenset[int], values: np.ndarray, most: float) -> float:
    """So many changes, counted by their costs, are needed by every plan with the goals before changes at ``values`` or below.

    Parameters
    ----------
    must, unfit
        People who cannot stay as they are on the ground, or whom the events have moved already; and the former alone.
    values
        What the goals before changes come to, minimised, shape (above,).
    most
        The cost of the plan at hand; a bound is never above it.
    """
    if any(SHAPES[goal].sense == "max" for goal in now.goals[: now.above]) or len(must) > REPLAN.must_up_to:
        return min(most, _each_at_its_least(now, must, unfit))
    relaxation = _Relaxation(now, must, unfit, values, most)
    bound = relaxation.bound()
    if bound < most:
        bound = max(bound, _if_alone_they_cannot(now, must, unfit, values) + relaxation.constant)
    return min(most, bound)


def _each_at_its_least(now: Situation, must: list[int], unfit: frozenset[int]) -> float:
    """What the changes that events force cost at least: every seat lost is given up or taken again elsewhere, who cannot stay changes a seat."""
    costs, ids = now.costs, now.timetable.ids
    cheapest = min(costs.dropped, costs.moved)
    total = 0
    for i in must:
        lost = [ids[s] in now.published.issued for s in now.before.get(i, ()) if s not in now.ground[i]]
        lost += [is_out for _, _, is_out in now.gone.get(i, [])]
        total += sum(cheapest * (costs.issued if is_out else 1) for is_out in lost)
        total += min(cheapest, costs.added) if i in unfit and not lost else 0
    total += sum(cheapest * n for own in now.lost.values() for n in own.values())
    return float(total + sum(costs.of([("", session in now.published.issued)], []) for _, session in now.left))


def cheapest_of(now: Situation, i: int, unfit: frozenset[int]) -> Alternatives | None:
    """All of the cheapest changes of somebody who must change; ``None`` where these cannot be listed.

    Seats lost are left, or taken again at another date of their programme; who cannot stay as on the ground changes one seat.
    """
    lost = len(now.before.get(i, ())) + len(now.gone.get(i, ())) - len(now.ground[i])
    found = near(now, [i])
    if lost > REPLAN.lost_listed or not len(found):
        return None
    least = int(found.change.min())
    if i in unfit and (lost or least > min(now.costs.dropped, now.costs.added, now.costs.moved)):
        return None
    return found.only(np.flatnonzero(found.change == least))


def _if_alone_they_cannot(now: Situation, must: list[int], unfit: frozenset[int], values: np.ndarray) -> float:
    """One more than the least that those who must change cost, if that least alone does not reach the values by any dates; else 0."""
    cheapest = [None if now.lost else cheapest_of(now, i, unfit) for i in must]
    few = [one for one in cheapest if one is not None]
    if len(few) < len(must) or not few:
        return 0.0
    can = Neighbourhood(now, joined(few), must=frozenset(must)).can_reach(values, REPLAN.work)
    return sum(float(one.change[0]) for one in few) + 1.0 if can is False else 0.0


class _Relaxation:
    """The relaxation under construction."""

    def __init__(self, now: Situation, must: list[int], unfit: frozenset[int], values: np.ndarray, most: float) -> None:
        self.now, self.must, self.unfit, self.values, self.most = now, must, unfit, values, most
        self.rows = Levels()
        self.costs = now.costs
        self.missed = self._missed_rows()
        self.mends: dict[int, list[tuple[int, float]]] = defaultdict(list)  # terms of each missed row
        self.personal: list[list[tuple[int, float]]] = [[] for _ in range(now.above)]
        self.use: dict[Place, list[tuple[int, float]]] = defaultdict(list)
        self.session_use: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self.may_leave: dict[int, list[int]] = defaultdict(list)  # variables with which somebody may leave a session
        self.frees: dict[Place | None, list[int]] = defaultdict(
            list
        )  # actions that may leave a programme and year; None: any
        self.is_must = np.zeros(len(now.slots), dtype=bool)
        self.is_must[must] = True
        self.constant = self._of_people_gone()

    def _missed_rows(self) -> list[tuple[int, int, int]]:
        """Rows (family, group, year) that the ground misses in a goal before changes."""
        now, found = self.now, []
        above = set(now.goals[: now.above])
        for f, count in enumerate(now.counts):
            wrong = np.zeros(count.shape, dtype=bool)
            for goal, distance in now.missed(f, count).items():
                if goal in above:
                    wrong |= distance > TOLERANCES.whole
            found += [(f, int(g), int(y)) for g, y in np.argwhere(wrong)]
        return found

    def bound(self) -> float:
        """The least of the relaxation, rounded up to whole costs."""
        least = self._those_who_must()
        self._those_who_could()
        self._lost_by_groups()
        self._seats()
        self._goals()
        answer = self.rows.minimise(0, REPLAN.bound_work)
        bound = least if answer is None else answer[1]
        return float(np.ceil(max(bound, least) + self.constant - TOLERANCES.value))

    # Who must change.

    def _those_who_must(self) -> float:
        """Trajectories of the people who must change; returns the least that they cost together."""
        now = self.now
        columns = {i: self._trajectories(i) for i in self.must}
        stays = {i: float(self._cost(i, now.bits[[i]])[0]) for i in self.must if self._lacks(i)}
        dated = {
            i: found for i in self.must if i not in stays and (found := cheapest_of(now, i, self.unfit)) is not None
        }
        costs = {
            i: min(float(cost.min(initial=REPLAN.most)), stays.get(i, REPLAN.most))
            for i, (cost, _, _) in columns.items()
        }
        costs |= {i: float(found.change[0]) for i, found in dated.items()}
        least = sum(costs.values())
        for i, (cost, held, personal) in columns.items():
            ways = []
            if i in dated:  # With dates the cheapest are known; all others cost more.
                cost = np.maximum(cost, costs[i] + 1.0)
                found = dated[i]
                own = self._add_trajectories(
                    i, found.change.astype(float), found.held, found.personal[:, : now.above].astype(float), alike=False
                )
                for v, sessions in zip(own, found.sessions.tolist(), strict=True):
                    new, old = {s for s in sessions if s >= 0}, set(now.ground[i])
                    for s in new ^ old:
                        self.session_use[s].append((v, 1.0 if s in new else -1.0))
                ways += own
            few = cost <= costs[i] + self.most - least
            rest = self._add_trajectories(i, cost[few], held[few], personal[few])
            rest += self._without_a_class(i, stays[i]) if i in stays else []
            for s in now.ground[i]:
                self.may_leave[s] += rest
            ways += rest
            self.rows.row(1.0, 1.0, [(v, 1.0) for v in ways])
        return least

    def _lacks(self, i: int) -> bool:
        """Whether somebody lacks a class on the ground that a fixed rule asks for; plans in which that stays so count as well."""
        now = self.now
        return bool(now.ground_rows[i] < 0 and now.lacking(np.array([i]), now.bits[[i]])[0] > 0)

    def _without_a_class(self, i: int, stays: float) -> list[int]:
        """Two more ways for somebody who lacks a class: to stay so, or to change in any other way, which may mend whatever he or she could mend.

        The latter costs one change more, unless a seat that was lost is taken again in another year.
        """
        now = self.now
        lost = [s for s in now.before.get(i, ()) if s not in now.ground[i]]
        again = any((now.takes & (now.programme == now.programme[s]) & (now.year != now.year[s])).any() for s in lost)
        cheapest = float(min(self.costs.dropped, self.costs.added, self.costs.moved))
        stay = self.rows.variable(1.0, levels=[(0, stays)])
        other = self.rows.variable(1.0, levels=[(0, stays + (0.0 if again or now.gone.get(i) else cheapest))])
        for g, worth in enumerate(now.ground_costs[i, : now.above].tolist()):
            self.personal[g].append((other, -float(worth)))
        for k, (f, g, y) in enumerate(self.missed):
            family = now.families[f]
            part = abs(float(now.part(family, np.array([i]))[0]))
            if max(int(family.group[i]), 0) == g:
                self.mends[k].append((other, part if now.counts[f][g, y] < family.floor[g, y] else -part))
        return [stay, other]

    def _trajectories(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every trajectory open to a person that keeps what stands still: least cost, bits of its years, personal costs over the ground."""
        now = self.now
        person_type = int(now.type_of[i])
        table = now.cohorts.tables[now.cohorts.type_table[person_type]]
        allowed = now.cohorts.type_allowed[person_type]
        row = np.arange(len(table)) if allowed is None else allowed
        bits = table.menus @ (np.int64(1) << np.arange(len(table.slots)))
        held = bits[table.index[row]].reshape(len(row), -1)
        still = np.zeros(held.shape[1], dtype=np.int64)
        for s in now.ground.get(i, ()):
            if now.stands[s]:
                still[now.year[s]] |= now.bit(np.array([i]), np.array([s]))[0]
        keeps = ((held & still) == still).all(axis=1)
        row, held = row[keeps], held[keeps]
        if not len(row) and not self._lacks(
            i
        ):  # Nothing is allowed; the plan at hand leaves the person as he or she is.
            row, held = np.array([-1]), now.bits[[i]]
        people = np.full(len(row), i)
        personal = np.where((row >= 0)[:, None], now.personal(people, row) - now.ground_costs[people], 0)
        return self._cost(i, held), held, personal[:, : now.above]

    def _cost(self, i: int, held: np.ndarray) -> np.ndarray:
        """What bits of years cost a person in changes at least, shape (n,)."""
        now, slots = self.now, self.now.slots[i]
        kept = [s for s in now.before.get(i, ()) if s in now.ground[i]]
        lost = [(int(now.programme[s]), bool(now.issued[s])) for s in now.before.get(i, ()) if s not in now.ground[i]]
        index = now.instance.programme_index
        lost += [(index.get(p, -1), out) for p, _, out in now.gone.get(i, [])]
        own = np.zeros(held.shape[1], dtype=np.int64)
        for s in kept:
            own[now.year[s]] |= now.bit(np.array([i]), np.array([s]))[0]
        dropped, added = own[None, :] & ~held, held & ~own[None, :]
        total = np.zeros(len(held))
        for slot, p in enumerate(slots.tolist()):
            if p < 0:
                break
            gone = ((dropped >> slot) & 1).sum(axis=1) + sum(one == p for one, _ in lost)
            come = ((added >> slot) & 1).sum(axis=1)
            pairs = np.minimum(gone, come)
            total += pairs * self.costs.moved + (gone - pairs) * self.costs.dropped + (come - pairs) * self.costs.added
        foreign = sum(p not in slots for p, _ in lost)
        cheapest = min(self.costs.dropped, self.costs.moved)
        out = sum(is_out for _, is_out in lost)
        return np.asarray(total + foreign * self.costs.dropped + out * (self.costs.issued - 1) * cheapest)

    def _add_trajectories(
        self, i: int, cost: np.ndarray, held: np.ndarray, personal: np.ndarray, *, alike: bool = True
    ) -> list[int]:
        """Variables of some trajectories; those alike once, or each its own in their order."""
        now, n = self.now, len(cost)
        if not n:
            return []
        people = np.full(n, i)
        new, old = now.amounts(people, held), now.amounts(people[:1], now.bits[[i]])
        features = [cost[:, None], personal]
        places = []
        for k, (f, g, y) in enumerate(self.missed):
            if max(int(now.families[f].group[i]), 0) == g:
                places.append(k)
                features.append((new[f][:, y] - old[f][0, y])[:, None])
        taken, left = held & ~now.bits[i], now.bits[i] & ~held
        slots = [(slot, p) for slot, p in enumerate(now.slots[i].tolist()) if p >= 0]
        seats: list[Place] = []
        for y in range(held.shape[1]):
            for slot, p in slots:
                used = ((taken[:, y] >> slot) & 1) - ((left[:, y] >> slot) & 1)
                if used.any():
                    seats.append((p, y))
                    features.append(used[:, None])
        columns = np.concatenate(features, axis=1)
        columns = np.unique(columns, axis=0) if alike else columns
        at = 1 + personal.shape[1]
        own = []
        for one in columns.tolist():
            v = self.rows.variable(1.0, levels=[(0, one[0])])
            own.append(v)
            for g, amount in enumerate(one[1:at]):
                self.personal[g].append((v, amount))
            for k, amount in zip(places, one[at:], strict=False):
                self.mends[k].append((v, amount))
            for place, amount in zip(seats, one[at + len(places) :], strict=True):
                self.use[place].append((v, amount))
        return own

    # Who could change.

    def _those_who_could(self) -> None:
        """Actions of everybody else."""
        now = self.now
        could = now.instance.is_named & ~self.is_must
        self.worth = now.ground_costs[:, : now.above]
        cheapest = float(min(self.costs.added, self.costs.dropped, self.costs.moved))
        owing = np.flatnonzero(could & (self.worth > 0).any(axis=1))
        self._actions(owing, [], np.zeros((len(owing), 0)), cheapest, left=[None])
        for p, y in self._places():
            bits = np.where(now.slots == p, np.int64(1) << np.arange(now.slots.shape[1]), 0).sum(axis=1)
            has = (now.bits[:, y] & bits) > 0
            if ((now.programme == p) & (now.year == y) & now.takes).any():
                takes = np.flatnonzero(could & (bits > 0) & ~has)
                rows, amounts = self._mended(takes, p, y, 1.0)
                elsewhere = (now.bits[takes] & bits[takes][:, None]).any(axis=1)
                years = [(p, other) for other in range(now.bits.shape[1]) if other != y]
                for own, cost, leaves_from in (
                    (elsewhere, min(self.costs.moved, self.costs.added), years), (~elsewhere, self.costs.added, []),
                ):  # fmt: skip
                    self._actions(takes[own], rows, amounts[own], float(cost), place=(p, y), use=1.0, left=leaves_from)
            leaves = np.flatnonzero(could & has)
            rows, amounts = self._mended(leaves, p, y, -1.0)
            self._actions(
                leaves, rows, amounts, float(min(self.costs.dropped, self.costs.moved)), place=(p, y), use=-1.0, left=[(p, y)]
            )  # fmt: skip
            self._moves(p, y, could, bits)
            self._groups(p, y)

    def _places(self) -> list[Place]:
        """Programmes and years that a missed row counts."""
        now = self.now
        return sorted({(int(p), y) for f, _, y in self.missed for p in np.flatnonzero(now.families[f].programmes)})

    def _mended(self, people: np.ndarray, p: int, y: int, sign: float) -> tuple[list[int], np.ndarray]:
        """What a seat taken (``sign`` 1) or left (-1) mends of the missed rows: their numbers, and the amounts, shape (n, rows)."""
        now, rows, amounts = self.now, [], []
        for k, (f, g, year) in enumerate(self.missed):
            family = now.families[f]
            if year != y or not family.programmes[p]:
                continue
            amount = sign * now.part(family, people) * (np.maximum(family.group[people], 0) == g)
            if family.distinct and sign > 0:
                counting = np.append(family.programmes, False)[now.slots[people]]
                counted = (((now.bits[people, y][:, None] >> np.arange(now.slots.shape[1])) & 1) * counting).any(axis=1)
                amount = np.where(counted, 0.0, amount)
            is_short = now.counts[f][g, y] < family.floor[g, y]
            rows.append(k)
            amounts.append(np.maximum(amount, 0.0) if is_short else np.minimum(amount, 0.0))
        return rows, np.column_stack(amounts) if amounts else np.zeros((len(people), 0))

    def _actions(
        self, people: np.ndarray, rows: list[int], amounts: np.ndarray, cost: float, *, place: Place | None = None,
        use: float = 0.0, other: Place | None = None, left: Sequence[Place | None] = (),
    ) -> None:  # fmt: skip
        """One variable for each set of actions that mend the same; those that mend nothing and free nothing are left out."""
        if not len(people):
            return
        worth = self.worth[people]
        useful = amounts.any(axis=1) | (worth > 0).any(axis=1) | (use < 0 or other is not None)
        if not useful.any():
            return
        alike, count = np.unique(np.column_stack([worth, amounts])[useful], axis=0, return_counts=True)
        for one, n in zip(alike.tolist(), count.tolist(), strict=True):
            v = self.rows.variable(float(n), levels=[(0, cost)])
            for g in range(self.now.above):
                self.personal[g].append((v, -one[g]))
            for k, amount in zip(rows, one[self.now.above :], strict=True):
                self.mends[k].append((v, amount))
            if place is not None:
                self.use[place].append((v, use))
            if other is not None:
                self.use[other].append((v, -1.0))
            for one_left in left:
                self.frees[one_left].append(v)

    def _moves(self, p: int, y: int, could: np.ndarray, bits: np.ndarray) -> None:
        """Who attends the programme in another year and moves to this one."""
        now = self.now
        if not ((now.programme == p) & (now.year == y) & now.takes).any():
            return
        for other in range(now.bits.shape[1]):
            moves = np.flatnonzero(could & ((now.bits[:, other] & bits) > 0) & ((now.bits[:, y] & bits) == 0))
            if other != y and len(moves):
                rows, amounts = self._mended(moves, p, y, 1.0)
                rows_left, gone = self._mended(moves, p, other, -1.0)
                self._actions(
                    moves, [*rows, *rows_left], np.column_stack([amounts, gone]), float(self.costs.moved), place=(p, y), use=1.0, other=(p, other),
                    left=[(p, other)],
                )  # fmt: skip

    def _groups(self, p: int, y: int) -> None:
        """Seats that unnamed groups could take; who lost one of the programme regains it at no further cost."""
        now = self.now
        groups = np.flatnonzero(~now.instance.is_named & (now.slots == p).any(axis=1))
        rows, amounts = self._mended(groups, p, y, 1.0)
        for i, own in zip(groups.tolist(), amounts, strict=True):
            if own.any():
                cost = 0.0 if i in now.lost else float(min(self.costs.added, self.costs.moved))
                v = self.rows.variable(float(now.instance.headcount[i]), levels=[(0, cost)])
                self.use[p, y].append((v, 1.0))
                for k, amount in zip(rows, own.tolist(), strict=True):
                    self.mends[k].append((v, amount))

    def _lost_by_groups(self) -> None:
        cheapest = min(self.costs.dropped, self.costs.moved)
        lost = float(sum(n for own in self.now.lost.values() for n in own.values()))
        v = self.rows.variable(lost, levels=[(0, float(cheapest))])
        self.rows.row(lost, lost, [(v, 1.0)])

    def _of_people_gone(self) -> float:
        """What the seats of people cost who are not on the roster any more."""
        issued = self.now.published.issued
        return float(sum(self.costs.of([("", session in issued)], []) for _, session in self.now.left))

    # Rows.

    def _seats(self) -> None:
        """Seats of the programmes and years; and those of single sessions, which somebody must leave for others to come.

        Who leaves a session may be one of those whose action leaves its programme and year; else that is a change besides.
        """
        now = self.now
        room = np.where(now.takes, np.maximum(now.timetable.seats - now.load, 0), 0)
        for (p, y), terms in self.use.items():
            free = float(room[(now.programme == p) & (now.year == y)].sum())
            self.rows.row(-np.inf, free, terms)
        leaving: dict[Place, list[int]] = defaultdict(list)
        over = np.flatnonzero((now.load > now.timetable.seats) & ~now.is_past).tolist()
        for s in sorted({*self.session_use, *over}):
            leave = self.rows.variable(float(now.load[s]))
            leaving[int(now.programme[s]), int(now.year[s])].append(leave)
            others = [(v, -1.0) for v in (leave, *self.may_leave[s])]
            self.rows.row(-np.inf, float(now.timetable.seats[s] - now.load[s]), [*self.session_use[s], *others])
        for (p, y), leaves_of in leaving.items():
            issued = now.issued[(now.programme == p) & (now.year == y)].all()
            cost = min(self.costs.dropped, self.costs.moved) * (self.costs.issued if issued else 1)
            besides = self.rows.variable(levels=[(0, float(cost))])
            others = [(v, -1.0) for v in (besides, *self.frees[p, y], *self.frees[None])]
            self.rows.row(-np.inf, 0.0, [*((v, 1.0) for v in leaves_of), *others])

    def _goals(self) -> None:
        """Each goal before changes comes to no more than the plan's."""
        now = self.now
        counted: list[list[tuple[int, float]]] = [[] for _ in range(now.above)]
        rest = now.totals()[: now.above]
        above: dict[Goal, int] = {goal: g for g, goal in enumerate(now.goals[: now.above])}
        for k, (f, g, y) in enumerate(self.missed):
            family, count = now.families[f], float(now.counts[f][g, y])
            for goals, limit, sign in (
                (family.short_goals, family.floor, 1.0),
                (family.over_goals, family.ceiling, -1.0),
            ):
                for goal, slack in goals:
                    distance = sign * (float(limit[g, y]) - count) - slack
                    if goal not in above or not np.isfinite(distance) or distance <= TOLERANCES.whole:
                        continue
                    whole = family.among is not None
                    rest[above[goal]] -= np.ceil(distance - TOLERANCES.whole) if whole else distance
                    v = self.rows.variable()
                    counted[above[goal]].append((v, 1.0))
                    self.rows.row(distance, np.inf, [(v, 1.0), *((x, sign * amount) for x, amount in self.mends[k])])
        for g in range(now.above):
            most = float(self.values[g] - rest[g]) + TOLERANCES.value
            self.rows.row(-np.inf, most, [*counted[g], *self.personal[g]])
