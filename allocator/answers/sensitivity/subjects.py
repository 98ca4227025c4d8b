"""From what the reader names to what is asked about: ids of rules, sessions, programmes and hosts, and names of whole sorts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from allocator.answers.sensitivity.question import FAMILIES, Subject, fields, fields_of
from allocator.domain.errors import Defect, InputError
from allocator.domain.rules import KINDS
from allocator.domain.tables import Inputs
from allocator.inputs.defects import did_you_mean
from allocator.language.message import Message, listing

SORTS: Mapping[str, Message] = {
    "rule": Message("shadow.sort-rule"),
    "session": Message("shadow.sort-session"),
    "programme": Message("shadow.sort-programme"),
    "host": Message("shadow.sort-host"),
}
"""What an id may be the id of, and the word before the colon that says so: ``session:ID``."""

OPTION = "--of"


def subjects(inputs: Inputs, named: Iterable[str]) -> tuple[Subject, ...]:
    """What is asked about, in the order named, each once.

    Raises
    ------
    InputError
        With every name that is not known, or of which nothing can be one more.
    """
    found: list[Subject] = []
    defects: list[Defect] = []
    known = _ids(inputs)
    for name in named:
        try:
            found += _subjects(inputs, name.strip(), known)
        except InputError as error:
            defects += error.defects
    if defects:
        raise InputError(defects)
    return tuple(dict.fromkeys(found))


def ambiguous(inputs: Inputs, named: Iterable[str]) -> tuple[Message, ...]:
    """What to say of ids that name several things: the first of rule, session, programme and host is meant."""
    known = _ids(inputs)
    notes = []
    for name in dict.fromkeys(named):
        hits = [sort for sort, ids in known.items() if name in ids]
        if len(hits) > 1:
            others = tuple(f"{sort}:{name}" for sort in hits[1:])
            notes.append(Message("shadow.ambiguous", name=name, sort=SORTS[hits[0]], others=others))
    return tuple(notes)


def family(inputs: Inputs, name: str) -> tuple[Subject, ...]:
    """All subjects of a sort: ``quotas``, ``floors``, ``windows``, ``limits``, ``sessions`` or ``hosts``."""
    if name == "sessions":
        return tuple(Subject(one, "session") for one in inputs.sessions["session_id"])
    if name == "hosts":
        held = set(inputs.sessions["programme_id"])
        programmes = inputs.programmes[inputs.programmes["programme_id"].isin(held)]
        return tuple(Subject(one, "host") for one in sorted(set(programmes["host_id"])))
    rules = (rule for rule in inputs.policy.rules if FAMILIES[name](type(rule)) and rule.strength != "report")
    return tuple(Subject(rule.id, rule.kind) for rule in rules if fields_of(inputs, rule))


ALL = (*FAMILIES, "sessions", "hosts")
"""Names of all sorts."""


def _ids(inputs: Inputs) -> dict[str, set[str]]:
    programmes, sessions = inputs.programmes, inputs.sessions
    return {
        "rule": {rule.id for rule in inputs.policy.rules},
        "session": set(sessions["session_id"]),
        "programme": set(programmes["programme_id"]),
        "host": set(programmes["host_id"]) | set(programmes["host_group"]),
    }


def _subjects(inputs: Inputs, name: str, known: Mapping[str, set[str]]) -> tuple[Subject, ...]:
    prefix, colon, rest = name.partition(":")
    sorts = (prefix,) if colon and prefix in known else tuple(known)
    wanted = rest if len(sorts) == 1 else name
    rule_id, dot, field = wanted.rpartition(".")
    hits = [sort for sort in sorts if wanted in known[sort]]
    if not hits and dot and "rule" in sorts and rule_id in known["rule"]:
        return (_of_rule(inputs, rule_id, field, name),)
    if not hits and name in ALL:
        return family(inputs, name)
    if not hits:
        every = [one for sort in sorts for one in sorted(known[sort])]
        otherwise = Message("shadow.hint-ids", sorts=ALL)
        hint = did_you_mean(rule_id if dot and "rule" in sorts else wanted, [*every, *ALL], otherwise)
        raise _refused(name, Message("shadow.unknown", name=name), hint, "unknown-subject")
    if hits[0] == "rule":
        return (_of_rule(inputs, wanted, "", name),)
    subject = Subject(wanted, hits[0])
    if not _has_sessions(inputs, subject):
        raise _refused(name, Message("shadow.no-sessions", name=wanted), Message("shadow.hint-sessions"), "no-sessions")
    return (subject,)


def _has_sessions(inputs: Inputs, subject: Subject) -> bool:
    programmes = inputs.programmes
    if subject.sort == "session":
        return True
    if subject.sort == "programme":
        own = {subject.of}
    else:
        is_own = (programmes["host_id"] == subject.of) | (programmes["host_group"] == subject.of)
        own = set(programmes["programme_id"][is_own])
    return bool(inputs.sessions["programme_id"].isin(own).any())


def _of_rule(inputs: Inputs, rule_id: str, field: str, name: str) -> Subject:
    """The rule, or one of its numbers; refused where no number of it could change the plan."""
    rule = inputs.policy.rule(rule_id)
    known = fields(type(rule))
    if rule.strength == "report":
        raise _refused(
            name, Message("shadow.only-reported", rule=rule_id), Message("shadow.hint-strength"), "only-reported"
        )
    if field and field not in known:
        otherwise = Message("shadow.hint-fields", rule=rule_id, fields=listing(known or ("—",)))
        hint = did_you_mean(field, known, otherwise) if known else otherwise
        raise _refused(name, Message("shadow.no-field", rule=rule_id, field=field), hint, "unknown-field")
    if not field and not fields_of(inputs, rule):
        hint = Message("shadow.hint-kinds", kinds=listing([kind for kind, record in KINDS.items() if record.numbers]))
        if known:
            hint = Message("shadow.hint-fields", rule=rule_id, fields=listing(known))
        raise _refused(name, Message("shadow.no-number", rule=rule_id, kind=rule.kind), hint, "no-number")
    if field and getattr(rule, field) is None and field in ("hours", "days", "rest_days", "classes_per_year"):
        raise _refused(
            name, Message("shadow.not-stated", rule=rule_id, field=field), Message("shadow.hint-stated"), "not-stated"
        )
    return Subject(rule_id, rule.kind, field)


def _refused(name: str, message: Message, hint: Message, code: str) -> InputError:
    return InputError([Defect(OPTION, 0, name, message, hint, code)])
