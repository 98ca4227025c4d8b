"""The generator: same seed same bytes, sizes in their bands, tables that the reader accepts, seats that bind and suffice."""

from __future__ import annotations

import math
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import numpy as np
import pandas as pd
import pytest
from builders.seats_on_offer import Supply

from allocator.domain.rules import Interval, Quota
from allocator.domain.tables import Inputs
from allocator.inputs import load
from allocator.sample_data import Summary, generate
from allocator.sample_data.calendar import is_free, starts
from allocator.sample_data.design import Size
from allocator.sample_data.design import load as load_design
from allocator.sample_data.scenario import HOME, OWN
from allocator.sample_data.units import divisions

ROOT = Path(__file__).parent.parent.parent
TABLES = ("units", "cadres", "history", "programmes", "sessions")
COMMITTED = {
    "tiny": ROOT / "data" / "tiny",
    "one-prefecture": ROOT / "data" / "one-prefecture",
    "henan": ROOT / "data" / "henan" / "province",
}
HALF_WIDTH = r"[\u4e00-\u9fff”》）][,;:()?!]|[,;:(?!][\u4e00-\u9fff“《（]"
SCENARIOS = {"tiny": "tiny", "one-prefecture": "one-prefecture", "henan": "henan-2019-2022"}


def read(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def henan(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return generate("henan", tmp_path_factory.mktemp("henan"))


@pytest.fixture(scope="module", params=["one-prefecture", pytest.param("henan", marks=pytest.mark.long)])
def inputs(request: pytest.FixtureRequest) -> Inputs:
    return load(ROOT / "scenarios" / f"{SCENARIOS[request.param]}.toml")


@pytest.fixture(scope="module")
def supply(inputs: Inputs) -> Supply:
    return Supply(inputs)


@pytest.mark.parametrize("size", ["tiny", "one-prefecture"])
def test_committed_tables_are_what_generate_writes(size: Size, tmp_path: Path) -> None:
    generate(size, tmp_path)
    for table in TABLES:
        assert (tmp_path / f"{table}.csv").read_bytes() == (COMMITTED[size] / f"{table}.csv").read_bytes(), table


def test_package_ships_the_scenarios_and_policies_of_the_project() -> None:
    """``make data`` copies them."""
    for name, policy in OWN.values():
        copy = (HOME / "scenarios" / f"{name}.toml").read_bytes()
        assert copy == (ROOT / "scenarios" / f"{name}.toml").read_bytes(), name
        copy = (HOME / "policies" / f"{policy}.toml").read_bytes()
        assert copy == (ROOT / "data" / policy / "policy.toml").read_bytes(), policy


@pytest.mark.parametrize("size", ["tiny", "one-prefecture", pytest.param("henan", marks=pytest.mark.long)])
def test_generated_folder_holds_the_same_problem_as_the_shipped_scenario(size: Size, tmp_path: Path) -> None:
    made = generate(size, tmp_path)
    assert made.scenario == tmp_path / "scenario.toml"
    own, shipped = load(made.scenario), load(scenario_of(size))
    assert own.policy == shipped.policy
    assert own.scenario.model_dump(exclude={"tables", "policy"}) == shipped.scenario.model_dump(
        exclude={"tables", "policy"}
    )
    assert {path.parent for path in own.files.values()} == {tmp_path}  # Nothing outside the folder is read.


def test_committed_province_is_what_generate_writes(henan: Summary) -> None:
    for table in TABLES:
        assert (henan.folder / f"{table}.csv").read_bytes() == (COMMITTED["henan"] / f"{table}.csv").read_bytes(), table


@pytest.mark.parametrize("folder", COMMITTED.values(), ids=COMMITTED)
def test_chinese_names_carry_chinese_marks(folder: Path) -> None:
    """Names stand in sentences, lists and notices of people who read Chinese."""
    names = pd.concat([read(folder, table)["name"] for table in ("units", "cadres", "programmes")])
    assert names[names.str.contains(HALF_WIDTH)].tolist() == []


def test_chinese_titles_carry_chinese_marks() -> None:
    files = [*(ROOT / "scenarios").glob("*.toml"), *(ROOT / "data").glob("*/policy.toml")]
    documents = [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]
    titles = [
        one["title_zh"] for document in documents for one in (document, *document.get("rules", ())) if "title_zh" in one
    ]
    assert len(titles) > 180 and [title for title in titles if re.search(HALF_WIDTH, title)] == []


def test_another_seed_gives_other_people_and_the_same_units(tmp_path: Path) -> None:
    generate("one-prefecture", tmp_path / "a", seed=1)
    generate("one-prefecture", tmp_path / "b", seed=2)
    assert (tmp_path / "a" / "units.csv").read_bytes() == (tmp_path / "b" / "units.csv").read_bytes()
    assert (tmp_path / "a" / "cadres.csv").read_bytes() != (tmp_path / "b" / "cadres.csv").read_bytes()


def test_tables_start_with_a_byte_order_mark_and_end_lines_with_lf(henan: Summary) -> None:
    for table in TABLES:
        data = (henan.folder / f"{table}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf") and data.endswith(b"\n") and b"\r" not in data


def test_province_has_its_real_divisions(henan: Summary) -> None:
    kinds = read(henan.folder, "units")["kind"].value_counts()
    # 17 prefecture-level cities and Jiyuan, which counts as a prefecture and as one of the 158 counties.
    assert (kinds["prefecture"], kinds["county"], kinds["township"]) == (18, 158, 2455)
    assert (kinds["provincial-unit"], kinds["enterprise"], kinds["university"] + kinds["college"]) == (85, 36, 83)
    units = read(henan.folder, "units")
    counties = units[units["kind"] == "county"]
    assert sum("poor" in tags.split(";") for tags in counties["tags"]) == 53


def test_province_has_the_size_aimed_at(henan: Summary) -> None:
    assert 25_000 <= henan.named <= 30_000
    assert henan.bytes < 12_000_000
    cadres = read(henan.folder, "cadres")
    young = cadres["tags"].str.split(";").map(lambda tags: "young" in tags)
    assert young.sum() == 1300
    newly = cadres["tags"].str.split(";").map(lambda tags: "newly-appointed" in tags)
    assert newly.sum() == 900 and not (young & newly).any()
    sessions = read(henan.folder, "sessions").merge(read(henan.folder, "programmes"), on="programme_id")
    above = sessions[sessions["level"].isin(["central", "provincial"])].groupby("year").size()
    assert above.between(116, 140).all()


def test_prefecture_has_the_size_aimed_at(tmp_path: Path) -> None:
    assert 1_400 <= generate("one-prefecture", tmp_path).named <= 1_600


def test_eight_to_ten_percent_have_no_class_on_record(henan: Summary) -> None:
    cadres, history = read(henan.folder, "cadres"), read(henan.folder, "history")
    named = cadres[cadres["headcount"] == "1"]
    trained = named["cadre_id"].isin(history.loc[history["online"] == "false", "cadre_id"])
    assert 0.08 <= 1 - trained.mean() <= 0.10


def scenario_of(size: Size) -> Path:
    return ROOT / "scenarios" / f"{SCENARIOS[size]}.toml"


def named_once() -> int:
    return int((read(COMMITTED["one-prefecture"], "cadres")["headcount"] == "1").sum())


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    folder = tmp_path_factory.mktemp("twice")
    return generate("one-prefecture", folder, people=2 * named_once(), scenario=scenario_of("one-prefecture"))


def test_people_scales_roster_teams_and_local_programmes_alike(twice: Summary) -> None:
    once = COMMITTED["one-prefecture"]
    assert abs(twice.named - 2 * named_once()) < 50
    for table, key in (("cadres", "cadre_id"), ("units", "unit_id"), ("sessions", "session_id")):
        assert read(twice.folder, table)[key].is_unique
    units, before = (read(folder, "units")["kind"].value_counts() for folder in (twice.folder, once))
    for kind in ("prefecture", "county", "prefecture-department", "provincial-unit", "university"):
        assert units[kind] == 2 * before[kind], kind
    local, local_before = (
        (read(folder, "programmes")["serves_unit_id"] != "").sum() for folder in (twice.folder, once)
    )
    assert local == 2 * local_before
    # A programme of the province stays one and holds twice as many sessions of the same size: 2 of 9 seats become 4.
    seats = read(twice.folder, "sessions").query("programme_id == 'pps-bureau-theory' and year == '2019'")["seats"]
    assert seats.tolist() == ["9"] * 4


def test_scaled_scenario_reads_and_its_quotas_are_in_proportion(twice: Summary) -> None:
    assert twice.scenario is not None
    inputs, base = load(twice.scenario), load(scenario_of("one-prefecture"))
    for rule in inputs.policy.rules:
        if isinstance(rule, Quota):
            assert abs(rule.amount - 2 * base.policy.rule(rule.id).amount) <= 1, rule.id
    supply = Supply(inputs)
    assert supply.admitted.sum(axis=1).max() == Supply(base).admitted.sum(axis=1).max()
    for rule in inputs.policy.rules:
        if isinstance(rule, Quota) and rule.modality != "at-most":
            offered = supply.offered(inputs.audience(rule.audience), inputs.counting(rule.programmes))
            assert offered.min() >= rule.amount, rule.id


def test_scaled_scenario_of_the_size_asks_for_what_one_that_extends_it_asks_for(twice: Summary, tmp_path: Path) -> None:
    own = generate("one-prefecture", tmp_path, people=2 * named_once())
    assert own.scenario is not None and twice.scenario is not None
    own_inputs, extending = load(own.scenario), load(twice.scenario)
    assert own_inputs.policy == extending.policy
    assert (own_inputs.scenario.id, own_inputs.scenario.seed) == (extending.scenario.id, extending.scenario.seed)


@pytest.mark.long
def test_few_people_are_a_small_province_with_every_audience(tmp_path: Path) -> None:
    made = generate("henan", tmp_path, people=2_000, scenario=scenario_of("henan"))
    assert made.scenario is not None and abs(made.named - 2_000) < 200
    load(made.scenario)  # It refuses a rule whose audience holds nobody.


def test_parquet_holds_the_same_tables_as_csv(twice: Summary, tmp_path: Path) -> None:
    scenario = scenario_of("one-prefecture")
    made = generate("one-prefecture", tmp_path, people=2 * named_once(), scenario=scenario, file_format="parquet")
    assert not list(tmp_path.glob("*.csv")) and made.scenario is not None and twice.scenario is not None
    one, other = load(made.scenario), load(twice.scenario)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table))


