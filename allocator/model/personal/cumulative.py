"""Cumulative: days or hours within a window of calendar years."""

from __future__ import annotations

import numpy as np

from allocator.domain.rules import Cumulative
from allocator.model.instance import Instance
from allocator.model.personal.register import MEASURED, States
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(Cumulative)
class CumulativeSide:
    r"""Count the hours a cadre still owes at the end of the window.

    .. math:: cost_k = \min\big(\lceil (D - d_0 - d_k)^+ \cdot h \rceil,\; \lceil (H - h_0 - h_k)^+ \rceil\big)

    ``D`` and ``H`` are the limbs, :math:`d_0, h_0` the record (with credited online hours), :math:`d_k, h_k` what the trajectory
    adds; :math:`h = H / D` converts missing days, or the hours per day when there is no limb of hours. A limb that is
    not given does not exist. With ``per_year`` the cost is summed over the plan years from ``from_year`` to ``to_year``, each by
    itself and with the record of that year. Unit: hours.
    """

    def states(self, instance: Instance, rule: Cumulative) -> States:
        """Days and hours on record inside each window, in thousandths: columns of days, then of hours."""
        touched = instance.audience(rule.audience) & instance.is_named
        history = instance.history
        counting = history.counting(rule.programmes)
        windows = _windows(instance, rule)
        if not windows:
            return States.single(np.zeros_like(touched))
        record = np.zeros((2, len(windows), len(touched)))
        for w, (first, last) in enumerate(windows):
            use = counting & (history.year >= first) & (history.year <= last)
            for limb, amount in enumerate((history.days, history.hours)):
                np.add.at(record[limb, w], history.person[use], amount[use])
        # Beyond the amounts asked for, more makes no difference: people who have done enough are alike.
        enough = ((rule.days is not None) & (record[0] >= (rule.days or 0))) | (
            (rule.hours is not None) & (record[1] >= (rule.hours or 0))
        )
        for limb, asked in enumerate((rule.days, rule.hours)):
            record[limb][enough] = asked or 0
        return States.distinct(touched, np.round(record.reshape(2 * len(windows), -1).T * 1000).astype(np.int64))

    def measure(self, instance: Instance, rule: Cumulative, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:
        """Hours owed, shape (T,)."""
        counting = instance.counting(rule.programmes)
        days = table.totals(np.where(counting, instance.days, 0.0))
        hours = table.totals(np.where(counting, instance.hours, 0.0))
        owed = np.zeros(len(table), dtype=np.int64)
        windows = _windows(instance, rule)
        for (first, last), record in zip(windows, state.reshape(2, -1).T / 1000, strict=True):
            inside = np.array([first <= year <= last for year in instance.years])
            credit = rule.credit_hours * int(inside.sum())
            own_days, own_hours = days[:, inside].sum(axis=1), hours[:, inside].sum(axis=1)
            owed += _owed(instance, rule, own_days + record[0], own_hours + record[1] + credit)
        return owed


def _windows(instance: Instance, rule: Cumulative) -> list[tuple[int, int]]:
    """First and last calendar year of each window: one, or with ``per_year`` each plan year in which the rule holds."""
    years = instance.years
    first = rule.from_year if rule.from_year is not None else years[0]
    last = rule.to_year if rule.to_year is not None else years[-1]
    if not rule.per_year:
        return [(first, last)]
    held = instance.holds(rule).tolist()
    return [(year, year) for year, holds in zip(years, held, strict=True) if holds and first <= year <= last]


def _owed(instance: Instance, rule: Cumulative, days: np.ndarray, hours: np.ndarray) -> np.ndarray:
    limbs = []
    if rule.days is not None:
        per_day = rule.hours / rule.days if rule.hours is not None else instance.inputs.policy.parameters.hours_per_day
        limbs.append((rule.days - days) * per_day)
    if rule.hours is not None:
        limbs.append(rule.hours - hours)
    least = np.minimum.reduce(limbs)
    # Rounding at a millionth keeps 1e-12 of floating point from turning into a whole hour.
    return np.asarray(np.ceil(np.round(np.maximum(least, 0.0), 6)), dtype=np.int64)
