"""The scenarios of a sweep as they were when it began, and what their points are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from allocator.answers.sweep.axes import Axis
from allocator.answers.sweep.point import to_toml
from allocator.answers.sweep.tables import RuleName, shown
from allocator.domain.errors import InputError
from allocator.domain.rules import RuleKind
from allocator.domain.tables import Inputs
from allocator.inputs import changed, load

UNKNOWN = frozenset({"unknown-key", "unknown-rule", "bad-override"})
"""Defects that no value of a varied key could mend."""


class Scenarios:
    """The scenarios of a sweep as they were when it began; ``names``: what they are called, if not as their files."""

    def __init__(
        self, files: Sequence[Path], settings: Mapping[str, object], names: tuple[str, ...] | None = None
    ) -> None:
        self.files, self.settings = files, settings
        self.names = names or _names(files)
        self.inputs: list[Inputs | None] = []
        self.defects: dict[int, InputError] = {}
        for number, file in enumerate(files):
            try:
                self.inputs.append(load(file, changes=settings))
            except InputError as error:
                if len(files) == 1 or not file.is_file():
                    raise
                self.inputs.append(None)
                self.defects[number] = error
        if len(self.defects) == len(files):
            raise InputError(defect for error in self.defects.values() for defect in error.defects)

    @property
    def hashes(self) -> list[dict[str, str]]:
        """What each scenario was read from; a scenario with defects by its own bytes, so that it is looked at again when it is mended."""
        return [
            {file.name: sha256(file.read_bytes()).hexdigest()} if inputs is None else dict(inputs.hashes)
            for file, inputs in zip(self.files, self.inputs, strict=True)
        ]

    def refuse_unknown(self, axes: Sequence[Axis]) -> None:
        """Refuse keys and rules that a scenario does not have.

        Raises
        ------
        InputError
            With each of them and the nearest name that there is.
        """
        defects = set()
        for inputs in filter(None, self.inputs):
            for axis in axes:
                try:
                    changed(inputs, {axis.key: axis.values[0]})
                except InputError as error:
                    defects |= {defect for defect in error.defects if defect.code in UNKNOWN}
        if defects:
            raise InputError(defects)

    def rules(self, axes: Sequence[Axis]) -> dict[str, RuleName]:
        """Clause and titles of the rules that are varied."""
        wanted = {axis.rule_id for axis in axes}
        found: list[RuleKind] = [
            rule for inputs in self.inputs if inputs is not None for rule in inputs.policy.rules if rule.id in wanted
        ]
        return {rule.id: RuleName(rule.clause, rule.title, rule.title_zh) for rule in reversed(found)}


def _names(files: Sequence[Path]) -> tuple[str, ...]:
    """Each file without its ending; with its folder, or a number, where two would be called the same."""
    for names in ([file.stem for file in files], [file.with_suffix("").as_posix() for file in files]):
        if len(set(names)) == len(names):
            return tuple(names)
    return tuple(f"{file.stem} ({number})" for number, file in enumerate(files, start=1))


def point_name(scenario: str, changes: Mapping[str, object]) -> str:
    """Name of the files of a point: readable as far as file names go, and told apart by a hash of what is changed."""
    digest = sha256(f"{scenario}\n{to_toml(changes)}".encode()).hexdigest()[:8]
    words = "_".join(f"{key.split('.', 1)[-1]}={shown(value)}" for key, value in changes.items() if key != "goals")
    plain = re.sub(r"[^A-Za-z0-9=._-]+", "-", words)[:80].strip("-.")
    return f"{plain}_{digest}" if plain else f"{Path(scenario).name}_{digest}"


def titles_of(inputs: Inputs | None, name: str, changes: Mapping[str, object]) -> dict[str, str]:
    """What the scenario of a point is called: like the one it comes from, with what is changed."""
    if inputs is None:
        return {}
    said = ", ".join(f"{key} = {shown(value)}" for key, value in changes.items())
    scenario = inputs.scenario
    titles = {
        key: f"{text} · {said}" for key, text in (("title", scenario.title), ("title_zh", scenario.title_zh)) if text
    }
    return {"id": scenario_id(name), **titles}


def scenario_id(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")
