"""The plan on one screen: goals and their bounds, quotas by year, floors, sessions, people who wait, warnings."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence

import pandas as pd

from allocator.audit import AuditReport, Verdict
from allocator.audit.goal_units import SINGLE, goal_parts
from allocator.domain.plan import Plan
from allocator.domain.result import GoalResult, SolveResult
from allocator.domain.rules import Quota, RuleKind, record_of
from allocator.domain.tables import Inputs
from allocator.language.message import Message
from allocator.language.texts import Texts, cell_len, fit
from allocator.outputs.output_data import Material
from allocator.outputs.verdicts import status_of, summed, tightest

WIDTH = 100  # terminal cells where there is no terminal
NARROWEST, WIDEST = 72, 120  # the least and the most that is used of a terminal
MARKS = {"kept": "✓", "breached": "✗", "reported": "·"}
_SIGNS = {"about": "", "at-least": "≥", "at-most": "≤", "exactly": "="}
_LISTED = 5  # lines shown of a longer list
_FOLDED = 4  # lines at most of one message
_ROOM, _ENGLISH_ROOM = 20, 40  # cells below which a title, and an English one, says nothing when it is cut
_PIECE = re.compile(r"\s*[（“《]*(?:[!-~–…]+|\S)[，。；：、）》”！？]*")
"""What stays together in a line: a word, or a Chinese character with the marks beside it."""


def text(
    inputs: Inputs,
    plan: Plan,
    audit: AuditReport,
    result: SolveResult | None,
    *,
    lang: str = "zh",
    width: int | None = None,
) -> str:
    """The summary as plain text, at most ``width`` terminal cells wide; as wide as the terminal when absent.

    ``result`` is None for a plan that was not solved here, such as one made by hand.
    """
    width = width or min(max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST), WIDEST)
    material = Material(inputs, plan, audit, result, Texts("en" if lang == "en" else "zh"))
    blocks = (_headline, _goals, _quotas, _floors, _people, _rules, _breaches, _warnings)
    lines = [line for block in blocks for line in block(material, width)]
    return "\n".join(part for line in lines for part in folded(line.rstrip(), width)) + "\n"


def folded(line: str, width: int) -> list[str]:
    """A line in as many as it takes, at most four, each further one set in below the first.

    Examples
    --------
    >>> folded("  ! one of many", 9), folded("■ 名额，逐年", 9)
    (['  ! one', '    of', '    many'], ['■ 名额，', '  逐年'])
    """
    if cell_len(line) <= width:
        return [line]
    lead = re.match(r"\s*(?:[■!✗✓·]\s)?", line)
    start = lead.end() if lead else 0
    parts, further = [line[:start]], " " * (start or 4)
    for piece in _PIECE.findall(line[start:]):
        if cell_len(parts[-1] + piece) > width and parts[-1].strip() and parts[-1] != line[:start]:
            parts.append(further + piece.lstrip())
        else:
            parts[-1] += piece
    if len(parts) > _FOLDED:
        parts[_FOLDED - 1 :] = [" ".join(parts[_FOLDED - 1 : _FOLDED + 1])]  # Longer than a line, so it is cut.
    return [fit(part, width).rstrip() for part in parts]


def goal_verdict(texts: Texts, goal: GoalResult) -> str:
    """``proven`` only when the plan's value equals the bound; OPTIMAL of a solver alone does not say so."""
    if goal.value is None:
        return texts("verdict.none")
    if goal.bound is None:
        return texts("verdict.no-bound")
    return texts("verdict.proven") if goal.is_proven else texts("verdict.open")


