"""The files beside the workbook: a scenario that names it, and a policy to start from where the user has none."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import tomlkit

from allocator.inputs.forms.meanings import both
from allocator.inputs.scenario.layers import relative_path
from allocator.language.message import Message

YEARS = 4
"""Plan years of a new scenario."""


def starter_policy() -> str:
    """A small policy with remarks in both languages."""
    return resources.files("allocator.inputs.forms").joinpath("starter-policy.toml").read_text(encoding="utf-8")


def starter_scenario(
    book: Path, folder: Path, first_year: int, *, policy: Path | None = None, extends: Path | None = None
) -> str:
    """A scenario in ``folder`` over the workbook.

    Parameters
    ----------
    policy
        The policy to use; absent: ``policy.toml`` in the folder, unless the scenario extends another.
    extends
        A scenario to start from: policy, years and limits are then its own.
    """
    document = tomlkit.document()
    document.add(tomlkit.comment(both("scenario")))
    document.add("id", tomlkit.item(f"my-{extends.stem}" if extends is not None else "my-plan"))
    document.add("title", tomlkit.item(Message("template.plan-title").said("en")))
    document.add("title_zh", tomlkit.item(Message("template.plan-title").said("zh")))
    if extends is not None:
        document.add("extends", tomlkit.item(relative_path(extends, folder)))
    if extends is None or policy is not None:
        document.add("policy", tomlkit.item("policy.toml" if policy is None else relative_path(policy, folder)))
    document.add("tables", tomlkit.item(relative_path(book, folder)))
    document["tables"].comment(both("scenario", "tables"))
    if extends is None:
        document.add("horizon", tomlkit.item(list(range(first_year, first_year + YEARS))))
        document["horizon"].comment(both("scenario", "horizon"))
    return tomlkit.dumps(document)
