"""Why somebody has the seats of the plan: what each serves, what was owed, who was next and what separates the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from allocator import instance
from allocator.audit import AuditReport
from allocator.audit.records import Records
from allocator.entities import Inputs
from allocator.explain.judge import Difference, Judge, is_admitting
from allocator.explain.person import ACCOUNT_COLUMNS, Alone, Person, find
from allocator.kinds import Apportion, Coverage, Fixed, Goal, Quota, RuleKind, ShareFloor
from allocator.model.cohorts import Cohorts, group
from allocator.model.shared.rows import collect
from allocator.planner import Planner, Run
from allocator.reports.reserves import Candidate, Queue, Reserves
from allocator.solve.calendar import calendar
from allocator.ties import draw

SEAT_COLUMNS = ("year", "session_id", "programme_id", "programme", "programme_en", "start_date", "end_date", "days", "hours",
                "headcount", "fixed")  # fmt: skip
SERVED_COLUMNS = ("session_id", "rule_id", "clause", "title", "title_zh", "kind", "scope", "size", "required", "achieved", "unit",
                  "content", "done", "latest", "owed", "owed_after", "goal", "loss")  # fmt: skip
OFFER_COLUMNS = ("rule_id", "clause", "title", "title_zh", "kind", "amount", "people")
Row = tuple[object, ...]

NEXT_COLUMNS = (
    "session_id",
    "cadre_id",
    "name",
    "unit",
    "last",
    "sort",
    "goal",
    "loss",
    "alike",
    "draw",
    "own_draw",
    "key",
)
MEASURE_COLUMNS = ("session_id", "cadre_id", "other", "goal", "with_seat", "without_seat")
CAUSE_COLUMNS = ("session_id", "cadre_id", "rule_id", "clause", "title", "title_zh", "kind", "goal", "change")


@dataclass(frozen=True)
class Why:
    """Why somebody has the seats of the plan, or has none.

    Parameters
    ----------
    person, seed
        Who, and the published seed of the draw.
    seats
        The seats of the plan, columns as ``SEAT_COLUMNS``; empty when there is none.
    record
        Classes on record before the plan: programme_id, start_date, end_date, days, hours, content.
    account
        What is owed under each rule, before the plan (``at`` empty) and after each seat (its session): ``at`` and the columns
        ``ACCOUNT_COLUMNS``.
    served
        The rules each seat counts for, columns as ``SERVED_COLUMNS``: for rules that count many people what they required and
        the plan achieves in ``scope`` (a team, a unit, or all); for rules of one's own what was ``done`` before the seat, owed
        before and after it and the ``latest`` year; ``loss`` is what the rule loses in ``goal`` when the seat stays empty.
    offers
        Clauses that admit the person, columns as ``OFFER_COLUMNS``: ``amount`` a year (missing: not limited) for ``people`` who may be sent.
    emptied
        session_id, goal, loss: what each goal loses when the seat stays empty.
    queue
        session_id, may, bound, busy: people who could have had the seat, see ``reports.reserves.Queue``.
    next
        Who was next for each seat, columns as ``NEXT_COLUMNS``: ``goal`` is the most important one that moves when the two change
        places, ``loss`` by how much it gets worse (below 0: better), both empty at a tie; ``draw`` and ``own_draw`` are the published draws
        of the other and of this person, of the text ``seed|id|key``.
    measures
        What each of the two adds to a goal by his or her own record with the seat and without it, columns as ``MEASURE_COLUMNS``.
    causes
        The rules behind the difference of the two, columns as ``CAUSE_COLUMNS``.
    """

    person: Person
    seed: str
    seats: pd.DataFrame
    record: pd.DataFrame
    account: pd.DataFrame
    served: pd.DataFrame
    offers: pd.DataFrame
    emptied: pd.DataFrame
    queue: pd.DataFrame
    next: pd.DataFrame
    measures: pd.DataFrame
    causes: pd.DataFrame


class Ground:
    """What answers about one run stand on, each worked out when it is first asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def judge(self) -> Judge:
        """The auditor's judgement of the plan with other seats."""
        return Judge(self.run.inputs, self.run.plan)

    @cached_property
    def reserves(self) -> Reserves:
        """Who could step in for whom."""
        return Reserves(self.run.inputs, Records(self.run.plan, self.run.inputs))

    @cached_property
    def cohort_of(self) -> np.ndarray:
        """Number of the people alike in everything the policy looks at, for each row of the roster."""
        inputs = self.run.inputs
        problem = instance.build(inputs, calendar(inputs))
        cohorts: Cohorts = group(problem, collect(problem))
        of = np.empty(len(inputs.cadres), dtype=np.int64)
        for number, members in enumerate(cohorts.members):
            of[members] = number
        return of

    @cached_property
    def planner(self) -> Planner:
        """Plans with other seats, each from this plan."""
        return Planner.of(self.run)

    def alone(self, cadre_id: str) -> Alone:
        """One person by himself or herself."""
        return Alone(self.judge.inputs, self.run.plan.placements, cadre_id)

    def are_alike(self, first: str, second: str) -> bool:
        """Whether the policy sees no difference between two people."""
        rows = pd.Index(self.run.inputs.cadres["cadre_id"]).get_indexer([first, second])
        return bool(self.cohort_of[rows[0]] == self.cohort_of[rows[1]])


