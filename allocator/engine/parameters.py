"""Every tuning number of the engine: one frozen record for each algorithm, each with unit, meaning and the measurement behind it.

Code reads a field where it needs it, ``ROUNDING.nodes``, and never copies it into a constant of its own. A test changes fields by the fixture
``set_parameters(ROUNDING, nodes=1)`` of ``tests/conftest.py``, an experiment by ``with changed(ROUNDING, nodes=1):``; no other way is meant. No user option leads here. The same inputs and seed give the
same plan, because limits count rounds, nodes or deterministic work; only those called ``seconds`` and ``factor`` of seconds look at the clock.

*Units of the last goal.* Column generation minimises a weighted sum of the goals in which the last goal weighs 1. Costs, prices and reduced
costs are in that unit: 1.0 is one point of priority where priority comes last.

*Measured* refers to ``docs/performance.md`` and the pages of ``docs/decisions/``, mostly on the province (11,508 cohorts, 192,680 people).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@contextmanager
def changed(record: Any, **fields: Any) -> Iterator[None]:
    """Let fields of a record have other values for a while, for tests and experiments.

    Every module shares the record itself, so it is changed in place, which its type forbids to everybody else.
    Processes forked meanwhile see the change; processes started before do not.

    Raises
    ------
    AttributeError
        If the record has no such field.
    """
    before = {name: getattr(record, name) for name in fields}
    try:
        for name, value in fields.items():
            object.__setattr__(record, name, value)
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(record, name, value)


@dataclass(frozen=True)
class Tolerances:
    """How far numbers may be off because solvers calculate in floating point."""

    whole: float = 1e-6
    """Distance from a whole number of people, seats or goal units that is rounding. HiGHS keeps rows to 1e-7."""
    loss: float = 1e-6
    """Cost or dual price that is rounding, in units of the last goal."""
    relative: float = 1e-9
    """Relative distance of two objective values or bounds that are equal. Gaps of integer programs that are to be solved to the end use it too."""
    bound: float = 1e-7
    """Relative gap to which the relaxation of one goal is solved, and what is taken off a bound before it is rounded up to a whole number."""
    used: float = 1e-9
    """Least number of people on a column that counts as used."""
    value: float = 1e-4
    """Distance from a whole number, of a value added up over many columns, that is rounding: in units of a goal."""
    value_growth: float = 1e-9
    """What each unit of such a value adds to ``value``."""


TOLERANCES = Tolerances()


@dataclass(frozen=True)
class SolverParameters:
    """HiGHS and CP-SAT, whoever calls them."""

    random_seed: int = 1
    """Seed of every random choice that the published seed does not make, neighbourhoods included.

    Twelve other seeds gave plans of the same quality: 5 to 8 units of the last goal above the relaxation.
    """
    presolve_from: int = 3_000
    """Variables from which integer programs are presolved. The presolve of HiGHS 1.11 has been seen to run for ever on tiny ones."""
    primal_share: float = 0.025
    """Share of new columns up to which the primal simplex method goes on from the last optimum, the dual method beyond.

    The dual method first leaves an optimum that few columns disturb: nine thousand steps (1.3 s) where the primal one takes eight (0.06 s). The
    province took 22 s instead of 29 (``docs/decisions/highspy.md``).
    """


SOLVER = SolverParameters()


@dataclass(frozen=True)
class ColumnGenerationParameters:
    """The loop of master and pricing, over cohorts or types."""

    smoothing: float = 0.6
    """Share of the best duals in the next ones tried (Wentges 1997), for the aggregate relaxation and where nothing else is said."""
    smoothing_cohorts: float = 0.5
    """The same for all cohorts together."""
    smoothing_warm: float = 0.2
    """The same when nearly all columns are there: goal after goal, once the weighted relaxation is solved."""
    most_rounds: int = 200
    """Rounds at most. The bound holds wherever the rounds end; the province prices all trajectories some 40 times in all."""
    near: float = 5.0
    """How much dearer than the cheapest trajectory of its subproblem a further one may be to enter with it, in units of the last goal."""
    columns_per_subproblem: int = 3
    """Trajectories of one subproblem that enter in one round, at most."""
    drop_above: float = 25.0
    """Reduced cost beyond which a column is dropped after the first solution, in units of the last goal."""
    starts_per_subproblem: int = 6
    """Cheapest trajectories of one subproblem in the first master, at most."""
    near_pattern: float = 200.0
    """How much dearer than the cheapest the first columns of each pattern of years may be, in units of the last goal; floors of teams ask for patterns."""
    weighted_costs_kept: int = 2
    """Weighted costs kept in memory, the latest ones. Masters of blocks ask for the same two again and again."""


COLUMN_GENERATION = ColumnGenerationParameters()


@dataclass(frozen=True)
class MasterParameters:
    """Prices of the slack variables that keep a restricted master feasible. Both must be dearer than any gain, and small enough for HiGHS."""

    overfill_price: float = 20.0
    """Price of a seat that does not exist: times the heaviest goal weight, on top of twice what one person can save by a trajectory."""
    cap_price: float = 1e5
    """Price of one unit above the cap of a goal: times the heaviest goal weight."""


MASTER = MasterParameters()


@dataclass(frozen=True)
class AggregateRelaxationParameters:
    """The small relaxation over types of people that finds the first prices, and rates of exchange between the goals."""

    near: float = 4.0
    """As ``ColumnGenerationParameters.near``, for subproblems that are types."""
    hurry_seconds: float = 8.0
    """Seconds left below which more first columns replace smoothing: 1.4 s instead of 2.3 on the province with a limit of 5 s."""
    hurry_levels: int = 6
    """Prices of a seat for which first columns are found then, each a tenth of the one before."""
    late_gain: float = 0.02
    """Relative gain of a round below which a relaxation whose time is over ends."""
    late_rounds: int = 20
    """Rounds at most once the time is over. All that follows stands on these prices, so they are worth some seconds."""
    room: float = 0.1
    """Share of the gap asked for by which a large goal may end above its relaxed optimum, so that whole people fit."""
    least_room: float = 1e-4
    """The least such share. With less, each hour weighs so much that whole people cost the later goals more than the gap: 0.14 % instead of 0.016 %."""


AGGREGATE_RELAXATION = AggregateRelaxationParameters()


@dataclass(frozen=True)
class TruncatedRelaxationParameters:
    """Relaxations of few columns, for plans with a time limit. Measured on the province with a limit of 10 s."""

    near_pattern: float = 20.0
    """As ``ColumnGenerationParameters.near_pattern``. With these columns 7 hard rules are missed instead of 199."""
    full_factor: float = 12.0
    """The full relaxation begins if so many times the seconds of the truncated one are left. It took 9 s against 0.6."""
    wide_factor: float = 3.0
    """The same for the relaxation with columns of every pattern. It took 2 s."""
    wide_grace_seconds: float = 1.0
    """Seconds by which that one may pass the limit: without them hundreds of floors are missed."""


TRUNCATED_RELAXATION = TruncatedRelaxationParameters()


@dataclass(frozen=True)
class GoalWeightParameters:
    """Weights of the goals, from the rates of exchange between them."""

    counted_below: int = 1_000
    """A goal with a value below this counts single units: it gets no room, keeps its distance to later goals, and its gap is relative to this number."""
    firmness: float = 1.25
    """Factor on a rate of exchange, so that an earlier goal ends within its cap rather than above it."""
    least_weight: float = 0.1
    """Least weight of a goal."""
    raises: int = 2
    """Times the weights are raised when the relaxation of all cohorts sells a person overdue or a missed rule for later goals."""
    raise_factor: float = 8.0
    """Factor of each raise. With poor counties first, 33 people overdue are proven instead of 66."""


GOAL_WEIGHTS = GoalWeightParameters()


@dataclass(frozen=True)
class BoundParameters:
    """Which relaxations are solved to prove a goal, and how well."""

    cohorts_up_to: int = 1_500
    """Cohorts up to which every open goal is bounded by the relaxation of all of them: one to four seconds. 4,300 cohorts would take 50 s."""
    kept_share: float = 0.25
    """Share of the gap asked for within which a bound at known duals is good enough."""
    solved_share: float = 0.1
    """Share of the gap asked for to which the relaxation behind a bound is solved."""


BOUNDS = BoundParameters()


@dataclass(frozen=True)
class LagrangianGroupBoundParameters:
    """The bound for teams that cannot be whole without loss: 3 of 44,703 points of priority on the province, in two seconds."""

    widest_row: int = 40
    """Subproblems that a row touches at most to bind them together; wider rows are priced. With 20 and 60 it proves the same."""
    nodes: int = 100
    """Nodes of branch and bound of one program. Its bound holds wherever that ends."""


LAGRANGIAN_GROUP_BOUND = LagrangianGroupBoundParameters()


@dataclass(frozen=True)
class NearOptimalParameters:
    """Trajectories nearly as good as the best of their subproblem, on which whole people are looked for."""

    reach: float = 1.0
    """Reduced cost above the best, at most, in units of the last goal. 175,000 of 46 million trajectories of the province cost nothing more."""


NEAR_OPTIMAL = NearOptimalParameters()


@dataclass(frozen=True)
class RoundingParameters:
    """From the relaxation to whole people."""

    first_nodes: int = 200
    """Nodes of branch and bound for the first whole plan."""
    nodes: int = 100
    """Nodes of each later program of a plan that has time."""
    widest_neighbour_row: int = 200
    """Subproblems that a row makes neighbours of a class below its least size, at most: those of a team or of one small programme."""
    enough_share: float = 0.6
    """Share of the gap asked for within which whole people are good enough."""
    relaxed_share: float = 0.2
    """Share of the gap asked for to which the relaxation before is solved."""


ROUNDING = RoundingParameters()


@dataclass(frozen=True)
class LargeNeighbourhoodParameters:
    """Large neighbourhood search (Shaw 1998), from 13.5 to 5.0 units of the last goal above the relaxation in 22 s on the province."""

    widest_mate_row: int = 60
    """Subproblems that a row makes mates, at most: those of a team or of one small programme."""
    drawn: int = 500
    """Subproblems drawn into the first neighbourhood."""
    growth: float = 1.3
    """Factor on the number drawn after each neighbourhood that gained nothing."""
    most_drawn: int = 2_000
    """Subproblems drawn at most."""
    patience: int = 4
    """Neighbourhoods in a row that may gain nothing."""
    most_neighbourhoods: int = 40
    """Neighbourhoods at most."""
    astray_factor: float = 100
    """Times the distance that is good enough, beyond which the plan has most likely missed a rule."""
    astray_patience: int = 3
    """Factor on the patience then. With it, and with dearer columns every other time, twelve searches of twelve came back; before five of six."""
    gap_share: float = 0.1
    """Share of the distance that is good enough, to which each neighbourhood is solved."""


LARGE_NEIGHBOURHOOD = LargeNeighbourhoodParameters()


@dataclass(frozen=True)
class LexicographicParameters:
    """The exact path for small problems."""

    columns_up_to: int = 30_000
    """Trajectories of all cohorts up to which a problem is solved exactly. 400,000 would take two seconds, some 700,000 ten; plans would differ."""
    first_nodes: int = 20
    """Nodes for the plan that the levels begin with; it only has to be some plan."""
    draw_nodes: int = 5_000
    """Nodes for the draw among the best plans. The plan at hand when they are used up is as good, but may not be the one preferred."""
    draw_bits: int = 24
    """Bits of a draw that are added up: few enough for sums without error, enough to tell plans apart.

    By the isolation lemma (Mulmuley, Vazirani and Vazirani 1987) two best plans remain with a chance below columns / 2**24.
    """


LEXICOGRAPHIC = LexicographicParameters()


@dataclass(frozen=True)
class DecompositionParameters:
    """Blocks of cohorts, planned in waves, and the improvement of what they miss. Measured with 100,000 and a million people."""

    joint_cohorts_up_to: int = 30_000
    """Cohorts up to which all are planned together. The province has 11,508, a hundred thousand people 43,316."""
    block_cohorts: int = 1_500
    """Cohorts of a block, at most; joined components may be twice as large."""
    wave: int = 8
    """Blocks planned at a time, each with its share. The plan depends on it, and not on the number of processes."""
    most_rounds: int = 12
    """Rounds of column generation of one block."""
    smoothing: float = 0.3
    """Share of the best duals in the next ones tried."""
    settled_share: float = 0.1
    """Share of the gap asked for: a block whose round gains less is good enough."""
    first_near: float = 0.0
    """How much dearer than the cheapest the first columns of the first blocks may be, in units of the last goal."""
    first_near_pattern: float = 50.0
    """The same for the cheapest of each pattern of years."""
    most_used: int = 8
    """Trajectories of each type that earlier blocks used most, to start the next block with."""
    repaired_cohorts: int = 1_500
    """Cohorts with a hard rule missed that one part improves, at least, as long as there are more."""
    drawn_cohorts: int = 600
    """Cohorts drawn into each part; the others of their teams come along."""
    improved_cohorts: int = 80_000
    """Cohorts improved in all: a million people are to be planned in ten minutes. 100,000 people: 117 overdue instead of 283, in 25 s."""
    improved_settled: float = 1e-5
    """Gain of a part, relative to the value of the whole, that counts as nothing."""
    improved_patience: int = 3
    """Parts in a row that may gain nothing."""
    improved_at_a_time: int = 2
    """Parts improved beside one another, each with its share of what is left. The plan depends on it, and not on the number of processes."""
    charged_elsewhere: float = 1e9
    """People by which a wide row counts as missed already: no block alone may use what a rule lets pass, only the last one."""


DECOMPOSITION = DecompositionParameters()


@dataclass(frozen=True)
class AffectedPeopleParameters:
    """Who is planned again after a change. Half of them in a trial of 201 seats owe 340 hours more."""

    groups_above: int = 100
    """A rule with more groups than these looks at small groups, such as teams."""
    small_group: int = 20
    """Cohorts of a small group, at most. Among a million people prefectures are many too, and not small."""
    most_by_programme: int = 6_000
    """Cohorts planned again because some programme is open to them; where there are more, only those alike."""
    most_by_row: int = 2_000
    """Cohorts planned again because a row or a seat changed: those for whom the change costs least."""
    most_beside: int = 240
    """Cohorts that could give another place to somebody who lost one, over all programmes open to these."""
    most_by_person: int = 300
    """Cohorts planned again for each seat that a changed rule about single people concerns."""
    widely: int = 10
    """Factor on ``most_by_person`` in the second, wide attempt."""


AFFECTED_PEOPLE = AffectedPeopleParameters()


@dataclass(frozen=True)
class FixAndReoptimiseParameters:
    """Planning some people again while the others keep what they attend."""

    near: float = 0.5
    """How much dearer than the cheapest the first columns may be, in units of the last goal."""
    near_pattern: float = 20.0
    """The same for the cheapest of each pattern of years."""
    least_enough: float = 0.51
    """Distance of whole people from the relaxation that is always good enough, in units of the last goal: below one whole unit."""
    solved_share: float = 0.25
    """Share of that distance, or of the habit's worth, to which the relaxation is solved."""
    habit: float = 1e-4
    """Worth of keeping what a cadre attends, in units of the last goal: ten thousand people stay rather than gain one unit."""
    habit_of_trials: float = 0.02
    """The same where two plans are compared: fifty people move for one unit, and nobody for nothing."""
    kept_gap: float = 1.25
    """Factor on the gap asked for, or on that of the last plan from nothing, up to which a resumed plan is kept."""