def _headline(material: Material, width: int) -> Iterator[str]:
    texts, inputs, counts = material.texts, material.inputs, material.facts
    title = texts.title(inputs.scenario) or texts.title(inputs.policy)
    yield f"■ {title} · {inputs.years[0]}–{inputs.years[-1]} · {inputs.scenario.id}"
    yield "  " + texts(
        "summary.size",
        named=texts.number(counts.named), unnamed=texts.number(counts.unnamed), units=texts.number(len(inputs.units)),
        never=texts.number(counts.never),
    )  # fmt: skip
    yield "  " + texts("dispatch.seed", seed=inputs.scenario.seed, hash=material.plan.sha256[:16])
    years = [
        texts("summary.year", year=year, **{str(name): texts.number(value) for name, value in row.items()})
        for year, row in counts.by_year.iterrows()
    ]
    yield from _columns(years, width, 2 if width >= WIDTH else 1)


def _goals(material: Material, width: int) -> Iterator[str]:
    texts, result = material.texts, material.result
    if result is None:
        return
    yield "■ " + texts("summary.goals", status=texts("solve." + result.status.value))
    rows = [("", *(texts(f"summary.{code}") for code in ("value", "bound", "gap", "verdict")))]
    for rank, goal in enumerate(result.goals, start=1):
        unit = "" if goal.unit in SINGLE else material.unit(goal.unit)  # Two units stand on the line below.
        name = f"{rank} {texts.within(texts.known('goal', goal.goal), unit)}"
        gap = texts.percent(goal.gap) if goal.gap or goal.is_proven else "—"
        rows.append((name, texts.number(goal.value), texts.number(goal.bound), gap, goal_verdict(texts, goal)))
    least = (16, 16, 12, 14) if width >= WIDTH else (0, 0, 0, 0)
    others = [max(room, *(cell_len(row[n]) + 2 for row in rows)) for n, room in enumerate(least, start=1)]
    for rank, row in enumerate(rows):
        yield "  " + _row(row, (width - (4 if width >= WIDTH else 2) - sum(others), *others))
        yield from _parts(material, result.goals[rank - 1]) if rank else ()


def _parts(material: Material, goal: GoalResult) -> Iterator[str]:
    """What a value that counts two things is made of."""
    if goal.unit in SINGLE:
        texts = material.texts
        parts = [
            texts.said(Message("word.counted", figure=texts.number(amount), unit=material.unit(unit)))
            for unit, amount in goal_parts(material.audit, goal.goal, SINGLE[goal.unit]).items()
        ]
        yield "      " + texts("summary.parts", parts=texts.listed(parts))


