"""Write docs/formats.md from the records and the catalogue of meanings.

Run it after a column, a rule or a key changed; a test compares the page with what this script would write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from allocator.domain.rules import KINDS, RuleKind
from allocator.domain.tables import TABLES
from allocator.inputs.forms.meanings import meaning
from allocator.inputs.forms.schema import scenario_schema
from allocator.inputs.tables.headings import TITLES

PAGE = Path(__file__).with_name("formats.md")

HEAD = """# Formats

The files that `allocator` reads: five tables, a policy and a scenario. This page is written from the program itself.

## In the editor

An editor that knows TOML schemas completes keys, shows what each means in Chinese and English, and underlines mistakes while
you type. Write the schemas once, beside your files:

```sh
allocator schema --out schemas
```

In VS Code install the extension *Even Better TOML* (it uses `taplo`), and begin each file with a line that names its schema:

```toml
#:schema ./schemas/scenario.schema.json
```

and in the policy `#:schema ./schemas/policy.schema.json`. For a whole folder, name the files once in `.taplo.toml` instead:

```toml
[[rule]]
include = ["scenarios/*.toml"]
schema = { path = "./schemas/scenario.schema.json" }

[[rule]]
include = ["**/policy.toml"]
schema = { path = "./schemas/policy.schema.json" }
```

`schemas/tables.schema.json` describes the tables as a data package of Frictionless Data. The last word has `allocator check`: it also
knows what no schema can say, such as ids that another table lacks.

## From a workbook

```sh
allocator template my-data/input.xlsx
```

writes a workbook with a sheet for each table, drop-downs, a how-to and examples, and beside it a scenario and a policy to start from.
Your own workbook does as well: sheets may be called by the Chinese or English names below, headers may be Chinese or English, with
blanks, full-width forms, `*` or （必填）, and titles may stand above the header. `allocator check my-data/scenario.toml --annotate`
hands the workbook back with its mistakes marked.

CSV files are UTF-8, with or without byte-order mark. Dates are written 2019-03-04, lists with `;`, true and false as true/false, yes/no,
1/0 or 是/否. Columns come in any order; your own columns are kept and may be used in filters.

## Tables
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *_tables(), *_scenario(), *_policy()]).rstrip() + "\n"


def _tables() -> list[str]:
    lines = []
    for name, columns in TABLES.items():
        lines += [f"### {name} ({', '.join(TITLES[name])})", "", meaning("table", name, lang="en") + ".", ""]
        lines += ["| column | 列名 | required | written as | meaning | 含义 |", "|---|---|---|---|---|---|"]
        for column in columns:
            texts = (meaning("column", name, column.name, lang=lang) for lang in ("en", "zh"))
            need = "yes" if column.required else ""
            kind = meaning("type", column.type, lang="en")
            lines.append(f"| `{column.name}` | {column.name_zh} | {need} | {kind} | {' | '.join(map(_cell, texts))} |")
        lines.append("")
    return lines


def _scenario() -> list[str]:
    lines = ["## Scenario", "", meaning("scenario", lang="en") + ".", "", "| key | meaning | 含义 |", "|---|---|---|"]
    for key, shape in scenario_schema()["properties"].items():
        lines.append(_row(f"`{key}`", shape["description"]))
        inner: dict[str, Any] = shape.get("properties", {}) if key in ("limits", "change", "policy_parameters") else {}
        if key == "session_changes":
            inner = scenario_schema()["definitions"]["SessionChange"]["properties"]
        lines += [_row(f"`{key}.{name}`", one["description"]) for name, one in inner.items()]
    return [*lines, ""]


READING = """### How rules are read

- **Strength and goal.** What a hard rule misses counts as *hard rules violated* (`violation`), whatever its `goal` says. What a soft rule misses
  counts to its `goal`, or to that of its kind; a soft rule never counts as violated. 硬性规则的不足一律计入 violation；soft 规则计入所写的目标，不写则计入该类规则自己的目标。
- **Unnamed groups** (`headcount` above 1). Rules on one person's record (interval, make-up, cumulative, waiting) leave them out. Spacing counts heads:
  the seats of a group must be possible without anybody going too often, so a group of two has two seats of a programme in two years when it may
  not come again within two. Coverage counts seats used in a span up to the headcount. Rest between classes is not judged.
  不点名的群体不适用个人记录类规则；间隔类规则按人头计算。
- **The record inside the plan.** Classes on record in a plan year (a plan made in the middle of a year) count for rules on one person's
  record like classes of the plan, and use up the classes a year. Quotas, share floors, coverage and seats count the plan alone.
  计划年度内已有的培训记录与计划班次同样计入个人规则。
- **Windows that end after the plan.** What a cumulative rule asks for by a later year (`to_year`) counts to its goal, so that the plan works towards it, and is no breach
  before its time, however hard the rule. A span of coverage that is not over by the last plan year is not judged; the audit says who is covered so far
  and by when the others are due. 年限在计划期之后才结束的规则：所欠计入目标，不算违反；未结束的周期只说明目前完成情况和期限。
"""


def _policy() -> list[str]:
    lines = ["## Policy", "", meaning("policy", lang="en") + ". Every rule has these keys:", ""]
    lines += ["| key | meaning | 含义 |", "|---|---|---|"]
    lines += [_field("", name) for name in RuleKind.model_fields]
    lines += ["", "### Filters", "", meaning("part", "filter", lang="en") + ".", "", "```toml"]
    lines += [
        'audience = { category = ["bureau-deputy"], birth_year = { min = 1979 }, not = { tags = ["seconded"] } }',
        "```",
        "",
    ]
    lines += [READING]
    for kind, record in KINDS.items():
        own = [name for name in record.model_fields if name not in RuleKind.model_fields]
        lines += [
            f"### {kind}",
            "",
            meaning("kind", kind, lang="en") + ".",
            "",
            meaning("kind", kind, lang="zh") + "。",
            "",
        ]
        if own:
            lines += ["| key | meaning | 含义 |", "|---|---|---|", *(_field(kind, name) for name in own), ""]
    return lines


def _field(kind: str, name: str) -> str:
    texts = (meaning("field", *([kind] if kind else []), name, lang=lang) for lang in ("en", "zh"))
    return f"| `{name}` | {' | '.join(map(_cell, texts))} |"


def _row(key: str, description: str) -> str:
    chinese, _, english = description.partition(" / ")
    return f"| {key} | {_cell(english)} | {_cell(chinese)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="")
