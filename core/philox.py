"""Random numbers: the counter-based generator Philox4x32-10, and one generator for each purpose.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: *Parallel random numbers: as easy as 1, 2, 3*,
SC 2011. A counter-based generator has no state: word ``d`` of replica ``r`` is a function of
(seed, r, d), so any slice of any stream can be made anywhere, in any order. Independence of
streams rests on Philox mixing all 128 counter bits, not on seeds being far apart.

The batches use these words, keyed by the bare seed. What is drawn once (data, starts, probes) comes
from NumPy's Philox, keyed by the seed and a :class:`Purpose`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.validation import check_seed

__all__ = ["Purpose", "bounded", "generator", "philox4x32", "words"]

_MULTIPLIER = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ROUNDS = 10
_CACHED_BLOCKS = 4096  # six buffers of this many words stay inside a typical level-2 cache

Words = NDArray[np.uint64]


class Purpose(IntEnum):
    """What the random numbers of a seed are for.

    Elsewhere 3 chooses images too (:mod:`whichmin.datasets`), and 11 draws points of a figure.
    """

    FRAME = 1
    START = 2
    SELECTION = 3
    QUADRATIC = 7
    SUBSPACE = 16
    SEARCH_STARTS = 17
    PROBES = 18
    DIRECTIONS = 19
    BATCHES = 20
    LAST_BITS = 21


def generator(seed: Any, purpose: int) -> np.random.Generator:
    """Make a generator; different purposes of one seed share no numbers.

    Args:
        seed: An integer in ``[0, 2**64)``.
        purpose: A :class:`Purpose`.

    Returns:
        NumPy's Philox generator, keyed by both.

    Raises:
        InputError: The seed is no such integer.
    """
    key = np.array([check_seed(seed), purpose], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> list[Words]:
    r"""Apply the ten rounds of Philox to counters, a bijection for every key.

    A round multiplies two of the four words, and mixes the products' halves with the other two and
    with the key:

    .. math::
       (x_0, x_1, x_2, x_3) \mapsto (h(M_1 x_2) \oplus x_1 \oplus k_0,\; l(M_1 x_2),\;
                                     h(M_0 x_0) \oplus x_3 \oplus k_1,\; l(M_0 x_0)),

    h and l the high and low 32 bits; then the key grows by a constant.

    Args:
        counter: Four arrays of 32-bit words held in uint64, broadcastable with each other.
        key: Two 32-bit words.

    Returns:
        Four arrays of 32-bit words held in uint64.
    """
    shape = np.broadcast_shapes(*(word.shape for word in counter))
    c0, c1, c2, c3 = (np.array(np.broadcast_to(word, shape)) for word in counter)
    left, right = np.empty(shape, np.uint64), np.empty(shape, np.uint64)
    k0, k1 = key
    for _ in range(_ROUNDS):
        # 32 x 32 -> 64 bit products: the high halves are mixed across, the low halves move on.
        # Written with buffers, as temporaries would cost more than the arithmetic.
        np.multiply(c0, _MULTIPLIER[0], out=left)
        np.multiply(c2, _MULTIPLIER[1], out=right)
        np.right_shift(right, _HALF, out=c0)
        np.bitwise_xor(c0, c1, out=c0)
        np.bitwise_xor(c0, np.uint64(k0), out=c0)
        np.right_shift(left, _HALF, out=c2)
        np.bitwise_xor(c2, c3, out=c2)
        np.bitwise_xor(c2, np.uint64(k1), out=c2)
        np.bitwise_and(right, _MASK, out=c1)
        np.bitwise_and(left, _MASK, out=c3)
        k0 = (k0 + _WEYL[0]) & 0xFFFFFFFF
        k1 = (k1 + _WEYL[1]) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


def words(seed: int, replicas: Words, first: int, last: int, attempt: int = 0) -> Words:
    """Compute words ``first .. last - 1`` of each replica's stream.

    Word ``d`` is lane ``d mod 4`` of the block with counter ``(low(d // 4), high(d // 4), replica,
    attempt)`` and key ``(low(seed), high(seed))``.

    Args:
        seed: 64-bit seed.
        replicas: Replica numbers below 2**32, shape ``(R,)``.
        first: First word.
        last: One past the last word.
        attempt: Number of rejections that came before (see :func:`bounded`).

    Returns:
        32-bit words in uint64, shape ``(R, last - first)``.
    """
    start = first // 4
    blocks = np.arange(start, (last + 3) // 4, dtype=np.uint64)
    key = (seed & 0xFFFFFFFF, seed >> 32)
    out = np.empty((len(replicas), len(blocks), 4), np.uint64)
    rows = max(1, _CACHED_BLOCKS // max(len(blocks), 1))
    for top in range(0, len(replicas), rows):
        some = replicas[top : top + rows, None]
        counter = (blocks & _MASK, blocks >> _HALF, some, np.array(attempt, np.uint64))
        np.stack(philox4x32(counter, key), axis=-1, out=out[top : top + rows])
    return out.reshape(len(replicas), -1)[:, first - 4 * start : last - 4 * start]


def bounded(
    seed: int, replicas: Words, first: int, last: int, bounds: NDArray[np.uint64]
) -> NDArray[np.int64]:
    r"""Draw exactly uniform integers in ``[0, bounds)``, one per word.

    Source: Lemire, *Fast random integer generation in an interval*, 2019. For a word W and a bound
    k the draw is

    .. math:: \lfloor W k / 2^{32} \rfloor, \qquad
              \text{unless } W k \bmod 2^{32} < 2^{32} \bmod k ,

    where the word is rejected. A rejected word is replaced by the same word of the next
    ``attempt``, so that the draws of other positions do not move.

    Args:
        seed: 64-bit seed.
        replicas: Replica numbers, shape ``(R,)``.
        first: First word.
        last: One past the last word.
        bounds: Exclusive upper bounds below 2**32, shape ``(last - first,)``.

    Returns:
        Integers, shape ``(R, last - first)``.
    """
    product = words(seed, replicas, first, last) * bounds
    value = product >> _HALF
    threshold = np.uint64(2**32) % bounds
    rejected = (product & _MASK) < threshold
    attempt = 0
    while rejected.any():
        attempt += 1
        for row, column in np.argwhere(rejected).tolist():
            word = words(seed, replicas[row : row + 1], first + column, first + column + 1, attempt)
            again = word[0, 0] * bounds[column]
            value[row, column] = again >> _HALF
            rejected[row, column] = (again & _MASK) < threshold[column]
    return value.astype(np.int64)
