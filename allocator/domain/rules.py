"""The kinds of rules: one frozen, typed record each, with the meaning and unit of every field, and what the kind is (its traits).

Whoever treats kinds differently asks the traits, so no other file lists kinds. No arithmetic lives here. The model side (``model/personal``, ``model/shared``) and the audit side (``audit``)
read the same record and share nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, SerializeAsAny, model_validator

from allocator.domain.filters import Filter
from allocator.language.message import Message

Strength = Literal["hard", "soft", "report"]
Goal = Literal["violation", "overdue", "quota-shortfall", "quota-excess", "owed", "fairness", "priority", "change"]
GOALS: tuple[Goal, ...] = (
    "violation", "overdue", "quota-shortfall", "quota-excess", "change", "owed", "fairness", "priority",
)  # fmt: skip
"""The goals in their usual order; a scenario may reorder them."""


def _exact(value: Any) -> Any:
    if isinstance(value, str) and "/" in value:
        numerator, _, denominator = value.partition("/")
        return Fraction(int(numerator), int(denominator))
    return Fraction(str(value)) if isinstance(value, int | float | str) else value


def _share(value: Any) -> Fraction:
    try:
        share = _exact(value)
    except (ValueError, ZeroDivisionError):
        raise ValueError(Message("defect.not-a-share", value=value)) from None
    if not isinstance(share, Fraction) or not 0 <= share <= 1:
        raise ValueError(Message("defect.share-outside", value=value))
    return share


Share = Annotated[Fraction, BeforeValidator(_share), PlainSerializer(str)]
"""An exact share between 0 and 1, written ``0.2`` or ``"1/5"``."""


class Number(NamedTuple):
    """A number of a rule that a planner can set one higher or one lower.

    ``more`` says whether a greater number asks for more or gives more room. ``is_ordered`` says whether every plan that the asking
    side allows is allowed by the other side too and no worse there; windows that move their limits are not ordered.
    """

    field: str
    more: Literal["asks", "gives"]
    is_ordered: bool = True


Demand = Literal["attendance", "mix", "admission", "absence", "nothing"]
"""What a kind demands: that people attend, that those sent are of a certain mix, that only some are admitted, that people stay away at
times, or nothing (it reports or adds to a goal)."""


class RuleKind(BaseModel):
    """What every rule says of itself, whatever its kind.

    What a hard rule misses counts to the goal ``violation``, whatever ``goal`` says. What a soft rule misses counts to its
    ``goal``; when it names none, to that of its kind, never to the violation. Quotas and priorities have goals of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)

    # Traits: what the kind is. A new kind states those in which it differs; the others hold as they stand here.
    sort: ClassVar[Literal["personal", "shared", "dated", "data", "measure"]]
    soft_goal: ClassVar[Goal] = "violation"  # where a soft rule counts that names no goal
    own_goal: ClassVar[Goal | None] = None  # where a rule of the kind counts, whatever it says
    is_strict: ClassVar[bool] = False  # no soft form: what breaks it is no plan of ours
    demands: ClassVar[Demand] = "nothing"
    judged_per: ClassVar[Literal["person", "group", "audience", "programme"]] = "audience"  # each by itself
    period: ClassVar[Literal["year", "span", "plan"]] = "year"  # each by itself; a span is ``window_years`` long
    only_able: ClassVar[bool] = True  # of its audience only those who may attend its programmes count
    only_named: ClassVar[bool] = False  # reads one person's record, which unnamed groups do not have
    owed_in: ClassVar[Literal["attendances", "hours"]] = "attendances"
    must_go: ClassVar[Literal["always", "hard", "never"]] = "hard"  # when somebody must go in the latest year owed
    numbers: ClassVar[tuple[Number, ...]] = ()  # those that can be one more or less, the one usually meant first
    lowered: ClassVar[str] = ""  # the number to set to what a group or person achieves, so that the rule is kept
    scaled: ClassVar[tuple[str, ...]] = ()  # numbers that grow with the people of the province
    summary_block: ClassVar[Literal["quotas", "floors", "people", "rules", ""]] = "rules"  # empty: silent unless missed
    reason_rank: ClassVar[int] = 99  # of the rules that a seat serves the lowest is named first

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    kind: str
    clause: str = ""  # number in the policy document, such as 四(一)(3)
    covers: tuple[str, ...] = ()  # ids of the clauses the rule meets; the rule's own id when empty
    title: str
    title_zh: str
    note: str = ""  # the reading chosen where the document leaves a choice
    strength: Strength = "hard"
    goal: Goal = "violation"
    years: tuple[int, ...] = ()  # plan years the rule holds in; all when empty
    audience: Filter = Filter()  # over the roster
    programmes: Filter = Filter()  # over the programmes

    @model_validator(mode="before")
    @classmethod
    def _has_a_goal_when_soft(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("strength") == "soft" and "goal" not in data:
            return {**data, "goal": cls.usual_goal()}
        return data

    @classmethod
    def usual_goal(cls) -> Goal:
        """Where a soft rule of the kind counts that names no goal."""
        own: Goal = cls.model_fields["goal"].default
        return cls.soft_goal if own == "violation" else own

    @property
    def grouped_by(self) -> str:
        """The roster column whose values are the groups of the rule; empty where it has none."""
        return str(getattr(self, "group_by", ""))

    @property
    def is_admitting(self) -> bool:
        """Whether the rule says who may attend, however strict it is."""
        return self.demands == "admission" or bool(getattr(self, "admits", False))

    @classmethod
    def asks_attendance(cls) -> bool:
        """Whether the kind asks for attendances that a plan may miss, and then says by how much."""
        return not cls.is_strict and cls.demands in ("attendance", "mix")

    @classmethod
    def asks_each_person(cls) -> bool:
        """Whether it asks each person by himself or herself for attendances."""
        return cls.asks_attendance() and cls.judged_per == "person"

    @classmethod
    def asks_each_group(cls) -> bool:
        """Whether it asks each group by itself for attendances."""
        return cls.asks_attendance() and cls.judged_per == "group"

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Only what the rule says: what is as it is when nothing is said is left out."""
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        return ((name, value) for name, value in super().__repr_args__() if value != defaults.get(name or ""))


class Eligibility(RuleKind):
    """Who may attend a programme. A programme admits the audiences of all eligibility and admitting quota rules."""

    sort: ClassVar = "personal"
    is_strict: ClassVar = True
    demands: ClassVar = "admission"
    judged_per: ClassVar = "person"
    summary_block: ClassVar = ""
    kind: Literal["eligibility"]


class Quota(RuleKind):
    """Distinct people per year of an audience in a set of programmes.

    ``about`` N allows ``N ± max(band_least, ceil(band_share · N))`` hard, with every seat off N counted as shortfall or
    excess inside the band; ``at-least``, ``at-most`` and ``exactly`` are hard at N when ``strength`` is hard.
    """

    sort: ClassVar = "shared"
    own_goal: ClassVar = "quota-shortfall"
    demands: ClassVar = "attendance"
    numbers: ClassVar = (Number("amount", "gives"), Number("band_least", "gives"))
    scaled: ClassVar = ("amount",)
    summary_block: ClassVar = "quotas"
    reason_rank: ClassVar = 1
    kind: Literal["quota"]
    goal: Goal = "quota-shortfall"
    amount: Annotated[int, Field(ge=0)]  # people per year
    modality: Literal["about", "at-least", "at-most", "exactly"] = "about"
    band_share: Share = Fraction(1, 20)
    band_least: Annotated[int, Field(ge=0)] = 2  # people
    admits: bool = True  # the audience is eligible for the programmes


class ShareFloor(RuleKind):
    """At least a share of every group attends a counting programme in each year; distinct people, rounded up."""

    sort: ClassVar = "shared"
    soft_goal: ClassVar = "quota-shortfall"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "group"
    numbers: ClassVar = (Number("share", "asks"), Number("least_days", "asks"))
    lowered: ClassVar = "share"
    summary_block: ClassVar = "floors"
    reason_rank: ClassVar = 5
    kind: Literal["share-floor"]
    group_by: str = "team_id"  # a roster column; people with an empty value are in no group
    share: Share
    least_days: Annotated[float, Field(ge=0)] = 0  # days of one attendance that counts


class Coverage(RuleKind):
    """Everyone of an audience attends at least once in every span of ``window_years`` plan years.

    Spans follow each other from the first plan year (1: every year; 4: once in a four-year plan); a last, shorter
    span is not judged.
    """

    sort: ClassVar = "personal"
    soft_goal: ClassVar = "overdue"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "person"
    period: ClassVar = "span"
    numbers: ClassVar = (Number("window_years", "gives", is_ordered=False), Number("least_days", "asks"))
    reason_rank: ClassVar = 3
    kind: Literal["coverage"]
    window_years: Annotated[int, Field(ge=1)] = 1
    least_days: Annotated[float, Field(ge=0)] = 0


class Interval(RuleKind):
    """At least one attendance that carries every content in each ``every_years`` consecutive years; history counts.

    Each content is judged by itself, so one class that carries two satisfies both. Windows end in the plan years.
    """

    sort: ClassVar = "personal"
    soft_goal: ClassVar = "overdue"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "person"
    only_named: ClassVar = True
    numbers: ClassVar = (Number("every_years", "gives"), Number("least_days", "asks"))
    reason_rank: ClassVar = 4
    kind: Literal["interval"]
    contents: tuple[str, ...] = ()  # judged one by one; empty: any attendance of the programmes
    every_years: Annotated[int, Field(ge=1)]
    least_days: Annotated[float, Field(ge=0)] = 0


class MakeUp(RuleKind):
    """Who would reach ``after_years`` calendar years without the contents must go in that year, else is overdue.

    A cadre is overdue in plan year ``y`` when some content was not attended in ``y - after_years + 1 … y``. The last
    attendance on record counts whenever it was; never on record counts as long ago. A soft rule counts to the goal ``overdue``, a
    hard one to the violation.
    """

    sort: ClassVar = "personal"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "person"
    only_named: ClassVar = True
    must_go: ClassVar = "always"
    numbers: ClassVar = (Number("after_years", "gives"),)
    summary_block: ClassVar = "people"
    reason_rank: ClassVar = 2
    kind: Literal["make-up"]
    goal: Goal = "overdue"
    contents: tuple[str, ...]
    after_years: Annotated[int, Field(ge=1)]


class Cumulative(RuleKind):
    """Days OR hours within a window of calendar years; history counts, hosts by the programme filter.

    ``days`` and ``hours`` are the two limbs, either is enough; a missing limb does not exist. What a cadre owes is the smaller
    of the limbs' shortfalls, both in hours and rounded up; missing days convert by ``hours / days`` when there are two
    limbs, else by the policy's hours per day. With ``per_year`` the amounts hold for each plan year from ``from_year`` to
    ``to_year`` alone, with what is on record in that year.
    """

    sort: ClassVar = "personal"
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "person"
    period: ClassVar = "plan"  # with ``per_year`` each year
    only_named: ClassVar = True
    owed_in: ClassVar = "hours"
    must_go: ClassVar = "never"
    numbers: ClassVar = (
        Number("from_year", "gives"), Number("to_year", "gives"), Number("hours", "asks"), Number("days", "asks"),
        Number("credit_hours", "gives"),
    )  # fmt: skip
    summary_block: ClassVar = "people"
    reason_rank: ClassVar = 7
    kind: Literal["cumulative"]
    strength: Strength = "soft"
    goal: Goal = "owed"
    days: Annotated[int, Field(ge=1)] | None = None
    hours: Annotated[int, Field(ge=1)] | None = None
    from_year: int | None = None  # first calendar year of the window; the first plan year when absent
    to_year: int | None = None  # last calendar year; the last plan year when absent
    per_year: bool = False
    credit_hours: Annotated[int, Field(ge=0)] = 0  # hours of online study credited for each plan year

    @model_validator(mode="after")
    def _has_a_limb(self) -> Cumulative:
        if self.days is None and self.hours is None:
            raise ValueError(Message("defect.no-limb"))
        return self


class Spacing(RuleKind):
    """What one person's calendar allows: rest, repeats, classes per year, long classes. Always strict; history counts.

    Two classes of one person never overlap, whatever the fields say. Of an unnamed group nobody knows who goes, so heads are
    counted: its seats must be possible without anybody going too often. With ``same_programme_years`` 2 a group of five may send
    three in one year and two in the next, not three; with ``classes_per_year`` 2 it has ten seats a year at most. Its record and
    the days of rest of its people are not judged.
    """

    sort: ClassVar = "personal"
    is_strict: ClassVar = True
    demands: ClassVar = "absence"
    judged_per: ClassVar = "person"
    only_able: ClassVar = False
    numbers: ClassVar = (
        Number("rest_days", "asks"), Number("same_programme_years", "asks"), Number("classes_per_year", "gives"),
        Number("long_years", "asks"),
    )  # fmt: skip
    kind: Literal["spacing"]
    rest_days: Annotated[int, Field(ge=0)] | None = None  # free days between the end of one and the start of the next
    same_programme_years: Annotated[int, Field(ge=1)] | None = (
        None  # not again within so many years: 3 allows 2019, 2022
    )
    classes_per_year: Annotated[int, Field(ge=1)] | None = None
    long_days: Annotated[float, Field(gt=0)] | None = None  # a class of at least so many days is long
    long_years: Annotated[int, Field(ge=1)] | None = None  # at most one long class in so many consecutive years

    @model_validator(mode="after")
    def _long_is_a_pair(self) -> Spacing:
        if (self.long_days is None) != (self.long_years is None):
            raise ValueError(Message("defect.long-pair"))
        return self


class Period(BaseModel):
    """Days from ``from_date`` to ``to_date``, both inclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    from_date: date
    to_date: date

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.to_date < self.from_date:
            raise ValueError(Message("defect.period-order", start=self.from_date, end=self.to_date))
        return self


class BlockedPeriod(Period):
    """Days on which nobody of the audience is away."""

    title: str = ""
    title_zh: str = ""


class AwayLimit(RuleKind):
    """Not everyone away at once, day by day.

    At most ``max(1, floor(share · team))`` of a group are away on one day. Two cadres of one group who hold different
    posts of one ``posts_apart`` pair are never away on the same day. No class of the programmes may touch a blocked period.
    """

    sort: ClassVar = "dated"
    is_strict: ClassVar = True
    demands: ClassVar = "absence"
    judged_per: ClassVar = "group"
    only_able: ClassVar = False
    numbers: ClassVar = (Number("share", "gives"),)
    kind: Literal["away-limit"]
    group_by: str = "team_id"
    share: Share | None = None
    posts_apart: tuple[tuple[str, str], ...] = ()  # pairs of values of the column post
    blocked: tuple[BlockedPeriod, ...] = ()
    host_month_share: Share | None = None  # most of a host's yearly person-days that one month should carry (reported)


class CallUp(BaseModel):
    """A named seat: this cadre in this session."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    cadre_id: str
    session_id: str


class Forbidden(BaseModel):
    """A pair that must not meet; an absent part stands for all."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    cadre_id: str
    programme_id: str | None = None
    session_id: str | None = None
    year: int | None = None


class Unavailable(Period):
    """Days on which a cadre cannot be away."""

    cadre_id: str


class Fixed(RuleKind):
    """Named call-ups, forbidden pairs, unavailable periods; always strict.

    With ``everyone`` the whole audience attends each of the programmes once in every year of the rule. Fixed seats
    count towards quotas and use up seats.
    """

    sort: ClassVar = "personal"
    is_strict: ClassVar = True
    demands: ClassVar = "attendance"
    judged_per: ClassVar = "person"
    reason_rank: ClassVar = 0
    kind: Literal["fixed"]
    everyone: bool = False
    call_ups: tuple[CallUp, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()


class Representation(RuleKind):
    """Share of the audience among all people sent to the programmes, per year: a floor, or a report."""

    sort: ClassVar = "shared"
    demands: ClassVar = "mix"
    only_able: ClassVar = False
    numbers: ClassVar = (Number("share", "asks"),)
    kind: Literal["representation"]
    strength: Strength = "report"
    goal: Goal = "fairness"
    among: Filter = Filter()  # the people sent of whom the audience should be a share
    share: Share | None = None  # absent: the audience's share of the roster's ``among``


class Waiting(RuleKind):
    """Longest waiting first: years since the last counting attendance, summed over people and plan years.

    A cadre who attends in a year waits 0 that year; otherwise one more than the year before, up to ``cap_years``.
    Never on record starts at the cap.
    """

    sort: ClassVar = "personal"
    judged_per: ClassVar = "person"
    only_able: ClassVar = False
    only_named: ClassVar = True
    summary_block: ClassVar = ""
    kind: Literal["waiting"]
    strength: Strength = "soft"
    goal: Goal = "fairness"
    cap_years: Annotated[int, Field(ge=1)] = 5
    least_days: Annotated[float, Field(ge=0)] = 0


class Priority(RuleKind):
    """Points for every attendance of the audience in the programmes, by year when the weight changes with time."""

    sort: ClassVar = "personal"
    own_goal: ClassVar = "priority"
    judged_per: ClassVar = "person"
    summary_block: ClassVar = ""
    kind: Literal["priority"]
    strength: Strength = "soft"
    goal: Goal = "priority"
    weight: Annotated[int, Field(ge=0)]  # points per attendance
    weight_by_year: Annotated[
        Mapping[int, Annotated[int, Field(ge=0)]], PlainSerializer(lambda m: {str(k): v for k, v in m.items()})
    ] = Field(default_factory=dict)  # overrides ``weight`` in the years named


class Apportion(RuleKind):
    """Seats of the programmes over groups, in proportion to the audience of each.

    Of ``amount`` people a year, group ``g`` is due ``amount · |g| / |all|``; it should get at least the floor of that less
    ``tolerance`` (and at least ``least``) and at most its ceiling plus ``tolerance`` (and at most ``most``). Where ``least`` or
    ``most`` contradicts the proportion, it wins.
    """

    sort: ClassVar = "shared"
    demands: ClassVar = "attendance"
    numbers: ClassVar = (
        Number("amount", "gives", is_ordered=False), Number("tolerance", "gives"),
        Number("least", "asks", is_ordered=False), Number("most", "gives", is_ordered=False),
    )  # fmt: skip
    scaled: ClassVar = ("amount",)
    reason_rank: ClassVar = 6
    kind: Literal["apportion"]
    strength: Strength = "soft"
    goal: Goal = "fairness"
    group_by: str = "prefecture_id"  # a roster column; people with an empty value are in no group
    amount: Annotated[int, Field(ge=0)]
    tolerance: Annotated[int, Field(ge=0)] = 0
    least: Annotated[int, Field(ge=0)] = 0
    most: Annotated[int, Field(ge=0)] | None = None


class Curriculum(RuleKind):
    """Shares and lengths that each programme must have; checked on the programmes, not optimised.

    A programme of the filter with at least ``least_days`` days must have the ``columns`` sum up to ``share`` of its
    hours, the yes/no column ``requires`` set, and a length between ``days_min`` and ``days_max``, as far as given.
    """

    sort: ClassVar = "data"
    judged_per: ClassVar = "programme"
    kind: Literal["curriculum"]
    strength: Strength = "report"
    columns: tuple[str, ...] = ()
    share: Share | None = None
    requires: str | None = None  # a true/false column of the programmes, or a column that must not be 0
    least_days: Annotated[float, Field(ge=0)] = 0
    days_min: float | None = None
    days_max: float | None = None


Measure = Literal[
    "people",  # distinct people of the audience in the programmes, per year
    "rate",  # the same, as a share of the audience
    "hours-per-head",  # off-the-job hours of the audience per head and year
    "online-hours-per-head",  # online hours on record plus those credited, per head and year
    "sessions",  # sessions held of the programmes, per year
    "away-peak",  # largest share of the audience away in one calendar week, per year
    "deadline",  # a date outside the plan: the 31 December before ``amount``
    "document",  # an act or document the plan cannot measure; listed so that nobody forgets it
]


class Report(RuleKind):
    """A measure printed in the report; ``amount`` is what the document asks, where it gives a figure."""

    sort: ClassVar = "measure"
    summary_block: ClassVar = ""
    kind: Literal["report"]
    strength: Strength = "report"
    measure: Measure
    amount: float | None = None
    unit: str = ""


class BuiltIn(RuleKind):
    """What the auditor checks of every plan, whatever the policy says."""

    is_strict: ClassVar = True
    demands: ClassVar = "absence"


KINDS: dict[str, type[RuleKind]] = {
    "eligibility": Eligibility,
    "quota": Quota,
    "share-floor": ShareFloor,
    "coverage": Coverage,
    "interval": Interval,
    "make-up": MakeUp,
    "cumulative": Cumulative,
    "spacing": Spacing,
    "away-limit": AwayLimit,
    "fixed": Fixed,
    "representation": Representation,
    "waiting": Waiting,
    "priority": Priority,
    "apportion": Apportion,
    "curriculum": Curriculum,
    "report": Report,
}
"""Every kind by its name in the policy file."""


def record_of(kind: str) -> type[RuleKind]:
    """The record of a kind by its name, with its traits; that of the built-in checks where no policy has the name."""
    return KINDS.get(kind, BuiltIn)


def _of_its_kind(value: Any) -> Any:
    if isinstance(value, Mapping) and str(value.get("kind")) in KINDS:
        return KINDS[str(value["kind"])].model_validate(value)
    return value


Rule = Annotated[SerializeAsAny[RuleKind], BeforeValidator(_of_its_kind)]
"""A rule of any kind: the name of the kind says which record it is."""
