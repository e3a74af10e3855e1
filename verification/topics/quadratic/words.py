"""Say words of claims on the noisy quadratic: its moments, the diffusion, the law of steps.

A step is ``x' = x - eta (H x + xi)``; in the eigenbasis of H every entry of a covariance obeys an
equation of its own, with the curvatures h and g of its two coordinates. Moments are those of four
equally likely cases, so that they follow from the step alone. Words without a condition on their
numbers take symbols too (:mod:`whichmin.verification.topics.quadratic.identities`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.vocabulary import Start, exp, gd_step, positives

__all__: list[str] = []

# Steps up to which covariances are computed in fractions, and after which it counts as undecided.
_EXACT, _STEPS = 64, 5000


def _over(value: Any, by: int) -> Any:
    """Divide by a whole number, exactly if possible."""
    return Fraction(value, by) if isinstance(value, int) else value / by


@word
def quadratic_mean(x: Any, h: Any, eta: Any, t: Any = 1) -> Any:
    """The mean of SGD on h x^2/2 after t steps from x; of GD, if there is no noise."""
    # What a step makes of 1, t times: the gradient is linear.
    return x * (1 - eta * (h * 1)) ** int(t)


@word
def quadratic_covariance(v: Any, h: Any, g: Any, eta: Any, noise: Any, t: Any = 1) -> Any:
    """The covariance of two coordinates, of curvatures h and g, after t steps from covariance v.

    The coordinates are (1, v) or (-1, -v), the noises of their gradients (1, noise) or
    (-1, -noise), each with chance 1/2 and independent: means 0, covariances v and noise.
    """
    if t > _EXACT:
        v, h, g, eta, noise = (number(q) for q in (v, h, g, eta, noise))
    for _ in range(int(t)):
        ends = [
            (p - eta * (h * p + q), p * v - eta * (g * (p * v) + q * noise))
            for p in (1, -1)
            for q in (1, -1)
        ]
        v = _over(ends[0][0] * ends[0][1] + sum(a * b for a, b in ends[1:]), 4)
    return v


@word
def resting_covariance(h: Any, g: Any, eta: Any, noise: Any) -> Any:
    """The covariance that a step leaves as it is."""
    added = quadratic_covariance(0, h, g, eta, noise)
    kept = quadratic_covariance(1, h, g, eta, noise) - added
    return added / (1 - kept)


@word
def resting_diffusion(h: Any, g: Any, noise: Any) -> Any:
    """The covariance that the diffusion leaves as it is: it changes by noise - (h + g) v."""
    return noise / (h + g)


@word
def diffusion_mean(x: Any, h: Any, tau: Any) -> Any:
    """The mean of the diffusion at time tau from x: it changes by -h times itself."""
    return number(x) * exp(-h * tau)


@word
def diffusion_covariance(v: Any, h: Any, g: Any, noise: Any, tau: Any) -> Any:
    """The covariance of the diffusion at time tau from v: it changes by noise - (h + g) v."""
    v, rate, noise, tau = number(v), number(h + g), number(noise), number(tau)
    if rate * tau > 10:
        raise Undecided("the terms of the power series cancel")
    total, term = v, v
    for k in range(1, 200):
        term = ((noise if k == 1 else 0) - rate * term) * tau / k
        total += term
    return total


@word
def best_second_moment(v: Any, h: Any, noise: Any) -> Any:
    """The least E x^2 after a step, over all step sizes, from E x^2 = v on h x^2/2."""
    # A parabola in the step size, from its values at 0, 1 and 2.
    zero, one, two = (quadratic_covariance(v, h, h, size, noise) for size in (0, 1, 2))
    slope, bend = 2 * one - _over(two, 2) - _over(3 * zero, 2), _over(two + zero, 2) - one
    return zero - slope * slope / (4 * bend)


@word
def best_second_moments(v: Any, h: Any, s: Any, B: Any, t: Any) -> Any:
    """E x^2 after t steps of the best sizes, from v, with noise of variance s/B."""
    for _ in range(int(t)):
        v = best_second_moment(v, h, s / Fraction(B))
    return v


@word
def optimal_steps(v: Any, target: Any, h: Any, s: Any, B: Any) -> int:
    """Steps of the best sizes from E x^2 = v until it is at most target, noise of variance s/B."""
    for t in range(_STEPS):
        if v <= target:
            return t
        v = best_second_moment(v, h, s / Fraction(B))
    raise Undecided("the target was not reached")


@word
def proportional_steps(R: Any, target: Any, B: Any) -> int:
    """Steps of the best sizes on x^2/2 until E x^2 has fallen to the share target of the start.

    The noise has variance R E x^2/B, so that the noise scale is R all along.

    Raises:
        Undecided: It takes too many steps.
    """
    v: Any = Fraction(1)
    for t in range(_STEPS):
        if v <= target:
            return t
        v = best_second_moment(v, 1, R * v / Fraction(B))
    raise Undecided("the target was not reached")


@word
def law_of_steps(R: Any, B: Any) -> Any:
    """Steps at batch size B over those without noise, if each lowers the loss as the first does.

    That first step is the best one on x^2/2 from x = 1, with noise of variance R/B; there the noise
    scale is R.
    """
    R, B = (Fraction(q) if isinstance(q, int) else q for q in (R, B))
    return (1 - best_second_moment(1, 1, 0)) / (1 - best_second_moment(1, 1, R / B))


@word
def coordinate_run(R: Any, B: Any, D: Any) -> int:
    """Steps until the mean loss has fallen by D, if each moves a coordinate that none has moved.

    The loss is the sum of x_k^2/2 over many coordinates, all x_k = 1, the noise of each has
    variance R/B, and the step sizes are the best.

    Raises:
        Undecided: It takes too many steps.
    """
    each = (1 - best_second_moment(1, 1, R / Fraction(B))) / 2
    fallen, t = Fraction(0), 0
    while fallen < D:
        fallen, t = fallen + each, t + 1
        if t > _STEPS:
            raise Undecided("the target was not reached")
    return t


@word
def rounded_up(value: Any) -> int:
    """The least whole number that is not below a number."""
    return int(-(-value // 1))


@word
def loss_change(v: Any, h: Any, s: Any, B: Any, eta: Any, K: Any, t: Any) -> Any:
    """E x^2 after t steps of K eta with batches of K B, over that after the same samples, minus 1.

    The others are K t steps of eta with batches of B; both from E x^2 = v.
    """
    coarse = quadratic_covariance(number(v), h, h, K * eta, s / Fraction(K * B), t)
    fine = quadratic_covariance(number(v), h, h, eta, s / Fraction(B), K * t)
    return coarse / fine - 1


@word
def kink_places(x: Any, eta: Any) -> tuple[Any, ...]:
    """Where GD on |x| is once it is no further than a step from 0, and after two more steps."""
    for _ in range(_STEPS):
        if abs(x) <= eta:
            once = x - eta * ((x > 0) - (x < 0))
            return x, once, once - eta * ((once > 0) - (once < 0))
        x = x - eta * ((x > 0) - (x < 0))
    raise Undecided("0 is too far away")


@word
def is_whole(value: Any) -> bool:
    """Whether a fraction is a whole number."""
    return Fraction(value).denominator == 1


@domain
def circle(m: int, size: Any) -> st.SearchStrategy[Start]:
    """Starts of norm ``size`` in the span of two data points, m = 2."""
    # Rational points of the circle: no direction is far from one.
    both = st.sampled_from([1, -1])
    return st.builds(
        lambda q, a, b: Start(
            (a * size * (1 - q * q) / (1 + q * q), b * size * 2 * q / (1 + q * q)), int(m)
        ),
        st.fractions(0, 1, max_denominator=20), both, both,
    )  # fmt: skip


def _seeded(make: Callable[[random.Random], Fraction]) -> st.SearchStrategy[Fraction]:
    """Draw from a generator with a seed: Hypothesis prefers simple cases, and likes to stay."""
    return st.integers(0, 2**32 - 1).map(
        lambda seed: make(random.Random(seed))  # noqa: S311 - no secrets
    )


@domain
def near_threshold(value: Any) -> st.SearchStrategy[Fraction]:
    """Numbers above 0, most of them from a tenth to three times ``value``: a threshold is met."""
    close = _seeded(lambda choose: Fraction(choose.randint(6, 180), 60) * value)
    share = st.sampled_from([Fraction(n, 100) for n in (50, 90, 99, 100, 101, 110, 150)])
    return st.one_of(positives(), share.map(lambda q: q * value), close, close)


@domain
def factors(most: int) -> st.SearchStrategy[Fraction]:
    """Factors K of the rule, from 1/4 to ``most``: whole numbers and simple fractions."""
    last = int(most)
    whole = _seeded(lambda choose: Fraction(choose.randint(1, last)))
    part = _seeded(lambda choose: Fraction(choose.randint(1, 4 * min(last, 12)), 4))
    return st.one_of(whole, part)


@domain
def steps_of(K: Any, most: int) -> st.SearchStrategy[int]:
    """Numbers t of steps up to ``most`` for which K t is whole: the same samples."""
    each = Fraction(K).denominator
    return st.integers(1, int(most) // each).map(lambda n: n * each)


def _in_numbers(w: Start) -> Start:
    return Start(tuple(number(v) for v in w.w), w.m)


@word
def after_gd(w: Start, eta: Any, t: Any) -> Start:
    """The weights after t steps of full-batch gradient descent, all of size eta."""
    w = _in_numbers(w)
    for _ in range(int(t)):
        w = gd_step(w, number(eta))
    return w


@word
def after_warm_up(w: Start, first: Any, last: Any, t: Any) -> Start:
    """The weights after t steps of full-batch gradient descent, of sizes that rise linearly."""
    w = _in_numbers(w)
    for k in range(int(t)):
        w = gd_step(w, number(first + (last - first) * Fraction(k, int(t) - 1)))
    return w


@domain
def gradient_values(most: int = 5) -> st.SearchStrategy[tuple[Fraction, ...]]:
    """Numbers of 1 to ``most`` data points: one coordinate of their gradients."""
    value = st.fractions(-3, 3, max_denominator=8)
    return st.lists(value, min_size=1, max_size=int(most)).map(tuple)


@domain
def sizes_of_batches(values: Sequence[Any]) -> st.SearchStrategy[int]:
    """Batch sizes from 1 to the number of data points."""
    return st.integers(1, len(values))
