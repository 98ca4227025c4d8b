"""The plan on one screen: goals and their bounds, quotas by year, floors, sessions, people who wait, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from rich.text import Text

from allocator.entities import Inputs
from allocator.kinds import Coverage, Quota, ShareFloor
from allocator.plan import Plan
from allocator.reports.material import Material, records
from allocator.reports.texts import Texts, fit
from allocator.reports.verdicts import Verdict, in_year, scopes_kept, tightest
from allocator.result import GoalResult, SolveResult

WIDTH = 100
KEPT, BREACHED, REPORTED = "✓", "✗", "·"
_MARKS = {"kept": KEPT, "breached": BREACHED, "reported": REPORTED}
_LISTED = 5  # names shown of a longer list


def text(
    inputs: Inputs, plan: Plan, audit: Verdict, result: SolveResult | None, *, lang: str = "zh", width: int = WIDTH
) -> str:
    """The summary as plain text, at most ``width`` terminal cells wide.

    ``result`` is None for a plan that was not solved here, such as one made by hand.
    """
    texts = Texts("en" if lang == "en" else "zh")
    material = Material(inputs, plan, audit, result, texts)
    blocks = (
        _headline(material, width),
        _goals(material),
        _quotas(material, width),
        _floors(material, width),
        _sessions(material),
        _people(material, width),
        _other_rules(material, width),
        _warnings(material, width),
    )
    return "\n".join(line.rstrip() for block in blocks for line in block) + "\n"


def highlighted(summary: str) -> Text:
    """The summary with colours for a terminal; the marks say the same without them."""
    shown = Text(summary)
    for pattern, style in (("✓", "green"), (r"✗\S*", "bold red"), (r"(?m)^■.*$", "bold cyan")):
        shown.highlight_regex(pattern, style)
    return shown


def _headline(material: Material, width: int) -> Iterator[str]:
    texts, inputs, counts = material.texts, material.inputs, material.facts
    years = inputs.years
    title = texts.title(inputs.scenario) or texts.title(inputs.policy)
    yield fit(f"■ {title} · {years[0]}–{years[-1]} · {inputs.scenario.id}", width)
    yield texts(
        "summary.size",
        named=texts.number(counts.named), unnamed=texts.number(counts.unnamed), units=texts.number(len(inputs.units)),
        seed=inputs.scenario.seed, hash=material.plan.sha256[:12],
    )  # fmt: skip
    yield "  " + fit("", 30) + "".join(fit(str(year), 12, "right") for year in years)
    for name in ("people", "seats", "sessions", "person_days"):
        cells = "".join(fit(texts.number(int(value)), 12, "right") for value in counts.by_year[name])
        yield "  " + fit(texts(f"summary.{name}"), 30) + cells


def _goals(material: Material) -> Iterator[str]:
    texts, result = material.texts, material.result
    if result is None:
        return
    yield f"■ {texts('summary.goals')}: {texts('solve.' + result.status.value)}"
    columns = (34, 14, 14, 12, 12)
    heads = ("goal", "value", "bound", "gap", "verdict")
    yield "  " + _row([texts(f"summary.{head}") for head in heads], columns)
    for goal in result.goals:
        values = (_goal_name(texts, goal), texts.number(goal.value), texts.number(goal.bound), texts.percent(goal.gap))
        yield "  " + _row([*values, goal_verdict(texts, goal)], columns)


def _goal_name(texts: Texts, goal: GoalResult) -> str:
    unit = texts.known("unit", goal.unit)
    return texts.known("goal", goal.goal) + (f" ({unit})" if unit else "")


def goal_verdict(texts: Texts, goal: GoalResult) -> str:
    """``proven`` only when the plan's value equals the bound; OPTIMAL of a solver alone does not say so."""
    if goal.value is None:
        return texts("verdict.none")
    if goal.bound is None:
        return texts("verdict.no-bound")
    return texts("verdict.proven") if goal.is_proven else texts("verdict.open")


