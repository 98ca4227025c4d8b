"""A finished run in words: the summary that the command prints."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.language.text_table import Aligned
from allocator.language.texts import Texts
from allocator.outputs.output_data import RunParts
from allocator.outputs.summary import text as summary


def lines(run: RunParts, texts: Texts) -> Iterator[str]:
    """The summary in the words of a catalogue, as ``allocator plan`` prints it."""
    yield Aligned(summary(run.inputs, run.plan, run.audit, run.result, lang=texts.lang).rstrip("\n"))
