"""What events fix: who must not sit where, who cannot be away when, who must come; one rule for each version of the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from allocator.language.message import Message
from allocator.register.events.values import Value
from allocator.register.records import Event, EventKind

PREFIX = "events-"
PARTS = ("call_ups", "forbidden", "unavailable")


@dataclass
class Fixing:
    """The parts of a rule of kind ``fixed`` that events make."""

    call_ups: list[dict[str, Any]] = field(default_factory=list)
    forbidden: list[dict[str, Any]] = field(default_factory=list)
    unavailable: list[dict[str, Any]] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)

    def add(self, event: Event, value: Value, *, since: date, until: date, stays: bool) -> None:
        """Fix what an event says; who leaves and ``stays`` on the roster is away from ``since`` ``until`` the end of the plan."""
        pair = {"cadre_id": event.cadre_id, "session_id": event.session_id}
        match event.kind:
            case EventKind.WITHDRAW:
                self.forbidden.append(pair)
            case EventKind.SUBSTITUTE:
                self.forbidden.append(pair)
                self.call_ups.append({**pair, "cadre_id": event.value})
            case EventKind.CALL_UP:
                self.call_ups.append(pair)
            case EventKind.UNAVAILABLE if value.first and value.last:
                self._away(event.cadre_id, value.first, value.last)
            case EventKind.LEAVE if stays:
                self._away(event.cadre_id, min(since, until), until)
            case _:
                return
        if event.clause and event.clause not in self.clauses:
            self.clauses.append(event.clause)

    def _away(self, cadre_id: str, first: date, last: date) -> None:
        self.unavailable.append({"cadre_id": cadre_id, "from_date": first.isoformat(), "to_date": last.isoformat()})

    def rule(self, version: int) -> dict[str, Any] | None:
        """The rule as a table of a scenario; ``None`` when nothing is fixed."""
        parts = {name: own for name in PARTS if (own := getattr(self, name))}
        title = Message("event.rule-title", version=version)
        head = {"id": f"{PREFIX}{version}", "kind": "fixed", "title": title.said("en"), "title_zh": title.said("zh")}
        clause = {"clause": "、".join(self.clauses)} if self.clauses else {}
        return {**head, **clause, **parts} if parts else None


def without(
    rules: Iterable[Mapping[str, Any]],
    people: Collection[str],
    sessions: Collection[str],
    freed: Collection[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Rules of earlier events without what speaks of people or sessions that are gone, or calls up to a seat that is freed."""

    def is_past(name: str, one: Mapping[str, Any]) -> bool:
        is_freed = name == "call_ups" and (one["cadre_id"], one["session_id"]) in freed
        return is_freed or one["cadre_id"] in people or one.get("session_id") in sessions

    kept = []
    for rule in rules:
        own = dict(rule)
        if str(own["id"]).startswith(PREFIX):
            for name in PARTS:
                own[name] = [one for one in own.get(name, ()) if not is_past(name, one)]
                if not own[name]:
                    del own[name]
            if not any(name in own for name in PARTS):
                continue
        kept.append(own)
    return kept
