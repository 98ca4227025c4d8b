"""The figures of a run at hand in a notebook: one member each, drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from allocator.domain.errors import UnknownRuleError, UsageError
from allocator.domain.rules import Cumulative
from allocator.language.message import Message
from allocator.language.texts import Language, Texts, language
from allocator.outputs.output_data import Material, RunParts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """One drawn figure; a notebook shows it, ``ax`` is there for changes, ``save`` writes it as PNG."""

    ax: Axes

    @property
    def figure(self) -> Figure:
        """The figure the axes belong to."""
        from matplotlib.figure import Figure

        figure = self.ax.get_figure(root=True)
        assert isinstance(figure, Figure)
        return figure

    def save(self, path: Path | str) -> None:
        """Write the picture as a PNG file; the same picture gives the same bytes."""
        Path(path).write_bytes(self.png())

    def png(self) -> bytes:
        """The picture as a PNG file in hand."""
        from allocator.outputs.figures import png

        return png(self.ax)

    def __repr__(self) -> str:
        """The title, for places that show no pictures."""
        title = self.ax.get_title(loc="left").replace(r"\$", "$")
        return f"<{title}>"

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return self.png()


@dataclass(frozen=True)
class Gallery:
    """The figures of a run: ``run.figures.quota()``; each takes ``ax=None``, axes of your own to draw on.

    Shown alone it lists its members. Calling it changes language and font: ``run.figures("en").waiting()``.
    """

    material: Material
    font: str | None = None

    def __call__(self, lang: Language | None = None, font: str | None = None) -> Gallery:
        """The same figures in another language (``zh``, ``en``) or font.

        Without a Chinese font figures are labelled in English. A font that is not installed is an ``OutputError``
        when the first figure is drawn.
        """
        material = self.material if lang is None else replace(self.material, texts=Texts(language(lang)))
        return Gallery(material, font or self.font)

    def quota(self, ax: Axes | None = None) -> Picture:
        """People sent in each year against the target of every quota, in per cent."""
        from allocator.outputs.figures import quota_attainment

        return self._drawn(quota_attainment, ax)

    def teams(self, ax: Axes | None = None) -> Picture:
        """Teams by the people they send beyond what share floors require, year by year."""
        from allocator.outputs.figures import team_coverage

        return self._drawn(team_coverage, ax)

    def hours(self, rule_id: str | None = None, ax: Axes | None = None) -> Picture:
        """People by the hours they have at the end of the plan; of the first cumulative rule when none is named.

        Raises
        ------
        UnknownRuleError
            If there is no cumulative rule of that id.
        """
        from allocator.outputs.figures import hours

        known = [rule.id for rule in self.material.inputs.policy.rules if isinstance(rule, Cumulative)]
        if rule_id is not None and rule_id not in known:
            raise UnknownRuleError(rule_id, known)
        return self._drawn(hours, ax, rule_id=rule_id)

    def waiting(self, ax: Axes | None = None) -> Picture:
        """People by the years since their last class, before and after the plan."""
        from allocator.outputs.figures import waiting_years

        return self._drawn(waiting_years, ax)

    def hosts(self, ax: Axes | None = None) -> Picture:
        """People in class at each group of hosts, week by week."""
        from allocator.outputs.figures import host_load

        return self._drawn(host_load, ax)

    def prefectures(self, ax: Axes | None = None) -> Picture:
        """Seats a hundred people by prefecture, or by unit where there are no prefectures."""
        from allocator.outputs.figures import seats_by_prefecture

        return self._drawn(seats_by_prefecture, ax)

    def sessions(self, year: int | None = None, ax: Axes | None = None) -> Picture:
        """When the sessions of a year run; of the first plan year when none is named.

        Raises
        ------
        UsageError
            If that is no plan year.
        """
        from allocator.outputs.figures import session_gantt

        years = self.material.inputs.years
        if year is not None and year not in years:
            raise UsageError(Message("error.no-plan-year", year=year, years=years))
        return self._drawn(session_gantt, ax, year=year)

    def _drawn(self, drawing: Callable[..., Axes], ax: Axes | None, **choice: object) -> Picture:
        from allocator.outputs.figures import Pen

        return Picture(drawing(self.material, ax=ax, pen=Pen.of(self.material, self.font), **choice))

    def _members(self) -> Iterator[tuple[str, str]]:
        """Each member as it is called, and what it shows in the reader's language."""
        texts, years = self.material.texts, self.material.inputs.years
        span = f"{years[0]}–{years[-1]}" if len(years) > 1 else str(years[0])
        yield "quota()", texts("figure.quota")
        yield "teams()", texts("figure.teams")
        yield "hours(rule_id)", texts("figure.hours")
        yield "waiting()", texts("figure.waiting")
        yield "hosts()", texts("figure.load")
        yield "prefectures()", texts("figure.seats", kind=texts("figure.units"))
        yield "sessions(year)", texts("figure.gantt", year=span)

    def __repr__(self) -> str:
        """The members, a line each."""
        return "\n".join(f"run.figures.{call}  {title}" for call, title in self._members())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows = (f"<tr><td><code>run.figures.{call}</code></td><td>{escape(t)}</td></tr>" for call, t in self._members())
        return f"<table>{''.join(rows)}</table>"


def gallery(run: RunParts, texts: Texts) -> Gallery:
    """The figures of a run in the language of a catalogue."""
    return Gallery(Material(run.inputs, run.plan, run.audit, run.result, texts))
