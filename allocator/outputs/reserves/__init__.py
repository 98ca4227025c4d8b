"""Reserves: who could step in when somebody cannot come, in a published order that needs no solver.

A person may stand in for a seat of a session when

1. the programme admits him or her, and he or she is in the audience of every rule the seat serves, so that every quota
   counts as many people as before, and no team at its floor loses its seat to another team;
2. the rules on one person's calendar allow it beside all other classes, planned and on record (overlap, rest, repeats,
   classes a year, long classes, forbidden and unavailable);
3. the limits on who is away together hold.

Those who may are ranked: the longest wait since the last class first (never on record before all), ties by the draw of
``allocator.domain.tie_break`` from seed, cadre and session. A session gets one reserve for every ten seats and two at least; where
these cannot stand in for some seat, the first in the order who can is added. Seats of unnamed groups and fixed seats
have no reserves: a group sends somebody else, and a named call-up is that person's.
"""

from allocator.outputs.reserves.choice import Candidate, Queue, Reserve, Reserves

__all__ = ["Candidate", "Queue", "Reserve", "Reserves"]
