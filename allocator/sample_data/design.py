"""The numbers of the invented data: read from the TOML files beside this module, never written in Python."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Size = Literal["tiny", "one-prefecture", "henan"]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A frozen part of the design; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitCounts(Part):
    """How many units of each sort the province has besides its real divisions."""

    provincial_units: int
    institutions_per_unit: int
    enterprises: int
    universities: int
    colleges: int
    departments: int
    few_departments: Mapping[str, int] = Field(default_factory=dict)


class Role(Part):
    """People of one sort in every unit of a kind."""

    kind: str
    category: str
    post: str
    rank: str
    counts: tuple[int, ...]
    weights: tuple[float, ...] = (1.0,)
    team: bool = False
    principal: bool = False
    tags: str = ""
    born: tuple[int, int]
    women: Share = 0.0
    non_party: Share = 0.0


class Pool(Part):
    """A register of people who belong to no team."""

    unit: str
    name: str
    name_en: str
    category: str
    rank: str
    count: int
    born: tuple[int, int]
    women: Share = 0.0
    non_party: Share = 0.0
    tagged: Mapping[str, float] = Field(default_factory=dict)


class Group(Part):
    """An unnamed group, one for every unit of a kind."""

    kind: str
    category: str
    name: str
    rank: str
    heads: tuple[int, int]
    per_township: bool = False


class Tagging(Part):
    """So many people of a category receive a tag."""

    tag: str
    category: str
    count: int
    rank: str = ""
    with_tag: str = ""
    born: tuple[int, int] | None = None
    appointed: int | None = None


class PeopleShares(Part):
    """What holds for people of all categories."""

    minority: Share
    appointed: tuple[int, int]


class Province(Part):
    """Units and people."""

    prefix: str = ""
    prefectures: tuple[str, ...] = ()
    units: UnitCounts
    roles: tuple[Role, ...]
    pools: tuple[Pool, ...]
    groups: tuple[Group, ...]
    tags: tuple[Tagging, ...]
    people: PeopleShares


class Shares(Part):
    """Shares of a programme's hours, by host group."""

    groups: tuple[str, ...]
    theory: Share
    spirit: Share
    lectures: Share
    interactive: Share


class Offer(Part):
    """A programme, or a family of them (one for each unit of a kind), with its seats."""

    id: str
    name: str
    name_en: str
    host_group: str
    content: str
    level: str
    days: int
    for_each: str = ""
    year: int | None = None
    sessions: tuple[int, int] | None = None
    rates: Mapping[str, float] = Field(default_factory=dict)
    largest: int = 50
    fewest: int = 1
    segments: Literal["", "visit", "two-part"] = ""
    lectures: Share | None = None
    interactive: Share | None = None


class Catalogue(Part):
    """All programmes."""

    years: tuple[int, ...]
    hours_per_day: float
    least_share: Annotated[float, Field(gt=0, le=0.5)]
    analysis_days: int
    visit_days: int
    pause_weeks: int
    first_day: str
    last_day: str
    hosts: Mapping[str, tuple[str, ...]]
    host_names: Mapping[str, str]
    curriculum: Mapping[str, Shares]
    programmes: tuple[Offer, ...]


class Former(Part):
    """A programme that no longer exists and stands in the history only."""

    content: str
    host_group: str
    days: int
    hours: float | None = None
    online: bool = False


class Track(Part):
    """What a share of the people of a stratum attended before the plan."""

    share: Share
    classes: tuple[str, ...]


class Stratum(Part):
    """People whose history follows the same shares."""

    categories: tuple[str, ...]
    kind: str = ""
    within: tuple[str, ...] = ()
    tracks: tuple[Track, ...]


class Records(Part):
    """The history."""

    starts: tuple[str, ...]
    former: Mapping[str, Former]
    strata: tuple[Stratum, ...]


class Design(Part):
    """Everything the generator needs to know."""

    province: Province
    catalogue: Catalogue
    records: Records
    names: Mapping[str, str]


class Changes(Part):
    """What a smaller size changes in the province."""

    prefix: str = ""
    prefectures: tuple[str, ...]
    units: Mapping[str, int]
    pools: Mapping[str, int]
    tags: tuple[Tagging, ...]
    sessions: Mapping[str, tuple[int, int]]


@cache
def load(size: Size) -> Design:
    """The design of a size; ``tiny`` has none, its tables are written by hand."""
    province = _read("henan.toml")
    catalogue = _read("programmes.toml")
    if size != "henan":
        changes = Changes.model_validate(_read(f"{size}.toml"))
        province["prefix"] = changes.prefix
        province["prefectures"] = changes.prefectures
        province["units"] |= changes.units
        province["tags"] = [tag.model_dump() for tag in changes.tags]
        for pool in province["pools"]:
            pool["count"] = changes.pools[pool["unit"]]
        for offer in catalogue["programmes"]:
            if offer["id"] in changes.sessions:
                offer["sessions"] = changes.sessions[offer["id"]]
    return Design(
        province=Province.model_validate(province),
        catalogue=Catalogue.model_validate(catalogue),
        records=Records.model_validate(_read("history.toml")),
        names=_read("names.toml"),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("allocator.sample_data").joinpath(name).read_text(encoding="utf-8"))