def _row(values: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(values, widths, strict=True)
    return fit(*first) + "".join(" " + fit(value, width - 1, "right") for value, width in others)


def _columns(cells: Sequence[str], width: int, columns: int) -> Iterator[str]:
    """Cells in columns read downwards, the first column first."""
    each = (width - 2) // columns
    deep = -(-len(cells) // columns)
    for line in range(deep):
        yield "  " + "".join(fit(cell, each - 1) + " " for cell in cells[line::deep])


def _quotas(material: Material, width: int) -> Iterator[str]:
    """Every quota with its years, in two columns; a year outside what is allowed carries a cross."""
    texts = material.texts
    rules = [rule for rule in material.inputs.policy.rules if isinstance(rule, Quota)]
    if not rules:
        return
    rows = summed(material.audit.table)
    about = {rule.id: rule.amount for rule in rules if rule.modality == "about"}
    judged = rows[rows["rule_id"].isin(about)]
    yield "■ " + texts(
        "summary.quotas", count=len(about), judged=len(judged), kept=int((judged["shortfall"] == 0).sum()),
        exact=int((judged["achieved"] == judged["rule_id"].map(about)).sum()),
        mark=MARKS["kept" if (judged["shortfall"] == 0).all() else "breached"],
    )  # fmt: skip
    years = material.inputs.years
    taken = 6 + 5 * len(years)  # cells for the target and the years
    columns = 2 if 20 + taken < (width - 2) // 2 else 1
    room = (width - 2) // columns - 1 - taken
    by_rule = {str(key): part for key, part in rows[rows["kind"] == "quota"].groupby("rule_id")}
    head = fit("", room) + fit(texts("summary.target"), 6, "right") + "".join(fit(str(y), 5, "right") for y in years)
    yield from _columns([head] * columns, width, columns)
    lines = [_quota_line(material, rule, by_rule.get(rule.id, rows.iloc[:0]), room) for rule in rules]
    yield from _columns(lines, width, columns)


def _quota_line(material: Material, rule: Quota, rows: pd.DataFrame, room: int) -> str:
    texts = material.texts
    achieved = dict(zip(rows["year"], zip(rows["achieved"], rows["shortfall"], strict=True), strict=True))
    line = _title(material, rule, room) + fit(_SIGNS[rule.modality] + _short(texts, rule.amount), 6, "right")
    for year in material.inputs.years:
        count, short = achieved.get(year, (None, 0.0))
        line += fit(("✗" if short else "") + _short(texts, count), 5, "right")
    return line


def _title(material: Material, rule: RuleKind | Verdict, room: int) -> str:
    """The title; an English one, which says little when cut short, gives way to the rule's id."""
    title = material.texts.title(rule)
    own_id = rule.rule_id if isinstance(rule, Verdict) else rule.id
    is_told = material.texts.lang == "zh" or len(title) <= room or room >= _ENGLISH_ROOM
    return fit(title if is_told else own_id, room)


def _floors(material: Material, width: int) -> Iterator[str]:
    """Groups of each share floor that keep it, by year; under it the group with the least to spare."""
    texts, years = material.texts, material.inputs.years
    rules = [rule for rule in material.inputs.policy.rules if rule.summary_block == "floors"]
    if not rules:
        return
    lines = []
    for rule in rules:
        rows = summed(material.audit.table, rule.id)
        kept = dict(zip(rows["year"], zip(rows["achieved"], rows["required"], strict=True), strict=True))
        cells = [f"{texts.number(kept[y][0])}/{texts.number(kept[y][1])}" if y in kept else "—" for y in years]
        lines.append((rule, MARKS[status_of(rows)], cells))
    each = max(12 if width >= WIDTH else 6, *(len(cell) + 1 for _, _, cells in lines for cell in cells))
    room = width - 6 - each * len(years)
    yield "■ " + fit(texts("summary.floors"), room + 2) + "".join(fit(str(year), each, "right") for year in years)
    for rule, mark, cells in lines:
        yield f"  {mark} {_title(material, rule, room)}" + "".join(fit(cell, each, "right") for cell in cells)
    lowest = tightest(material.floors)
    if lowest is not None:
        figures = {name: texts.number(lowest[name]) for name in ("achieved", "size", "required")}
        yield "    " + texts(
            "summary.lowest", scope=material.scope_name(lowest["group"]), year=int(lowest["year"]), **figures
        )


def _people(material: Material, width: int) -> Iterator[str]:
    """Who is overdue and why, and who still owes hours."""
    texts, audit = material.texts, material.audit
    waiting = [verdict for verdict in audit.verdicts if record_of(verdict.kind).summary_block == "people"]
    if not waiting:
        return
    yield "■ " + texts("summary.people")
    for verdict in waiting:
        if record_of(verdict.kind).owed_in == "attendances":
            figures, behind = _overdue(material, verdict)
        else:
            rows = audit.owed[audit.owed["rule_id"] == verdict.rule_id]
            behind, figures = "", texts(
                "summary.owed", people=texts.number(verdict.finding.people), owed=texts.number(verdict.shortfall),
                short=texts.number(rows["cadre_id"].nunique()), most=texts.number(rows["owed"].max() if len(rows) else 0),
            )  # fmt: skip
        room = width - 6 - cell_len(figures)
        if room >= _ROOM:
            yield f"  {MARKS[verdict.status]} {_title(material, verdict, room)}  {figures}"
        else:
            yield f"  {MARKS[verdict.status]} {material.texts.title(verdict)}"
            yield "    " + figures
        if behind:
            yield "    " + behind


def _overdue(material: Material, verdict: Verdict) -> tuple[str, str]:
    """People overdue by year, and the reasons counted."""
    texts = material.texts
    rows = material.audit.overdue
    rows = rows[rows["rule_id"] == verdict.rule_id]
    by_year, reasons = rows["year"].value_counts(), rows["reason"].value_counts().sort_index()
    colon = texts("colon")
    counts = "  ".join(f"{year}{colon}{texts.number(by_year.get(year, 0))}" for year in material.inputs.years)
    why = "  ".join(f"{texts.known('why', str(reason))}{colon}{texts.number(n)}" for reason, n in reasons.items())
    return texts("summary.overdue", people=texts.number(verdict.finding.people), counts=counts), why


def _rules(material: Material, width: int) -> Iterator[str]:
    """Dates, sessions, spacing, coverage, curriculum and the rest: kept of judged, three to a line of the usual width."""
    texts, audit, counts = material.texts, material.audit, material.facts
    statuses = audit.rules["status"].value_counts()
    yield "■ " + texts(
        "summary.rules", rules=len(audit.rules), **{name: texts.number(statuses.get(name, 0)) for name in MARKS}
    )
    yield "  " + texts(
        "summary.sessions", held=texts.number(counts.held), offered=texts.number(counts.offered),
        fill=texts.percent(counts.fill), least=texts.percent(counts.least_filled),
    )  # fmt: skip
    columns = 3 if width >= WIDTH else 2
    room = (width - 2) // columns - 1
    cells = []
    for verdict in audit.verdicts:
        if record_of(verdict.kind).summary_block != "rules":
            continue
        finding = verdict.finding
        figure = (
            "" if finding.achieved is None else f"{_short(texts, finding.achieved)}/{_short(texts, finding.required)}"
        )
        cells.append(f"{MARKS[verdict.status]} {_title(material, verdict, room - cell_len(figure) - 3)} {figure}")
    yield from _columns(cells, width, columns)


def _short(texts: Texts, value: float | None) -> str:
    """A figure in few characters: 12,345 as 12k, in Chinese as 1.2万."""
    if value is None:
        return "—"
    if abs(value) >= 10_000:
        thousands = int(value / 1000)
        return texts("summary.large", count=thousands / 10 if texts.lang == "zh" else thousands)
    return f"{value:.0f}" if value == int(value) else f"{value:.2g}"


def _breaches(material: Material, width: int) -> Iterator[str]:
    texts = material.texts
    breached = [verdict for verdict in material.audit.verdicts if verdict.is_breached]
    if breached:
        yield "■ " + texts("summary.breaches", count=len(breached))
    for verdict in breached[:_LISTED]:
        unit = material.unit(verdict.finding.unit)
        short = texts(
            "summary.gives",
            short=texts.said(Message("word.counted", figure=texts.number(verdict.shortfall), unit=unit)),
        )
        clause = f"{fit(verdict.clause, 14)} {_title(material, verdict, width - 20 - cell_len(short))}"
        yield f"  ✗ {clause} {short}"
    if len(breached) > _LISTED:
        yield "    " + texts("summary.more", count=len(breached) - _LISTED)


def _warnings(material: Material, _: int) -> Iterator[str]:
    texts = material.texts
    # A solve may repeat the auditor's warnings among its messages.
    said = () if material.result is None else material.result.messages
    messages = [message for message in said if message not in material.audit.warnings]
    messages = [texts.said(message) for message in (*material.audit.warnings, *messages, *material.inputs.notes)]
    if messages:
        yield "■ " + texts("summary.warnings", count=len(messages))
    yield from (f"  ! {message}" for message in messages[:_LISTED])
    if len(messages) > _LISTED:
        yield "    " + texts("summary.more", count=len(messages) - _LISTED)
