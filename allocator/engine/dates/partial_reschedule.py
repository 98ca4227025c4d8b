"""Partial rescheduling: when a few attendances change, most people keep their sessions.

First only the changed attendances are placed, and the people of their groups may move for them; everybody else keeps a session. If that
leaves somebody without a seat, whole *blocks* (a programme and year) are placed again. What their people and the groups of these attend elsewhere
stays fixed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.domain.result import OnProgress, silent
from allocator.domain.rules import AwayLimit, Fixed
from allocator.domain.tables import Inputs
from allocator.engine.calendar.closed_sessions import Exclusions
from allocator.engine.dates.dated_stage import Schedule, schedule

KEYS = ["cadre_id", "programme_id", "year"]


def reschedule(
    attendances: pd.DataFrame,
    before: pd.DataFrame,
    exclusions: Exclusions,
    *,
    seed: str,
    work: float,
    deeply: bool = True,
    on_progress: OnProgress = silent,
) -> Schedule:
    """The schedule of some attendances from that of others, of the same inputs.

    Where somebody gets no seat, the blocks in which that is are placed again, and then those of his or her groups too.

    Parameters
    ----------
    attendances
        Columns cadre_id, programme_id, year, headcount.
    before
        Placements of the schedule before (``Schedule.placements``), for the same inputs.
    exclusions
        Those of the inputs.
    seed, work
        As of ``schedule``.
    deeply
        Whether blocks are placed again for who gets no seat.
    """
    part = _Part(attendances, before, exclusions)
    dated = part.placed_beside(seed, on_progress=on_progress)
    short = _short(dated.placements, exclusions)
    if short.empty and (dated.unplaced.empty or not deeply):
        return dated
    part = _Part(attendances, dated.placements, exclusions)
    part.add(short)
    dated = part.placed(seed, work=0.0, on_progress=on_progress)
    if len(dated.unplaced) and part.widen(dated.unplaced["cadre_id"]):
        dated = part.placed(seed, work=work, on_progress=on_progress)
    return dated


def _short(placements: pd.DataFrame, exclusions: Exclusions) -> pd.DataFrame:
    """Sessions (``programme_id``, ``year``) that are held below their least size."""
    table = exclusions.timetable
    load = placements.groupby("session_id")["headcount"].sum().reindex(table.ids, fill_value=0).to_numpy()
    return table.table.loc[(load > 0) & (load < table.least), ["programme_id", "year"]]


class _Part:
    """The blocks that are placed again, and everything else."""

    def __init__(self, attendances: pd.DataFrame, before: pd.DataFrame, exclusions: Exclusions) -> None:
        self.inputs, self.exclusions = exclusions.inputs, exclusions
        keyed = before.merge(self.inputs.sessions[["session_id", "programme_id", "year"]], on="session_id")
        self.wanted = _wanted(attendances, self.inputs)
        both = self.wanted.merge(
            keyed.groupby(KEYS, as_index=False)["headcount"].sum(), on=KEYS, how="outer", suffixes=("", "_before")
        )
        is_same = both["headcount"] == both["headcount_before"]
        self.before, self.block_before = keyed, self._blocks(keyed)
        self.block = self._blocks(self.wanted)
        self.blocks = np.unique(self._blocks(both.loc[~is_same, KEYS]))
        self.changed = both.loc[~is_same, "cadre_id"]
        self.group = _groups(self.inputs)

    def _blocks(self, table: pd.DataFrame) -> np.ndarray:
        """Number of the programme and year of each row."""
        programme = pd.Index(self.inputs.programmes["programme_id"]).get_indexer(pd.Index(table["programme_id"]))
        return np.asarray(programme * 10_000 + table["year"].to_numpy(np.int64))

    def add(self, sessions: pd.DataFrame) -> None:
        """Place more blocks (``programme_id``, ``year``) again."""
        self.blocks = np.union1d(self.blocks, self._blocks(sessions))

    def widen(self, cadres: pd.Series) -> bool:
        """Also place again what some people and their groups attend; returns whether that adds anything."""
        near = self._near(cadres)
        more = np.union1d(self.blocks, self.block[self.wanted["cadre_id"].isin(near)])
        grown = len(more) > len(self.blocks)
        self.blocks = more
        return grown

    def _near(self, cadres: pd.Series) -> set[str]:
        """Some people and all members of their groups."""
        found = set(cadres)
        ids = self.inputs.cadres["cadre_id"]
        own = ids.isin(found).to_numpy()
        for group in self.group:
            inside = np.unique(group[own])
            found |= set(ids[np.isin(group, inside[inside >= 0])])
        return found

    def placed_beside(self, seed: str, *, on_progress: OnProgress) -> Schedule:
        """The whole schedule, with only the changed people and their groups placed again."""
        near = self._near(self.changed)
        is_own = self.wanted["cadre_id"].isin(near).to_numpy()
        is_kept = ~self.before["cadre_id"].isin(near).to_numpy()
        self.blocks = np.unique(self.block[is_own])
        others = is_kept & ~self._in_the_way(is_own)
        taken = self.before[others].groupby("session_id")["headcount"].sum()
        return self._placed(is_own, is_kept, is_kept & ~others, seed, 0.0, on_progress, taken.to_dict())

    def placed(self, seed: str, *, work: float, on_progress: OnProgress) -> Schedule:
        """The whole schedule with these blocks placed again."""
        is_own = np.isin(self.block, self.blocks)
        is_kept = ~np.isin(self.block_before, self.blocks)
        settled = is_kept & self._in_the_way(is_own)
        return self._placed(is_own, is_kept, settled, seed, work, on_progress, None)

    def _placed(
        self,
        is_own: np.ndarray,
        is_kept: np.ndarray,
        settled: np.ndarray,
        seed: str,
        work: float,
        on_progress: OnProgress,
        taken: dict[str, int] | None,
    ) -> Schedule:
        """The whole schedule with some attendances placed again.

        Parameters
        ----------
        is_own
            Attendances that are placed, boolean.
        is_kept, settled
            Seats of the schedule before that are kept, and those of them that stand in the way, boolean.
        """
        pinned: dict[tuple[str, str, int], dict[str, int]] = {}
        columns = (self.before.loc[settled, c] for c in (*KEYS, "session_id", "headcount"))
        for cadre, programme, year, session, seats in zip(*columns, strict=True):
            pinned.setdefault((cadre, programme, int(year)), {})[session] = int(seats)
        part = self.before.loc[settled | ~is_kept]
        dated = schedule(
            self.inputs,
            pd.concat([self.wanted[is_own], part.loc[settled[settled | ~is_kept], [*KEYS, "headcount"]]]),
            seed=seed,
            work=work,
            on_progress=on_progress,
            start=part,
            exclusions=self.exclusions,
            pinned=pinned,
            taken=taken,
        )
        rest = self.before.loc[is_kept & ~settled, dated.placements.columns.tolist()]
        placements = pd.concat([rest, dated.placements]).sort_values(["session_id", "cadre_id"], kind="stable")
        return Schedule(placements.reset_index(drop=True), dated.unplaced)

    def _in_the_way(self, is_own: np.ndarray) -> np.ndarray:
        """Seats of the schedule before that may stand in the way of the part, boolean.

        All of the same people, and those of their groups that share a day with a session of the part.
        """
        person, person_before = (self.inputs.positions(table["cadre_id"]) for table in (self.wanted, self.before))
        found = np.isin(person_before, person[is_own])
        table = self.exclusions.timetable
        session = pd.Index(table.ids).get_indexer(pd.Index(self.before["session_id"]))
        at = table.programme * 10_000 + table.year
        meets = np.array([table.overlap[np.unique(table.kind[at == block])].any(axis=0) for block in self.blocks])
        which = np.searchsorted(self.blocks, self.block[is_own])
        for group in self.group:
            own = group[person[is_own]]
            days = np.zeros((int(group.max(initial=-1)) + 1, len(table.examples)), dtype=bool)
            for block in np.unique(which).tolist():
                inside = np.unique(own[which == block])
                days[inside[inside >= 0]] |= meets[block]
            theirs = group[person_before]
            found |= (theirs >= 0) & days[theirs, table.kind[session]]
        return found


def _wanted(attendances: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Seats of everybody, a row for each programme and year; call-ups are due even where the years do not ask for them."""
    calls = [call.session_id for rule in inputs.policy.rules if isinstance(rule, Fixed) for call in rule.call_ups]
    cadres = [call.cadre_id for rule in inputs.policy.rules if isinstance(rule, Fixed) for call in rule.call_ups]
    due = pd.DataFrame({"session_id": calls, "cadre_id": cadres}, dtype="str").drop_duplicates()
    due = due.merge(inputs.sessions[["session_id", "programme_id", "year"]], on="session_id")
    due = due[due["year"].isin(inputs.years)].groupby(KEYS).size().rename("due").reset_index()
    wanted = attendances.groupby(KEYS)["headcount"].sum().reset_index().merge(due, on=KEYS, how="outer")
    most = wanted[["headcount", "due"]].max(axis=1).astype("int64")
    return wanted[KEYS].assign(headcount=most)


def _groups(inputs: Inputs) -> list[np.ndarray]:
    """Group of each cadre under each column that away-limits group by, -1 for none, shape (I,) each."""
    rules = [r for r in inputs.policy.rules if isinstance(r, AwayLimit) and r.strength != "report"]
    columns = sorted({rule.group_by for rule in rules if rule.share is not None or rule.posts_apart})
    return [inputs.coded(column)[0] for column in columns]