def _row(values: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(values, widths, strict=True)
    return fit(*first) + "".join(" " + fit(value, width - 1, "right") for value, width in others)


def _quotas(material: Material, width: int) -> Iterator[str]:
    """Two columns of quotas, four years each; then the amounts that are not 'about'."""
    texts, years, table = material.texts, material.inputs.years, material.audit.table
    about = [r for r in material.inputs.policy.rules if isinstance(r, Quota) and r.modality == "about"]
    others = [r for r in material.inputs.policy.rules if isinstance(r, Quota) and r.modality != "about"]
    if about:
        rows = table[table["rule_id"].isin([rule.id for rule in about])]
        kept, judged = scopes_kept(rows)
        required = {rule.id: rule.amount for rule in about}
        exact = int((pd.to_numeric(rows["achieved"], errors="coerce") == rows["rule_id"].map(required)).sum())
        yield "■ " + texts(
            "summary.quotas", count=len(about), kept=kept, judged=judged, exact=exact,
            mark=KEPT if kept == judged else BREACHED,
        )  # fmt: skip
        yield from _grid(material, about, width)
    for rule in others:
        cells = " ".join(f"{year} {_achieved(material, rule.id, year)}" for year in years)
        sign = texts(f"modality.{rule.modality}", amount=texts.number(rule.amount))
        yield (
            "  " + _mark_of(table[table["rule_id"] == rule.id]) + " " + fit(texts.title(rule), 44) + f" {sign}: {cells}"
        )


def _grid(material: Material, rules: Sequence[Quota], width: int) -> Iterator[str]:
    years = material.inputs.years
    year_width = 6
    half = (width - 2) // 2
    title_width = half - 7 - year_width * len(years)
    if title_width < 14:  # Too many plan years for two columns.
        half, title_width = width - 2, width - 2 - 7 - year_width * len(years)
    columns = 2 if half * 2 <= width else 1
    head = fit("", title_width) + fit(material.texts("summary.target"), 6, "right")
    head += "".join(fit(str(year), year_width, "right") for year in years)
    yield "  " + "".join(fit(head, half) for _ in range(columns))
    cells = []
    for rule in rules:
        counts = "".join(fit(_achieved(material, rule.id, year), year_width, "right") for year in years)
        target = fit(material.texts.number(rule.amount), 6, "right")
        cells.append(fit(fit(material.texts.title(rule), title_width) + target + counts, half))
    deep = -(-len(cells) // columns)
    for line in range(deep):
        yield "  " + "".join(cells[line::deep])


def _achieved(material: Material, rule_id: str, year: int) -> str:
    table = material.audit.table
    rows = table[(table["rule_id"] == rule_id) & in_year(table, year)]
    if rows.empty:
        return "—"
    mark = BREACHED if (rows["status"] == "breached").any() else ""
    return mark + material.texts.number(pd.to_numeric(rows["achieved"], errors="coerce").sum())


def _mark_of(rows: pd.DataFrame) -> str:
    if rows.empty:
        return REPORTED
    return BREACHED if (rows["status"] == "breached").any() else KEPT if (rows["status"] == "kept").any() else REPORTED


def _floors(material: Material, width: int) -> Iterator[str]:
    """Share floors: groups at or above the share in every year, and the one with the least to spare."""
    texts, years, table = material.texts, material.inputs.years, material.audit.table
    floors = [rule for rule in material.inputs.policy.rules if isinstance(rule, ShareFloor)]
    if not floors:
        return
    yield "■ " + texts("summary.floors")
    for rule in floors:
        rows = table[table["rule_id"] == rule.id]
        cells = []
        for year in years:
            kept, judged = scopes_kept(rows[in_year(rows, year)])
            cells.append(f"{kept}/{judged}")
        yield "  " + _mark_of(rows) + " " + fit(texts.title(rule), 48) + "".join(fit(c, 12, "right") for c in cells)
        lowest = tightest(rows)
        if lowest is not None:
            yield "      " + fit(
                texts(
                    "summary.lowest", scope=material.scope_name(lowest["scope"]), year=lowest["year"],
                    achieved=texts.number(lowest["achieved"]), required=texts.number(lowest["required"]),
                ),
                width - 6,
            )  # fmt: skip


def _sessions(material: Material) -> Iterator[str]:
    texts, counts = material.texts, material.facts
    bad = counts.over_seats + counts.under_least + counts.double_booked
    yield "■ " + texts("summary.dates") + f" {BREACHED if bad else KEPT}"
    yield "  " + texts(
        "summary.sessions-line", held=texts.number(counts.held), offered=texts.number(counts.offered),
        fill=texts.percent(counts.fill), over=counts.over_seats, under=counts.under_least,
        double=counts.double_booked,
    )  # fmt: skip


def _people(material: Material, width: int) -> Iterator[str]:
    yield "■ " + material.texts("summary.waiting", never=material.texts.number(material.facts.never))
    yield from _overdue(material, width)
    yield from _owed(material, width)
    for rule in material.inputs.policy.rules:
        if isinstance(rule, Coverage) and rule.window_years > 1:
            yield "  " + _rule_line(material, rule.id, width)


def _overdue(material: Material, width: int) -> Iterator[str]:
    texts, overdue = material.texts, material.audit.overdue
    if overdue.empty:
        yield f"  {KEPT} " + texts("summary.overdue-none")
        return
    by_year = "  ".join(
        f"{year}: {texts.number(int(n))}" for year, n in overdue["year"].value_counts().sort_index().items()
    )
    yield f"  {BREACHED} " + texts("summary.overdue", people=overdue["cadre_id"].nunique(), by_year=by_year)
    reasons = overdue["reason"].value_counts()
    for reason, count in list(reasons.items())[:3]:
        yield "      " + fit(f"{texts.number(int(count))} × {reason}", width - 6)


def _owed(material: Material, width: int) -> Iterator[str]:
    texts, owed = material.texts, material.audit.owed
    short = owed[pd.to_numeric(owed["owed"], errors="coerce") > 0]
    for rule in material.inputs.policy.rules:
        if rule.kind != "cumulative":
            continue
        rows = short[short["rule_id"] == rule.id]
        people = material.audit.touched.get(rule.id, 0)
        yield "  " + fit(
            f"{BREACHED if len(rows) and rule.strength == 'hard' else REPORTED if len(rows) else KEPT} "
            + texts(
                "summary.owed", title=texts.title(rule), short=texts.number(rows["cadre_id"].nunique()),
                people=texts.number(people), owed=texts.number(float(rows["owed"].sum())),
                most=texts.number(float(rows["owed"].max()) if len(rows) else 0),
            ),
            width - 2,
        )  # fmt: skip


def _rule_line(material: Material, rule_id: str, width: int) -> str:
    texts, rules = material.texts, material.audit.rules
    row = rules[rules["rule_id"] == rule_id]
    if row.empty:
        return fit(f"{REPORTED} {material.rule_titles[rule_id]}", width - 2)
    verdict = row.iloc[0]
    figures = f"{texts.number(verdict['achieved'])} / {texts.number(verdict['required'])} {texts.known('unit', str(verdict['unit']))}"
    return fit(f"{_MARKS[verdict['status']]} {material.rule_titles[rule_id]}: {figures}", width - 2)


def _other_rules(material: Material, width: int) -> Iterator[str]:
    """All kinds in one line each; breached rules by name."""
    texts, rules = material.texts, material.audit.rules
    yield "■ " + texts(
        "summary.rules", rules=len(rules), kept=int((rules["status"] == "kept").sum()),
        breached=int((rules["status"] == "breached").sum()), reported=int((rules["status"] == "reported").sum()),
    )  # fmt: skip
    parts = []
    for kind, rows in rules.groupby("kind", sort=False):
        kept = int((rows["status"] == "kept").sum())
        breached = int((rows["status"] == "breached").sum())
        mark = BREACHED if breached else KEPT if kept else REPORTED
        parts.append(f"{mark} {texts.known('kind', str(kind))} {kept}/{len(rows)}")
    columns = 4
    for start in range(0, len(parts), columns):
        yield "  " + "".join(fit(part, (width - 2) // columns) for part in parts[start : start + columns])
    breached_rules = rules[rules["status"] == "breached"]
    for row in records(breached_rules.head(2 * _LISTED)):
        shortfall = texts.number(row.shortfall)
        yield "  " + fit(
            f"{BREACHED} {row.clause} {material.rule_titles.get(str(row.rule_id), row.rule_id)}: "
            + texts("summary.gives", shortfall=shortfall, unit=texts.known("unit", str(row.unit))),
            width - 2,
        )
    if len(breached_rules) > 2 * _LISTED:
        yield "    " + texts("summary.more", count=len(breached_rules) - 2 * _LISTED)


def _warnings(material: Material, width: int) -> Iterator[str]:
    texts = material.texts
    messages = [str(warning) for warning in material.audit.warnings]
    messages += list(material.result.messages) if material.result is not None else []
    messages += list(material.inputs.notes)
    if not messages:
        return
    yield "■ " + texts("summary.warnings", count=len(messages))
    for message in messages[:_LISTED]:
        yield "  ! " + fit(message, width - 4)
    if len(messages) > _LISTED:
        yield "    " + texts("summary.more", count=len(messages) - _LISTED)
