"""From seats to the plan: which rules a seat serves."""

from __future__ import annotations

import pandas as pd

from allocator.engine.build_plan import assemble
from tests.engine.builders import make_inputs, rule

SESSIONS = [{"session_id": f"s{n}", "start_date": f"2020-0{n}-01", "end_date": f"2020-0{n}-05"} for n in (1, 2)]


def test_rule_with_names_is_served_by_the_seats_it_calls_up_only() -> None:
    named = rule("fixed", id="named", call_ups=[{"cadre_id": "a", "session_id": "s1"}])
    banned = rule("fixed", id="banned", forbidden=[{"cadre_id": "b", "session_id": "s1"}])
    whole = rule("fixed", id="whole", everyone=True, audience={"category": "head"})
    inputs = make_inputs(
        cadres=[{"cadre_id": "a"}, {"cadre_id": "b"}, {"cadre_id": "c", "category": "head"}],
        sessions=SESSIONS,
        rules=[named, banned, whole],
    )
    seats = pd.DataFrame(
        [("a", "s1"), ("a", "s2"), ("b", "s2"), ("c", "s1")], columns=["cadre_id", "session_id"]
    ).assign(headcount=1, fixed=False)
    placements = assemble(inputs, seats).placements
    served = {(row.cadre_id, row.session_id): row.rules for row in placements.itertuples()}
    assert served == {("a", "s1"): "named", ("a", "s2"): "", ("b", "s2"): "", ("c", "s1"): "whole"}
