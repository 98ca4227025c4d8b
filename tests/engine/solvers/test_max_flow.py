"""Maximum flow: its value, and the cut that stops more."""

from __future__ import annotations

from allocator.engine.solvers.max_flow import SINK, SOURCE, Network


def test_flow_is_stopped_by_the_narrowest_cut() -> None:
    network = Network()
    first, second = network.nodes(2).tolist()
    network.join(SOURCE, [first, second], [3, 3])
    network.join([first, second], SINK, [1, 5])
    flow = network.flow()
    assert flow.value == 4  # One by the first node, three by the second.
    assert flow.starved[[SOURCE, first, second, SINK]].tolist() == [True, True, False, False]


def test_network_without_arcs_carries_nothing() -> None:
    assert Network().flow().value == 0
