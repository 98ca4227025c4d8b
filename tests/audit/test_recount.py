"""Random plans counted a second time, person by person and day by day in plain Python, as the rules read."""

import math
import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from allocator.audit import audit
from tests.audit.builders import HISTORY, PROGRAMMES, inputs, plan, rule

YEARS = (2019, 2020, 2021)
CONTENTS = {"theory": "theory", "spirit": "party-spirit", "both": "theory;party-spirit", "short": "professional"}
DAYS = {"theory": 10, "spirit": 5, "both": 30, "short": 2}
HOSTS = {"theory": "party-school", "spirit": "academy", "both": "party-school", "short": "institution"}
POSTS = ("secretary", "mayor", "member")
SCHOOLS = ("party-school", "academy")


class World:
    """A random roster, calendar, record and plan, as lists of plain tuples."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.cadres = {  # id: (team, post, headcount)
            f"c{n}": (draw.choice(["", "x", "y"]), draw.choice(POSTS), draw.choice([1, 1, 1, 1, 3])) for n in range(9)
        }
        self.sessions = {}  # id: (programme, segments, min_seats, seats)
        for n in range(12):
            programme, first = draw.choice(list(DAYS)), date(draw.choice(YEARS), 1, 1) + timedelta(draw.randrange(300))
            parts = [(first, first + timedelta(DAYS[programme] - 1))]
            if draw.random() < 0.3:
                later = first + timedelta(DAYS[programme] + draw.randrange(20))
                parts.append((later, later + timedelta(2)))
            self.sessions[f"s{n}"] = (programme, parts, draw.randrange(3), draw.randrange(1, 6))
        self.history = []  # (cadre, programme or "", first, last, days, hours, content, host)
        for _ in range(10):
            programme, first = draw.choice([*DAYS, ""]), date(draw.choice((2016, 2017, 2018)), 1, 1)
            first += timedelta(draw.randrange(330))
            known = programme or draw.choice(list(DAYS))
            self.history.append(
                (draw.choice(list(self.cadres)), programme, first, first + timedelta(4), draw.choice((2, 5, 12)),
                 draw.choice((15, 37)), CONTENTS[known], HOSTS[known])
            )  # fmt: skip
        self.plan = {}  # (cadre, session): seats
        for cadre, (_, _, headcount) in self.cadres.items():
            for session in draw.sample(list(self.sessions), draw.randrange(6)):
                self.plan[cadre, session] = draw.randrange(1, headcount + 1)

    def tables(self) -> dict[str, str]:
        cadres = ["cadre_id | name | unit_id | team_id | category | post | rank | headcount"]
        cadres += [f"{c} | n | n1 | {t} | k | {p} | r | {h}" for c, (t, p, h) in self.cadres.items()]
        sessions = ["session_id | programme_id | year | start_date | end_date | min_seats | seats | segments"]
        for s, (p, parts, least, seats) in self.sessions.items():
            text = ";".join(f"{first}/{last}" for first, last in parts)
            sessions.append(
                f"{s} | {p} | {parts[0][0].year} | {parts[0][0]} | {parts[-1][1]} | {least} | {seats} | {text}"
            )
        history = [HISTORY]
        history += [f"{c} | {p} | {f} | {t} | {d} | {h} | {x} | {g} | false" for c, p, f, t, d, h, x, g in self.history]
        return {"cadres": "\n".join(cadres), "sessions": "\n".join(sessions), "history": "\n".join(history)}

    # What happened, in plain terms.

    def named(self) -> list[str]:
        return [c for c, (_, _, headcount) in self.cadres.items() if headcount == 1]

    def year(self, session: str) -> int:
        return self.sessions[session][1][0][0].year

    def record(self, cadre: str, hosts: tuple[str, ...] = ()) -> list[tuple]:
        """(year, days, hours, contents, programme, parts, session) of one cadre, history and plan."""
        past = [
            (f.year, d, h, x.split(";"), p, [(f, t)], None)
            for c, p, f, t, d, h, x, g in self.history
            if c == cadre and (not hosts or (HOSTS[p] if p else g) in hosts)
        ]
        return past + [
            (self.year(s), DAYS[p], DAYS[p] * 7.5, CONTENTS[p].split(";"), p, parts, s)
            for (c, s) in self.plan
            for p, parts in [self.sessions[s][:2]]
            if c == cadre and (not hosts or HOSTS[p] in hosts)
        ]

    def sent(self, cadre: str, y: int, programmes: tuple[str, ...], least_days: int = 0) -> int:
        seats = [
            n for (c, s), n in self.plan.items()
            if c == cadre and self.year(s) == y and self.sessions[s][0] in programmes and DAYS[self.sessions[s][0]] >= least_days
        ]  # fmt: skip
        return min(self.cadres[cadre][2], sum(seats))

    def away(self, session: str) -> set[date]:
        parts = self.sessions[session][1]
        return {first + timedelta(n) for first, last in parts for n in range((last - first).days + 1)}


def free_days(one: list[tuple[date, date]], two: list[tuple[date, date]]) -> int:
    """The fewest free days between a part of one class and a part of another; below 0 when they overlap."""
    return min((max(a, b) - min(c, d)).days - 1 for a, c in one for b, d in two)


def expected(world: World) -> dict[str, float]:
    """What every rule of ``RULES`` adds to its goal, counted one by one; of the quota, the people outside its band."""
    out: dict[str, float] = {}
    school = ("theory", "both")
    sent = {y: sum(world.sent(c, y, school) for c in world.cadres) for y in YEARS}
    out["quota"] = sum(max(0, abs(n - 4) - 1) for n in sent.values())
    floor = 0
    for team in ("x", "y"):
        team_of = [c for c in world.cadres if world.cadres[c][0] == team]
        size = sum(world.cadres[c][2] for c in team_of)
        for y in YEARS:
            floor += max(0, math.ceil(Fraction(2, 5) * size) - sum(world.sent(c, y, tuple(DAYS), 5) for c in team_of))
    out["floor"] = floor
    out["cover"] = sum(
        headcount
        - min(headcount, sum(n for (c, s), n in world.plan.items() if c == cadre and world.year(s) in YEARS[:2]))
        for cadre, (_, _, headcount) in world.cadres.items()
    )
    out["interval"] = sum(
        not any(y - 2 <= r[0] <= y and content in r[3] and r[1] >= 5 for r in world.record(c, SCHOOLS))
        for c in world.named() for y in YEARS for content in ("theory", "party-spirit")
    )  # fmt: skip
    out["make-up"] = sum(
        any(not any(y - 3 <= r[0] <= y and content in r[3] for r in world.record(c, SCHOOLS)) for content in ("theory", "party-spirit"))
        for c in world.named() for y in YEARS
    )  # fmt: skip
    out["owed"] = 0
    for c in world.named():
        inside = [r for r in world.record(c, SCHOOLS) if 2018 <= r[0] <= 2021]
        days, hours = sum(r[1] for r in inside), sum(r[2] for r in inside) + 3 * 4
        out["owed"] += min(max(0, math.ceil(200 - hours)), max(0, math.ceil((30 - days) * Fraction(200, 30))))
    waits = 0
    for c in world.named():
        wait = 5
        for y in range(2016, 2022):
            wait = 0 if any(r[0] == y and r[1] >= 5 for r in world.record(c)) else min(5, wait + 1)
            waits += wait if y in YEARS else 0
    out["waiting"] = waits
    out["spacing"] = spacing(world)
    out["away"] = away(world)
    used = {s: sum(n for (_, t), n in world.plan.items() if t == s) for s in world.sessions}
    out["sessions-seats"] = sum(max(0, used[s] - world.sessions[s][3]) for s in used)
    out["sessions-least"] = sum(max(0, world.sessions[s][2] - n) for s, n in used.items() if n)
    return out


def spacing(world: World) -> int:
    """Placements at fault: the later of a pair, which the plan always has, since the record ends before the plan.

    Of a group those with which its people would have to go too often.
    """
    wrong = set()
    for c in world.named():
        record = sorted(world.record(c), key=lambda r: (r[6] is not None, r[5][0][0], int((r[6] or "s0")[1:])))
        taken = [r for r in record if r[6] is not None]
        order = sorted(taken, key=lambda r: (r[5][0][0], sorted(world.sessions).index(r[6])))
        for r in taken:
            before = [o for o in record if o[6] is None] + order[: order.index(r)]
            wrong |= {(c, r[6]) for o in before if o[4] == r[4] and r[0] - o[0] < 2}
            wrong |= {(c, r[6]) for o in before if o[1] >= 10 and r[1] >= 10 and r[0] - o[0] < 2}
            if sum(o[0] == r[0] for o in before) >= 2:
                wrong.add((c, r[6]))
    for g, (_, _, headcount) in world.cadres.items():
        ours = [s for c, s in world.plan if c == g and headcount > 1]
        order = sorted(ours, key=lambda s: (world.sessions[s][1][0][0], sorted(world.sessions).index(s)))
        for n, s in enumerate(order):
            near = [o for o in order[: n + 1] if world.year(s) - world.year(o) < 2]
            alike = [o for o in near if world.sessions[o][0] == world.sessions[s][0]]
            long = [o for o in near if DAYS[world.sessions[o][0]] >= 10]
            of_year = [o for o in near if world.year(o) == world.year(s)]
            for some, each in ((alike, 1), (long if s in long else [], 1), (of_year, 2)):
                if sum(world.plan[g, o] for o in some) > each * headcount:
                    wrong.add((g, s))
    return len(wrong)


def away(world: World) -> int:
    """Placements at fault on some day: beyond the limit by order of start, or a mayor beside a secretary."""
    wrong = set()
    for team in ("x", "y"):
        team_of = [c for c in world.cadres if world.cadres[c][0] == team]
        limit = max(1, sum(world.cadres[c][2] for c in team_of) * 2 // 5)
        order = sorted(
            (world.sessions[s][1][0][0], sorted(world.sessions).index(s), c, s) for c, s in world.plan if c in team_of
        )
        for day in {d for _, _, _, s in order for d in world.away(s)}:
            out, people = 0, set()
            for _, _, c, s in order:
                if day in world.away(s) and (c not in people or world.cadres[c][2] > 1):
                    people.add(c)
                    out += world.plan[c, s]
                    if out > limit:
                        wrong.add((c, s))
            there = [(c, s) for _, _, c, s in order if day in world.away(s)]
            if any(world.cadres[c][1] == "secretary" for c, _ in there):
                wrong |= {(c, s) for c, s in there if world.cadres[c][1] == "mayor"}
    return len(wrong)


SCHOOL_HOSTS = {"host_group": list(SCHOOLS)}
RULES = (
    rule("quota", id="quota", amount=4, band_least=1, band_share="1/10", programmes={"programme_id": ["theory", "both"]}),
    rule("share-floor", id="floor", share="2/5", least_days=5),
    rule("coverage", id="cover", window_years=2),
    rule("interval", id="interval", contents=["theory", "party-spirit"], every_years=3, least_days=5, programmes=SCHOOL_HOSTS),
    rule("make-up", id="make-up", contents=["theory", "party-spirit"], after_years=4, programmes=SCHOOL_HOSTS),
    rule("cumulative", id="owed", days=30, hours=200, from_year=2018, credit_hours=4, programmes=SCHOOL_HOSTS),
    rule("waiting", id="waiting", least_days=5),
    rule("spacing", id="spacing", same_programme_years=2, classes_per_year=2, long_days=10, long_years=2),
    rule("away-limit", id="away", share="2/5", posts_apart=[["secretary", "mayor"]]),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_audit_agrees_with_a_plain_recount(seed):
    world = World(seed)
    given = inputs(*RULES, years=YEARS, programmes=PROGRAMMES, **world.tables())
    report = audit(plan(given, " ".join(f"{c}@{s}*{n}" for (c, s), n in world.plan.items())), given)
    plain = expected(world)
    counted = {name: sum(report[name].finding.goals.values()) for name in plain if name != "quota"}
    assert counted | {"quota": report["quota"].shortfall} == plain


@pytest.mark.parametrize("seed", range(12))
def test_rest_and_overlap_agree_with_a_plain_recount(seed):
    world = World(seed)
    given = inputs(rule("spacing", rest_days=15), years=YEARS, **world.tables())
    report = audit(plan(given, " ".join(f"{c}@{s}*{n}" for (c, s), n in world.plan.items())), given)
    close = overlapping = 0
    for c in world.named():
        record = world.record(c)
        pairs = [(a, b) for n, a in enumerate(record) for b in record[:n] if a[6] or b[6]]
        close += any(free_days(a[5], b[5]) < 15 for a, b in pairs)
        overlapping += any(a[6] and b[6] and world.away(a[6]) & world.away(b[6]) for a, b in pairs)
    scopes = [row for name in ("judged", "no-overlap") for row in report[name].finding.rows if row.scope != "all"]
    people = {unit: {row.scope.split("@")[0] for row in scopes if row.unit == unit} for unit in ("days", "seats")}
    assert len(people["days"]) == close
    assert len(people["seats"] & set(world.named())) == overlapping
