"""CP-SAT repair: the last missing seats are found by exact programs in growing circles of people, or proven impossible.

The first circle around a missing seat is those who share a limit with the cadre, such as the team. Then comes the programme and year,
and it grows by those that share a limit with it, and by whole programmes and years. Each circle is asked two questions: could more
seats be given out if nobody else attended anything, and can they be while everybody else stays? If the first answer is no, every schedule lacks
as many seats in this circle. Proofs of circles that do not meet add up; circles that meet are joined and asked again. Small
circles of all missing seats come before large ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from allocator.engine.dates.cp_sat_model import none_more, place
from allocator.engine.dates.state import State
from allocator.engine.parameters import DATES

Circle = frozenset[int]
Proof = tuple[Circle, int]
"""A circle and the seats it lacks in every schedule."""


class _Search:
    """The circles of one state, and the work left."""

    def __init__(self, state: State, work: float) -> None:
        problem = state.problem
        self.state, self.work = state, work
        self.members = [
            frozenset(a for a in problem.members[block] if problem.attendances[a].options)
            for block in range(len(problem.blocks))
        ]
        self.lacking = self.find_lacking()

    def find_lacking(self) -> set[int]:
        """Programmes and years in which somebody who has open sessions lacks a seat."""
        return {block for block, members in enumerate(self.members) if any(map(self.state.missing, members))}

    def waiting(self, proofs: Iterable[Proof]) -> list[int]:
        """Attendances that lack a seat outside every proof, in the order of time."""
        covered = frozenset[int]().union(*(circle for circle, _ in proofs))
        attendances = self.state.problem.attendances
        lacking = (a for block in self.lacking for a in self.members[block] - covered if self.state.missing(a))
        return sorted(lacking, key=lambda a: (attendances[a].year, a))

    def missing(self, circle: Circle) -> int:
        """Seats that a circle lacks now."""
        return sum(self.state.missing(a) for a in circle)

    def improve(self, circle: Circle) -> bool | None:
        """Give out more seats in a circle while everybody else stays; whether that was possible, ``None`` if not known."""
        improved, spent = place(self.state, circle, min(DATES.question_work, self.work))
        self.work -= spent
        if improved:
            self.lacking = self.find_lacking()  # The seat may have come from another programme.
        return improved

    def is_proven(self, circle: Circle) -> bool:
        """Whether every schedule lacks as many seats in the circle."""
        proven, spent = none_more(self.state, circle, min(DATES.question_work, self.work))
        self.work -= spent
        return proven

    def circles(self, a: int) -> Iterator[Circle]:
        """Growing circles around an attendance, up to the whole connected piece."""
        mates = frozenset(b for b in self._near([a]) if self.state.problem.attendances[b].options)
        if mates:
            yield mates
        yield from self.grown(self.members[self.state.problem.attendances[a].block])

    def grown(self, circle: Circle) -> Iterator[Circle]:
        """A circle and ever larger ones around it: first around those who lack a seat, then around everybody."""
        problem = self.state.problem
        yield circle
        lacking = {a for a in circle if self.state.missing(a)}
        for centre in (lacking, None):
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
        """Attendances that share a limit with one of these."""
        problem = self.state.problem
        return {a for b in people for r in problem.limits_of[b] for a in problem.limits[r].entries}

    def _with_mates(self, circle: Circle) -> Circle:
        """The circle and all who share a limit with it. Of a programme and year that lacks seats itself all or none come along, so that proofs add up."""
        attendances = self.state.problem.attendances
        mates = (a for a in self._near(circle) if attendances[a].options)
        return circle.union(a for a in mates if attendances[a].block not in self.lacking)

    def settle(self, lacking: Circle, circles: Iterable[Circle], largest: int) -> Circle | None:
        """Give some attendances all their seats, or prove what they lack; returns the circle of the proof."""
        for circle in circles:
            if len(circle) > largest:
                return None
            while self.missing(lacking):
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
        Most seats each programme and year could give out, whatever happens elsewhere, as far as that is known.
    work
        Work limit in CP-SAT's deterministic seconds.

    Returns
    -------
    Attendances whose missing seats are proven: no schedule gives out more among them.
    """
    search = _Search(state, work)
    problem = state.problem
    hopeless = {a for a, one in enumerate(problem.attendances) if not one.options}
    proofs: list[Proof] = []
    for block in sorted(search.lacking):
        if block in most and state.placed(block) >= most[block]:
            proofs.append((search.members[block], search.missing(search.members[block])))
    for largest in DATES.circle_sizes:
        while waiting := search.waiting(proofs):
            for a in waiting:
                if state.missing(a) and not any(a in circle for circle, _ in proofs):
                    circle = search.settle(frozenset({a}), search.circles(a), largest)
                    if circle is not None:
                        proofs.append((circle, search.missing(circle)))
            proofs = _joined(search, proofs, largest)
            # The repair may have moved a missing seat to somebody who was not asked about yet; then once more.
            if search.work <= 0 or set(search.waiting(proofs)) <= set(waiting):
                break
    return hopeless.union(*(circle for circle, _ in proofs))


def _joined(search: _Search, proofs: list[Proof], largest: int) -> list[Proof]:
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
        union: Circle | None = circle.union(*(other for other, _ in meeting))
        while union is not None:
            union = search.settle(union, search.grown(union), largest)
            if union is None or all(other <= union or not union & other for other, _ in sound):
                break
            union = union.union(*(other for other, _ in sound if union & other))
        if union is not None:
            sound = [proof for proof in sound if not proof[0] <= union]
            sound.append((union, search.missing(union)))
    # A later improvement may have moved a missing seat to another circle. A proof holds only for the number it was asked for.
    return [(circle, missing) for circle, missing in sound if search.missing(circle) == missing]
