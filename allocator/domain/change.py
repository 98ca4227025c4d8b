"""What a change to a published plan costs, and what of a plan is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from allocator.language.message import Message

Weight = Annotated[int, Field(ge=1, le=1000)]


class ChangeCosts(BaseModel):
    """What changes to a published plan count in the goal ``change``, and how long before a session its seats stand still.

    A person who gives up a seat counts ``dropped``, one who gets a seat ``added``. Who gives up one and gets another of the same
    programme, at another date or in another year, counts ``moved`` once. A change to a session whose papers are out counts
    ``issued`` times as much.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    dropped: Weight = 1
    added: Weight = 1
    moved: Weight = 1
    issued: Weight = 3
    notice_days: Annotated[int, Field(ge=0, le=366)] = 14  # seats of sessions that begin sooner stand still

    @model_validator(mode="after")
    def _moving_is_cheaper(self) -> Self:
        if self.moved > self.dropped + self.added:
            raise ValueError(Message("defect.moved-dearer", moved=self.moved, both=self.dropped + self.added))
        return self

    def of(self, dropped: list[tuple[str, bool]], added: list[tuple[str, bool]]) -> int:
        """What one person's seats given up and got cost; of each seat its programme and whether papers of its session are out.

        Examples
        --------
        >>> ChangeCosts().of([("theory", False)], [("theory", False), ("law", True)])
        4
        """
        total = 0
        for programme in {one for one, _ in (*dropped, *added)}:
            gone, come = (
                sorted((out for one, out in seats if one == programme), reverse=True) for seats in (dropped, added)
            )
            pairs = min(len(gone), len(come))
            total += sum(self._times(a or b) * self.moved for a, b in zip(gone, come, strict=False))
            total += sum(self._times(out) * self.dropped for out in gone[pairs:])
            total += sum(self._times(out) * self.added for out in come[pairs:])
        return total

    def _times(self, is_issued: bool) -> int:
        return self.issued if is_issued else 1


@dataclass(frozen=True, eq=False)
class Published:
    """A plan in force, and what has become of it.

    Parameters
    ----------
    placements
        Seats of the plan in force: ``cadre_id``, ``session_id``, ``programme_id``, ``headcount`` and the other columns of a plan.
    on
        The day as of which is planned again. What begins by then is past.
    issued
        Sessions whose papers are out.
    begun
        Sessions that have begun, besides those whose date says so.
    forced
        Seats (person and session) that must be given up.
    called
        Seats that must be filled.
    opened
        Sessions that have come, or have more seats than they had.
    changed
        People who came, or whose unit or post is not what it was.
    """

    placements: pd.DataFrame
    on: date
    issued: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    forced: frozenset[tuple[str, str]] = frozenset()
    called: frozenset[tuple[str, str]] = frozenset()
    opened: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


def seats_of(placements: pd.DataFrame) -> dict[str, Counter[str]]:
    """Seats of each person (or unnamed group) in each session."""
    found: dict[str, Counter[str]] = {}
    columns = (placements[name].tolist() for name in ("cadre_id", "session_id", "headcount"))
    for cadre, session, seats in zip(*columns, strict=True):
        found.setdefault(cadre, Counter())[session] += int(seats)
    return found


def cost_of_change(
    costs: ChangeCosts,
    before: pd.DataFrame,
    after: pd.DataFrame,
    programme_of: Mapping[str, str],
    issued: frozenset[str],
) -> int:
    """The value of the goal ``change``: what the seats of ``after`` that differ from ``before`` cost in all."""
    old, new = seats_of(before), seats_of(after)
    total = 0
    for cadre in old.keys() | new.keys():
        gone = old.get(cadre, Counter()) - new.get(cadre, Counter())
        come = new.get(cadre, Counter()) - old.get(cadre, Counter())
        if gone or come:
            total += costs.of(*([(programme_of[s], s in issued) for s in seats.elements()] for seats in (gone, come)))
    return total
