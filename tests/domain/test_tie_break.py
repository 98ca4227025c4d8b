"""The published tie-break can be repeated by hand."""

import hashlib

import numpy as np
import pytest

from allocator.domain.tie_break import draw, draws


def test_draw_is_the_head_of_blake2b_of_seed_and_keys() -> None:
    by_hand = hashlib.blake2b("种子|C-1|S-1".encode(), digest_size=8).hexdigest()
    assert f"{draw('种子', 'C-1', 'S-1'):016x}" == by_hand


def test_draws_agree_with_draw_row_by_row() -> None:
    cadres, sessions = ["a", "b", "c"], ["s", "s", "t"]
    expected = [draw("x", c, s) for c, s in zip(cadres, sessions, strict=True)]
    assert draws("x", cadres, sessions).tolist() == expected
    assert draws("x", [], []).dtype == np.uint64


def test_draws_refuses_columns_of_different_lengths() -> None:
    with pytest.raises(ValueError, match="shorter"):
        draws("x", ["a", "b"], ["s"])
