"""Where in a trajectory table something is, by what is attended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.model.trajectories import TrajectoryTable


@dataclass(frozen=True, eq=False)
class Lookup:
    """Finds the row of a trajectory table by what is attended: the slots of each year as bits of one number."""

    menu_bits: np.ndarray  # sorted
    menu_at: np.ndarray
    keys: np.ndarray  # sorted
    key_at: np.ndarray
    radix: np.ndarray

    @classmethod
    def of(cls, table: TrajectoryTable) -> Lookup:
        """The lookup of a table."""
        bits = table.menus @ (np.int64(1) << np.arange(len(table.slots)))
        radix = np.int64(len(table.menus)) ** np.arange(table.index.shape[1])
        keys = table.index.astype(np.int64) @ radix
        by_bits, by_key = np.argsort(bits), np.argsort(keys)
        return cls(bits[by_bits], by_bits, keys[by_key], by_key, radix)

    def rows(self, held: np.ndarray) -> np.ndarray:
        """Row of the table for each person's bits, shape (n, Y); -1 where no trajectory is so."""
        menu = _position(self.menu_bits, self.menu_at, held)
        row = _position(self.keys, self.key_at, menu @ self.radix)
        return np.where((menu >= 0).all(axis=1), row, -1)


def _position(ordered: np.ndarray, at: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    if not len(ordered):
        return np.full(wanted.shape, -1)
    place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.where(ordered[place] == wanted, at[place], -1)


def is_among(ordered: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Whether each wanted value is among sorted ones."""
    return np.asarray(_position(ordered, np.zeros(len(ordered), dtype=np.int64), wanted) >= 0)
