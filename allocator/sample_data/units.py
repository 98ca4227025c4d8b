"""Units: the real divisions of the province, and invented organs, enterprises and universities around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import pandas as pd

from allocator.sample_data.design import Province

ROOT = "410000"


def divisions() -> pd.DataFrame:
    """The official administrative divisions (``divisions.csv``), one row each, all columns text."""
    path = files("allocator.sample_data").joinpath("divisions.csv")
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def build_units(province: Province, factor: float) -> pd.DataFrame:
    """All units, parents before children.

    Parameters
    ----------
    province
        Which prefectures, and how many units of each sort.
    factor
        Multiplies the number of units of every sort. Above one, whole prefectures are copied with all that lies below
        them, copies with ``-2``, ``-3`` behind their codes; below one, few prefectures are left.
    """
    table = divisions()
    rows = [_unit(ROOT, "河南省", "Henan Province", "province", "", "provincial")]
    real = [_Prefecture.of(table, code) for code in _prefectures(table, province)["adcode"]]
    chosen = _copies(real, factor)
    for prefecture, copy in chosen:
        rows.append(_unit(*prefecture.head.copied(copy), "prefecture", ROOT, "provincial"))
    few = [province.units.few_departments.get(prefecture.head.code, province.units.departments) for prefecture in real]
    own = dict(zip((prefecture.head.code for prefecture in real), few, strict=True))
    departments = _shared_out(round(sum(few) * factor), [own[prefecture.head.code] for prefecture, _ in chosen])
    for (prefecture, copy), count in zip(chosen, departments, strict=True):
        rows.extend(_below(prefecture, copy, count))
    rows.extend(_provincial(province, factor))
    return pd.DataFrame(rows)


class _Division(NamedTuple):
    """A real division: code and names."""

    code: str
    name: str
    name_en: str

    def copied(self, copy: int) -> tuple[str, str, str]:
        """Code and names of one of its copies; the first is the division itself."""
        if copy == 1:
            return self.code, self.name, self.name_en
        return f"{self.code}-{copy}", f"{self.name}({copy})", f"{self.name_en} ({copy})"


class _County(NamedTuple):
    division: _Division
    tags: str
    townships: int


class _Prefecture(NamedTuple):
    """A real prefecture with its counties."""

    head: _Division
    counties: tuple[_County, ...]

    @classmethod
    def of(cls, table: pd.DataFrame, code: str) -> _Prefecture:
        """The prefecture of a code in the table of divisions."""
        head = table[table["adcode"] == code].iloc[0]
        mine = table[(table["level"] == "county") & ((table["parent_adcode"] == code) | (table["adcode"] == code))]
        zones = table[(table["level"] == "zone") & (table["parent_adcode"] == code)]
        # The townships of functional zones belong in law to neighbouring counties: the first one takes them all.
        extra = int(zones["township_level_total"].astype(int).sum())
        counties = []
        for position, row in enumerate(mine.itertuples()):
            tags = ["poor"] if row.poverty_designation in ("national", "provincial") else []
            tags += ["direct"] if row.direct_county_2014 == "yes" else []
            own = f"{code}-C" if row.adcode == code else str(row.adcode)
            townships = int(str(row.township_level_total)) + (extra if position == 0 else 0)
            counties.append(_County(_Division(own, str(row.name_zh), str(row.name_en)), ";".join(tags), townships))
        return cls(_Division(code, head["name_zh"], head["name_en"]), tuple(counties))


def _prefectures(table: pd.DataFrame, province: Province) -> pd.DataFrame:
    # Jiyuan is a county-level city directly under the province and works as its eighteenth prefecture.
    keep = (table["level"] == "prefecture") | ((table["level"] == "county") & (table["parent_adcode"] == ROOT))
    chosen = table[keep]
    return chosen[chosen["adcode"].isin(province.prefectures)] if province.prefectures else chosen


def _copies(real: Sequence[_Prefecture], factor: float) -> list[tuple[_Prefecture, int]]:
    """Each prefecture so many times as the factor says, and neighbours that come nearest to the rest of it.

    Counties in all and poor counties are compared, so that few prefectures are still like the province.
    """
    sizes = np.array([(len(p.counties), sum("poor" in c.tags for c in p.counties)) for p in real])
    whole = int(factor)
    wanted = (factor - whole) * sizes.sum(axis=0)
    windows = [range(first, last) for first in range(len(real)) for last in range(first, len(real) + 1)]
    windows = [window for window in windows if window or whole]
    rest = min(windows, key=lambda window: float(np.abs(sizes[window].sum(axis=0) - wanted).sum()))
    found = [(prefecture, copy) for copy in range(1, whole + 1) for prefecture in real]
    return found + [(real[k], whole + 1) for k in rest]


def _shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """A total in proportion to weights, whole numbers of at least one, by rounding the running sum."""
    sums = np.cumsum(weights)
    parts = np.diff(np.rint(sums * (total / sums[-1])), prepend=0)
    return [max(1, int(part)) for part in parts]


def _below(prefecture: _Prefecture, copy: int, departments: int) -> Iterator[dict[str, str]]:
    """The units of one prefecture."""
    code, name, name_en = prefecture.head.copied(copy)
    authority = f"prefecture-{code}"
    yield _unit(f"{code}-S", f"{name}委党校系统", f"{name_en}, party schools", "party-school", code, authority)
    for number in range(1, departments + 1):
        yield _unit(
            f"{code}-D{number:02d}",
            f"{name}直属单位{number:02d}",
            f"{name_en}, department {number:02d}",
            "prefecture-department",
            code,
            authority,
        )
    for county in prefecture.counties:
        own, title, title_en = county.division.copied(copy)
        yield _unit(own, title, title_en, "county", code, authority, county.tags)
        tag = "poor" if "poor" in county.tags.split(";") else ""
        for number in range(1, county.townships + 1):
            yield _unit(
                f"{own}-T{number:02d}",
                f"{title}第{number}乡镇",
                f"{title_en}, township {number}",
                "township",
                own,
                authority,
                tag,
            )


def _provincial(province: Province, factor: float) -> list[dict[str, str]]:
    counts, rows = province.units, []
    for number in range(1, _times(counts.provincial_units, factor) + 1):
        code = f"P{number:02d}"
        rows.append(
            _unit(code, f"省直单位{number:02d}", f"Provincial unit {number:02d}", "provincial-unit", ROOT, "provincial")
        )
        for below in range(1, counts.institutions_per_unit + 1):
            rows.append(
                _unit(
                    f"{code}-I{below}",
                    f"省直单位{number:02d}所属事业单位{below}",
                    f"Provincial unit {number:02d}, institution {below}",
                    "public-institution",
                    code,
                    "provincial",
                )
            )
    for number in range(1, _times(counts.enterprises, factor) + 1):
        rows.append(
            _unit(
                f"E{number:02d}", f"省管企业{number:02d}", f"Enterprise {number:02d}", "enterprise", ROOT, "provincial"
            )
        )
    universities = _times(counts.universities, factor)
    for number in range(1, universities + _times(counts.colleges, factor) + 1):
        is_college = number > universities
        rows.append(
            _unit(
                f"U{number:02d}",
                f"{'高职高专' if is_college else '本科院校'}{number:02d}",
                f"{'College' if is_college else 'University'} {number:02d}",
                "college" if is_college else "university",
                ROOT,
                "university-work-committee",
            )
        )
    for pool in province.pools:
        rows.append(_unit(pool.unit, pool.name, pool.name_en, "pool", ROOT, "provincial"))
    return rows


def _times(count: int, factor: float) -> int:
    return max(1, round(count * factor))


def _unit(
    unit_id: object, name: object, name_en: object, kind: str, parent: object, authority: str, tags: str = ""
) -> dict[str, str]:
    return {
        "unit_id": str(unit_id),
        "name": str(name),
        "name_en": str(name_en),
        "kind": kind,
        "parent_unit_id": str(parent),
        "authority": authority,
        "tags": tags,
    }
