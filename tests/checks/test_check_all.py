"""Counting checks: each argument fires at its bound and not one inside, and an error is always true."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from allocator.answers import runs
from allocator.checks import CheckReport, count
from allocator.checks.finding import names, span
from allocator.domain.errors import ModelError
from allocator.domain.rules import Rule
from allocator.domain.tables import Inputs
from allocator.engine.solvers.max_flow import SINK, SOURCE, Network
from allocator.inputs import load
from allocator.language.message import said
from tests.engine.builders import make_inputs, rule

SCENARIOS = Path(__file__).parents[2] / "scenarios"
YEARS = (2020, 2021, 2022, 2023)


def people(number: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"cadre_id": f"c{k}", **fields} for k in range(number)]


def held(*years: int, programme: str = "p", seats: int = 10, **fields: Any) -> list[dict[str, Any]]:
    """One session of a programme in each year."""
    return [
        {
            "session_id": f"{programme}-{year}",
            "programme_id": programme,
            "start_date": f"{year}-03-02",
            "end_date": f"{year}-03-06",
            "seats": seats,
            **fields,
        }
        for year in years
    ]


def went(cadre: str, year: int, programme: str = "p", content: str = "theory") -> dict[str, Any]:
    return {
        "cadre_id": cadre, "programme_id": programme, "start_date": f"{year}-03-02", "end_date": f"{year}-03-06",
        "days": 5.0, "hours": 40.0, "content": content, "host_group": "central",
    }  # fmt: skip


def found(*rules: Rule, **tables: Any) -> dict[str, str]:
    """Codes and severities of what was found; everyone may attend everything unless a rule says otherwise.

    An error that the exact solve does not confirm fails here.
    """
    if not any(one.kind in ("eligibility", "quota") for one in rules):
        rules = (rule("eligibility"), *rules)
    inputs = make_inputs(rules=rules, **tables)
    report = count(inputs)
    assert report.ok or violation(inputs) > 0
    return {one.code: one.severity for one in report.findings}


def exactly(amount: int, **fields: Any) -> Rule:
    return rule("quota", amount=amount, modality="exactly", **fields)


# ---------------------------------------------------------------- quotas


def test_quota_needs_as_many_people_as_its_least() -> None:
    assert found(exactly(4), cadres=people(3), sessions=held(2020)) == {"quota-short": "error"}
    assert found(exactly(3), cadres=people(3), sessions=held(2020)) == {}


def test_quota_needs_as_many_seats_as_its_least() -> None:
    assert found(exactly(4), cadres=people(9), sessions=held(2020, seats=3)) == {"quota-short": "error"}
    assert found(exactly(3), cadres=people(9), sessions=held(2020, seats=3)) == {}


def test_quota_counts_seats_where_the_people_are() -> None:
    # Ten seats serve unit V, where one person works; the nine of U have one seat: two people at most.
    tables = {
        "units": [{"unit_id": "U"}, {"unit_id": "V"}],
        "cadres": [*people(9), {"cadre_id": "v", "unit_id": "V"}],
        "programmes": [{"programme_id": "q", "serves_unit_id": "V"}],
        "sessions": [*held(2020, seats=1), *held(2020, programme="q")],
    }
    assert found(exactly(3), **tables) == {"quota-short": "error"}
    assert found(exactly(2), **tables) == {}


def test_quota_inside_its_band_is_a_warning() -> None:
    # About 5 with a band of 2 accepts 3 people; 2 people are too few.
    about = rule("quota", amount=5, band_least=2)
    assert found(about, cadres=people(2), sessions=held(2020)) == {"quota-short": "error"}
    assert found(about, cadres=people(3), sessions=held(2020)) == {"quota-short": "warning"}
    assert found(about, cadres=people(5), sessions=held(2020)) == {}


def test_soft_quota_and_ceiling_never_fail() -> None:
    soft = rule("quota", amount=5, modality="at-least", strength="soft")
    assert found(soft, cadres=people(3), sessions=held(2020)) == {"quota-short": "warning"}
    assert found(rule("quota", amount=5, modality="at-most"), cadres=people(3), sessions=held(2020)) == {}


def test_quota_over_the_years_counts_what_may_be_repeated() -> None:
    # Not again within three years: of four years each person may attend twice (2020 and 2023). Eight are needed.
    again = rule("spacing", same_programme_years=3)
    tables = {"sessions": held(*YEARS), "horizon": YEARS}
    assert found(exactly(2), again, cadres=people(3), **tables) == {"quota-repeats": "error"}
    # Three people have six attendances, four have eight.
    assert found(exactly(2), again, cadres=people(4), **tables) == {}
    assert found(exactly(2), rule("spacing", same_programme_years=2), cadres=people(4), **tables) == {}


def test_quota_over_the_years_counts_long_classes_once() -> None:
    # Two programmes, both long, one long class in four years: one attendance each, where four are needed.
    long = rule("spacing", long_days=5, long_years=4)
    tables = {"sessions": [*held(*YEARS), *held(*YEARS, programme="q")], "horizon": YEARS}
    assert found(exactly(1), long, cadres=people(3), **tables) == {"quota-repeats": "error"}
    assert found(exactly(1), long, cadres=people(4), **tables) == {}
    short = rule("spacing", long_days=6, long_years=4)  # No class lasts six days.
    assert found(exactly(1), short, cadres=people(3), **tables) == {}


def test_quota_leaves_out_whom_the_record_closes() -> None:
    again = rule("spacing", same_programme_years=3)
    tables = {"cadres": people(3), "sessions": held(2020)}
    assert found(exactly(3), again, history=[went("c0", 2018)], **tables) == {"quota-short": "error"}
    assert found(exactly(3), again, history=[went("c0", 2017)], **tables) == {}


def test_quota_leaves_out_forbidden_and_unavailable_people() -> None:
    tables = {"cadres": people(3), "sessions": held(2020)}
    forbidden = rule("fixed", forbidden=[{"cadre_id": "c0", "year": 2020}])
    away = rule("fixed", unavailable=[{"cadre_id": "c0", "from_date": "2020-03-06", "to_date": "2020-04-01"}])
    assert found(exactly(3), forbidden, **tables) == {"quota-short": "error"}
    assert found(exactly(3), away, **tables) == {"quota-short": "error"}
    assert found(exactly(2), away, **tables) == {}


def test_quota_does_not_count_seats_called_for_others() -> None:
    # Two of three seats are called up for people outside the quota's audience.
    called = rule("fixed", everyone=True, audience={"category": "chief"}, programmes={"programme_id": "p"})
    cadres = [*people(3), *({"cadre_id": f"x{k}", "category": "chief"} for k in range(2))]
    rules = [called, rule("eligibility", audience={"category": "chief"})]
    tables = {"cadres": cadres, "sessions": held(2020, seats=3)}
    assert found(exactly(2, audience={"category": "cadre"}), *rules, **tables) == {"quota-short": "error"}
    assert found(exactly(1, audience={"category": "cadre"}), *rules, **tables) == {}


def test_quota_counts_only_the_years_in_which_people_are_admitted() -> None:
    # Everyone may attend in 2021, in 2020 only those of category "able".
    rules = [
        exactly(2, admits=False),
        rule("eligibility", id="early", audience={"category": "able"}),
        rule("eligibility", id="late", years=[2021]),
    ]
    tables = {"sessions": held(2020, 2021), "horizon": (2020, 2021)}
    cadres = people(3)
    cadres[0]["category"] = "able"
    assert found(*rules, cadres=cadres, **tables) == {"quota-short": "error"}
    cadres[1]["category"] = "able"
    assert found(*rules, cadres=cadres, **tables) == {}


def test_call_ups_above_a_ceiling_are_found() -> None:
    called = rule("fixed", everyone=True, audience={"category": "cadre"}, programmes={"programme_id": "p"})
    tables = {"cadres": people(3), "sessions": held(2020)}
    assert found(rule("quota", amount=2, modality="at-most"), called, **tables) == {"quota-ceiling": "error"}
    assert found(rule("quota", amount=3, modality="at-most"), called, **tables) == {}


def test_quotas_of_different_people_share_the_seats() -> None:
    cadres = [*people(3), *({"cadre_id": f"x{k}", "category": "chief"} for k in range(3))]
    first = exactly(3, id="cadres", audience={"category": "cadre"})
    second = exactly(3, id="chiefs", audience={"category": "chief"})
    assert found(first, second, cadres=cadres, sessions=held(2020, seats=5)) == {"quotas-together": "error"}
    assert found(first, second, cadres=cadres, sessions=held(2020, seats=6)) == {}


def test_quotas_that_one_seat_serves_at_once_are_not_added_up() -> None:
    first, second = exactly(3, id="first"), exactly(3, id="second")
    assert found(first, second, cadres=people(3), sessions=held(2020, seats=3)) == {}


# ---------------------------------------------------------------- share floors


def teams(*sizes: int) -> list[dict[str, Any]]:
    return [{"cadre_id": f"t{t}-{k}", "team_id": f"t{t}"} for t, size in enumerate(sizes) for k in range(size)]


def test_floor_needs_enough_members_who_may_attend() -> None:
    # A fifth of six is two; only the members of category "able" may attend.
    floor = rule("share-floor", share="1/5")
    able = rule("eligibility", audience={"category": "able"})
    cadres = teams(6)
    cadres[0]["category"] = "able"
    assert found(able, floor, cadres=cadres, sessions=held(2020)) == {"floor-people": "error"}
    cadres[1]["category"] = "able"
    assert found(able, floor, cadres=cadres, sessions=held(2020)) == {}


def test_floors_together_need_enough_seats() -> None:
    # Two teams of six and one of five owe 2 + 2 + 1.
    floor = rule("share-floor", share="1/5")
    assert found(floor, cadres=teams(6, 6, 5), sessions=held(2020, seats=4)) == {"floor-seats": "error"}
    assert found(floor, cadres=teams(6, 6, 5), sessions=held(2020, seats=5)) == {}


def test_floors_need_seats_that_serve_their_unit() -> None:
    # Team t0 works in U, which has one seat for the two it owes; ten seats of V do not help.
    floor = rule("share-floor", share="1/5")
    cadres = [*teams(6), *({"cadre_id": f"v{k}", "unit_id": "V", "team_id": "v"} for k in range(5))]
    tables = {"units": [{"unit_id": "U"}, {"unit_id": "V"}], "cadres": cadres}
    local = [{"programme_id": "p", "serves_unit_id": "U"}, {"programme_id": "q", "serves_unit_id": "V"}]
    few = [*held(2020, seats=1), *held(2020, programme="q")]
    enough = [*held(2020, seats=2), *held(2020, programme="q", seats=1)]
    assert found(floor, sessions=few, programmes=local, **tables) == {"floor-seats": "error"}
    assert found(floor, sessions=enough, programmes=local, **tables) == {}


def test_floor_over_the_years_counts_what_may_be_repeated() -> None:
    # Once in four years: a team of four owes one a year and has four attendances; a floor of two a year needs eight.
    once = rule("spacing", same_programme_years=4)
    tables = {"cadres": teams(4), "sessions": held(*YEARS), "horizon": YEARS}
    assert found(rule("share-floor", share="1/2"), once, **tables) == {"floor-repeats": "error"}
    assert found(rule("share-floor", share="1/4"), once, **tables) == {}


# ---------------------------------------------------------------- coverage, interval, make-up


def test_coverage_needs_a_seat_for_everyone() -> None:
    tables = {"cadres": people(5), "horizon": YEARS}
    covered = rule("coverage", window_years=4)
    assert found(covered, sessions=held(*YEARS, seats=1), **tables) == {"window-seats": "error"}
    assert found(covered, sessions=[*held(*YEARS[:3], seats=1), *held(2023, seats=2)], **tables) == {}
    assert found(rule("coverage", window_years=4, strength="soft"), sessions=held(*YEARS, seats=1), **tables) == {
        "window-seats": "warning"
    }


def test_coverage_names_people_without_any_class() -> None:
    able = rule("eligibility", audience={"category": "cadre"})
    cadres = [*people(2), {"cadre_id": "x", "category": "other"}]
    report = count(make_inputs(cadres=cadres, sessions=held(2020), rules=[able, rule("coverage")]))
    assert [(one.code, one.severity) for one in report.findings] == [("window-closed", "error")]
    assert "x" in report.findings[0].message_zh and not report.ok
    assert found(able, rule("coverage"), cadres=cadres[:2], sessions=held(2020)) == {}


def test_yearly_coverage_asks_more_often_than_repeats_allow() -> None:
    tables = {"cadres": people(2), "sessions": held(2020, 2021), "horizon": (2020, 2021)}
    assert found(rule("coverage"), rule("spacing", same_programme_years=2), **tables) == {"window-repeats": "error"}
    assert found(rule("coverage"), rule("spacing", same_programme_years=1), **tables) == {}


def test_unnamed_groups_are_counted_by_head_and_repeat_no_more_than_people() -> None:
    group = [{"cadre_id": "g", "headcount": 4}]
    again = rule("spacing", same_programme_years=3)
    tables = {"cadres": group, "horizon": (2020, 2021)}
    assert "window-seats" in found(rule("coverage"), sessions=held(2020, 2021, seats=3), **tables)
    assert found(rule("coverage"), sessions=held(2020, 2021, seats=4), **tables) == {}
    # All four in 2020 and all four in 2021 would be the same people again.
    assert found(rule("coverage"), again, sessions=held(2020, 2021, seats=4), **tables) == {"window-repeats": "error"}


def test_interval_forces_those_whose_record_runs_out() -> None:
    # Every three years, one seat in 2020: two people last attended in 2017 and must both go in 2020.
    need = rule("interval", contents=["theory"], every_years=3)
    due = [went("c0", 2017), went("c1", 2017)]
    one = held(2020, seats=1)
    assert found(need, cadres=people(2), history=due, sessions=one) == {"window-seats": "error"}
    assert found(need, cadres=people(2), history=[due[0], went("c1", 2018)], sessions=one) == {}


def test_interval_names_people_who_may_attend_nothing_that_carries_it() -> None:
    need = rule("interval", contents=["party-spirit"], every_years=1)
    assert found(need, cadres=people(1), sessions=held(2020)) == {"window-closed": "error"}
    carried = [{"programme_id": "p", "content": "theory;party-spirit"}]
    assert found(need, cadres=people(1), sessions=held(2020), programmes=carried) == {}


def test_interval_asks_more_often_than_repeats_allow() -> None:
    # Theory in 2020 or 2021 and again in 2022 or 2023; the only programme comes round after four years.
    need = rule("interval", contents=["theory"], every_years=2)
    tables = {"cadres": people(1), "history": [went("c0", 2019, "old")], "sessions": held(*YEARS), "horizon": YEARS}
    assert found(need, rule("spacing", same_programme_years=4), **tables) == {"window-repeats": "error"}
    assert found(need, rule("spacing", same_programme_years=2), **tables) == {}


def test_make_up_is_counted_like_an_interval() -> None:
    due = rule("make-up", contents=["theory"], after_years=5, strength="soft")
    tables = {"cadres": people(2), "sessions": held(2020, seats=1)}
    assert found(due, **tables) == {"window-seats": "warning"}
    assert found(due, history=[went("c0", 2016)], **tables) == {}


# ---------------------------------------------------------------- seats in proportion


def places(*sizes: int) -> list[dict[str, Any]]:
    return [{"cadre_id": f"{g}-{k}", "category": f"g{g}"} for g, size in enumerate(sizes) for k in range(size)]


def test_apportion_floors_need_people_and_seats() -> None:
    shared = {"group_by": "category", "amount": 4}
    # Four seats over groups of 3 and 1: 3 and 1 are due, and four seats are needed.
    assert found(rule("apportion", **shared), cadres=places(3, 1), sessions=held(2020, seats=3)) == {
        "apportion-seats": "warning"
    }
    assert found(rule("apportion", **shared), cadres=places(3, 1), sessions=held(2020, seats=4)) == {}
    # At least two for each group: the group of one cannot fill them.
    least = rule("apportion", **shared, least=2)
    assert found(least, cadres=places(3, 1), sessions=held(2020))["apportion-people"] == "warning"
    assert found(least, cadres=places(3, 2), sessions=held(2020)) == {}


def test_apportion_floors_above_the_amount_are_found() -> None:
    least = {"group_by": "category", "least": 3}
    tables = {"cadres": places(4, 4), "sessions": held(2020)}
    assert found(rule("apportion", amount=5, **least), **tables) == {"apportion-least": "warning"}
    assert found(rule("apportion", amount=6, **least), **tables) == {}
    most = rule("apportion", amount=6, group_by="category", most=2)
    assert found(most, **tables) == {"apportion-most": "warning"}
    assert found(rule("apportion", amount=6, group_by="category", most=3), **tables) == {}


# ---------------------------------------------------------------- the rest


def test_rule_that_touches_nobody_is_a_warning() -> None:
    tables = {"cadres": people(3), "sessions": held(2020)}
    outside = rule("priority", weight=1, years=[2030])
    assert found(outside, **tables) == {"touches-nobody": "warning"}
    assert found(rule("priority", weight=1, years=[2020]), **tables) == {}
    assert found(rule("fixed"), **tables) == {"touches-nobody": "warning"}
    # Nobody is in a team, so an away-limit by team holds nobody back.
    assert found(rule("away-limit", share="1/2"), **tables) == {"touches-nobody": "warning"}
    assert found(rule("away-limit", share="1/2", group_by="category"), **tables) == {}


def test_class_with_fewer_people_than_its_least_size_is_a_warning() -> None:
    sessions = held(2020, min_seats=4)
    assert found(rule("priority", weight=1), cadres=people(3), sessions=sessions) == {"class-too-small": "warning"}
    assert found(rule("priority", weight=1), cadres=people(4), sessions=sessions) == {}
    # And it holds nobody: the quota of three is out of reach.
    assert found(exactly(3), cadres=people(3), sessions=sessions) == {
        "quota-short": "error", "class-too-small": "warning",
    }  # fmt: skip


def test_reported_rules_are_not_judged() -> None:
    assert found(exactly(9, strength="report"), cadres=people(3), sessions=held(2020)) == {}


def test_lists_are_cut_after_ten_names_in_both_languages() -> None:
    many = [f"n{k}" for k in range(12)]
    assert names(many).endswith("n9 and 2 more")
    assert names(many).said("zh").endswith("n9等，另有2个")
    assert names(many[:10]).said("zh").endswith("、n9")


def test_years_that_follow_each_other_are_a_span() -> None:
    assert [said(span(years), "zh") for years in (YEARS, (2020, 2022), (2021,))] == ["2020–2023", "2020、2022", "2021"]


def test_flow_names_what_is_starved() -> None:
    # Two people want a place of one, one person has a place of two: two are seated, and the first place is full.
    network = Network()
    person, place = network.nodes(2), network.nodes(2)
    network.join(SOURCE, person, [2, 1])
    network.join(person, place, [2, 1])
    network.join(place, SINK, [1, 2])
    flow = network.flow()
    assert flow.value == 2
    assert [bool(flow.starved[node]) for node in (*person, *place)] == [True, False, True, False]
    assert Network().flow().value == 0


@pytest.mark.parametrize(
    "scenario", ["tiny", "one-prefecture", pytest.param("henan-2019-2022", marks=pytest.mark.long)]
)
def test_shipped_scenario_can_be_kept_as_far_as_counting_tells(scenario: str) -> None:
    inputs = load(SCENARIOS / f"{scenario}.toml")
    started = time.process_time()
    report = count(inputs)
    assert [one for one in report.findings if one.severity == "error"] == []
    assert report.ok
    assert time.process_time() - started < 20  # Some two seconds for the province.


# ---------------------------------------------------------------- every error is true


def some_world(seed: int) -> Inputs:
    """A few people, programmes, years and hard rules at random, about as often impossible as not."""
    rng = random.Random(seed)
    years = YEARS[: rng.randint(1, 3)]
    units = ["U", "V"]
    cadres = [
        {
            "cadre_id": f"c{k}", "unit_id": rng.choice(units), "category": rng.choice("ab"),
            "headcount": 1 if rng.random() < 0.85 else rng.randint(2, 3),
        }
        for k in range(rng.randint(2, 6))
    ]  # fmt: skip
    for row in cadres:
        row["team_id"] = f"t{row['unit_id']}" if rng.random() < 0.7 else ""
    programmes = [
        {
            "programme_id": p, "days": rng.choice([5.0, 30.0]), "serves_unit_id": rng.choice(["", "", *units]),
            "content": rng.choice(["theory", "party-spirit", "theory;party-spirit"]),
        }
        for p in "pqr"[: rng.randint(1, 3)]
    ]  # fmt: skip
    sessions = [
        {
            "session_id": f"{row['programme_id']}{year}", "programme_id": row["programme_id"],
            "start_date": f"{year}-0{3 * place + 1}-02", "end_date": f"{year}-0{3 * place + 1}-06",
            "seats": (seats := rng.randint(1, 4)), "min_seats": rng.choice([0, 0, min(2, seats)]),
        }
        for place, row in enumerate(programmes)
        for year in years
        if rng.random() < 0.85
    ]  # fmt: skip
    history = []
    for row in cadres:
        if row["headcount"] == 1 and rng.random() < 0.6:
            past = rng.choice(programmes)
            history.append(went(row["cadre_id"], rng.randint(2017, 2019), past["programme_id"], past["content"]))

    def audience() -> dict[str, Any]:
        return rng.choice([{}, {"category": "a"}, {"category": "b"}])

    def chosen() -> dict[str, Any]:
        return rng.choice([{}, {"programme_id": rng.choice(programmes)["programme_id"]}])

    def some_rule(kind: str, k: int) -> Rule:
        common = {"id": f"{kind}-{k}", "audience": audience(), "programmes": chosen(), "strength": "hard"}
        match kind:
            case "quota":
                own: dict[str, Any] = {
                    "amount": rng.randint(1, 4), "band_least": 1, "admits": False,
                    "modality": rng.choice(["about", "at-least", "exactly", "at-most"]),
                }  # fmt: skip
            case "share-floor":
                own = {"share": rng.choice(["1/5", "1/2"]), "group_by": rng.choice(["team_id", "unit_id"])}
            case "coverage":
                own = {"window_years": rng.randint(1, len(years))}
            case "interval":
                own = {
                    "every_years": rng.randint(2, 4),
                    "contents": rng.choice([["theory"], ["theory", "party-spirit"]]),
                }
            case "make-up":
                own = {"after_years": rng.randint(3, 5), "contents": ["theory"]}
            case "apportion":
                own = {"amount": rng.randint(2, 5), "group_by": "unit_id", "tolerance": 1}
            case "fixed":
                own = {"forbidden": [{"cadre_id": rng.choice(cadres)["cadre_id"], "year": rng.choice(years)}]}
                if rng.random() < 0.3:
                    own = {"everyone": True, "programmes": {"programme_id": rng.choice(programmes)["programme_id"]}}
            case _:
                own = rng.choice(
                    [
                        {"same_programme_years": rng.randint(2, 3)},
                        {"classes_per_year": 1},
                        {"long_days": 20, "long_years": 2},
                    ]
                )
        return rule(kind, **(common | own))

    kinds = ["quota", "share-floor", "coverage", "interval", "make-up", "apportion", "fixed", "spacing", "spacing"]
    timed = {"years": [rng.choice(years)]} if rng.random() < 0.2 else {}
    rules = [
        rule("eligibility", id="all", audience=audience(), **timed),
        rule("eligibility", id="more", programmes=chosen()),
    ]
    rules += [some_rule(rng.choice(kinds), k) for k in range(rng.randint(1, 4))]
    return make_inputs(
        cadres=cadres, units=[{"unit_id": unit} for unit in units], programmes=programmes,
        sessions=sessions or held(years[0]), history=history, rules=rules, horizon=years,
    )  # fmt: skip


def violation(inputs: Inputs) -> float:
    """Least violation of the hard rules; without end when fixed seats cannot be held at all."""
    try:
        return runs.solve(inputs).audit.goals.get("violation", 0)
    except ModelError:
        return float("inf")


def judged(seeds: range) -> dict[str, int]:
    """How often each error was found in random worlds, every one of them confirmed by the exact solve."""
    codes: dict[str, int] = {}
    for seed in seeds:
        inputs = some_world(seed)
        report: CheckReport = count(inputs)
        errors = [one for one in report.findings if one.severity == "error"]
        for one in errors:
            codes[one.code] = codes.get(one.code, 0) + 1
        if errors:
            assert violation(inputs) > 0, (seed, errors)
    return codes


def test_error_is_confirmed_by_the_exact_solve_in_some_worlds() -> None:
    assert judged(range(16))


@pytest.mark.long
def test_error_is_confirmed_by_the_exact_solve() -> None:
    codes = judged(range(80))
    assert {"quota-short", "floor-people", "floor-seats", "window-closed", "window-seats"} <= set(codes), codes


@pytest.mark.long
def test_error_is_confirmed_by_the_exact_solve_in_many_worlds() -> None:
    judged(range(1000, 4000))
