"""The kinds of events: what people call them, and which columns each needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from allocator.inputs.tables.headings import plain
from allocator.language.message import Message
from allocator.register.records import EventKind

K = EventKind

CHINESE: Mapping[EventKind, tuple[str, ...]] = MappingProxyType(
    {
        K.WITHDRAW: ("退训", "请假", "退训/请假"),
        K.UNAVAILABLE: ("不能参加时段", "不能参加"),
        K.JOIN: ("新增", "新增人员"),
        K.LEAVE: ("离任",),
        K.TRANSFER: ("调动",),
        K.PROMOTE: ("提任",),
        K.MOVE_SESSION: ("改期",),
        K.CANCEL_SESSION: ("取消",),
        K.SEATS: ("增减名额",),
        K.CLOSE_HOST: ("承训机构停办", "停办"),
        K.NEW_SESSION: ("新增班次",),
        K.CALL_UP: ("点名调训",),
        K.SUBSTITUTE: ("替换",),
        K.REQUEST: ("单位申请名额", "申请名额"),
    }
)
"""What a kind may be called in a sheet; the first is the usual name."""

NEEDS: Mapping[EventKind, tuple[str, ...]] = MappingProxyType(
    {
        K.WITHDRAW: ("cadre_id", "session_id"),
        K.UNAVAILABLE: ("cadre_id", "value"),
        K.JOIN: ("cadre_id", "unit_id", "value"),
        K.LEAVE: ("cadre_id",),
        K.TRANSFER: ("cadre_id", "unit_id"),
        K.PROMOTE: ("cadre_id", "value"),
        K.MOVE_SESSION: ("session_id", "value"),
        K.CANCEL_SESSION: ("session_id",),
        K.SEATS: ("session_id", "value"),
        K.CLOSE_HOST: ("value",),
        K.NEW_SESSION: ("session_id", "value"),
        K.CALL_UP: ("cadre_id", "session_id"),
        K.SUBSTITUTE: ("cadre_id", "session_id", "value"),
        K.REQUEST: ("unit_id", "session_id", "value"),
    }
)
"""Columns that an event of the kind cannot do without, besides id, date, kind and reason."""

_KNOWN = {plain(text): kind for kind, names in CHINESE.items() for text in (kind.value, *names)}


def kind_of(text: str) -> EventKind | None:
    """The kind that a cell names in either language.

    Examples
    --------
    >>> kind_of("退训"), kind_of("Move session"), kind_of("holiday")
    (<EventKind.WITHDRAW: 'withdraw'>, <EventKind.MOVE_SESSION: 'move-session'>, None)
    """
    return _KNOWN.get(plain(text))


def kind_names() -> tuple[str, ...]:
    """Every text that names a kind."""
    return tuple(text for kind, names in CHINESE.items() for text in (kind.value, *names))


def kind_name(kind: EventKind) -> Message:
    """A kind in the reader's language."""
    return Message("word.name", zh=CHINESE[kind][0], en=kind.value)
