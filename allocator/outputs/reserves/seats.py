"""What a seat does for the rules that count people, and who would do the same in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.audit.records import Array, Records
from allocator.domain.rules import Quota, Representation, RuleKind, ShareFloor


@dataclass(frozen=True)
class Counted:
    """How one shared rule looks at the people of a programme.

    ``adds`` says whom one more attendance adds to the count of the year, ``own`` whose only counted attendance of the
    year is one of this programme, so that without it the count falls.
    """

    adds: Array
    own: Array
    group: Array | None = None  # the group each counts in, for a floor or an apportionment
    tight: Array | None = None  # for each group, whether it has nobody to spare
    at_least: bool = False  # more people than needed do no harm


class Seats:
    """The shared rules of one year."""

    def __init__(self, records: Records, year: int) -> None:
        self._records = records
        self._year = year
        self._column = records.years.index(year)
        self._made: dict[str, Counted] = {}

    def counted(self, rules: list[RuleKind]) -> list[Counted]:
        """Those of the rules that count people, ready to be asked."""
        wanted = [rule for rule in rules if rule.sort == "shared"]
        for rule in wanted:
            if rule.id not in self._made:
                self._made[rule.id] = self._make(rule)
        return [self._made[rule.id] for rule in wanted]

    def _make(self, rule: RuleKind) -> Counted:
        records = self._records
        seats = records.seats(rule.programmes, getattr(rule, "least_days", 0.0))[:, self._column]
        audience = records.audience(rule.audience)
        if isinstance(rule, Representation):
            # One kind of people may only be replaced by its like.
            among = records.audience(rule.among)
            kind = np.where(among, 1 + audience, 0)
            return Counted(among & (seats == 0), among & (seats == 1), kind, np.ones(3, dtype=bool))
        adds, own = audience & (seats == 0), audience & (seats == 1)
        if isinstance(rule, ShareFloor):
            groups = records.groups(audience, rule.group_by)
            sent = records.by_group(groups, records.sent(rule.programmes, rule.least_days))[:, self._column]
            floor = -(-rule.share.numerator * groups.sizes // rule.share.denominator)
            return Counted(adds, own, groups.of, np.append(sent <= floor, False), at_least=True)
        if rule.grouped_by:  # Nobody replaces somebody of another group.
            groups = records.groups(audience, rule.grouped_by)
            return Counted(adds, own, groups.of, np.append(np.ones(len(groups.labels), dtype=bool), False))
        return Counted(adds, own, at_least=isinstance(rule, Quota) and rule.modality == "at-least")


def fits(rule: Counted, seat: int, candidates: Array) -> Array:
    """Which candidates leave the rule's count as it is when they take the seat of a cadre, shape (candidates,)."""
    loses, group = key_of(rule, seat)
    adds: Array = rule.adds[candidates]
    if rule.at_least and not loses:
        return np.ones(len(adds), dtype=bool)
    fitting: Array = adds == loses
    return fitting if rule.group is None else fitting & (rule.group[candidates] == group)


def key_of(rule: Counted, seat: int) -> tuple[bool, int]:
    """Whether the count falls when the cadre's seat goes, and in which group; equal keys take the same people."""
    loses = bool(rule.own[seat])
    if rule.group is None:
        return loses, -1
    group = int(rule.group[seat])
    spare = rule.tight is not None and not rule.tight[group]
    return (False, -1) if rule.at_least and (not loses or spare) else (loses, group)
