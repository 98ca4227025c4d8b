"""Eligibility: who may attend a programme."""

from __future__ import annotations

from allocator.domain.rules import Eligibility
from allocator.model.personal.register import STRICT


@STRICT.add(Eligibility)
class EligibilitySide:
    r"""Give a cadre a slot for every programme that admits him or her, and no other.

    .. math:: a_{ipy} = 0 \quad \forall p \notin E_i

    :math:`E_i` joins the audiences of all eligibility rules and admitting quotas that name ``p``, inside the unit that the
    programme serves; ``instance.build`` computes it once for all people.
    """
