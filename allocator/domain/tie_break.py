"""The published tie-break: a draw that anybody can repeat by hand.

Where two people, or two sessions, are equal in everything the policy looks at, the smaller draw goes first. A draw is
the first 8 bytes (64 bits) of BLAKE2b, as an unsigned number, of the UTF-8 text ``seed|key|key``. On a command line::

    printf '%s' 'allocator|C-017|S-2019-04' | b2sum -l 64

prints the same number in hexadecimal; compare the printed texts letter by letter to see who goes first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

BITS = 64
"""Length of a draw."""


def draw(seed: str, *keys: str) -> int:
    """The draw of one combination of keys, such as a cadre and a session; between 0 and ``2**64 - 1``.

    Parameters
    ----------
    seed
        The published seed of the scenario.
    keys
        Ids, in the order cadre, session.

    Examples
    --------
    >>> draw("allocator", "C-017", "S-2019-04")
    6553940454574906123
    >>> f"{draw('allocator', 'C-017', 'S-2019-04'):016x}"  # as b2sum prints it
    '5af4461e81ffdb0b'
    >>> draw("allocator", "C-017", "S-2019-04") < draw("allocator", "C-018", "S-2019-04")
    True
    """
    return int.from_bytes(digest(seed, *keys), "big")


def digest(seed: str, *keys: str) -> bytes:
    """A draw as its bytes, which are in the same order as the numbers and quicker to find.

    Examples
    --------
    >>> digest("allocator", "C-017", "S-2019-04").hex()
    '5af4461e81ffdb0b'
    """
    return hashlib.blake2b("|".join((seed, *keys)).encode(), digest_size=BITS // 8).digest()


def draws(seed: str, *columns: Iterable[str]) -> np.ndarray:
    """The draws of many combinations, one for each row of the columns; ``uint64`` of shape (rows,).

    Raises
    ------
    ValueError
        If the columns are of different lengths.

    Examples
    --------
    >>> [int(n) for n in draws("allocator", ["C-017"], ["S-2019-04"])] == [draw("allocator", "C-017", "S-2019-04")]
    True
    """
    rows = zip(*columns, strict=True)
    return np.fromiter((draw(seed, *map(str, keys)) for keys in rows), dtype=np.uint64)