FIX_AND_REOPTIMISE = FixAndReoptimiseParameters()


@dataclass(frozen=True)
class FeasibilityCutParameters:
    """The loop between years and dates. A round of dates takes 0.2 s on the province, planning some people again 0.7 to 2.0 s in all."""

    swap_rounds: int = 12
    """Rounds of swaps, at most."""
    rounds: int = 10
    """Times the years are planned again, at most."""
    rounds_of_blocks: int = 2
    """The same for problems planned in blocks, where each time takes a minute and a half for a million people."""
    full_from: int = 3
    """People without a seat in one programme and year who show that it holds fewer than its sessions have seats."""
    wide_rounds: int = 3
    """Rounds in which a cut limits a group in all programmes that meet, so that the years choose among them; later in the refused one only."""
    moved_for: int = 20
    """Missing seats up to which others move in their sessions before anybody's years change. More of them never all find one."""
    work: float = 3.0
    """Work limit of one dated schedule, in deterministic seconds of CP-SAT. Planning again costs less than a longer proof."""
    limits_in_advance: int = 100
    """Away-limits stated before the dates are tried, at most; of more only those that the dates show to bind.

    Of the 10,008 limits on teams of the province, stating those that the plan missed moved the bound by 0.03 units of the last goal.
    """


FEASIBILITY_CUTS = FeasibilityCutParameters()


