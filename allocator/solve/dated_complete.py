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
        self.lacking = self.find_lacking()

    def find_lacking(self) -> set[int]:
        """Programmes and years in which somebody who has open sessions lacks a seat."""
        return {block for block, members in enumerate(self.members) if any(map(self.state.missing, members))}

    def missing(self, circle: Circle) -> int:
        """Seats a circle lacks now."""
        return sum(self.state.missing(a) for a in circle)

    def improve(self, circle: Circle) -> bool | None:
        """Give out more seats in a circle while the rest stands still; whether that was possible, if known."""
        improved, spent = place(self.state, circle, min(STEP, self.work))
        self.work -= spent
        if improved:
            self.lacking = self.find_lacking()  # The seat may have come from another programme.
        return improved

    def is_proven(self, circle: Circle) -> bool:
        """Whether the circle lacks as many seats in every schedule."""
        proven, spent = none_more(self.state, circle, min(STEP, self.work))
        self.work -= spent
        return proven

    def circles(self, start: Circle) -> Iterator[Circle]:
        """Growing circles around some attendances, up to the whole connected piece."""
        problem, circle = self.state.problem, start
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

    def settle(self, start: Circle) -> Circle | None:
        """Give these attendances all seats, or prove what they lack; returns the circle of the proof."""
        for circle in self.circles(start):
            while self.missing(start):
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
    waiting = set(search.lacking)
    while waiting:
        for block in sorted(waiting, key=lambda block: (problem.blocks[block][1], block)):
            members = search.members[block]
            if not search.missing(members) or any(members <= circle for circle, _ in proofs):
                continue
            circle = members if state.placed(block) >= most[block] else search.settle(members)
            if circle is not None:
                proofs.append((circle, search.missing(circle)))
        proofs = _joined(search, proofs)
        settled = waiting
        waiting = {
            block
            for block in search.lacking
            if search.work > 0 and not any(search.members[block] <= circle for circle, _ in proofs)
        }
        if waiting <= settled:
            break
    proven = {a for circle, _ in proofs for a in circle}
    return proven | {a for a, one in enumerate(problem.attendances) if not one.options}


def _joined(search: _Search, proofs: list[Proof]) -> list[Proof]:
    """Proofs that add up.

    Those inside another are dropped. Where two overlap, the smaller does without the common part if it still proves what
    it lacks; else they are put together and grow until that is proven.
    """
    sound: list[Proof] = []
    for circle, missing in sorted(proofs, key=lambda proof: (len(proof[0]), min(proof[0])), reverse=True):
        if any(circle <= other for other, _ in sound):
            continue
        meeting = [(other, lack) for other, lack in sound if circle & other]
        if search.missing(circle) == missing and not meeting:
            sound.append((circle, missing))
            continue
        rest = circle.difference(*(other for other, _ in meeting))
        if search.work > 0 and search.is_proven(rest):
            sound.append((rest, search.missing(rest)))
            continue
        union = search.settle(circle.union(*(other for other, _ in meeting)))
        while union is not None and any(union & other and not other <= union for other, _ in sound):
            union = search.settle(union.union(*(other for other, _ in sound if union & other)))
        if union is not None:
            sound = [proof for proof in sound if not proof[0] <= union]
            sound.append((union, search.missing(union)))
    # Later improvements may have moved a lack from one circle to another; a proof holds for as many as it was asked for.
    return [(circle, missing) for circle, missing in sound if search.missing(circle) == missing]
