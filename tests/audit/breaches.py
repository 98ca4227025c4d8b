"""Sorts of breaches of a plan file, as data: what is changed in a clean plan, and what the audit must say of it.

The made-up office has two teams (x of six, y of four), somebody of no team (w), somebody nobody admits (z) and villagers
(g, five people without names). Its policy has a hard rule of every kind that a plan can breach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from allocator.domain.tables import Inputs
from tests.audit.builders import HISTORY, inputs, rule

CADRES = """
cadre_id | name | unit_id | team_id | category | post      | rank | gender | headcount
x1       | 甲   | n1      | x       | head     | secretary | 正处 | female | 1
x2       | 乙   | n1      | x       | head     | mayor     | 正处 | male   | 1
x3       | 丙   | n1      | x       | deputy   | member    | 副处 | female | 1
x4       | 丁   | n1      | x       | deputy   | member    | 副处 | male   | 1
x5       | 戊   | n1      | x       | deputy   | member    | 副处 | male   | 1
x6       | 己   | n1      | x       | deputy   | member    | 副处 | male   | 1
y1       | 庚   | s1      | y       | head     | secretary | 正处 | male   | 1
y2       | 辛   | s1      | y       | deputy   | member    | 副处 | female | 1
y3       | 壬   | s1      | y       | deputy   | member    | 副处 | male   | 1
y4       | 癸   | s1      | y       | deputy   | member    | 副处 | male   | 1
w        | 子   | s1      |         | staff    | clerk     | 科   | male   | 1
z        | 丑   | s1      |         | guest    | clerk     | 科   | male   | 1
g        | 村   | s1      |         | village  |           | 村   |        | 5
"""
SESSIONS = """
session_id | programme_id | year | start_date | end_date   | min_seats | seats
t19a       | theory       | 2019 | 2019-03-04 | 2019-03-13 | 2         | 3
t19b       | theory       | 2019 | 2019-09-02 | 2019-09-11 | 2         | 3
p19        | spirit       | 2019 | 2019-05-06 | 2019-05-10 | 2         | 4
s19        | short        | 2019 | 2019-03-13 | 2019-03-14 | 0         | 9
t20        | theory       | 2020 | 2020-03-02 | 2020-03-11 | 2         | 4
p20        | spirit       | 2020 | 2020-05-11 | 2020-05-15 | 2         | 4
h20        | short        | 2020 | 2020-01-22 | 2020-01-23 | 0         | 9
s20        | short        | 2020 | 2020-06-01 | 2020-06-02 | 2         | 9
t21        | theory       | 2021 | 2021-03-01 | 2021-03-10 | 2         | 4
p21        | spirit       | 2021 | 2021-05-10 | 2021-05-14 | 2         | 4
b21        | both         | 2021 | 2021-10-11 | 2021-11-09 | 2         | 4
"""
PAST = f"""{HISTORY}
x2 | theory | 2018-03-05 | 2018-03-14 | 10 | 75 | theory | party-school | false
y4 | theory | 2017-03-06 | 2017-03-15 | 10 | 75 | theory | party-school | false
y1 | spirit | 2018-05-07 | 2018-05-11 | 5  | 37 | party-spirit | academy | false
"""
CLEAN = (
    "x1@t19a y2@t19a x3@t19b y1@t19b x5@p19 y3@p19 x2@t20 y4@t20 x4@p20 w@p20 g@s20*4 x5@s20 "
    "x1@t21 y1@t21 x3@p21 y3@p21 x6@b21 y2@b21"
)
THEORY, SPIRIT, BOTH, SHORT = ({"programme_id": [p]} for p in ("theory", "spirit", "both", "short"))


def who(*ids: str) -> dict[str, list[str]]:
    """A filter on the roster that holds for these cadres."""
    return {"cadre_id": list(ids)}


RULES = (
    rule("eligibility", id="admit", audience={"category": ["head", "deputy", "staff"]}),
    rule("eligibility", id="admit-village", audience={"category": ["village"]}, programmes=SHORT),
    rule("quota", id="most", amount=4, modality="at-most", years=[2019], programmes=THEORY, admits=False),
    rule("quota", id="least", amount=4, modality="at-least", years=[2019], programmes=THEORY, admits=False),
    rule("quota", id="exactly", amount=2, modality="exactly", years=[2019], programmes=SPIRIT, admits=False),
    rule("quota", id="about", amount=2, band_least=1, years=[2021], programmes=THEORY, admits=False),
    rule("share-floor", id="floor", share="1/3", years=[2019]),
    rule("coverage", id="cover", audience={"category": ["head"]}, window_years=3),
    rule("interval", id="interval", audience=who("x2", "y1"), contents=["theory"], every_years=3),
    rule("make-up", id="make-up", audience=who("y4"), contents=["theory"], after_years=3, strength="hard"),
    rule("cumulative", id="hours", audience=who("y2"), hours=300, strength="hard"),
    rule("cumulative", id="yearly", audience=who("x5"), days=5, per_year=True, years=[2019], strength="hard"),
    rule("spacing", id="rest", rest_days=20),
    rule("spacing", id="same", same_programme_years=2),
    rule("spacing", id="classes", classes_per_year=2),
    rule("spacing", id="long", long_days=10, long_years=2),
    rule("away-limit", id="away", share="1/3"),
    rule("away-limit", id="apart", posts_apart=[["secretary", "mayor"]]),
    rule("away-limit", id="blocked", blocked=[{"from_date": "2020-01-20", "to_date": "2020-02-10"}]),
    rule("fixed", id="call", call_ups=[{"cadre_id": "y3", "session_id": "p19"}, {"cadre_id": "x2", "session_id": "t20"}]),
    rule("fixed", id="never", forbidden=[{"cadre_id": "x6", "programme_id": "theory", "year": 2020}]),
    rule("fixed", id="ill", unavailable=[{"cadre_id": "x4", "from_date": "2019-05-10", "to_date": "2019-09-02"}]),
    rule("fixed", id="everyone", everyone=True, audience=who("w"), programmes=SPIRIT, years=[2020]),
    rule("representation", id="women", share="1/2", audience={"gender": ["female"]}, among={"headcount": {"max": 1}}, years=[2019], strength="hard"),
    rule("apportion", id="proportion", group_by="team_id", amount=4, years=[2019], programmes=THEORY, strength="hard"),
)  # fmt: skip


@cache
def office() -> Inputs:
    """The made-up office."""
    return inputs(*RULES, years=(2019, 2020, 2021), cadres=CADRES, sessions=SESSIONS, history=PAST, admit_all=False)


@dataclass(frozen=True)
class Placed:
    """A breach by who sits where: the rule that must object, seats taken away and seats given, and a scope it must name.

    Each is a text of seats; ``change`` draws them from a seed.
    """

    name: str
    rule_id: str
    change: Callable[[Random], tuple[str, str, str]]


def _of(
    drop: Sequence[str] = ("",), add: Sequence[str] = ("",), scope: str = ""
) -> Callable[[Random], tuple[str, str, str]]:
    """One of the things to drop, one of those to add; ``{0}`` in the scope is the first seat that is added."""

    def change(draw: Random) -> tuple[str, str, str]:
        dropped, added = draw.choice(drop), draw.choice(add)
        return dropped, added, scope.format(*added.split("*")[:1] or [""])

    return change


ALL_SEATS = tuple(word.split("*")[0] for word in CLEAN.split())
NAMED = tuple(seat for seat in ALL_SEATS if not seat.startswith("g"))

PLACED = (
    Placed("guest in any class", "admit", _of(add=("z@t20", "z@p21", "z@b21", "z@s19"), scope="{0}")),
    Placed("guest in the place of somebody", "admit", _of(["x4@p20", "x3@p21"], ["z@p20", "z@p21"], "{0}")),
    Placed("villagers in a programme of others", "admit", _of(add=("g@p20*1", "g@t21*2", "g@b21*2"), scope="{0}")),
    Placed("person added to a full quota", "most", _of(add=("x4@t19a", "y4@t19b", "w@t19b"), scope="all")),
    Placed("person dropped from a quota", "least", _of(["x1@t19a", "x3@t19b", "y2@t19a"], scope="all")),
    Placed("two classes of one person fill a quota of people", "least", _of(["x3@t19b"], ["x1@t19b"])),
    Placed("one too many for exactly so many", "exactly", _of(add=("x1@p19", "w@p19", "x6@p19"))),
    Placed("one too few for exactly so many", "exactly", _of(["x5@p19", "y3@p19"])),
    Placed("above the band", "about", _of(add=("x2@t21 x4@t21", "w@t21 x5@t21"))),
    Placed("below the band", "about", _of(["x1@t21 y1@t21"])),
    Placed("floor of a team short", "floor", _of(["x1@t19a x3@t19b", "x1@t19a x5@p19"], scope="x")),
    Placed("floor of the other team short", "floor", _of(["y1@t19b y2@t19a", "y2@t19a y3@p19"], scope="y")),
    Placed("floor met by one person twice", "floor", _of(["y1@t19b y2@t19a"], ["y3@t19b"], "y")),
    Placed("floor met in another year", "floor", _of(["y1@t19b y2@t19a"], ["y1@t20", "y2@p20"], "y")),
    Placed("head never sent", "cover", _of(["x1@t19a x1@t21"], scope="x1")),
    Placed("other head never sent", "cover", _of(["x2@t20"], scope="x2")),
    Placed("interval missed", "interval", _of(["x2@t20"], ["", "x2@p20", "x2@p21"], "x2 theory")),
    Placed("interval missed in its first window", "interval", _of(["y1@t19b"], ["", "y1@p19"], "y1 theory")),
    Placed("make-up left out", "make-up", _of(["y4@t20"], scope="y4")),
    Placed("make-up by another content", "make-up", _of(["y4@t20"], ["y4@p20", "y4@s20"], "y4")),
    Placed("hours short", "hours", _of(["y2@b21", "y2@t19a"], ["", "y2@p20"], "y2")),
    Placed("days of a year short", "yearly", _of(["x5@p19"], ["", "x5@s19", "x5@p20"], "x5")),
    Placed("too little rest", "rest", _of(add=("x4@s20", "w@s20"), scope="{0}")),
    Placed("same programme in the next year", "same", _of(add=("x1@t20", "y2@t20", "x5@p20", "y3@p20"), scope="{0}")),
    Placed("same programme twice in a year", "same", _of(add=("x1@t19b", "y2@t19b", "x3@t19a"))),
    Placed("same programme as on record", "same", _of(add=("x2@t19a", "x2@t19b", "y1@p19"), scope="{0}")),
    Placed("third class of a year", "classes", _of(add=("x1@p19 x1@t19b", "y3@t19a y3@t19b"))),
    Placed("long class again", "long", _of(add=("x6@t20", "y3@t20 y3@t21", "x6@t21"), scope="@")),
    Placed("long class after one on record", "long", _of(add=("x2@t19a", "x2@t19b"), scope="{0}")),
    Placed("too many of a team away", "away", _of(add=("x4@t19a x6@t19a", "x2@t19a x5@t19a"), scope="x 2019-03")),
    Placed(
        "too many of the small team away", "away", _of(add=("y3@t19a", "y4@t19a", "y1@s19 y3@s19"), scope="y 2019-03")
    ),
    Placed("two heads away together", "apart", _of(add=("x2@t19a", "x2@t21", "x2@s19"), scope="x1+x2")),
    Placed("class in a blocked week", "blocked", _of(add=("w@h20", "x6@h20", "g@h20*3"), scope="h20 2020-01-22")),
    Placed("called up and not there", "call", _of(["y3@p19", "x2@t20"], scope="@")),
    Placed("called up and sent to another class", "call", _of(["y3@p19"], ["y3@t19b", "y3@p20"], "y3@p19")),
    Placed("forbidden pair", "never", _of(add=("x6@t20",), scope="x6@theory@2020")),
    Placed("sent while unavailable", "ill", _of(add=("x4@p19", "x4@t19b"), scope="x4 2019-05-10/2019-09-02")),
    Placed("one of everyone missing", "everyone", _of(["w@p20"], ["", "w@p21", "w@t20"], "w@spirit")),
    Placed("women replaced by men", "women", _of(["x1@t19a", "x3@t19b"], ["x6@t19a", "w@t19b", "y4@t19b"])),
    Placed("more men beside the women", "women", _of(add=("x4@s19", "x6@s19", "w@s19"))),
    Placed("seats out of proportion", "proportion", _of(["y1@t19b y2@t19a"], ["x5@t19b", "x6@t19a"], "y")),
    Placed("team over its part", "proportion", _of(["x1@t19a"], ["y3@t19a", "y4@t19b"], "y")),
    Placed("session overfull", "sessions-seats", _of(add=("x4@t19a x6@t19a", "w@t19a x5@t19a"), scope="t19a")),
    Placed("session overfull with villagers", "sessions-seats", _of(["g@s20"], ["g@s20*9", "g@s20*11"], "s20")),
    Placed("session below its least size", "sessions-least", _of(["x1@t19a", "y2@t19a"], scope="t19a")),
    Placed("session of one below its least size", "sessions-least", _of(["x6@b21", "y2@b21"], scope="b21")),
    Placed("person written twice", "headcount", lambda draw: ("", seat := draw.choice(NAMED), seat)),
    Placed("person with two seats", "headcount", lambda draw: (seat := draw.choice(NAMED), f"{seat}*2", seat)),
    Placed("more villagers than there are", "headcount", _of(["g@s20"], ["g@s20*6", "g@s20*8"], "g@s20")),
    Placed("villagers beyond their number in two rows", "headcount", _of(add=("g@s20*2", "g@s20*4"), scope="g@s20")),
    Placed("one day in two places", "no-overlap", _of(add=("x1@s19", "y2@s19"), scope="{0} 2019-03-13")),
)
"""Breaches by who sits where."""


@dataclass(frozen=True)
class Cell:
    """A breach by one false cell: the column, what is written into it (drawn, from what stands there), and what that is.

    ``verdict`` is the rule that must object, ``noted``, or ``defect``.
    """

    name: str
    column: str
    write: Callable[[Random, str], str]
    verdict: str


def _other(*values: str) -> Callable[[Random, str], str]:
    return lambda draw, true: draw.choice([value for value in values if value != true])


def _with(*marks: str, at: int | None = None) -> Callable[[Random, str], str]:
    """What stands there with a mark after so many characters, or at its end."""
    return lambda draw, true: true[:at] + draw.choice(marks) + (true[at:] if at else "")


def _made(of: Callable[[str], str]) -> Callable[[Random, str], str]:
    return lambda _, true: of(true)


def _shifted(*steps: float) -> Callable[[Random, str], str]:
    return lambda draw, true: f"{max(0.0, float(true) + draw.choice(steps)):g}" if float(true) else "7"


def _moved(draw: Random, true: str) -> str:
    year, month, day = map(int, true[:10].split("-"))
    return draw.choice(
        [
            f"{year + 1}-{month:02}-{day:02}",
            f"{year}-{month % 12 + 1:02}-{day:02}",
            f"{year}-{month:02}-{day % 28 + 1:02}",
        ]
    )


CELLS = (
    Cell("person nobody knows", "cadre_id", _other("ghost", "X99", "0"), "sessions-known"),
    Cell("person id with a mark of no width", "cadre_id", _with("\u200b", "\u2060", "\ufeff"), "sessions-known"),
    Cell("person id in full-width forms", "cadre_id", _made(lambda true: chr(ord(true[0]) + 0xFEE0) + true[1:]), "sessions-known"),
    Cell("person id in the wrong case", "cadre_id", _made(lambda true: true.swapcase()), "sessions-known"),
    Cell("session nobody knows", "session_id", _other("nowhere", "T00"), "sessions-known"),
    Cell("session id with a blank inside", "session_id", _with(" ", "\u00a0", "\u3000", at=1), "sessions-known"),
    Cell("session id with a soft hyphen", "session_id", _with("\u00ad", at=1), "sessions-known"),
    Cell("wrong programme", "programme_id", _other("nothing", "Theory "), "sessions-known"),
    Cell("wrong year", "year", _shifted(-1, 1, 100), "sessions-known"),
    Cell("wrong first day", "start_date", _moved, "sessions-known"),
    Cell("wrong last day", "end_date", _moved, "sessions-known"),
    Cell("wrong unit", "unit_id", _other("nowhere", "U-0"), "sessions-known"),
    Cell("wrong team", "team_id", _other("nobody's", "T-0"), "sessions-known"),
    Cell("wrong days", "days", _shifted(-1, 0.5, 30), "sessions-known"),
    Cell("no days", "days", _other("0"), "sessions-known"),
    Cell("wrong hours", "hours", _shifted(-0.5, 1, 200), "sessions-known"),
    Cell("huge hours", "hours", _other("1000000"), "sessions-known"),
    Cell("headcount beyond the people", "headcount", _other("60", "1000", "1000000000"), "headcount"),
    Cell("wrongly marked as called up", "fixed", _made(lambda true: "否" if true in ("True", "是") else "是"), "noted"),
    Cell("serves a rule that is not there", "rules", _made(lambda true: f"{true};ghost" if true else "ghost"), "noted"),
    Cell("serves a rule no more", "rules", _made(lambda true: true.rpartition(";")[0] or "ghost"), "noted"),
    Cell("no person", "cadre_id", _other("", "  ", "\u3000"), "defect"),
    Cell("no session", "session_id", _other(""), "defect"),
    Cell("headcount of nobody", "headcount", _other("0", "-1", "-3"), "defect"),
    Cell("part of a person", "headcount", _other("0.5", "1.5", "2.0001"), "defect"),
    Cell("headcount in words", "headcount", _other("two", "两", "1 1", "true"), "defect"),
    Cell("headcount out of all measure", "headcount", _other("1e30", "1000000001", "inf"), "defect"),
    Cell("year out of all measure", "year", _other("20190", "1e300", "0", "-2019", "2019.5"), "defect"),
    Cell("days below nothing", "days", _other("-1", "-0.5", "-inf"), "defect"),
    Cell("hours that are no number", "hours", _other("nan", "1,5", "seven", "inf", "1e9"), "defect"),
    Cell("day that is none", "start_date", _other("2019-02-30", "4.3.2019", "43528", "soon"), "defect"),
    Cell("last day that is none", "end_date", _other("2019-13-01", "2019/03/13", "-"), "defect"),
    Cell("neither called up nor not", "fixed", _other("maybe", "2", "x"), "defect"),
)  # fmt: skip
"""Breaches by one false cell."""
