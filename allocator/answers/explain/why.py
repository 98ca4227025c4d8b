"""Why somebody has the seats of the plan: what each serves, what was owed, who was next and what separates the two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.answers.explain.clauses_served import COLUMNS as SERVED_COLUMNS
from allocator.answers.explain.clauses_served import served
from allocator.answers.explain.context import Ground
from allocator.answers.explain.next_in_line import CAUSE_COLUMNS, MEASURE_COLUMNS, NEXT_COLUMNS, QUEUE_COLUMNS, rival
from allocator.answers.explain.person import ACCOUNT_COLUMNS, Person, find
from allocator.answers.explain.swap_effect import Difference
from allocator.audit.goal_units import counted_in
from allocator.domain.names import Called
from allocator.domain.rules import Quota
from allocator.domain.tables import Inputs
from allocator.language.answer import Spoken
from allocator.model.goals import SHAPES

SEAT_COLUMNS = ("year", "session_id", "programme_id", "programme", "programme_en", "start_date", "end_date", "days", "hours",
                "headcount", "fixed")  # fmt: skip
OFFER_COLUMNS = ("rule_id", "clause", "title", "title_zh", "kind", "amount", "people")
EMPTIED_COLUMNS = ("session_id", "goal", "loss")
EMPTIED_RULE_COLUMNS = ("session_id", "rule_id", "clause", "title", "title_zh", "kind", "goal", "change", "unit")


@dataclass(frozen=True, repr=False)
class Why(Spoken):
    """Why somebody has the seats of the plan, or has none.

    Parameters
    ----------
    person, seed, names
        Who, the published seed of the draw, and what programmes and groups are called.
    seats
        The seats of the plan, columns as ``SEAT_COLUMNS``; empty when there is none.
    record
        Classes on record before the plan: programme_id, start_date, end_date, days, hours, content.
    account
        What is owed under each rule, before the plan (``at`` empty) and after each seat (its session): ``at`` and the columns
        ``ACCOUNT_COLUMNS``.
    served
        The rules each seat counts for, columns as ``served.COLUMNS``: for rules that count many people what they required and
        the plan achieves in ``scope`` (a value of the column ``group_by``, such as a team or a unit, or all); for rules of one's own what was ``done`` before the seat, owed
        before and after it and the ``latest`` year; ``loss`` is what the rule loses in ``goal`` when the seat stays empty.
    offers
        Clauses that admit the person, columns as ``OFFER_COLUMNS``: ``amount`` a year (missing: not limited) for ``people`` who may be sent.
    emptied
        session_id, goal, loss: what each goal loses when the seat stays empty.
    emptied_rules
        The rules behind it, columns as ``EMPTIED_RULE_COLUMNS``: ``change`` in ``unit``, above 0 worse.
    queue
        session_id, may, bound, busy: people who could have had the seat, see ``reports.reserves.Queue``.
    next
        Who was next for each seat, columns as ``rivals.NEXT_COLUMNS``: ``goal`` is the most important one that moves when the two change
        places, ``loss`` by how much it gets worse (below 0: better), both empty at a tie; ``draw`` and ``own_draw`` are the published draws
        of the other and of this person, of the text ``seed|id|key``; ``classes`` are the sessions of the other.
    measures
        What each of the two adds to a goal by his or her own record with the seat and without it, columns as ``rivals.MEASURE_COLUMNS``.
    causes
        The rules behind the difference of the two, columns as ``rivals.CAUSE_COLUMNS``.
    """

    views, text = "allocator.answers.explain", "why_text"

    person: Person
    seed: str
    names: Called
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
    emptied_rules: pd.DataFrame


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
        seats = self.alone.seats
        known = seats["session_id"].isin(self.inputs.sessions["session_id"])  # A plan may have been changed by hand.
        self.placed = seats[known].sort_values("start_date", kind="stable").reset_index(drop=True)

    def whole(self) -> Why:
        """The answer."""
        accounts = self._accounts()
        emptied = {s: self.ground.judge.changed(out=[(self.person.cadre_id, s)]) for s in self.placed["session_id"]}
        # The seats of a group are its own, and a call-up is that person's.
        open_ = ~self.placed["fixed"].astype(bool) & (self.person.headcount == 1)
        rivals = [rival(self.ground, self.alone, session) for session in self.placed.loc[open_, "session_id"]]
        audited = self.ground.run.audit
        serves = [
            row
            for number, seat in enumerate(self.placed.itertuples())
            for row in served(
                self.inputs,
                audited,
                self.person,
                seat,
                accounts[number],
                accounts[number + 1],
                emptied[str(seat.session_id)],
            )
        ]
        losses = [
            {"session_id": session, "goal": goal, "loss": loss}
            for session, one in emptied.items()
            for goal, loss in one.goals.items()
        ]
        return Why(
            person=self.person,
            seed=self.inputs.scenario.seed,
            names=self.ground.names,
            seats=self._seats(),
            record=self._record(),
            account=pd.concat(accounts, ignore_index=True),
            served=_table(serves, SERVED_COLUMNS),
            offers=self._offers(),
            emptied=_table(losses, EMPTIED_COLUMNS),
            queue=_table([one.queue for one in rivals], QUEUE_COLUMNS),
            next=_table([row for one in rivals for row in one.next], NEXT_COLUMNS),
            measures=_table([row for one in rivals for row in one.measures], MEASURE_COLUMNS),
            causes=_table([row for one in rivals for row in one.causes], CAUSE_COLUMNS),
            emptied_rules=self._emptied_rules(emptied),
        )

    def _emptied_rules(self, emptied: Mapping[str, Difference]) -> pd.DataFrame:
        """The rules that lose when a seat stays empty, each with what it counts."""
        tables = [one.rules.assign(session_id=session) for session, one in emptied.items() if len(one.rules)]
        if not tables:
            return pd.DataFrame(columns=list(EMPTIED_RULE_COLUMNS))
        table = pd.concat(tables, ignore_index=True)
        units = [
            counted_in(self.ground.run.audit[rule], SHAPES[goal].unit)
            for rule, goal in zip(table["rule_id"], table["goal"], strict=True)
        ]
        return table.assign(unit=pd.Series(units, dtype="str"))[list(EMPTIED_RULE_COLUMNS)]

    def _seats(self) -> pd.DataFrame:
        named = self.inputs.programmes[["programme_id", "name", "name_en"]]
        table = self.placed.merge(
            named.rename(columns={"name": "programme", "name_en": "programme_en"}), on="programme_id"
        )
        return table[list(SEAT_COLUMNS)].sort_values("start_date", kind="stable").reset_index(drop=True)

    def _record(self) -> pd.DataFrame:
        columns = ["programme_id", "start_date", "end_date", "days", "hours", "content"]
        return self.alone.inputs.history[columns].sort_values("start_date", kind="stable").reset_index(drop=True)

    def _accounts(self) -> list[pd.DataFrame]:
        """What is owed before the plan, and after each seat in turn."""
        moments = ["", *self.placed["session_id"]]
        tables = [self.alone.account(self.placed.iloc[:number]) for number in range(len(moments))]
        return [table.assign(at=at)[["at", *ACCOUNT_COLUMNS]] for at, table in zip(moments, tables, strict=True)]

    def _offers(self) -> pd.DataFrame:
        """The clauses that admit the person to a programme with sessions in the plan years."""
        programmes = self.inputs.sessions.loc[self.inputs.sessions["year"].isin(self.inputs.years), "programme_id"]
        open_to = {"", *self.inputs.lines[self.person.unit_id]}
        table = self.inputs.programmes
        held = (table["programme_id"].isin(programmes) & table["serves_unit_id"].isin(open_to)).to_numpy()
        row = int(np.flatnonzero((self.inputs.cadres["cadre_id"] == self.person.cadre_id).to_numpy())[0])
        headcount = self.inputs.cadres["headcount"].to_numpy()
        rows = []
        for rule in (rule for rule in self.inputs.policy.rules if rule.is_admitting):
            audience = self.inputs.audience(rule.audience)
            if audience[row] and (self.inputs.counting(rule.programmes) & held).any():
                amount = rule.amount if isinstance(rule, Quota) else None
                people = int(headcount[audience].sum())
                rows.append((rule.id, rule.clause, rule.title, rule.title_zh, rule.kind, amount, people))
        return pd.DataFrame(rows, columns=list(OFFER_COLUMNS)).astype({"amount": "Int64"})


def _table(rows: Iterable[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))
