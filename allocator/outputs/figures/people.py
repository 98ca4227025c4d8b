"""Figures of people: hours against what is required, and years of waiting before and after the plan."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from allocator.audit.measures.cumulative import windows
from allocator.audit.records import NEVER, Array, Records
from allocator.domain.rules import Cumulative, Waiting
from allocator.outputs.figures.palette import BLACK, BLUE, ORANGE, VERMILLION, Pen, patch
from allocator.outputs.output_data import Material

_BARS = 10  # bars between nothing and the hours required
_BEYOND = 2  # bars beyond them at least


def hours(material: Material, rule_id: str | None = None, ax: Axes | None = None, *, pen: Pen | None = None) -> Axes:
    """People by the hours they have at the end, against the hours required; the line: what they had before the plan.

    Parameters
    ----------
    rule_id
        A cumulative rule of the policy; the first one when absent. Both figures come from the rule.
    """
    pen = pen or Pen.of(material)
    material = pen.material
    ax = pen.axes(ax, 11, 6)
    rules = [rule for rule in material.inputs.policy.rules if isinstance(rule, Cumulative)]
    rule = next((one for one in rules if rule_id in (None, one.id)), None)
    done = before = np.zeros(0)
    if rule is not None:
        done, before = hours_counted(rule, material.counted)
    if rule is None or not len(done):
        return pen.finish(pen.empty(ax), pen("figure.hours"), pen("figure.hours-none"))
    required = hours_required(rule, material.counted)
    width = required / _BARS
    most = max(float(np.quantile(hours, 0.995)) for hours in (done, before))
    furthest = required + width * max(_BEYOND, np.ceil((most - required) / width))
    edges = np.arange(0, furthest + width / 2, width)
    # A trace of floating point must not put a person who has reached the hours into the bar below.
    counts, earlier = (np.histogram(np.minimum(x + 1e-6, edges[-1] - width / 2), edges)[0] for x in (done, before))
    reached = edges[:-1] >= required - 1e-6
    for where, colour, hatch in ((~reached, ORANGE, ""), (reached, BLUE, "")):
        ax.bar(edges[:-1][where], counts[where], width=width * 0.92, align="edge", color=colour, hatch=hatch)
    had_some = bool(before.any())  # A window that starts with the plan has nothing before it.
    if had_some:
        ax.stairs(earlier, edges, color=BLACK, linewidth=1.4)
    ax.axvline(required, color=VERMILLION, linewidth=2)
    top = max(1, int(counts.max()), int(earlier.max()) if had_some else 0)
    text = pen("figure.required", hours=pen.texts.number(required))
    ax.text(required + width * 0.12, top * 1.1, text, color=VERMILLION, fontsize=10, fontweight="bold", va="center")
    ax.set_ylim(0, top * 1.18)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_xlim(0, edges[-1])
    step = max(1, len(edges) // 14)
    ax.set_xticks(edges[::step], [pen.texts.number(round(e)) for e in edges[::step]])
    credit = pen.texts.number(rule.credit_hours)
    axis = pen("figure.hours-credited", credit=credit) if rule.credit_hours else pen("figure.hours-axis")
    ax.set_xlabel(axis, fontsize=10)
    ax.set_ylabel(pen("figure.person-years" if rule.per_year else "figure.people-axis"), fontsize=10)
    short = int((done < required - 1e-6).sum())
    subtitle = pen(
        "figure.hours-years" if rule.per_year else "figure.hours-note",
        people=pen.texts.number(len(done)), kept=pen.texts.number(len(done) - short), short=pen.texts.number(short),
    )  # fmt: skip
    legend: list[tuple[Any, str]] = [
        (patch(BLUE), pen("figure.reached")), (patch(ORANGE), pen("figure.not-reached")),
    ]  # fmt: skip
    if had_some:
        legend.append((Line2D([], [], color=BLACK, linewidth=1.4), pen("figure.hours-before")))
    title = pen("figure.hours-of", title=pen.name(material.rule_titles[rule.id], rule.id, 64))
    return pen.finish(ax, title, subtitle, legend)


def hours_required(rule: Cumulative, counted: Records) -> float:
    """What the rule asks for, in hours; a limb of days converts by the policy's hours per day."""
    if rule.hours is not None:
        return float(rule.hours)
    return (rule.days or 0) * counted.inputs.policy.parameters.hours_per_day


