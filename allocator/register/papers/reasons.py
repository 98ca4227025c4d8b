"""Why a seat changed, and by which clause: from the events that a version answers, else from the version itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from allocator.register.events.standing import events_of
from allocator.register.records import Event, EventKind

K = EventKind
_OF_SESSION = (K.MOVE_SESSION, K.CANCEL_SESSION, K.NEW_SESSION, K.SEATS)


@dataclass(frozen=True)
class Reason:
    """Why, by which clause, and the event that says so, where one does."""

    why: str = ""
    clause: str = ""
    event: Event | None = None


class Reasons:
    """The events of a register that versions have answered, and why the versions were made.

    Parameters
    ----------
    events
        As ``Register.events`` gives them.
    whys
        The reason of every version.
    seats
        As ``Register.seats`` gives them: which version changed each seat last.
    """

    def __init__(self, events: pd.DataFrame, whys: Mapping[int, str], seats: pd.DataFrame) -> None:
        answered = events[events["applied_in"].notna()]
        versions = answered["applied_in"].astype("int64").tolist()
        self._events: Sequence[tuple[int, Event]] = list(zip(versions, events_of(answered), strict=True))
        self._whys = whys
        self._changed = dict(
            zip(zip(seats["session_id"], seats["cadre_id"], strict=True), seats["version"], strict=True)
        )

    def of_session(self, session_id: str, hosts: Collection[str], since: int) -> Reason:
        """Why a session was moved or called off after a version."""
        for version, event in reversed(self._events):
            is_host = event.kind is K.CLOSE_HOST and event.value in hosts
            if version > since and (is_host or (event.kind in _OF_SESSION and event.session_id == session_id)):
                return Reason(event.reason, event.clause, event)
        return self.of_version(since)

    def of_leaving(self, session_id: str, cadre_id: str, since: int) -> Reason:
        """Why somebody does not attend a session any more."""
        return self._of_person(cadre_id, session_id, since) or self._of_seat(session_id, cadre_id, since)

    def of_coming(self, session_id: str, cadre_id: str, since: int) -> Reason:
        """Why somebody attends a session instead of another one, or besides."""
        for version, event in reversed(self._events):
            if (
                version > since
                and event.kind is K.SUBSTITUTE
                and (event.value, event.session_id) == (cadre_id, session_id)
            ):
                return Reason(event.reason, event.clause, event)
        return self._of_person(cadre_id, session_id, since) or self._of_seat(session_id, cadre_id, since)

    def of_version(self, since: int) -> Reason:
        """Why the plan was changed after a version, as its author says."""
        said = [self._whys[version] for version in sorted(self._whys) if version > since and self._whys[version]]
        return Reason(said[-1] if said else "")

    def substitute_of(self, session_id: str, cadre_id: str, since: int) -> str:
        """Who came instead of somebody, by what was agreed; empty, when nothing was."""
        for version, event in reversed(self._events):
            if (
                version > since
                and event.kind is K.SUBSTITUTE
                and (event.cadre_id, event.session_id) == (cadre_id, session_id)
            ):
                return event.value
        return ""

    def _of_seat(self, session_id: str, cadre_id: str, since: int) -> Reason:
        """By the version that changed the seat last."""
        version = self._changed.get((session_id, cadre_id), 0)
        return Reason(self._whys[version]) if version > since else self.of_version(since)

    def _of_person(self, cadre_id: str, session_id: str, since: int) -> Reason | None:
        """By an event about this person and this session; one about the person at large comes second."""
        own = [event for version, event in self._events if version > since and event.cadre_id == cadre_id]
        own = [event for event in own if event.session_id in ("", session_id)]
        own.sort(key=lambda event: event.session_id != "")  # Stable: of equals the last one counts.
        return Reason(own[-1].reason, own[-1].clause, own[-1]) if own else None
