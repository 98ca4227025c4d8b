"""Blocks: parts of the province that plan by themselves once the seats of wide rows are divided.

A row (seats of a programme in a year, a floor, a quota) that touches few cohorts is *local*; cohorts joined by local rows form
a block. The others are *wide*: their seats are divided over the blocks in proportion to what the relaxation uses there, rounded
so that nothing is lost. Each block is then a small integer program over its own cohorts, solved by column
generation with every local row kept exactly, and branch and bound over the columns found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from allocator.kinds import Goal
from allocator.model.cohorts import Cohorts
from allocator.model.shared.rows import RowFamily
from allocator.solve.linear import Outcome, Program, Simplex, Solution, solve
from allocator.solve.prices import overfill_price
from allocator.solve.strata import segments

BLOCK_COHORTS = 1_500
"""Cohorts a block should have at most; joined components may be larger."""


WHOLE_GAP = 1e-6
"""Relative gap at which a block's integer program is good enough."""

MOST_WHOLE_COLUMNS = 12_000
"""Columns of a block's integer program at most."""

OVERFILLED: tuple[Goal, ...] = ("violation", "violation")
"""Marks the extra variable of a seat that does not exist."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Blocks of cohorts, and which rows are wide.

    ``wide_seats`` boolean (P,); ``wide_rows`` one boolean array (groups,) per family.
    """

    blocks: tuple[np.ndarray, ...]
    wide_seats: np.ndarray
    wide_rows: tuple[np.ndarray, ...]


def partition(cohorts: Cohorts) -> Partition:
    """Divide the cohorts into blocks; the whole is one block when it is small.

    First the rows that are local by nature join their cohorts: seats of programmes that serve one unit, and floors of
    one group among many. Then the others, small ones first, as long as no block grows too large; what is left is wide.
    """
    count, programmes = len(cohorts.cohort_sort), len(cohorts.programme_class)
    rows, members = _touches(cohorts)
    total = programmes + sum(len(f.names) for f in cohorts.families)
    is_wide = np.zeros(total, dtype=bool)
    if count <= 2 * BLOCK_COHORTS:
        component = np.zeros(count, dtype=np.int64)
    else:
        serves = cohorts.instance.inputs.programmes["serves_unit_id"].to_numpy() != ""
        by_nature = np.concatenate([serves, *(np.full(len(f.names), len(f.names) > 1) for f in cohorts.families)])
        order = np.argsort(rows, kind="stable")
        touched = np.split(members[order], np.cumsum(np.bincount(rows, minlength=total))[:-1])
        component = np.arange(count)
        for row in sorted(range(total), key=lambda r: (not by_nature[r], len(touched[r]), r)):
            joined = np.unique(component[touched[row]])
            inside = np.isin(component, joined)
            if len(joined) > 1 and inside.sum() <= 2 * BLOCK_COHORTS:
                component[inside] = joined[0]
            elif len(joined) > 1:
                is_wide[row] = True
        _, component = np.unique(component, return_inverse=True)
    at, wide_rows = programmes, []
    for family in cohorts.families:
        wide_rows.append(is_wide[at : at + len(family.names)])
        at += len(family.names)
    return Partition(_packed(component), is_wide[:programmes], tuple(wide_rows))


