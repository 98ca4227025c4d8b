"""The last missing seats: found by exact repair in growing circles, or proven to be impossible.

A circle begins with the attendances of one programme and year and grows in turn by those that share a limit with it, and by
whole programmes and years. In each circle two questions are asked: can more seats be given out while the rest stands still;
and could they be if nobody else attended at all? When the second answer is no, every schedule lacks as many seats here as
this one. Proofs of circles that do not meet add up; circles that meet are put together and asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from allocator.solve.dated_exact import none_more, place
from allocator.solve.dated_state import State

STEP = 1.0
"""Most work of one question, in CP-SAT's deterministic seconds, so that one circle does not use up everything."""

Circle = frozenset[int]
Proof = tuple[Circle, int]
"""A circle and the seats it lacks in every schedule."""


class _Search:
    """The circles of one state, and the work left."""

    def __init__(self, state: State, most: Mapping[int, int], work: float) -> None:
        problem = state.problem
        self.state, self.most, self.work = state, most, work
        self.members = [
            frozenset(a for a in problem.members[block] if problem.attendances[a].options)
            for block in range(len(problem.blocks))
        ]
        self.lacking = {block for block in range(len(problem.blocks)) if self.lacks(block)}

    def lacks(self, block: int) -> bool:
        """Whether somebody who has open sessions lacks a seat."""
        return any(self.state.missing(a) for a in self.members[block])

    def missing(self, circle: Circle) -> int:
        """Seats a circle lacks now."""
        return sum(self.state.missing(a) for a in circle)

    def improve(self, circle: Circle) -> bool | None:
        """Give out more seats in a circle while the rest stands still; whether that was possible, if known."""
        improved, spent = place(self.state, circle, min(STEP, self.work))
        self.work -= spent
        return improved

    def is_proven(self, circle: Circle) -> bool:
        """Whether the circle lacks as many seats in every schedule."""
        proven, spent = none_more(self.state, circle, min(STEP, self.work))
        self.work -= spent
        return proven

    def circles(self, block: int) -> Iterator[Circle]:
        """Growing circles around a programme and year, up to the whole connected piece."""
        problem = self.state.problem
        circle = self.members[block]
        yield circle
        lacking = {a for a in circle if self.state.missing(a)}
        for centre in (lacking, None):
            # First around those who lack a seat, then around everybody.
            while (following := self._with_mates(circle)) != circle or centre is None:
                if following != circle:
                    circle = following
                    yield circle
                near = self._near(circle if centre is None else centre)
                blocks = {problem.attendances[a].block for a in near}
                following = circle.union(*(self.members[b] for b in blocks))
                if following == circle:
                    break
                circle = following
                yield circle

    def _near(self, people: Iterable[int]) -> set[int]:
        problem = self.state.problem
        return {a for b in people for r in problem.limits_of[b] for a in problem.limits[r].entries}

    def _with_mates(self, circle: Circle) -> Circle:
        """With all who share a limit; of a programme and year that lacks seats itself all or none, so that proofs add up."""
        attendances = self.state.problem.attendances
        mates = (a for a in self._near(circle) if attendances[a].options)
        return circle.union(a for a in mates if attendances[a].block not in self.lacking)

    def settle(self, block: int) -> Circle | None:
        """Fill a programme and year, or prove what it lacks; returns the circle of the proof."""
        for circle in self.circles(block):
            while self.lacks(block):
                if self.work <= 0:
                    return None
                if self.is_proven(circle):
                    return circle
                if self.work <= 0 or not self.improve(circle):
                    break
        return None


def complete(state: State, most: Mapping[int, int], work: float) -> set[int]:
    """Find the missing seats that exist, and prove that the others do not.

    Parameters
    ----------
    state
        A placement that keeps every rule; only ever changed for the better.
    most
        Most seats each programme and year could give out, whatever happens elsewhere.
    work
        Work limit in CP-SAT's deterministic seconds.

    Returns
    -------
    Attendances whose missing seats are proven: no schedule gives out more among them.
    """
    search = _Search(state, most, work)
    problem = state.problem
    proofs: list[Proof] = []
    for block in sorted(search.lacking, key=lambda block: (problem.blocks[block][1], block)):
        if not search.lacks(block) or any(search.members[block] <= circle for circle, _ in proofs):
            continue
        circle = search.members[block] if state.placed(block) >= most[block] else search.settle(block)
        if circle is not None:
            proofs.append((circle, search.missing(circle)))
    proven = {a for circle in _joined(search, proofs) for a in circle}
    return proven | {a for a, one in enumerate(problem.attendances) if not one.options}


def _joined(search: _Search, proofs: list[Proof]) -> list[Circle]:
    """Circles of proofs that add up.

    Those inside another are dropped. Where two overlap, the smaller does without the common part if it still proves what
    it lacks; else they are put together and asked again.
    """
    sound: list[Proof] = []
    for circle, missing in sorted(proofs, key=lambda proof: (len(proof[0]), min(proof[0])), reverse=True):
        if any(circle <= other for other, _ in sound):
            continue
        meeting = [(other, lack) for other, lack in sound if circle & other]
        if not meeting and search.missing(circle) == missing:
            sound.append((circle, missing))
            continue
        rest = circle.difference(*(other for other, _ in meeting))
        if search.work > 0 and search.is_proven(rest):
            sound.append((rest, search.missing(rest)))
            continue
        union = circle.union(*(other for other, _ in meeting))
        while search.work > 0:
            if search.is_proven(union):
                sound = [proof for proof in sound if proof not in meeting] + [(union, search.missing(union))]
                break
            if search.work <= 0 or not search.improve(union):
                break
    # Later improvements may have moved a lack from one circle to another; a proof holds for as many as it was asked for.
    return [circle for circle, missing in sound if search.missing(circle) == missing]