def why(ground: Ground, cadre_id: str) -> Why:
    """Why somebody has the seats of the plan; see ``Why``.

    Raises
    ------
    InputError
        If nobody on the roster has that id.
    """
    return _Answer(ground, find(ground.run.inputs, cadre_id)).whole()


class _Answer:
    """One answer in the making."""

    def __init__(self, ground: Ground, person: Person) -> None:
        self.ground, self.person = ground, person
        self.inputs: Inputs = ground.run.inputs
        self.alone = ground.alone(person.cadre_id)
        self.rules: dict[str, RuleKind] = {rule.id: rule for rule in self.inputs.policy.rules}
        placed = ground.run.plan.placements
        self.placed = placed[placed["cadre_id"] == person.cadre_id].sort_values("start_date", kind="stable")
        self.placed = self.placed.reset_index(drop=True)
        self.accounts = self._accounts()

    def whole(self) -> Why:
        """The answer."""
        sessions = self.placed["session_id"].tolist()
        emptied = {s: self.ground.judge.changed(out=[(self.person.cadre_id, s)]) for s in sessions}
        # The seats of a group are its own, and a call-up is that person's.
        open_ = ~self.placed["fixed"].astype(bool) & (self.person.headcount == 1)
        mine = self.person.cadre_id
        queues = {s: self.ground.reserves.queue(mine, s, 1) for s in self.placed.loc[open_, "session_id"]}
        rivals = [rows for s, queue in queues.items() for rows in self._rival(s, queue)]
        accounts = [table.assign(at=at) for at, table in self.accounts.items()]
        return Why(
            person=self.person,
            seed=self.inputs.scenario.seed,
            seats=self._seats(),
            record=self._record(),
            account=pd.concat(accounts, ignore_index=True)[["at", *ACCOUNT_COLUMNS]],
            served=_table([row for s in sessions for row in self._served(s, emptied[s])], SERVED_COLUMNS),
            offers=self._offers(),
            emptied=_table(
                [(s, goal, loss) for s, one in emptied.items() for goal, loss in one.goals.items()],
                ("session_id", "goal", "loss"),
            ),
            queue=_table(
                [(s, q.may, q.bound, q.busy) for s, q in queues.items()], ("session_id", "may", "bound", "busy")
            ),
            next=_table([row for row, _, _ in rivals], NEXT_COLUMNS),
            measures=_table([row for _, rows, _ in rivals for row in rows], MEASURE_COLUMNS),
            causes=_table([row for _, _, rows in rivals for row in rows], CAUSE_COLUMNS),
        )

    # ------------------------------------------------------------------ the person

    def _seats(self) -> pd.DataFrame:
        named = self.inputs.programmes[["programme_id", "name", "name_en"]]
        table = self.placed.merge(
            named.rename(columns={"name": "programme", "name_en": "programme_en"}), on="programme_id"
        )
        return table[list(SEAT_COLUMNS)].sort_values("start_date", kind="stable").reset_index(drop=True)

    def _record(self) -> pd.DataFrame:
        columns = ["programme_id", "start_date", "end_date", "days", "hours", "content"]
        return self.alone.inputs.history[columns].sort_values("start_date", kind="stable").reset_index(drop=True)

    def _accounts(self) -> dict[str, pd.DataFrame]:
        """What is owed before the plan, and after each seat."""
        found = {"": self.alone.account(self.placed.iloc[:0])}
        for number, session in enumerate(self.placed["session_id"], start=1):
            found[str(session)] = self.alone.account(self.placed.iloc[:number])
        return found

    def _offers(self) -> pd.DataFrame:
        """The clauses that admit the person to a programme with sessions in the plan years."""
        programmes = self.inputs.sessions.loc[self.inputs.sessions["year"].isin(self.inputs.years), "programme_id"]
        open_to = {"", *self.inputs.lines[self.person.unit_id]}
        table = self.inputs.programmes
        held = (table["programme_id"].isin(programmes) & table["serves_unit_id"].isin(open_to)).to_numpy()
        row = int(np.flatnonzero((self.inputs.cadres["cadre_id"] == self.person.cadre_id).to_numpy())[0])
        headcount = self.inputs.cadres["headcount"].to_numpy()
        rows: list[Row] = []
        for rule in filter(is_admitting, self.inputs.policy.rules):
            audience = self.inputs.audience(rule.audience)
            if audience[row] and (self.inputs.counting(rule.programmes) & held).any():
                amount = rule.amount if isinstance(rule, Quota) else None
                people = int(headcount[audience].sum())
                rows.append((rule.id, rule.clause, rule.title, rule.title_zh, rule.kind, amount, people))
        return _table(rows, OFFER_COLUMNS).astype({"amount": "Int64"})

    # ------------------------------------------------------------------ what a seat serves

    def _served(self, session: str, emptied: Difference) -> list[Row]:
        seat = self.placed[self.placed["session_id"] == session].iloc[0]
        order = ["", *self.placed["session_id"]]
        before = self.accounts[order[order.index(session) - 1]]
        losses = {row.rule_id: (row.goal, row.change) for row in emptied.rules.itertuples()}
        rows: list[Row] = []
        for rule_id in filter(None, str(seat["rules"]).split(";")):
            rule = self.rules[rule_id]
            head = (session, rule.id, rule.clause, rule.title, rule.title_zh, rule.kind)
            loss = losses.get(rule_id, ("", 0.0))
            if isinstance(rule, Fixed) and not seat["fixed"]:
                continue  # A rule with names counts for those it names only.
            if isinstance(rule, Quota | ShareFloor | Apportion):
                rows.append((*head, *self._shared(rule, int(seat["year"])), "", *(np.nan,) * 4, *loss))
                continue
            own = before[before["rule_id"] == rule_id]
            if isinstance(rule, Coverage):
                own = own[own["latest"] == _span_end(rule, self.inputs.years, int(seat["year"]))]
            after = self.accounts[session]
            nothing = ("", None, None, None, "")
            for debt in own.itertuples():
                same = (after["rule_id"] == rule_id) & (after["content"] == debt.content)
                if isinstance(rule, Coverage):
                    same &= after["latest"] == debt.latest
                left = after.loc[same, "owed"]
                figures = (debt.content, debt.done, debt.latest, debt.owed, float(left.sum()))
                rows.append((*head, *nothing[:4], debt.unit_of, *figures, *loss))
            if own.empty:
                rows.append((*head, *nothing, "", *(np.nan,) * 4, *loss))
        return rows

    def _shared(self, rule: RuleKind, year: int) -> Row:
        """Scope, its size, what is required and achieved there, and the unit."""
        report: AuditReport = self.ground.run.audit
        if isinstance(rule, Quota):
            table, scope, size = report.table, "all", np.nan
        else:
            roster = self.inputs.roster
            column = str(getattr(rule, "group_by"))  # noqa: B009 - both kinds have it, under one name.
            own = roster.loc[roster["cadre_id"] == self.person.cadre_id, column].iloc[0]
            inside = self.inputs.audience(rule.audience) & (roster[column] == own).to_numpy()
            table, scope, size = report.scopes, str(own), float(self.inputs.cadres.loc[inside, "headcount"].sum())
        row = table[(table["rule_id"] == rule.id) & (table["year"] == year) & (table["scope"] == scope)]
        if row.empty:
            return scope, size, np.nan, np.nan, ""
        return scope, size, row["required"].iat[0], row["achieved"].iat[0], row["unit"].iat[0]

    # ------------------------------------------------------------------ who was next

    def _rival(self, session: str, queue: Queue) -> Iterator[tuple[Row, list[Row], list[Row]]]:
        """The row of ``next`` for one seat, with its rows of ``measures`` and ``causes``; nothing when there is nobody."""
        sorts = (("may", queue.first), ("bound", queue.first_bound), ("busy", queue.first_busy))
        for sort, (other, *_) in [(sort, found) for sort, found in sorts if found][:1]:
            change = self.ground.judge.changed(out=[(self.person.cadre_id, session)], into=[(other.cadre_id, session)])
            causes: list[Row] = [
                (session, other.cadre_id, r.rule_id, r.clause, r.title, r.title_zh, r.kind, r.goal, r.change)
                for r in change.rules.itertuples()
            ]
            yield self._next(session, other, sort, change), self._measures(session, other.cadre_id, change), causes

    def _next(self, session: str, other: Candidate, sort: str, change: Difference) -> Row:
        roster = self.inputs.roster
        row = roster[roster["cadre_id"] == other.cadre_id].iloc[0]
        goal: Goal | None = change.first
        is_alike = goal is None and self.ground.are_alike(self.person.cadre_id, other.cadre_id)
        keys = () if is_alike else (session,)  # People alike are dealt out once for all their seats.
        drawn = [draw(self.inputs.scenario.seed, cadre, *keys) for cadre in (other.cadre_id, self.person.cadre_id)]
        last = np.nan if other.last is None else float(other.last)
        loss = np.nan if goal is None else change.goals[goal]
        who = (other.cadre_id, str(row["name"]), str(row["unit_name"]), last)
        return (session, *who, sort, goal or "", loss, is_alike, *drawn, "".join(keys))

    def _measures(self, session: str, other: str, change: Difference) -> list[Row]:
        """What both add to the goals that move, with the seat and without it."""
        seat = (self.person.cadre_id, session)
        theirs = self.ground.alone(other)
        own_with, own_without = self.alone.goals(), self.alone.goals(out=[seat])
        with_, without = theirs.goals(into=[(other, session)]), theirs.goals()
        rows: list[Row] = []
        for goal in change.goals:
            rows.append(
                (session, self.person.cadre_id, other, goal, own_with.get(goal, 0.0), own_without.get(goal, 0.0))
            )
            rows.append((session, other, other, goal, with_.get(goal, 0.0), without.get(goal, 0.0)))
        return rows


def _span_end(rule: Coverage, years: tuple[int, ...], year: int) -> int:
    """Last year of the span of a coverage in which a year lies."""
    number = years.index(year) // rule.window_years
    return years[min(len(years), (number + 1) * rule.window_years) - 1]


def _table(rows: list[Row], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))