@pytest.mark.parametrize("times", [0.5, 3.0])
def test_same_seats_in_more_or_fewer_sessions(times: float, tmp_path: Path) -> None:
    made = generate("one-prefecture", tmp_path, times_sessions=times)
    keys = ["programme_id", "year"]
    after, before = (
        read(at, "sessions").astype({"seats": int}).groupby(keys)["seats"]
        for at in (made.folder, COMMITTED["one-prefecture"])
    )
    counted = after.size()
    assert counted.eq((before.size() * times).round().clip(lower=1)).all()
    # Rounding up adds less than one seat to each session; two seats are the least, so that none is held for one person.
    added = after.sum() - before.sum()
    assert added.ge(0).all() and (added < counted).where(after.min() > 2, True).all()
    assert read(made.folder, "cadres").equals(read(COMMITTED["one-prefecture"], "cadres"))


@pytest.mark.parametrize("people", [0, -5])
def test_people_below_one_is_refused(people: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate("henan", tmp_path, people=people)


def test_people_is_refused_for_tiny(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tiny"):
        generate("tiny", tmp_path, people=30)


def test_tiny_reads_without_a_defect() -> None:
    assert load(ROOT / "scenarios" / "tiny.toml").years == (2019, 2020, 2021, 2022)


def test_teams_stay_within_one_unit_and_have_one_head(inputs: Inputs) -> None:
    teams = inputs.cadres[inputs.cadres["team_id"] != ""].groupby("team_id")
    assert (teams["unit_id"].nunique() == 1).all()
    assert (teams["principal"].sum() == 1).all()


def test_nobody_is_admitted_to_more_than_seven_programmes(supply: Supply) -> None:
    programmes = supply.inputs.programmes
    # The seminar is fixed, and of the yearly topics of the quality institutions only one is on offer in a year.
    counted = (programmes["programme_id"] != "principals-seminar").to_numpy()
    topics = (programmes["host_group"] == "quality-institutions").to_numpy()
    open_to = supply.admitted
    most = (open_to[:, counted & ~topics].sum(axis=1) + open_to[:, topics].any(axis=1)).max()
    assert most <= 7
    assert open_to.any(axis=1).all() and open_to.any(axis=0).all()


def test_sessions_keep_off_holidays_and_can_be_split(inputs: Inputs) -> None:
    sessions, segments = inputs.sessions, inputs.segments
    assert (sessions["min_seats"] * 2 <= sessions["seats"]).all() and (sessions["min_seats"] >= 1).all()
    assert (sessions["end_date"].dt.year == sessions["year"]).all()
    days = segments["end_date"] - segments["start_date"] + pd.Timedelta(days=1)
    class_days = days.dt.days.groupby(segments["session_id"]).sum()
    programme_days = sessions["programme_id"].map(inputs.programmes.set_index("programme_id")["days"])
    assert class_days.reindex(sessions["session_id"]).to_numpy().tolist() == programme_days.tolist()
    for first, last in set(zip(segments["start_date"].dt.date, segments["end_date"].dt.date, strict=True)):
        for offset in range((last - first).days + 1):
            is_holiday, name = chinese_calendar.get_holiday_detail(first + timedelta(days=offset))
            assert not (is_holiday and name), (first, last)


def test_sessions_of_one_programme_are_spread_over_the_year(inputs: Inputs) -> None:
    for (programme_id, year), part in inputs.sessions.groupby(["programme_id", "year"]):
        dates = part["start_date"].sort_values()
        if len(dates) > 1:
            assert (dates.iloc[-1] - dates.iloc[0]).days >= 60, (programme_id, year)


def test_some_sessions_come_in_two_parts_and_some_at_a_named_place(inputs: Inputs) -> None:
    parts = inputs.segments.groupby("session_id").size()
    assert set(parts) == {1, 2, 3}
    assert inputs.segments["host_id"].isin(load_design("henan").catalogue.host_names).any()


def test_quotas_have_seats_and_people_and_not_many_more_seats(supply: Supply) -> None:
    inputs = supply.inputs
    for rule in inputs.policy.rules:
        if isinstance(rule, Quota) and rule.modality == "about":
            people, programmes = inputs.audience(rule.audience), inputs.counting(rule.programmes)
            seats = supply.offered(people, programmes)
            band = max(rule.band_least, math.ceil(rule.band_share * rule.amount))
            assert (seats >= rule.amount).all() and (seats <= max(rule.amount + band + 3, 1.1 * rule.amount)).all(), (
                rule.id
            )
            # Three years without a repeat: nobody goes twice in them, so three years' people must exist.
            assert supply.heads[people].sum() >= 3 * rule.amount, rule.id


def test_intervals_are_due_in_equal_parts_and_seats_suffice(supply: Supply) -> None:
    inputs = supply.inputs
    for rule in inputs.policy.rules:
        if isinstance(rule, Interval) and rule.strength == "hard":
            people, programmes = inputs.audience(rule.audience), inputs.counting(rule.programmes)
            last = supply.years_since(programmes, rule.contents)[people]
            due = [int((np.maximum(last + 3, 2019) == year).sum()) for year in (2019, 2020, 2021)]
            assert max(due) <= 0.36 * people.sum() and max(due) <= supply.offered(people, programmes).min()


def test_shares_of_the_tracks_of_every_stratum_sum_to_one() -> None:
    for stratum in load_design("henan").records.strata:
        assert math.isclose(sum(track.share for track in stratum.tracks), 1), stratum.categories


def test_curriculum_shares_have_one_exception(inputs: Inputs) -> None:
    schools = inputs.programmes[
        inputs.programmes["host_group"].isin(["provincial-party-school", "municipal-party-school"])
    ]
    assert (schools["theory_hours"] + schools["party_spirit_hours"] >= 0.7 * schools["hours"] - 1e-9).all()
    low = schools["leader_lecture_hours"] < 0.2 * schools["hours"] - 1e-9
    assert schools.loc[low, "programme_id"].tolist() == ["pps-soe-middle"]


def test_divisions_are_the_official_ones() -> None:
    table = divisions()
    assert table["level"].value_counts().to_dict() == {"county": 158, "zone": 24, "prefecture": 17}
    assert table["township_level_total"].astype(int)[table["level"] != "prefecture"].sum() == 2455


def test_is_free_tells_a_holiday_from_a_weekend() -> None:
    assert is_free(date(2019, 9, 30), 1) and not is_free(date(2019, 9, 30), 2)  # National Day follows.
    assert is_free(date(2019, 11, 9), 2)  # An ordinary weekend.


def test_starts_move_to_tuesday_when_monday_is_a_holiday() -> None:
    # 5 April 2021 is a holiday (Qingming) and a Monday.
    found = starts(date(2021, 4, 5), date(2021, 4, 30), 5)
    # The class that begins on the 26th ends on the eve of Labour Day.
    assert found == (date(2021, 4, 6), date(2021, 4, 12), date(2021, 4, 19), date(2021, 4, 26))