def _touches(cohorts: Cohorts) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (row, cohort): rows are the programmes first, then the groups of each family."""
    cohort, slot = np.nonzero(cohorts.cohort_slots >= 0)
    rows, members = [cohorts.cohort_slots[cohort, slot]], [cohort]
    at = len(cohorts.programme_class)
    for f, family in enumerate(cohorts.families):
        group = cohorts.cohort_groups[:, f]
        rows.append(group[group >= 0] + at)
        members.append(np.flatnonzero(group >= 0))
        at += len(family.names)
    return np.concatenate(rows), np.concatenate(members)


def _packed(component: np.ndarray) -> tuple[np.ndarray, ...]:
    """Components put together into blocks of a fair size, in order."""
    size = np.bincount(component)
    block, blocks, filled = np.zeros(len(size), dtype=np.int64), 0, 0
    for c, people in enumerate(size):
        if filled and filled + people > BLOCK_COHORTS:
            blocks, filled = blocks + 1, 0
        block[c] = blocks
        filled += int(people)
    of = block[component]
    return tuple(np.flatnonzero(of == b) for b in range(blocks + 1))


@dataclass(frozen=True, eq=False)
class Allotment:
    """What one block may use: seats (P, Y), and floor and ceiling of each family's groups (G, Y).

    ``missed`` is how far all blocks together miss the floor or pass the ceiling already, of each family's groups (G, Y):
    so much less may the block deviate before it counts to graver goals.
    """

    seats: np.ndarray
    floor: tuple[np.ndarray, ...]
    ceiling: tuple[np.ndarray, ...]
    missed: tuple[np.ndarray, ...]

    def extended(self, families: tuple[RowFamily, ...]) -> Allotment:
        """The same with the families that came behind since, which are local."""
        fresh = families[len(self.floor) :]
        return replace(
            self,
            floor=(*self.floor, *(f.floor for f in fresh)),
            ceiling=(*self.ceiling, *(f.ceiling for f in fresh)),
            missed=(*self.missed, *(np.zeros_like(f.ceiling) for f in fresh)),
        )


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Value and row duals of a block's relaxation."""

    objective: float
    duals: np.ndarray
    x: np.ndarray  # of the columns, then of the extras


@dataclass(frozen=True, eq=False)
class BlockPlan:
    """Whole people on trajectories: cohort, trajectory (open to its sort), people; and the weighted value of the block."""

    cohort: np.ndarray
    trajectory: np.ndarray
    people: np.ndarray
    value: float
    relaxed: float


