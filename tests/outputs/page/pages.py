"""Runs for the tests of the page: one with a breach, one whose names are markup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from allocator.audit import audit
from allocator.language.texts import Language, Texts
from allocator.outputs.output_data import Material
from tests.outputs.builders import Run, run

PERSON = "<img src=x onerror=\"document.title='hacked'\">"
UNIT = "</script><script>document.title='hacked'</script><!--"
PROGRAMME = '=HYPERLINK("http://evil.invalid","𠮷·\u2028\'&amp;")'
POST = '"><svg onload=alert(1)>'


def material(made: Run, lang: Language = "en") -> Material:
    """What the page is made from, in the language shown first."""
    return Material(*made.parts, Texts(lang))


def changed(made: Run, **tables: Any) -> Run:
    """The run on other tables, judged again."""
    inputs = replace(made.inputs, **tables)
    return replace(made, inputs=inputs, audit=audit(made.plan, inputs))


def hostile() -> Run:
    """A run whose names are markup: of a person who waits longest, of the unit, the programme and the post."""
    made = run()
    cadres, units, programmes = (getattr(made.inputs, name).copy() for name in ("cadres", "units", "programmes"))
    cadres.loc[4, ["name", "post"]] = [PERSON, POST]
    units.loc[units["unit_id"] == "0410100", ["name", "name_en"]] = [UNIT, ""]
    programmes.loc[0, ["name", "name_en"]] = [PROGRAMME, ""]
    return changed(made, cadres=cadres, units=units, programmes=programmes)


def breached() -> Run:
    """Of the second county nobody goes in 2021: its team misses its floor, and the school its quota."""
    return run(without=[("school-2021", 1)])
