"""The cover: the year's totals, what proves the plan, and what each sheet is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allocator.outputs.dispatch.clauses import ClauseRow
from allocator.outputs.excel.workbook import Sheet, is_whole
from allocator.outputs.output_data import Material

_WIDTHS = (34, 16, 18, 18, 14, 14)

Line = Sequence[tuple[str | int | float | None, str]]


def cover(
    sheet: Sheet, material: Material, year: int, rows: Sequence[ClauseRow], contents: Sequence[tuple[str, str]]
) -> None:
    """Totals, proof and contents below each other; ``contents`` are the other sheets, each with what it is for."""
    texts = material.texts
    sheet.line(title_of(material, year), "title")
    sheet.line(texts("cover.policy", policy=texts.title(material.inputs.policy), first=material.inputs.years[0],
                     last=material.inputs.years[-1]))  # fmt: skip
    for heading, lines in (
        (texts("cover.totals", year=year), _totals(material, year)),
        (texts("cover.proof"), _proof(material, year, rows)),
        (texts("cover.goals"), _goals(material)),
        (texts("cover.contents"), ([(name, "text"), (use, "wide")] for name, use in contents)),
    ):
        sheet.row += 1
        sheet.line(heading, "section")
        for line in lines:
            sheet.cells(line)
    sheet.raw.fit_to_pages(1, 1)
    for column, width in enumerate(_WIDTHS):
        sheet.widen(column, width, max(_WIDTHS))
    sheet.settle()


def title_of(material: Material, year: int) -> str:
    """The title of the workbook, which also stands above every page."""
    texts, inputs = material.texts, material.inputs
    return texts("dispatch.title", title=texts.title(inputs.scenario) or texts.title(inputs.policy), year=year)


def _totals(material: Material, year: int) -> Iterator[Line]:
    texts = material.texts
    row = material.facts.by_year.to_dict("index")[year]
    sessions = material.sessions[material.sessions["year"] == year]
    held = sessions[sessions["filled"] > 0]
    placements = material.plan.placements
    placements = placements[placements["year"] == year]
    hosts = material.inputs.segments.loc[material.inputs.segments["session_id"].isin(held["session_id"]), "host_id"]
    overdue = material.audit.overdue
    for code, value, style in (
        ("cover.people", row["people"], "count"),
        ("cover.seats", row["seats"], "count"),
        ("cover.units", int(placements["unit_id"].nunique()), "count"),
        ("cover.held", row["sessions"], "count"),
        ("cover.offered", len(sessions), "count"),
        ("cover.hosts", int(hosts.nunique()), "count"),
        ("cover.fill", held["filled"].sum() / held["usable_seats"].sum() if len(held) else None, "share"),
        ("cover.person-days", row["person_days"], "count"),
        ("cover.overdue", int(overdue.loc[overdue["year"] == year, "cadre_id"].nunique()), "count"),
    ):
        yield [(texts(code), "text"), (value, style)]


def _proof(material: Material, year: int, rows: Sequence[ClauseRow]) -> Iterator[Line]:
    """What the auditor found this year and over the plan, and what anybody needs to draw the ties again."""
    texts, audit = material.texts, material.audit
    statuses = [row.status for row in rows]
    breached = sum(verdict.is_breached for verdict in audit.verdicts)
    verdict = texts("cover.clean") if audit.is_clean else texts("cover.breached", count=breached)
    yield [(texts("cover.audit"), "text"), (verdict, "kept" if audit.is_clean else "breached")]
    counts = {status: texts.number(statuses.count(status)) for status in ("kept", "breached", "reported")}
    yield [(texts("cover.clauses", year=year), "text"), (texts("cover.counts", **counts), "wide")]
    if material.result is not None:
        status = texts(f"solve.{material.result.status.value}")
        yield [(texts("cover.solve"), "text"), (status, "wide")]
    yield [(texts("cover.seed"), "text"), (material.inputs.scenario.seed, "wide")]
    yield [(texts("cover.hash"), "text"), (material.plan_hash, "wide")]


def _goals(material: Material) -> Iterator[Line]:
    texts = material.texts
    if material.result is None:
        yield [(texts("cover.no-goals"), "note")]
        return
    codes = ("cover.goal", "column.measure", "cover.value", "cover.bound", "cover.gap", "cover.verdict")
    yield [(texts(code), "head") for code in codes]
    for goal in material.result.goals:
        known = "none" if goal.value is None else "no-bound" if goal.bound is None else None
        yield [
            (texts.known("goal", goal.goal), "text"),
            (material.unit(goal.unit), "text"),
            *((value, "count" if is_whole(value) else "number") for value in (goal.value, goal.bound)),
            (texts.percent(goal.gap), "middle"),
            (texts(f"verdict.{known or ('proven' if goal.is_proven else 'open')}"), "middle"),
        ]
