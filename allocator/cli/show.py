"""``show``: the merged scenario, with the file that set each value and what it changes in the policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from allocator.cli.command import command
from allocator.cli.options import ScenarioFile, Voice, plain
from allocator.language.message import Message

if TYPE_CHECKING:
    from allocator.inputs import RuleChange, Shown

WIDEST = 44
"""Terminal cells that keys and values are brought to, so that the origins stand below each other."""


@command()
def show(
    voice: Voice,
    scenario: ScenarioFile,
) -> None:
    """Print the merged scenario with the file that set each value, and the rules it changes. 显示合并后的情景：每个值由哪个文件写定，改动了哪些规则。"""
    from allocator.inputs import load_shown

    shown = load_shown(scenario)
    voice.result(_text(shown, voice), _record(shown))


def _text(shown: Shown, voice: Voice) -> str:
    from allocator.language.texts import Texts

    texts, said = Texts(voice.lang), voice.texts.said
    lines = [f"{texts.title(shown.scenario) or said(Message('show.unnamed'))} · {shown.scenario.id}", ""]
    lines += [said(Message("show.chain", files=shown.chain)), "", said(Message("show.values"))]
    rows = [(value.key, _value(value.value), _origin(value.origin, voice)) for value in shown.values]
    lines += _columns(rows)
    lines += [
        "",
        said(Message("show.changes", count=len(shown.changes)) if shown.changes else Message("show.no-changes")),
    ]
    for rule_id, of_rule in groupby(shown.changes, key=lambda change: change.rule_id):
        changes = list(of_rule)
        lines.append(_rule(rule_id, changes[0], voice))
        lines += _columns([(_change(one, voice), _origin(one.origin, voice)) for one in changes], indent=4)
    if shown.added:
        lines += ["", said(Message("show.added", count=len(shown.added)))]
    for one in shown.added:
        lines += _columns([(_rule(one.rule_id, one, voice), _origin(one.origin, voice))], indent=0)
        lines += [f"    {key} = {_value(value)}" for key, value in one.fields.items()]
    if shown.left_out:
        lines += ["", said(Message("show.left-out", count=len(shown.left_out)))]
        lines += _columns(
            [(_rule(one.rule_id, one, voice).strip(), _origin(one.origin, voice)) for one in shown.left_out]
        )
    return "\n".join(lines)


def _rule(rule_id: str, one: Any, voice: Voice) -> str:
    from allocator.language.texts import Texts

    title = Texts(voice.lang).title(one)
    return voice.texts.said(Message("show.rule", rule=rule_id, clause=one.clause or "—", title=title))


def _change(change: RuleChange, voice: Voice) -> str:
    old = Message("show.none") if change.old is None else _value(change.old)
    return voice.texts.said(Message("show.change", field=change.field, old=old, new=_value(change.new))).strip()


def _value(value: object) -> str:
    """A value as one line of TOML shows it."""
    if isinstance(value, str):
        return value
    return json.dumps(plain({"": value})[""], ensure_ascii=False)


def _origin(origin: str, voice: Voice) -> str:
    return voice.texts.said(Message("show.default")) if origin == "default" else origin


def _columns(rows: Sequence[tuple[str, ...]], indent: int = 2) -> list[str]:
    """Rows with every column as wide as its widest cell, though a very long cell does not widen the others."""
    from rich.cells import cell_len

    widths = [
        max((cell_len(row[i]) for row in rows if cell_len(row[i]) <= WIDEST), default=0) for i in range(len(rows[0]))
    ]
    return [
        " " * indent
        + "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _record(shown: Shown) -> dict[str, Any]:
    return {
        "id": shown.scenario.id,
        "files": shown.chain,
        "values": [vars(value) for value in shown.values],
        "changes": [vars(change) for change in shown.changes],
        "left_out": [vars(rule) for rule in shown.left_out],
        "added": [vars(rule) for rule in shown.added],
    }