class BlockProgram:
    """The integer program of one block."""

    def __init__(
        self,
        cohorts: Cohorts,
        block: np.ndarray,
        allotment: Allotment,
        least: np.ndarray,
        weights: Mapping[Goal, float],
        cost: list[np.ndarray],
    ) -> None:
        """Set up the rows of a block.

        Parameters
        ----------
        least
            Least seats of a programme that is held at all, (P, Y); 0 where wide.
        cost
            Weighted cost of each sort's open trajectories.
        """
        self.cohorts, self.block, self.allotment, self.weights, self.cost = cohorts, block, allotment, weights, cost
        self.years = allotment.seats.shape[1]
        self._number_rows()
        self._set_extras(least)
        self.cohort = np.zeros(0, dtype=np.int64)  # of each column, position in the block
        self.trajectory = np.zeros(0, dtype=np.int64)
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.known: set[tuple[int, int]] = set()

    def _number_rows(self) -> None:
        cohorts, years = self.cohorts, self.years
        at = len(self.block)
        least = [cohorts.cohort_people[self.block].astype(float)]
        most = [least[0]]
        used = np.unique(cohorts.cohort_slots[self.block])
        used = used[used >= 0]
        self.seat_row = np.full((len(cohorts.programme_class), years), -1)
        self.seat_row[used] = at + np.arange(len(used) * years).reshape(-1, years)
        at += len(used) * years
        least.append(np.full(len(used) * years, -np.inf))
        most.append(self.allotment.seats[used].reshape(-1))
        self.family_row = []
        for f, family in enumerate(cohorts.families):
            groups = np.unique(cohorts.cohort_groups[self.block, f])
            groups = groups[groups >= 0]
            if family.among is not None or (cohorts.cohort_groups[:, f] < 0).all():
                groups = np.array([0])  # Judged whoever is here: a share of others, or a rule that touches nobody.
            low, high = self.allotment.floor[f], self.allotment.ceiling[f]
            row = np.full((len(family.names), years), -1)
            bounded = np.zeros_like(row, dtype=bool)
            bounded[groups] = np.isfinite(low[groups]) | np.isfinite(high[groups])
            row[bounded] = at + np.arange(int(bounded.sum()))
            at += int(bounded.sum())
            least.append(low[bounded])
            most.append(high[bounded])
            self.family_row.append(row)
        self.row_least, self.row_most = np.concatenate(least), np.concatenate(most)

    def _set_extras(self, least: np.ndarray) -> None:
        """Deviations of rows, and a yes/no variable for every class with a least size."""
        goals_of: list[tuple[Goal, ...]] = []
        most: list[float] = []
        rows: list[int] = []
        values: list[float] = []
        whole: list[bool] = []
        for f, family in enumerate(self.cohorts.families):
            row = self.family_row[f]
            for goals, sign, limit in (
                (family.short_goals, 1.0, self.allotment.floor[f]),
                (family.over_goals, -1.0, self.allotment.ceiling[f]),
            ):
                present = (row >= 0) & np.isfinite(limit)
                for width, counted in segments(goals) if goals else []:
                    n = int(present.sum())
                    goals_of += [counted] * n
                    most += np.maximum(0.0, width - self.allotment.missed[f][present]).tolist()
                    whole += [family.among is not None] * n  # A share of people is rounded up to whole people.
                    rows += row[present].tolist()
                    values += [sign] * n
        seat_rows = self.seat_row[self.seat_row >= 0]  # Fixed seats may be more than the seats there are.
        goals_of += [OVERFILLED] * len(seat_rows)
        most += [np.inf] * len(seat_rows)
        whole += [False] * len(seat_rows)
        rows += seat_rows.tolist()
        values += [-1.0] * len(seat_rows)
        count = len(most)
        self.extra_goals = goals_of
        self.extra_most = np.array(most)
        self.extra_whole = np.array(whole, dtype=bool)
        self.extra_entries = (np.array(rows, dtype=np.int64), np.arange(count), np.array(values))
        opening = np.argwhere((self.seat_row >= 0) & (least > 1) & (self.allotment.seats > 0))
        if not len(opening):
            return
        # least · open ≤ use ≤ seats · open, the first as a new row, the second in place of the row of seats.
        p, y = opening.T
        seat_rows = self.seat_row[p, y]
        new_rows = len(self.row_least) + np.arange(len(opening))
        self.least_row = np.full_like(self.seat_row, -1)
        self.least_row[p, y] = new_rows
        columns = count + np.arange(len(opening))
        seats = self.row_most[seat_rows]
        self.row_least = np.concatenate([self.row_least, np.zeros(len(opening))])
        self.row_most[seat_rows] = 0.0
        self.row_most = np.concatenate([self.row_most, np.full(len(opening), np.inf)])
        self.extra_goals += [()] * len(opening)
        self.extra_most = np.concatenate([self.extra_most, np.ones(len(opening))])
        self.extra_whole = np.concatenate([self.extra_whole, np.ones(len(opening), dtype=bool)])
        self.extra_entries = tuple(  # type: ignore[assignment]
            np.concatenate([old, new])
            for old, new in zip(
                self.extra_entries,
                (np.r_[seat_rows, new_rows], np.r_[columns, columns], np.r_[-seats, -least[p, y]]),
                strict=True,
            )
        )

    def add(self, cohort: np.ndarray, trajectory: np.ndarray) -> int:
        """Add columns (position in the block, trajectory open to the sort) that are not there yet."""
        fresh = [
            k for k, pair in enumerate(zip(cohort.tolist(), trajectory.tolist(), strict=True)) if pair not in self.known
        ]
        if not fresh:
            return 0
        cohort, trajectory = cohort[fresh], trajectory[fresh]
        self.known.update(zip(cohort.tolist(), trajectory.tolist(), strict=True))
        first = len(self.cohort)
        self.cohort = np.concatenate([self.cohort, cohort])
        self.trajectory = np.concatenate([self.trajectory, trajectory])
        self.entries.append(self._entries(cohort, trajectory, first))
        return len(fresh)

    def _entries(
        self, cohort: np.ndarray, trajectory: np.ndarray, first: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        cohorts = self.cohorts
        whole = self.block[cohort]
        kinds = cohorts.sort_type[cohorts.cohort_sort[whole]]
        columns = first + np.arange(len(cohort))
        rows_, columns_, values_ = [cohort], [columns], [np.ones(len(cohort))]
        least_row = getattr(self, "least_row", None)
        for kind in np.unique(kinds):
            of = np.flatnonzero(kinds == kind)
            table = cohorts.tables[kind]
            menus = np.stack([cohorts.menus(int(cohorts.cohort_sort[whole[k]]), int(trajectory[k])) for k in of])
            held = table.menus[menus]
            c, y, slot = np.nonzero(held)
            programme = cohorts.cohort_slots[whole[of[c]], slot]
            rows_.append(self.seat_row[programme, y])
            columns_.append(columns[of[c]])
            values_.append(np.ones(len(c)))
            if least_row is not None:
                row = least_row[programme, y]
                rows_.append(row[row >= 0])
                columns_.append(columns[of[c]][row >= 0])
                values_.append(np.ones(int((row >= 0).sum())))
            for f, family in enumerate(cohorts.families):
                part = self._part(whole[of], f)
                count = family.counts(table.menus, table.slots)[menus] * part[:, None]
                c, y = np.nonzero(count)
                if not len(c):
                    continue
                group = np.maximum(cohorts.cohort_groups[whole[of[c]], f], 0)
                row = self.family_row[f][group, y]
                rows_.append(row[row >= 0])
                columns_.append(columns[of[c]][row >= 0])
                values_.append(count[c, y][row >= 0].astype(float))
        return np.concatenate(rows_), np.concatenate(columns_), np.concatenate(values_)

    def _part(self, whole: np.ndarray, f: int) -> np.ndarray:
        family, sorts = self.cohorts.families[f], self.cohorts.cohort_sort[whole]
        share = family.among[1] if family.among is not None else 0.0
        counted = self.cohorts.sort_audience[sorts, f].astype(float)
        return np.asarray(counted - share * self.cohorts.sort_among[sorts, f])

    def objective(self, weights: Mapping[Goal, float], cost: list[np.ndarray]) -> np.ndarray:
        """Cost of the columns at hand and of the extras behind them, at some weights.

        Parameters
        ----------
        cost
            Weighted cost of each sort's open trajectories.
        """
        sorts = np.unique(self.cohorts.cohort_sort[self.block]).tolist()
        overfill = overfill_price(weights, [cost[sort] for sort in sorts])
        extra = [overfill if g is OVERFILLED else sum(weights.get(x, 0.0) for x in g) for g in self.extra_goals]
        return np.concatenate([self._own_cost(cost), extra])

    def _own_cost(self, cost: list[np.ndarray]) -> np.ndarray:
        sort = self.cohorts.cohort_sort[self.block[self.cohort]]
        return np.array([cost[s][k] for s, k in zip(sort.tolist(), self.trajectory.tolist(), strict=True)], float)

    def program(self) -> Program:
        """The integer program over the columns at hand; extras stand behind the columns."""
        n = len(self.cohort)
        people = self.cohorts.cohort_people[self.block[self.cohort]].astype(float)
        rows, columns, values = (
            np.concatenate([*part, extra])
            for part, extra in zip(
                zip(*self.entries, strict=True),
                (self.extra_entries[0], self.extra_entries[1] + n, self.extra_entries[2]),
                strict=True,
            )
        )
        return Program(
            cost=self.objective(self.weights, self.cost),
            least=np.zeros(n + len(self.extra_most)),
            most=np.concatenate([people, self.extra_most]),
            whole=np.concatenate([np.ones(n, dtype=bool), self.extra_whole]),
            row_least=self.row_least,
            row_most=self.row_most,
            rows=rows,
            columns=columns,
            values=values,
        )

    def improve(self, duals: np.ndarray) -> int:
        """Price all trajectories of every cohort at the duals of the rows and add those that may improve."""
        found_cohort, found_trajectory = [], []
        cohorts = self.cohorts
        seat_price = np.where(self.seat_row >= 0, duals[self.seat_row], 0.0)
        least_row = getattr(self, "least_row", None)
        if least_row is not None:
            seat_price = seat_price + np.where(least_row >= 0, duals[least_row], 0.0)
        row_price = [np.where(row >= 0, duals[row], 0.0) for row in self.family_row]
        paid: dict[bytes, np.ndarray] = {}
        for position, c in enumerate(self.block.tolist()):
            sort = int(cohorts.cohort_sort[c])
            table = cohorts.tables[cohorts.sort_type[sort]]
            slots = cohorts.cohort_slots[c][: len(table.slots)]
            worth = (table.menus @ seat_price[slots]).T
            for f, family in enumerate(cohorts.families):
                part = float(self._part(np.array([c]), f)[0])
                price = row_price[f][max(0, int(cohorts.cohort_groups[c, f]))]
                if part and price.any():
                    worth = worth + price[:, None] * (family.counts(table.menus, table.slots) * part)[None, :]
            key = bytes([int(cohorts.sort_type[sort]) % 256]) + sort.to_bytes(4, "little") + worth.tobytes()
            best = paid.get(key)
            if best is None:
                value = worth[0][table.index[:, 0]]
                for y in range(1, self.years):
                    value = value + worth[y][table.index[:, y]]
                reduced = self.cost[sort] - cohorts.take(sort, value)
                k = int(reduced.argmin())
                best = paid[key] = np.array([k, reduced[k]])
            if best[1] < duals[position] - 1e-6 * max(1.0, abs(duals[position])):
                found_cohort.append(position)
                found_trajectory.append(int(best[0]))
        return self.add(np.array(found_cohort, dtype=np.int64), np.array(found_trajectory, dtype=np.int64))

    def relax(self, rounds: int) -> Relaxed | None:
        """Column generation for the relaxation; ``None`` when it has no solution."""
        program = self.program()
        with Simplex(program, behind=len(self.extra_most)) as simplex:
            solution = simplex.solve()
            for _ in range(rounds):
                first = len(self.cohort)
                if solution is None or not self.improve(solution.duals):
                    break
                rows, columns, values = self.entries[-1]
                fresh = slice(first, len(self.cohort))
                simplex.add(
                    self._own_cost(self.cost)[fresh],
                    self.cohorts.cohort_people[self.block[self.cohort[fresh]]].astype(float),
                    rows,
                    columns - first,
                    values,
                )
                solution = simplex.solve()
            return None if solution is None else Relaxed(solution.objective, solution.duals, solution.x)

    def solve(self, *, rounds: int, nodes: int) -> BlockPlan | None:
        """Column generation, then whole people; ``None`` when the rows cannot be held.

        First the cohorts that the relaxation already leaves whole are fixed and the few others decided, which gives a good
        plan. Then every column whose reduced cost tells that it cannot be in a better plan is left out, and the rest
        solved, to the optimum over the columns found or to ``nodes`` nodes (0: the first plan is good enough).
        """
        relaxed = self.relax(rounds)
        if relaxed is None:
            return None
        program = self.program()
        n = len(self.cohort)
        reduced = program.cost - np.bincount(
            program.columns, weights=program.values * relaxed.duals[program.rows], minlength=len(program.cost)
        )
        first = self._rounded(program, relaxed.x)
        best = first
        distance = (first.objective if first is not None else np.inf) - relaxed.objective
        if first is None or (nodes and distance > WHOLE_GAP * max(1.0, abs(relaxed.objective))):
            keep = np.ones(len(program.cost), dtype=bool)
            keep[:n] = reduced[:n] <= min(distance, self._far(reduced[:n]))
            second = solve(program.only(keep), gap=WHOLE_GAP, nodes=max(1, nodes))
            if second.outcome is not Outcome.INFEASIBLE and (best is None or second.objective < best.objective):
                x = np.zeros(len(keep))
                x[keep] = second.x
                best = replace(second, x=x)
        if best is None:
            return None
        people = best.x[:n].astype(np.int64)
        used = people > 0
        return BlockPlan(
            self.block[self.cohort[used]], self.trajectory[used], people[used], best.objective, relaxed.objective
        )

    def _far(self, reduced: np.ndarray) -> float:
        """Reduced cost beyond which a column is left out whatever the distance, so that the program stays small."""
        most = MOST_WHOLE_COLUMNS
        return float(np.partition(reduced, most)[most]) if len(reduced) > most else np.inf

    def _rounded(self, program: Program, relaxed: np.ndarray) -> Solution | None:
        """The plan that keeps what the relaxation leaves whole and decides the other cohorts."""
        n = len(self.cohort)
        broken = np.abs(relaxed[:n] - np.round(relaxed[:n])) > 1e-6
        is_open = np.zeros(len(self.block), dtype=bool)
        is_open[self.cohort[broken]] = True
        least, most = program.least.copy(), program.most.copy()
        fixed = np.flatnonzero(~is_open[self.cohort])
        least[fixed] = most[fixed] = np.round(relaxed[fixed])
        answer = solve(replace(program, least=least, most=most), gap=WHOLE_GAP, nodes=200)
        return None if answer.outcome is Outcome.INFEASIBLE else answer
