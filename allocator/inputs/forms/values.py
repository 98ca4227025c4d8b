"""The values that a policy speaks of, column by column: what the drop-downs of the workbook offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from allocator.domain.filters import Filter, Range, Scalar
from allocator.domain.tables import Policy

Place = tuple[str, str]
"""Table and column."""

OF_PEOPLE: Mapping[str, Place] = {  # column of the roster -> where it is filled in
    "unit_kind": ("units", "kind"),
    "unit_tags": ("units", "tags"),
    "authority": ("units", "authority"),
    **{name: ("cadres", name) for name in ("category", "rank", "post", "gender", "tags")},
}
OF_PROGRAMMES: Mapping[str, Place] = {
    name: ("programmes", name) for name in ("host_id", "host_group", "content", "level")
}
ALSO: Mapping[Place, Place] = {  # the history speaks of the same things as the programmes
    ("programmes", "host_group"): ("history", "host_group"),
    ("programmes", "content"): ("history", "content"),
}


def known_values(policy: Policy) -> dict[Place, list[str]]:
    """For each column the texts that some rule names, sorted; columns of which no rule speaks are left out."""
    found: dict[Place, set[str]] = {}
    for rule in policy.rules:
        for people in (rule.audience, getattr(rule, "among", Filter())):
            for column, values in _conditions(people):
                _take(found, OF_PEOPLE.get(column), values)
        for column, values in _conditions(rule.programmes):
            _take(found, OF_PROGRAMMES.get(column), values)
        _take(found, ("programmes", "content"), getattr(rule, "contents", ()))
        _take(found, ("cadres", "post"), [post for pair in getattr(rule, "posts_apart", ()) for post in pair])
    for one, other in ALSO.items():
        if one in found:
            found[other] = found[one]
    return {place: sorted(values) for place, values in found.items()}


def _conditions(wanted: Filter) -> Iterator[tuple[str, tuple[Scalar, ...]]]:
    for column, values in wanted.conditions.items():
        if not isinstance(values, Range):
            yield column, values
    for part in (*wanted.any_of, *([wanted.exclude] if wanted.exclude is not None else [])):
        yield from _conditions(part)


def _take(found: dict[Place, set[str]], place: Place | None, values: object) -> None:
    texts = {str(value) for value in values if value != ""} if isinstance(values, tuple | list) else set()
    if place is not None and texts:
        found.setdefault(place, set()).update(texts)
