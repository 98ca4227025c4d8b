"""Away-limits that tell before any date how many of a group a programme can hold."""

from __future__ import annotations

import pytest

from allocator.engine.calendar.yearly_capacity import calendar
from allocator.model.instance import Cut
from tests.engine.builders import make_inputs, rule

MARCH = "2020-03-{:02}"


@pytest.mark.parametrize(
    ("parts", "most"),
    [
        # Each two share a day, all three none: three of nine away on any day are more than three in all.
        ([(2, 3), (2, 4), (3, 4)], None),
        # All three are held on day 2.
        ([(2, 3), (2, 4), (2, 5)], 3),
    ],
)
def test_sessions_in_parts_bind_as_one_only_on_a_day_of_all(parts: list[tuple[int, int]], most: int | None) -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": f"c{n}", "team_id": "t"} for n in range(9)],
        sessions=[
            {
                "session_id": f"s{n}", "start_date": MARCH.format(a), "end_date": MARCH.format(b),
                "segments": ";".join(f"{MARCH.format(day)}/{MARCH.format(day)}" for day in (a, b)),
            }
            for n, (a, b) in enumerate(parts)
        ],
        rules=[rule("eligibility"), rule("away-limit", group_by="team_id", share="1/3")],
    )  # fmt: skip
    assert [limit.most for limit in calendar(inputs).limits] == ([] if most is None else [most])


@pytest.mark.parametrize(("second", "most"), [("2020-03-02", 1), ("2020-04-02", 2)])
def test_group_has_its_share_once_for_every_session_held_apart(second: str, most: int) -> None:
    sessions = [
        {"session_id": s, "start_date": day, "end_date": day} for s, day in (("s", "2020-03-02"), ("t", second))
    ]
    inputs = make_inputs(
        cadres=[{"cadre_id": c, "team_id": "T"} for c in "abc"],
        sessions=sessions,
        rules=[rule("eligibility", audience={}), rule("away-limit", audience={}, group_by="team_id", share="1/3")],
    )
    assert calendar(inputs).limits == (Cut(("a", "b", "c"), ("p",), 2020, most),)


def test_limit_that_cannot_bind_is_not_stated() -> None:
    inputs = make_inputs(
        cadres=[{"cadre_id": "a", "team_id": "T"}],
        sessions=[{"session_id": "s", "start_date": "2020-03-02", "end_date": "2020-03-02"}],
        rules=[rule("eligibility", audience={}), rule("away-limit", audience={}, group_by="team_id", share="1/3")],
    )
    assert calendar(inputs).limits == ()
