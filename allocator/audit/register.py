"""Which measure judges which kind of rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from allocator.audit.finding import Finding
from allocator.audit.records import Records
from allocator.domain.rules import RuleKind

Measure = Callable[[Any, Records], Finding]


class Measures(Mapping[type[RuleKind], Measure]):
    """Measures by the class of the rule; each class has exactly one."""

    def __init__(self) -> None:
        self._measures: dict[type[RuleKind], Measure] = {}

    def add(self, kind: type[RuleKind]) -> Callable[[Measure], Measure]:
        """Register the decorated function as the measure of ``kind``."""

        def register(measure: Measure) -> Measure:
            if kind in self._measures:
                raise ValueError(f"{kind.__name__} already has a measure: {self._measures[kind].__name__}")
            self._measures[kind] = measure
            return measure

        return register

    def __getitem__(self, kind: type[RuleKind]) -> Measure:
        return self._measures[kind]

    def __iter__(self) -> Iterator[type[RuleKind]]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)


MEASURES = Measures()
"""Filled by the modules of the kinds; ``allocator.audit`` imports them all."""
