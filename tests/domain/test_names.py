"""What columns, programmes and groups are called in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.domain.names import Called, heading
from allocator.domain.tables import TABLES
from allocator.inputs import load
from allocator.language.message import said, value
from allocator.language.texts import Texts

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def called() -> Called:
    return Called(load(ROOT / "scenarios" / "one-prefecture.toml"))


@pytest.mark.parametrize(("table", "name"), [(table, one.name) for table in TABLES for one in TABLES[table]])
def test_every_column_has_its_chinese_heading_with_the_english_name(table: str, name: str) -> None:
    chinese = next(one.name_zh for one in TABLES[table] if one.name == name)
    assert said(heading(name, table), "zh") == f"{chinese}（{name}）"
    assert str(heading(name, table)) == name


def test_column_of_the_users_own_is_called_what_the_user_calls_it() -> None:
    assert said(heading("seniority"), "zh") == "seniority"


def test_programme_has_name_and_id(called: Called) -> None:
    assert said(called.programme("muni-main-410200"), "zh") == "开封市市委党校主体班（muni-main-410200）"
    assert "(muni-main-410200)" in called.programme("muni-main-410200")
    assert called.programme("gone") == "gone"


@pytest.mark.parametrize(
    ("group_by", "key", "chinese"),
    [
        ("team_id", "410200-D01-team", "开封市直属单位01（410200-D01-team）"),
        ("unit_id", "410200-D01", "开封市直属单位01（410200-D01）"),
        ("authority", "university-work-committee", "省委高校工委"),
        ("authority", "prefecture-410200", "开封市"),
        ("authority", "本地机关", "本地机关"),
        ("rank", "正处级", "正处级"),
    ],
)
def test_group_is_called_by_the_name_of_its_unit_or_value(
    called: Called, group_by: str, key: str, chinese: str
) -> None:
    assert said(called.group(group_by, key), "zh") == chinese


def test_value_of_the_users_own_stays_as_the_data_have_it() -> None:
    assert value("content", "外语") == "外语"
    assert (Texts("zh").known("content", "theory"), Texts("en").known("content", "外语")) == ("理论", "外语")