def hours_counted(rule: Cumulative, counted: Records) -> tuple[Array, Array]:
    """Hours of every named person of the rule's audience in every window: with the plan, and on record before it.

    Days count at the rate of the rule's two limbs, and the better limb counts, so that the hours required less these
    are what the person owes.
    """
    people = counted.named(counted.audience(rule.audience))
    a = counted.attendances
    counting = counted.counting(rule.programmes)
    rate = hours_required(rule, counted) / rule.days if rule.days is not None else 0.0
    done: list[Array] = []
    before: list[Array] = []
    for first, last in windows(rule, counted):
        inside = counting & (a.year >= first) & (a.year <= last)
        credit = rule.credit_hours * sum(first <= year <= last for year in counted.years)
        for result, chosen, credited in ((done, inside, credit), (before, inside & ~a.planned, 0)):
            sums = [
                np.bincount(a.cadre[chosen], weights=weights[chosen], minlength=len(counted.headcount))[people]
                for weights in (a.hours, a.days)
            ]
            by_hours = sums[0] + credited if rule.hours is not None else np.zeros(len(people))
            result.append(np.maximum(by_hours, sums[1] * rate))
    nothing = np.zeros(0)
    return np.concatenate([nothing, *done]), np.concatenate([nothing, *before])


def waiting_years(material: Material, ax: Axes | None = None, *, pen: Pen | None = None) -> Axes:
    """People by the years since their last counting class: at the end of the year before the plan, and at its end."""
    pen = pen or Pen.of(material)
    material = pen.material
    years = material.inputs.years
    ax = pen.axes(ax, 11, 6)
    rule = next((one for one in material.inputs.policy.rules if isinstance(one, Waiting)), None)
    title, before_year, after_year = pen("figure.waiting"), years[0] - 1, years[-1]
    before, after = (
        (np.zeros(0, np.int64),) * 2 if rule is None else _last_years(rule, material.counted, before_year, after_year)
    )
    if rule is None or not len(after):
        return pen.finish(pen.empty(ax), title, pen("figure.hours-none"))
    cap = rule.cap_years
    counts = [
        np.bincount(np.where(last == NEVER, cap + 1, np.minimum(year - last, cap)), minlength=cap + 2)
        for year, last in ((before_year, before), (after_year, after))
    ]
    places = np.arange(cap + 2)
    labels = [pen("figure.before", year=before_year), pen("figure.after", year=after_year)]
    colours, hatches = (ORANGE, BLUE), ("///", "")
    for n, (count, colour, hatch) in enumerate(zip(counts, colours, hatches, strict=True)):
        at = places + (n - 0.5) * 0.42
        ax.bar(at, count, width=0.4, color=colour, hatch=hatch, edgecolor="white")
        for x, value in zip(at, count, strict=True):
            ax.text(x, value, f"{value:,}", ha="center", va="bottom", fontsize=9)
    ax.set_xticks(
        places,
        [
            pen("figure.this-year"),
            *(pen("figure.years", years=n) for n in range(1, cap)),
            pen("figure.years-more", years=cap),
            pen("figure.never"),
        ],
    )
    ax.set_ylim(0, max(1, *(int(count.max()) for count in counts)) * 1.1)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_ylabel(pen("figure.people-axis"), fontsize=10)
    ax.set_xlabel(pen("figure.waiting-axis"), fontsize=10)
    means = [
        float(np.where(last == NEVER, cap, np.minimum(year - last, cap)).mean())
        for year, last in ((before_year, before), (after_year, after))
    ]
    subtitle = pen("figure.waiting-note", people=pen.texts.number(len(after)), before=f"{means[0]:.2f}",
                   after=f"{means[1]:.2f}", cap=cap)  # fmt: skip
    return pen.finish(ax, title, subtitle, [(patch(c, h), x) for c, h, x in zip(colours, hatches, labels, strict=True)])


def _last_years(rule: Waiting, counted: Records, before: int, after: int) -> tuple[Array, Array]:
    """Year of the last counting class of every named person up to each of two years; ``NEVER``: none on record."""
    a = counted.attendances
    counting = counted.counting(rule.programmes, least_days=rule.least_days)
    people = counted.named(counted.audience(rule.audience))
    found = []
    for upto in (before, after):
        chosen = counting & (a.year <= upto)
        last = np.full(len(counted.headcount), NEVER, dtype=np.int64)
        np.maximum.at(last, a.cadre[chosen], a.year[chosen])
        found.append(last[people])
    return found[0], found[1]
