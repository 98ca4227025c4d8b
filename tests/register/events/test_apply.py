"""Events applied: inputs that pass every check, forced seats, and what each event touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from allocator.audit import audit
from allocator.domain.tables import Inputs
from allocator.engine.run import Run
from allocator.inputs import changed, load
from allocator.register import Register
from allocator.register.events.apply import Applied, apply, brought_up
from allocator.register.records import Event, EventKind, SeatState

K = EventKind
ON = date(2019, 1, 10)


def event(
    kind: EventKind, cadre: str = "", session: str = "", unit: str = "", value: str = "", day: date = ON
) -> Event:
    return Event("E1", day, kind, cadre, session, unit, value, "病假", "四(一)", "N")


@pytest.fixture
def seat(run: Run) -> tuple[str, str]:
    """Somebody in ``theory-2019b``."""
    table = run.plan.placements
    return table["cadre_id"][table["session_id"] == "theory-2019b"].iloc[0], "theory-2019b"


def applied(run: Run, folder: Path, *events: Event, inputs: Inputs | None = None) -> Applied:
    return apply(inputs or run.inputs, events, run.plan, folder, version=2)


def session(one: Applied, name: str) -> pd.Series:
    return one.inputs.sessions.set_index("session_id").loc[name]


def test_withdrawal_frees_the_seat_and_forbids_it(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.WITHDRAW, *seat))
    assert set(found.forced) == {seat}
    assert found.touched[["effect", "reason", "clause"]].to_numpy().tolist() == [["must-go", "病假", "四(一)"]]
    rule = found.inputs.policy.rule("events-2")
    assert [(one.cadre_id, one.session_id) for one in rule.forbidden] == [seat]
    assert rule.clause == "四(一)"
    assert not audit(brought_up(run.plan, found), found.inputs).table.query("rule_id == 'events-2'")["shortfall"].any()
    assert audit(run.plan, found.inputs).table.query("rule_id == 'events-2'")["shortfall"].any()  # The seat kept.


def test_nothing_else_moves(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    before = run.plan.placements[["cadre_id", "session_id"]].apply(tuple, axis=1)
    after = brought_up(run.plan, applied(run, tmp_path, event(K.WITHDRAW, *seat))).placements
    assert set(before) - set(after[["cadre_id", "session_id"]].apply(tuple, axis=1)) == {seat}
    assert len(after) == len(before) - 1


def test_unavailable_frees_seats_inside_the_span_only(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    at_end = applied(run, tmp_path / "a", event(K.UNAVAILABLE, seat[0], value="2019-10-28/2019-11-30"))  # its last day
    assert set(at_end.forced) == {seat}
    behind = applied(run, tmp_path / "b", event(K.UNAVAILABLE, seat[0], value="2019-10-29/2019-11-30"))
    assert not behind.forced


def test_who_joins_is_on_the_roster_with_defaults(run: Run, tmp_path: Path) -> None:
    value = "姓名=北九；人员类别=bureau-deputy；职级=副厅级；班子编号=N-team"
    found = applied(run, tmp_path, event(K.JOIN, "N9", unit="N", value=value))
    one = found.inputs.cadres.set_index("cadre_id").loc["N9"]
    assert (one["name"], one["team_id"], one["headcount"], bool(one["party_member"])) == ("北九", "N-team", 1, True)
    assert found.inputs.roster.set_index("cadre_id").loc["N9", "authority"] == "provincial"  # derived anew


def test_who_leaves_without_a_past_seat_is_off_the_roster(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.LEAVE, seat[0]))
    own = run.plan.placements.query("cadre_id == @seat[0]")
    assert len(found.forced) == len(own)
    assert seat[0] not in set(found.inputs.cadres["cadre_id"]) | set(found.inputs.history["cadre_id"])


def test_who_leaves_after_a_seat_keeps_it_and_gets_no_other(run: Run, tmp_path: Path) -> None:
    table = run.plan.placements
    first = table.sort_values("start_date").iloc[0]
    day = first["start_date"].date()  # It began that day.
    found = applied(run, tmp_path, event(K.LEAVE, first["cadre_id"], day=day))
    assert (first["cadre_id"], first["session_id"]) not in found.forced
    assert first["cadre_id"] in set(found.inputs.cadres["cadre_id"])
    (span,) = found.inputs.policy.rule("events-2").unavailable
    over = first["end_date"].date() + timedelta(1)  # The session that has begun is attended to its end.
    assert (span.from_date, span.to_date) == (over, date(2022, 12, 31))
    after = brought_up(run.plan, found)
    assert not audit(after, found.inputs).table.query("rule_id == 'events-2'")["shortfall"].any()


def test_no_rule_on_a_record_asks_anything_of_who_has_left(run: Run, tmp_path: Path) -> None:
    table = run.plan.placements
    first = table.sort_values("start_date").iloc[0]
    found = applied(run, tmp_path, event(K.LEAVE, first["cadre_id"], day=first["start_date"].date()))
    asked = [
        rule for rule in found.inputs.policy.rules if rule.kind in ("interval", "coverage", "make-up", "cumulative")
    ]
    place = found.inputs.cadre_position[first["cadre_id"]]
    assert asked
    assert not any(found.inputs.audience(rule.audience)[place] for rule in asked)
    before = [run.inputs.audience(run.inputs.policy.rule(rule.id).audience) for rule in asked]
    assert any(own[run.inputs.cadre_position[first["cadre_id"]]] for own in before)
    quota = next(rule for rule in found.inputs.policy.rules if rule.kind == "share-floor")
    assert quota.audience == run.inputs.policy.rule(quota.id).audience  # Seats of the past count where they did.
    again = apply(found.inputs, [event(K.LEAVE, "N7")], run.plan, tmp_path / "again", version=3)
    for rule in asked:
        assert again.inputs.policy.rule(rule.id).audience == rule.audience


def test_transfer_changes_unit_and_leaves_the_team(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    other = "S" if seat[0].startswith("N") else "N"
    found = applied(run, tmp_path, event(K.TRANSFER, seat[0], unit=other))
    one = found.inputs.cadres.set_index("cadre_id").loc[seat[0]]
    assert (one["unit_id"], one["team_id"], one["appointed_on"]) == (other, "", pd.Timestamp(ON))
    assert set(found.touched["effect"]) == {"look-again"}
    after = brought_up(run.plan, found).placements
    assert set(after.loc[after["cadre_id"] == seat[0], "unit_id"]) == {other}


def test_promotion_changes_what_it_says(run: Run, tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.PROMOTE, "N7", value="职级=副厅级；人员类别=bureau-deputy"))
    one = found.inputs.cadres.set_index("cadre_id").loc["N7"]
    assert (one["rank"], one["category"], one["name"]) == ("副厅级", "bureau-deputy", "北七")


def test_session_moves_as_long_as_before(run: Run, tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.MOVE_SESSION, session="theory-2019b", value="2020-01-06"))
    one = session(found, "theory-2019b")
    assert (one["start_date"], one["end_date"], one["year"]) == (
        pd.Timestamp("2020-01-06"), pd.Timestamp("2020-01-20"), 2020,
    )  # fmt: skip
    after = brought_up(run.plan, found).placements
    assert set(after.loc[after["session_id"] == "theory-2019b", "year"]) == {2020}


def test_cancelled_session_gives_up_all_its_seats(run: Run, tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.CANCEL_SESSION, session="theory-2019b"))
    assert found.cancelled == ("theory-2019b",)
    assert {one for _, one in found.forced} == {"theory-2019b"}
    assert "theory-2019b" not in set(found.inputs.sessions["session_id"])


def test_host_that_closes_gives_up_what_is_to_come(run: Run, tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.CLOSE_HOST, value="quality-institution", day=date(2019, 7, 15)))
    left = set(found.inputs.sessions["session_id"])
    assert "skills-2019a" in left  # began the week before
    assert "skills-2019b" not in left  # begins that day
    assert set(found.cancelled) == {
        f"skills-{year}" for year in ("2019b", *(y + h for y in ("2020", "2021", "2022") for h in "ab"))
    }


@pytest.mark.parametrize(("value", "seats"), [("+2", 6), ("减少3", 1), ("5", 5)])
def test_seats_grow_or_shrink(run: Run, tmp_path: Path, value: str, seats: int) -> None:
    one = session(applied(run, tmp_path, event(K.SEATS, session="theory-2019b", value=value)), "theory-2019b")
    assert (one["seats"], one["min_seats"]) == (seats, min(2, seats))


def test_new_session_is_in_the_calendar(run: Run, tmp_path: Path) -> None:
    value = "项目编号=theory-course；开始日期=2019-12-02；结束日期=2019-12-16；名额=4"
    one = session(applied(run, tmp_path, event(K.NEW_SESSION, session="theory-2019c", value=value)), "theory-2019c")
    assert (one["seats"], one["min_seats"], one["year"]) == (4, 0, 2019)


def test_substitute_takes_the_seat(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    table = run.plan.placements
    taken = set(table.loc[table["session_id"] == seat[1], "cadre_id"])
    other = next(one for one in ("N2", "N3", "N4", "N5", "N6", "S2") if one not in taken)
    found = applied(run, tmp_path, event(K.SUBSTITUTE, *seat, value=other))
    after = brought_up(run.plan, found).placements
    now = set(after.loc[after["session_id"] == seat[1], "cadre_id"])
    assert now == taken - {seat[0]} | {other}
    assert [*found.touched["effect"]] == ["must-go", "must-come"]


def test_request_binds_nobody(run: Run, tmp_path: Path) -> None:
    found = applied(run, tmp_path, event(K.REQUEST, session="theory-2019b", unit="N", value="+1"))
    assert not found.forced
    assert set(found.touched["effect"]) <= {"look-again"}
    assert brought_up(run.plan, found).to_csv() == run.plan.to_csv()


def test_changes_of_the_calendar_that_the_scenario_states_are_kept(run: Run, tmp_path: Path) -> None:
    inputs = changed(run.inputs, {"session_changes": [{"sessions": ["theory-2022b"], "shift_days": 7}]})
    found = applied(run, tmp_path, event(K.SEATS, session="theory-2019b", value="+2"), inputs=inputs)
    assert session(found, "theory-2022b")["start_date"] == pd.Timestamp("2022-10-17")
    assert session(found, "theory-2019b")["seats"] == 6


def test_later_events_see_earlier_ones(run: Run, seat: tuple[str, str], tmp_path: Path) -> None:
    """Of a rule that earlier events made nothing is left that speaks of who left or of what is called off."""
    first = applied(run, tmp_path / "a", event(K.WITHDRAW, *seat))
    plan = brought_up(run.plan, first)
    then = replace(event(K.LEAVE, seat[0]), event_id="E2")
    second = apply(first.inputs, [then], plan, tmp_path / "b", version=3)
    assert not [rule.id for rule in second.inputs.policy.rules if rule.id.startswith("events-")]
    assert seat[0] not in set(second.inputs.cadres["cadre_id"])


def test_applied_events_become_a_version_that_reads_back(
    published: Path, seat: tuple[str, str], tmp_path: Path
) -> None:
    one = event(K.WITHDRAW, *seat)
    with Register.open(published) as register:
        inputs = load(register.write_inputs(1, tmp_path / "one"))
        register.add_events([one], by="Planner", on=ON, after=1)
        found = apply(inputs, [one], register.plan(1), tmp_path / "two", version=2)
        plan = brought_up(register.plan(1), found)
        left = {(seat[1], seat[0]): SeatState.WITHDRAWN}
        version = register.add_version(
            plan, found.inputs, by="Planner", on=ON, why="病假", after=1, left=left, events=["E1"]
        )
        again = load(register.write_inputs(version, tmp_path / "three"))
        assert again.policy.rule("events-2") == found.inputs.policy.rule("events-2")
        assert register.events()["applied_in"].tolist() == [2]
        assert register.verify() == []


def test_a_rule_that_speaks_of_nobody_any_more_is_left_out_and_named(run: Run, tmp_path: Path) -> None:
    audience = {"cadre_id": ["N7"]}
    own = {"id": "only-n7", "kind": "interval", "title": "a", "title_zh": "a", "every_years": 4, "audience": audience}
    inputs = changed(run.inputs, {"rules": [own]})
    found = apply(inputs, [event(K.LEAVE, "N7")], run.plan, tmp_path, version=2)
    assert found.left_out == ("only-n7",)
    assert "only-n7" not in [rule.id for rule in found.inputs.policy.rules]
    assert "only-n7" in str(found.inputs.merged["disable"])
    nothing = apply(inputs, [event(K.LEAVE, "N8")], run.plan, tmp_path / "other", version=2)
    assert nothing.left_out == ()
