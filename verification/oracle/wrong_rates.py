r"""Find out with which chance Poisson sampling takes a point, where it is not ``b/m``.

The sizes of the batches have the law :math:`\mathrm{Bin}(m, q)`, or what redrawing or cutting makes
of it, and each point is in its share of them. A chance q is named if all runs agree with both.
"""

# ruff: noqa: ARG005 - a chance is given all that it may depend on

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.chances import binomial, frequency_bounds
from whichmin.verification.oracle.observed import nice
from whichmin.verification.oracle.ragged import NONE, sizes
from whichmin.verification.oracle.sampler_runs import Run

__all__ = ["wrong_rate"]

Floats = NDArray[np.float64]
# The chance of a point, given m and b.
Rate = Callable[[int, int], float]
# The law of the size of a batch: its chances from 0 to m.
Sizes = Callable[[int, int], Floats]

# Chance that a rate is not recognised because of one run; nothing passes or fails by it.
_ALARM = 1e-7
# How much more likely, as a logarithm, the law that is named is than any other.
_SURE = 20.0
# Points from which on a chance is small, so that twice or three times as much is one too.
_LARGE = 60
# Standard errors of a parameter that is estimated before it is rounded.
_ERRORS = 3.0

_RATES: tuple[tuple[str, Rate], ...] = (
    ("b/(m - 1)", lambda m, b: b / max(m - 1, 1)),
    ("b/(m + 1)", lambda m, b: b / (m + 1)),
    ("(b + 1)/m", lambda m, b: (b + 1) / m),
    ("(b - 1)/m", lambda m, b: (b - 1) / m),
    ("1 - (1 - 1/m)^b, as that of a point among b drawn with replacement",
     lambda m, b: 1 - (1 - 1 / m) ** b),
    ("1 - exp(-b/m)", lambda m, b: 1 - math.exp(-b / m)),
    ("1 - b/m: those that are not drawn are taken", lambda m, b: 1 - b / m),
    ("sqrt(b/m)", lambda m, b: math.sqrt(b / m)),
    ("(b/m)^2", lambda m, b: (b / m) ** 2),
    ("1/b", lambda m, b: 1 / b),
)  # fmt: skip


def _scaled(runs: Sequence[Run]) -> Iterator[tuple[str, Rate]]:
    """Chances with a parameter: a factor of b/m, of b, of 1/m, or one for all."""
    large = [run for run in runs if run.m >= _LARGE]
    total = sum(int(sizes(run.batches).sum()) for run in large)
    for text, rate in (
        ("{} b/m", lambda m, b: b / m), ("{} b, whatever m is", lambda m, b: b),
        ("{}/m, whatever b is", lambda m, b: 1 / m), ("{}, whatever m and b are", lambda m, b: 1.0),
    ):  # fmt: skip
        expected = sum(len(run.batches) * run.m * rate(run.m, run.b) for run in large)
        factor = nice(total / expected, _ERRORS * math.sqrt(total) / expected)
        if abs(factor - 1) > 1e-9 or text != "{} b/m":
            yield text.format(f"{factor:.4g}"), lambda m, b, f=factor, r=rate: f * r(m, b)  # type: ignore[misc]


def _plain(rate: Rate, m: int, b: int) -> Floats:
    return binomial(m, min(max(rate(m, b), 0.0), 1.0))


def _without_empty(m: int, b: int) -> Floats:
    law = binomial(m, b / m).copy()
    law[0] = 0.0
    return np.asarray(law / law.sum())


def _cut(m: int, b: int, most: Callable[[int], int]) -> Floats:
    law, end = binomial(m, b / m).copy(), most(b)
    law[min(end, m)] += law[end + 1 :].sum()
    law[end + 1 :] = 0.0
    return np.asarray(law)


def _laws(runs: Sequence[Run]) -> Iterator[tuple[str, Sizes]]:
    for text, rate in _RATES:
        yield f"a point is drawn with chance {text}, not b/m", functools.partial(_plain, rate)
    yield "an empty batch is drawn again, so that none is empty", _without_empty
    for text, most in (("b", lambda b: b), ("2 b", lambda b: 2 * b)):
        yield (f"batches of more than {text} points are cut to {text}",
               functools.partial(_cut, most=most))  # fmt: skip
    for text, rate in _scaled(runs):
        yield f"a point is drawn with chance {text}, not b/m", functools.partial(_plain, rate)


def _agrees(run: Run, law: Sizes) -> bool:
    chances, steps = law(run.m, run.b), len(run.batches)
    found = np.bincount(sizes(run.batches), minlength=run.m + 1)
    off = np.abs(found / steps - chances)
    if (off > frequency_bounds(found, steps, chances, _ALARM)).any():
        return False
    share = min(float(chances @ np.arange(run.m + 1)) / run.m, 1.0)
    entries = run.batches[run.batches != NONE]
    each = np.bincount(entries, minlength=run.m)
    bound = frequency_bounds(each, steps, np.full(run.m, share), _ALARM)
    return bool((np.abs(each / steps - share) <= bound).all())


def _likelihood(runs: Sequence[Run], law: Sizes) -> float:
    """The logarithm of the chance of all sizes; minus infinity if one is impossible."""
    total = 0.0
    with np.errstate(divide="ignore"):
        for run in runs:
            found = np.bincount(sizes(run.batches), minlength=run.m + 1)
            seen = np.flatnonzero(found)
            total += float(found[seen] @ np.log(law(run.m, run.b)[seen]))
    return total


def wrong_rate(runs: Sequence[Run]) -> str:
    """Tell with which chance points are drawn, each by itself.

    Args:
        runs: Runs of batches of any size, whose entries are points.

    Returns:
        The chance other than b/m, or other law of the sizes, that is e^20 times as likely as any
        other one, b/m among them, and with which all runs agree; empty if there is none.
    """
    if not any((run.batches == NONE).any() for run in runs):
        return ""  # all batches are of one size
    if any(run.batches.shape[1] > run.m for run in runs):
        return ""
    plain: Sizes = functools.partial(_plain, lambda m, b: b / m)
    laws = [("", plain), *_laws(runs)]
    ranked = sorted(((_likelihood(runs, law), text, law) for text, law in laws), reverse=True,
                    key=lambda found: found[0])  # fmt: skip
    (best, text, law), (second, *_) = ranked[:2]
    sure = math.isfinite(best) and best - second > _SURE
    return text if sure and all(_agrees(r, law) for r in runs) else ""
