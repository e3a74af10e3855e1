r"""A guaranteed settling time of mini-batch SGD and a guaranteed rate, all constants explicit.

A theorem (``sgd_settling_time`` in ``verification/proofs``) says: on orthonormal data, with batches
of :math:`b < m` points drawn without replacement, :math:`0 < \alpha = \eta / b \le 1/5`, a start
with :math:`|w_0|^2 \le 21/20` and some eligible point, all weights from step

.. math:: T_0 = \text{wake} + \text{climb} + \text{capture} \cdot \text{halvings}
          + \text{settle} \cdot \text{refinements}

on are, with a chance of at least :math:`1 - p`, within e of one and the same eligible point, if
these natural numbers satisfy

.. math::
   36\,(\tfrac{19}{20} - C_0)\, \text{wake factor}^{\text{wake}} &\le p\,C_0
      \quad\text{or}\quad C_0 \ge \tfrac{9}{10}, \\
   \text{capture} \cdot \text{settle rate} &\ge 1, \qquad
   \text{capture} \cdot \text{capture chance}(\text{climb}) \ge \text{climb} \ge 1, \\
   2^{\text{halvings}} p &\ge 2, \qquad \text{settle} \cdot \text{settle rate} \ge 1, \qquad
   2^{\text{refinements}} \cdot 2\,\text{drift rate}\; e^2 \ge 1 .

Each inequality stays true if its number grows, but for the climb, of which any will do; so
everything here is exact or rounded towards larger numbers. Another theorem,
``sgd_almost_sure_rate``, says that the squared distance is, almost surely, at most :math:`r^t` from
some step t on, for every r above 1 - settle rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, Context, Decimal, localcontext
from fractions import Fraction

__all__ = ["LONGEST", "SettlingNumbers", "StepConstants", "capture_chance", "settling_numbers"]

#: A settling time above this is not told.
LONGEST = 10**300

# 2 pi, rounded up.
_TWO_PI = Decimal("6.28318530717958648")
# Blocks of a sum, far more than it needs; a sum that is cut short is a lower bound all the same.
_BLOCKS = 4000
# Terms below exp(-20) of the sum are left out, and the sum begins 6 standard deviations below the
# mode: each leaves out less than a millionth.
_NEGLIGIBLE, _BELOW = 20.0, 6
# Logarithms of terms are below 1000 in size and get at most 2 roundings in each of 4000 blocks:
# 4000 * 2 * 1000 / 2^53 is below 1e-9, and everything else in the sum has a few roundings more.
_SLACK = Decimal("0.999999")
# A capture time is rounded up to so many digits, so that it does not depend on the processor.
_ROUNDED = Context(prec=4, rounding=ROUND_CEILING, Emax=MAX_EMAX, Emin=MIN_EMIN)


@dataclass(frozen=True)
class SettlingNumbers:
    """Natural numbers that the theorem allows.

    Attributes:
        wake: Steps until the energy C has reached 9/10.
        climb: Length of one attempt to be captured by a point.
        capture: Steps in which the chance of not being captured is halved.
        halvings: How often it is.
        settle: Steps in which the bound on the squared distance is halved.
        refinements: How often it is.
    """

    wake: int
    climb: int
    capture: int
    halvings: int
    settle: int
    refinements: int

    @property
    def steps(self) -> int:
        """The settling time ``T0``."""
        captured = self.wake + self.climb + self.capture * self.halvings
        return captured + self.settle * self.refinements


@dataclass(frozen=True)
class StepConstants:
    r"""The theorem's constants for m points, batches of b and step size eta, exactly.

    With :math:`\alpha = \eta / b` and :math:`P = b/m`; the names are those of the Coq definitions.

    Attributes:
        m: Number of data points.
        b: Points per batch, less than m.
        eta: Step size, at most b/5.
    """

    m: int
    b: int
    eta: Fraction

    @property
    def alpha(self) -> Fraction:
        """The step size per point of a batch."""
        return self.eta / self.b

    @property
    def in_batch(self) -> Fraction:
        """The chance ``P`` that a batch has a given point."""
        return Fraction(self.b, self.m)

    @property
    def split_pair(self) -> Fraction:
        """The chance that it has exactly one of two given points."""
        return Fraction(2 * self.b * (self.m - self.b), self.m * (self.m - 1))

    @property
    def wake_factor(self) -> Fraction:
        r"""The mean factor of (19/20 - C)/C far from the unit sphere.

        It is :math:`1 - P u/(1+u)` with :math:`u = \frac{19}{10}\alpha`.
        """
        u = Fraction(19, 10) * self.alpha
        return 1 - self.in_batch * u / (1 + u)

    @property
    def drift_rate(self) -> Fraction:
        r"""The noise's drift beside a data point.

        It is :math:`\frac{19}{4000} \alpha^2` times the chance to split a pair.
        """
        return Fraction(19, 4000) * self.alpha**2 * self.split_pair

    @property
    def settle_rate(self) -> Fraction:
        """The guaranteed rate, 19/20 of the drift."""
        return Fraction(19, 20) * self.drift_rate

    @property
    def with_leader(self) -> Fraction:
        r"""The mean factor over batches with the leader.

        It is :math:`(b - 1 + (m-b)(1 - z/2 - z^2/10))/(m-1)`, where z is
        :math:`v/(1+v)` for :math:`v = \frac{19}{20}\alpha`.
        """
        v = Fraction(19, 20) * self.alpha
        z = v / (1 + v)
        return (self.b - 1 + (self.m - self.b) * (1 - z / 2 - z**2 / 10)) / (self.m - 1)

    @property
    def mean_growth(self) -> Fraction:
        r"""The mean factor over all batches.

        It is 1 plus an eighth of :math:`y^2` times the chance to split a pair, where y is
        :math:`\frac{11}{10}\alpha / (1 - \frac{9}{10}\alpha)`.
        """
        y = Fraction(11, 10) * self.alpha / (1 - Fraction(9, 10) * self.alpha)
        return 1 + self.split_pair * y**2 / 8

    @property
    def without_leader(self) -> Fraction:
        """The factor of batches without the leader that, with the other, gives that mean."""
        return (self.mean_growth - self.in_batch * self.with_leader) / (1 - self.in_batch)


def capture_chance(constants: StepConstants, climb: int) -> Decimal:
    r"""Compute a lower bound of the chance that an attempt of given length captures.

    .. math::
       2 \sum_{k=0}^{c} \binom{c}{k} P^k (1-P)^{c-k} \max\bigl(0, \tfrac{49}{100}
         - (m-1)\, \text{with}^k\, \text{without}^{c-k}\bigr)

    No term is negative, so leaving out terms is safe. The first one that counts is bounded from
    below with Robbins' bounds of the factorial, in decimals with so many digits that their rounding
    is far below ``_SLACK``. From there on logarithms of ratios are summed. In a long sum terms
    are taken together: ratios decrease with k, so the last of a block bounds all of it; the
    binomial chance rises and falls once, so it is smallest at an end; the bracket grows with k, so
    it is smallest at the beginning.

    Args:
        constants: The constants.
        climb: Length c of the attempt.

    Returns:
        A number that is at most the chance; 0 if the attempt is too short.
    """
    m, b = constants.m, constants.b
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = _digits(constants, climb), MAX_EMAX, MIN_EMIN
        inside, outside = _log(constants.with_leader), _log(constants.without_leader)
        level = _log(Fraction(100 * (m - 1), 49))
        first = int((level + climb * outside) / (outside - inside)) + 1
        if first > climb:
            return Decimal(0)
        mode = (climb + 1) * b // m
        spread = math.isqrt(climb * b * (m - b) // m**2) + 1
        k = max(first, mode - _BELOW * spread)
        log_first = _log_binomial(climb, k) + k * _log(constants.in_batch)
        log_first += (climb - k) * _log(1 - constants.in_batch)
        excess = float(level + k * inside + (climb - k) * outside)
        block = max(1, min(spread, climb - k) // 40)
        slope = float(block * (outside - inside))

        def log_ratio(j: int) -> float:
            """Logarithm of the ratio of term j + 1 to term j of the binomial law."""
            over, under = (climb - j) * b, (j + 1) * (m - b)
            gap = ((climb + 1) * b - (j + 1) * m) / under  # over / under - 1
            return math.log1p(gap) if abs(gap) < 0.5 else math.log(over / under)

        total, log_term = 0.0, 0.0
        for number in range(_BLOCKS):
            last = k + block - 1
            if last > climb:
                break
            log_last = log_term + (block - 1) * log_ratio(last - 1) if block > 1 else log_term
            room = max(0.0, -math.expm1(excess - number * slope))
            total += block * math.exp(min(log_term, log_last)) * room
            k = last + 1
            if k > climb or (k > mode and log_last < math.log(total or 1) - _NEGLIGIBLE):
                break
            log_term = log_last + log_ratio(last)
        return 2 * Decimal("0.49") * log_first.exp() * Decimal(total) * _SLACK


def settling_numbers(
    constants: StepConstants, energy: Fraction, squared_distance: Fraction, missed: Fraction
) -> SettlingNumbers | None:
    """Choose natural numbers that the theorem allows, with a small settling time.

    All but ``climb`` are the smallest (``capture`` but for its digits); any ``climb`` is allowed,
    and a search looks for a good one.

    Args:
        constants: The constants.
        energy: A lower bound of ``C0``, the sum of the squares of the start's active correlations;
            positive.
        squared_distance: The square of the distance e that is allowed; positive.
        missed: The chance p that may be missed; positive.

    Returns:
        The numbers; None if the settling time is above :data:`LONGEST`.
    """
    settle = math.ceil(1 / constants.settle_rate)
    if settle > LONGEST:
        return None
    halvings = _doublings(2 / missed)
    climb, capture = _best_climb(constants, settle, halvings)
    if capture > LONGEST:
        return None
    numbers = SettlingNumbers(
        wake=_wake(constants, energy, missed),
        climb=climb,
        capture=math.ceil(capture),
        halvings=halvings,
        settle=settle,
        refinements=_doublings(1 / (2 * constants.drift_rate * squared_distance)),
    )
    return numbers if numbers.steps <= LONGEST else None


def _best_climb(constants: StepConstants, least: int, halvings: int) -> tuple[int, Decimal]:
    """Search for an attempt's length for which capture takes few steps.

    Logarithms of the functional are a walk with steps of nearly constant mean and variance; it
    falls by a given amount at no better chance than after the time that the mean alone would take
    to rise by it. From there on the search goes downhill, in smaller and smaller factors.

    Returns:
        The length and the steps of ``capture``.
    """
    known: dict[int, tuple[Decimal, int, Decimal]] = {}

    def steps(climb: int) -> tuple[Decimal, int, Decimal]:
        if climb not in known:
            chance = capture_chance(constants, climb)
            capture = Decimal("Infinity")
            if chance:
                capture = max(Decimal(least), _ROUNDED.divide(Decimal(climb), chance))
            with localcontext() as context:
                context.prec, context.Emax, context.Emin = 400, MAX_EMAX, MIN_EMIN
                known[climb] = (climb + halvings * capture, climb, capture)
        return known[climb]

    with localcontext() as context:
        context.prec = _digits(constants, 1)
        level = _log(Fraction(100 * (constants.m - 1), 49))
        inside, outside = _log(constants.with_leader), _log(constants.without_leader)
        share = constants.in_batch
        drift = share * (1 - share) * Fraction((outside - inside) ** 2) / 2
        drift = abs(constants.mean_growth - 1 - drift)
        shortest = int(level / -inside) + 1
        by_drift = int(Fraction(level) / drift) + 1 if drift else shortest
    best = steps(max(shortest, by_drift))
    for over, under in ((4, 1), (2, 1), (3, 2), (6, 5), (11, 10), (33, 32)):
        while True:
            near = best[1]
            longer, shorter = near * over // under, max(shortest, near * under // over)
            better = min(steps(longer), steps(shorter))
            if better >= best:
                break
            best = better
    while best[1] > 1 and best[1] < 1000 and steps(best[1] - 1) < best:
        best = steps(best[1] - 1)
    return best[1], best[2]


def _wake(constants: StepConstants, energy: Fraction, missed: Fraction) -> int:
    """The number of steps to C >= 9/10, from logarithms with 60 digits, rounded up.

    Returns:
        A number that the theorem allows.
    """
    if energy >= Fraction(9, 10):
        return 0
    need = missed * energy / (36 * (Fraction(19, 20) - energy))
    if need >= 1:
        return 0
    with localcontext() as context:
        context.prec = _digits(constants, 1)
        quotient = _log(need) / _log(constants.wake_factor)
        # 1e-30 is far more than the rounding of two logarithms, even if ``need`` is nearly 1.
        return math.ceil(Fraction(quotient) + (1 + Fraction(quotient)) / 10**30)


def _doublings(size: Fraction) -> int:
    """The smallest natural number k with ``2^k >= size``."""
    return (math.ceil(size) - 1).bit_length()


def _digits(constants: StepConstants, climb: int) -> int:
    """Digits with which errors of logarithms, times the number of steps, are below 1e-30.

    Factors differ from 1 by about alpha/m, their mean by about alpha^2/m, and steps are multiplied
    by at most their own logarithm.

    Returns:
        A number of digits.
    """
    return 60 + 2 * len(str(math.ceil(constants.m / constants.alpha))) + len(str(climb))


def _log(number: Fraction) -> Decimal:
    return (Decimal(number.numerator) / Decimal(number.denominator)).ln()


def _log_binomial(n: int, k: int) -> Decimal:
    r"""A lower bound of the logarithm of n over k.

    Robbins (1955): :math:`\log n!` is :math:`n \log n - n + \frac12 \log(2 \pi n)` plus something
    between :math:`1/(12n+1)` and :math:`1/(12n)`.

    Returns:
        The bound.
    """
    rest = n - k
    if not k or not rest:
        return Decimal(0)
    main = n * Decimal(n).ln() - k * Decimal(k).ln() - rest * Decimal(rest).ln()
    root = (Decimal(n) / (_TWO_PI * k * rest)).ln() / 2
    tail = 1 / Decimal(12 * n + 1) - 1 / Decimal(12 * k) - 1 / Decimal(12 * rest)
    return main + root + tail
