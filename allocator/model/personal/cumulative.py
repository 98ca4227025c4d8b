"""Cumulative: days or hours within a window of calendar years."""

from __future__ import annotations

import numpy as np

from allocator.instance import Instance
from allocator.kinds import Cumulative
from allocator.model.personal.base import MEASURED, States
from allocator.model.trajectories import TrajectoryTable


@MEASURED.add(Cumulative)
class CumulativeSide:
    r"""Count the hours a cadre still owes at the end of the window.

    .. math:: cost_k = \min\big(\lceil (D - d_0 - d_k)^+ \cdot h \rceil,\; \lceil (H - h_0 - h_k)^+ \rceil\big)

    ``D`` and ``H`` are the limbs, :math:`d_0, h_0` the record (with credited online hours), :math:`d_k, h_k` what the trajectory
    adds; :math:`h = H / D` converts missing days, or the hours per day when there is no limb of hours. A limb that is
    not given does not exist. With ``per_year`` the cost is summed over plan years, each by itself. Unit: hours.
    """

    def states(self, instance: Instance, rule: Cumulative) -> States:
        """Days and hours on record inside the window, in thousandths."""
        touched = instance.audience(rule.audience) & instance.is_named
        if rule.per_year:
            return States.single(touched)
        history = instance.history
        first, last = _window(instance, rule)
        use = history.counting(rule.programmes) & (history.year >= first) & (history.year <= last)
        record = np.zeros((len(touched), 2))
        np.add.at(record, history.person[use], np.column_stack([history.days[use], history.hours[use]]))
        # Beyond the amounts asked for, more makes no difference: people who have done enough are alike.
        enough = ((rule.days is not None) & (record[:, 0] >= (rule.days or 0))) | (
            (rule.hours is not None) & (record[:, 1] >= (rule.hours or 0))
        )
        record[enough] = [rule.days or 0, rule.hours or 0]
        return States.distinct(touched, np.round(record * 1000).astype(np.int64))

    def measure(self, instance: Instance, rule: Cumulative, state: np.ndarray, table: TrajectoryTable) -> np.ndarray:
        """Hours owed, shape (T,)."""
        counting = instance.counting(rule.programmes)
        days = table.totals(np.where(counting, instance.days, 0.0))
        hours = table.totals(np.where(counting, instance.hours, 0.0))
        if rule.per_year:
            holds = instance.holds(rule)
            owed = _owed(instance, rule, days[:, holds], hours[:, holds] + rule.credit_hours)
            return np.asarray(owed.sum(axis=1))
        first, last = _window(instance, rule)
        inside = np.array([first <= year <= last for year in instance.years])
        record = state / 1000
        credit = rule.credit_hours * int(inside.sum())
        return _owed(instance, rule, days[:, inside].sum(1) + record[0], hours[:, inside].sum(1) + record[1] + credit)


def _window(instance: Instance, rule: Cumulative) -> tuple[int, int]:
    first = rule.from_year if rule.from_year is not None else instance.years[0]
    last = rule.to_year if rule.to_year is not None else instance.years[-1]
    return first, last


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
