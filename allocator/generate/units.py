"""Units: the real divisions of the province, and invented organs, enterprises and universities around them."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from allocator.generate.design import Province

ROOT = "410000"


def divisions() -> pd.DataFrame:
    """The official administrative divisions (``divisions.csv``), one row each, all columns text."""
    path = files("allocator.generate").joinpath("divisions.csv")
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def build_units(province: Province, factor: float) -> pd.DataFrame:
    """All units, parents before children.

    Parameters
    ----------
    province
        Which prefectures, and how many units of each sort.
    factor
        Multiplies the number of units of every sort, the prefectures excepted; counties above their real number are
        copies with ``-2``, ``-3`` behind the code.
    """
    table = divisions()
    rows = [_unit(ROOT, "河南省", "Henan Province", "province", "", "provincial")]
    prefectures = _prefectures(table, province)
    for row in prefectures.itertuples():
        rows.append(_unit(row.adcode, row.name_zh, row.name_en, "prefecture", ROOT, "provincial"))
    for row in prefectures.itertuples():
        code, authority = str(row.adcode), f"prefecture-{row.adcode}"
        few = province.units.few_departments.get(code, province.units.departments)
        rows.append(
            _unit(
                f"{code}-S",
                f"{row.name_zh}委党校系统",
                f"{row.name_en}, party schools",
                "party-school",
                code,
                authority,
            )
        )
        for number in range(1, _times(few, factor) + 1):
            rows.append(
                _unit(
                    f"{code}-D{number:02d}",
                    f"{row.name_zh}直属单位{number:02d}",
                    f"{row.name_en}, department {number:02d}",
                    "prefecture-department",
                    code,
                    authority,
                )
            )
        rows.extend(_counties(table, code, authority, factor))
    rows.extend(_provincial(province, factor))
    return pd.DataFrame(rows)


def _prefectures(table: pd.DataFrame, province: Province) -> pd.DataFrame:
    # Jiyuan is a county-level city directly under the province and works as its eighteenth prefecture.
    keep = (table["level"] == "prefecture") | ((table["level"] == "county") & (table["parent_adcode"] == ROOT))
    chosen = table[keep]
    return chosen[chosen["adcode"].isin(province.prefectures)] if province.prefectures else chosen


def _counties(table: pd.DataFrame, code: str, authority: str, factor: float) -> list[dict[str, str]]:
    mine = table[(table["level"] == "county") & ((table["parent_adcode"] == code) | (table["adcode"] == code))]
    zones = table[(table["level"] == "zone") & (table["parent_adcode"] == code)]
    # The townships of functional zones belong in law to neighbouring counties: the first one takes them all.
    extra = int(zones["township_level_total"].astype(int).sum())
    rows = []
    for copy in range(1, max(1, -(-_times(len(mine), factor) // len(mine))) + 1):
        for position, row in enumerate(mine.itertuples()):
            if (copy - 1) * len(mine) + position >= _times(len(mine), factor):
                break
            own = f"{code}-C" if row.adcode == code else str(row.adcode)
            own += f"-{copy}" if copy > 1 else ""
            name = str(row.name_zh) + (f"({copy})" if copy > 1 else "")
            tags = ["poor"] if row.poverty_designation in ("national", "provincial") else []
            tags += ["direct"] if row.direct_county_2014 == "yes" else []
            rows.append(_unit(own, name, str(row.name_en), "county", code, authority, ";".join(tags)))
            townships = int(str(row.township_level_total)) + (extra if position == 0 and copy == 1 else 0)
            for number in range(1, townships + 1):
                rows.append(
                    _unit(
                        f"{own}-T{number:02d}",
                        f"{name}第{number}乡镇",
                        f"{row.name_en}, township {number}",
                        "township",
                        own,
                        authority,
                        "poor" if "poor" in tags else "",
                    )
                )
    return rows


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