@dataclass(frozen=True)
class DatesParameters:
    """Sessions by date. Work is counted in deterministic seconds of CP-SAT, so that plans do not depend on the machine."""

    sessions_work: float = 2.0
    """Work of choosing the sessions that open in one programme and year."""
    chain_steps: int = 400
    """People tried in one ejection chain, at most."""
    chain_depth: int = 3
    """People moved one after another in one ejection chain, at most."""
    chain_sets: int = 12
    """Sets of people whose leaving would let one more in, at most."""
    repair_work: float = 5.0
    """Work of all exact repairs and proofs of a schedule. 28 missing seats of the province were proven in 0.1 s."""
    question_work: float = 1.0
    """Work of one question, so that a single circle of people does not use up everything."""
    circle_sizes: tuple[int, ...] = (500, 3_000, 1_000_000)
    """Attendances of a circle in each pass, at most. A team alone often proves its lack in 30 ms where 2,790 people ran out of work."""


DATES = DatesParameters()


@dataclass(frozen=True)
class ReplanParameters:
    """Planning again from a published plan."""

    all_up_to: int = 6_000
    """Alternatives of all people up to which every one of them is decided upon, and the answer is exact."""
    takers: int = 40
    """People offered a free seat, at most, for each programme and year that needs one."""
    looked_at: int = 3
    """Times as many people are looked at, since dates close the seat to some."""
    sessions_of_one: int = 6
    """Sessions of one programme and year offered to one person, the emptiest first."""
    movers_tried: int = 3_000
    """Exchanges looked at for one programme and year, at most."""
    members_up_to: int = 200
    """People of a group of whom each is offered every seat when one of its rows is missed."""
    near_up_to: int = 40
    """Of the hundreds of near alternatives of one person so many are decided upon, the best by themselves."""
    columns_up_to: int = 8_000
    """Alternatives in one program, at most. 28,000 of 1,000 people took CP-SAT minutes for each goal, 2,500 a tenth of a second."""
    lost_listed: int = 2
    """Seats lost by one person of whom every way to take them again at the same price is listed, for the bound."""
    lost_together: int = 3
    """Seats lost by one person up to which replacing all of them at once is tried."""
    sets_of_one: int = 2_000
    """Sets of sessions tried for who lost several seats, at most."""
    must_up_to: int = 30
    """People who must change up to whom a bound of the changes is worked out."""
    least_takers: int = 8
    """People offered a seat of each programme and year at least, however many of these there are."""
    places: int = 4
    """Programmes and years up to which as many people are offered a seat; of more, fewer for each."""
    work: float = 8.0
    """Work of one level of a program, in deterministic seconds of CP-SAT."""
    most: int = 1_000_000_000
    """More than any count, cost or distance."""
    share_denominator: int = 10_000
    """The largest denominator of a share in a policy."""
    bound_work: float = 1.5
    """Work of the bound of the changes."""


REPLAN = ReplanParameters()
