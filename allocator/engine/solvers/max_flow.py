"""Maximum flow: how many people some classes can seat at most, and which capacities stop more (Ford and Fulkerson 1956)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.domain.errors import ModelError
from allocator.language.message import Message

SOURCE, SINK = 0, 1


@dataclass(frozen=True, eq=False)
class Flow:
    """A greatest flow.

    Parameters
    ----------
    value
        Units that arrive.
    starved
        Nodes that the source could still supply, boolean (nodes,): what cannot be met lies among them, and every arc that
        leaves them is full.
    """

    value: int
    starved: np.ndarray


class Network:
    """Arcs with whole capacities; ``SOURCE`` and ``SINK`` are the first two nodes."""

    def __init__(self) -> None:
        self.size = 2
        self._arcs: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def nodes(self, count: int) -> np.ndarray:
        """Numbers of ``count`` new nodes."""
        first, self.size = self.size, self.size + count
        return np.arange(first, self.size)

    def join(
        self, tails: np.ndarray | int, heads: np.ndarray | int, capacities: np.ndarray | Sequence[int] | int
    ) -> None:
        """Add arcs; a single value stands for all of them."""
        tail, head, capacity = np.broadcast_arrays(tails, heads, capacities)
        self._arcs.append((tail.reshape(-1), head.reshape(-1), capacity.reshape(-1)))

    def flow(self) -> Flow:
        """A greatest flow from source to sink.

        Raises
        ------
        ModelError
            If the solver refuses the network.
        """
        from ortools.graph.python import max_flow  # Here, since most checks of a scenario count without a network.

        starved = np.zeros(self.size, dtype=bool)
        if not self._arcs:
            return Flow(0, starved)
        tails, heads, capacities = (np.concatenate(part).astype(np.int64) for part in zip(*self._arcs, strict=True))
        solver = max_flow.SimpleMaxFlow()
        solver.add_arcs_with_capacity(tails.astype(np.int32), heads.astype(np.int32), capacities)
        status = solver.solve(SOURCE, SINK)
        if status != solver.OPTIMAL:
            raise ModelError(Message("error.flow", status=str(status)))
        starved[np.asarray(solver.get_source_side_min_cut(), dtype=np.int64)] = True
        return Flow(int(solver.optimal_flow()), starved)
