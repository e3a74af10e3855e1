r"""The ends of a symmetric operator's spectrum, and how far beyond them something can be missed.

Lanczos with full orthogonalisation from a Gaussian vector g finds values that lie inside the
spectrum. A residual says that an eigenvalue is near, never that none was skipped. What bounds that
is the overlap of g with what was skipped. With the Ritz values :math:`\theta_j` of m steps and the
lengths :math:`\beta_j` left by them,

.. math:: \prod_{j=1}^m (H - \theta_j)\,g = |g|\,\beta_1 \cdots \beta_m\,q_{m+1} .

Its part along a unit eigenvector v, whose eigenvalue is :math:`\lambda`, is
:math:`\prod_j (\lambda - \theta_j)\,v^\top g`, and :math:`P(|v^\top g| < t) \le t \sqrt{2/\pi}`. So
but for a probability :math:`\delta` the largest eigenvalue is at most the root x above all
:math:`\theta_j` of

.. math:: \prod_{j=1}^m (x - \theta_j) = \sqrt{2/\pi}\;\frac{|g|\,\beta_1 \cdots \beta_m}{\delta},

at every m at once, as the event does not depend on m. (A bound that knows nothing of the spectrum:
Kuczynski and Wozniakowski 1992.)

For k values, g is drawn afresh orthogonally to the k vectors V found, and the bound is that of the
rest of H, :math:`\mu`. Where H V = V Theta + R, the i-th eigenvalue then is

.. math:: \theta_i \le \lambda_i \le \frac{\theta_i + \mu}{2} +
          \sqrt{\Bigl(\frac{\theta_i - \mu}{2}\Bigr)^2 + |R|^2} ,

the first by interlacing, for certain; the second because x - H is positive semidefinite on all but
i - 1 dimensions as soon as :math:`(x - \theta_i)(x - \mu) \ge |R|^2` (its Schur complement). So
copies of a multiple eigenvalue count, which one Lanczos run cannot see.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whichmin.errors import CheckFailed

__all__ = ["Ends", "find_ends", "reach"]

_MEMORY = 2**26  # numbers in a basis: 512 MiB
_MOST = 300  # vectors in a basis, unless the wanted ones need more
_CHECK = 40  # products that a check may take beyond those that the search took
_UNITS = 10  # of the products' rounding as it is seen: no residual falls below

Vector = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Ends:
    """Values at the upper end, or those of the largest size.

    Attributes:
        values: The outermost first, shape ``(k,)``.
        vectors: As rows, shape ``(k, n)``.
        residuals: Shape ``(k,)``.
        limits: How far out each can lie, but for the doubt: upper bounds, or of its size.
        complete: Whether these are no further out than the tolerance, or the products' rounding.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    limits: np.ndarray
    complete: bool


def reach(values: np.ndarray, lengths: np.ndarray, start: float, doubt: float) -> float:
    r"""Compute how far up an eigenvalue can lie, from one Lanczos run.

    The root x above all values of :math:`\prod_j (x - \theta_j) = \sqrt{2/\pi}\,|g| \prod_j
    \beta_j / \delta`; see the module's text.

    Args:
        values: Ritz values of the run's m steps.
        lengths: What each step left over, beta, above 0.
        start: Length of the Gaussian vector that it began with, |g|.
        doubt: Probability delta with which the bound may fail.

    Returns:
        The bound x.
    """
    top = float(values.max())
    below = top - values
    target = math.log(math.sqrt(2 / math.pi) * start / doubt) + float(np.log(lengths).sum())
    # Each factor is at least x - top: a bracket of the logarithm of that.
    high = target / len(values)
    low = high - 1.0
    while float(np.log(below + math.exp(low)).sum()) > target and low > -700:
        low -= 2 * (high - low)
    for _ in range(80):
        middle = (low + high) / 2
        if float(np.log(below + math.exp(max(middle, -745.0))).sum()) > target:
            high = middle
        else:
            low = middle
    return top + math.exp(high)


class _Space:
    """An orthonormal basis that grows by a product at a time, and the operator in it."""

    def __init__(self, multiply: Vector, unit: float, capacity: int, n: int) -> None:
        self.multiply, self.unit, self.n = multiply, unit, n
        self.rows = np.empty((capacity + 1, n))
        self.table = np.zeros((capacity + 1, capacity + 1))  # only its upper triangle is used
        self.capacity, self.noise, self.scale = capacity, 0.0, 0.0

    def begin(self, drawn: np.ndarray, values: np.ndarray, residuals: np.ndarray) -> None:
        """Begin a Lanczos run, orthogonal to the first rows, which have these values."""
        self.first = self.count = len(values)
        self.known = residuals
        self.table[:] = 0
        self.table[range(self.first), range(self.first)] = values
        self.lengths: list[float] = []
        self.start = self._append(drawn)
        self.whole = True  # whether all vectors but the first are one Lanczos run
        self.ended: int | None = None  # how many vectors it had when its space was invariant
        self.expected = np.full(self.count, np.nan)

    def _append(self, drawn: np.ndarray) -> float:
        rows = self.rows[: self.count]
        for _ in range(2):
            drawn = drawn - (rows @ drawn) @ rows
        length = float(np.linalg.norm(drawn))
        self.rows[self.count] = drawn / length
        return length

    def extend(self, draw: Callable[[], np.ndarray]) -> None:
        """Multiply the newest vector; from an invariant space go on with a random one."""
        j = self.count
        image, rows, parts = self.multiply(self.rows[j]), self.rows[: j + 1], np.zeros(j + 1)
        self.scale = max(self.scale, float(np.linalg.norm(image)))
        for _ in range(2):
            more = rows @ image
            image, parts = image - more @ rows, parts + more
        self.table[: j + 1, j] = parts
        # By symmetry all but the last are known already: the difference is the products' rounding.
        off = np.abs(parts[:j] - self.expected)
        seen = float(off[~np.isnan(off)].max(initial=0.0))
        self.noise = max(self.noise, self.unit * self.scale, seen)
        self.count, left = j + 1, float(np.linalg.norm(image))
        floor = _UNITS * self.unit * math.sqrt(self.n) * max(self.scale, np.finfo(float).tiny)
        self.lengths.append(max(left, floor))
        self.expected = np.zeros(self.count)
        self.expected[: self.first] = np.nan
        if left > floor:
            self.rows[self.count], self.expected[j] = image / left, left
        else:
            self.ended = self.ended or self.count
            if self.count < self.n:
                self._append(draw())

    def ritz(self, magnitude: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return all Ritz values, the outermost first, and their coefficients as columns."""
        upper = np.triu(self.table[: self.count, : self.count])
        values, columns = np.linalg.eigh(upper + np.triu(upper, 1).T)
        order = np.argsort(-np.abs(values) if magnitude else -values, kind="stable")
        return values[order], columns[:, order]

    def residuals(self, columns: np.ndarray) -> np.ndarray:
        """Bound the residuals of Ritz vectors from what every vector's image left over."""
        newest = self.lengths[-1] * np.abs(columns[-1])
        older: np.ndarray = np.abs(self.known @ np.abs(columns[: len(self.known)]))
        return np.asarray(newest + older)

    def keep(self, columns: np.ndarray) -> None:
        """Put Ritz vectors in the place of the first rows."""
        for start in range(0, self.n, 2**16):
            part = self.rows[: len(columns), start : start + 2**16]
            self.rows[: columns.shape[1], start : start + 2**16] = columns.T @ part

    def restart(self, values: np.ndarray, columns: np.ndarray) -> None:
        """Keep the space of some Ritz vectors, and go on with the newest vector (thick restart)."""
        kept, newest = len(values), self.rows[self.count].copy()
        self.expected = self.lengths[-1] * columns[-1]
        self.known = np.abs(self.known @ np.abs(columns[: len(self.known)]))
        self.keep(columns)
        self.rows[kept] = newest
        self.table[:] = 0
        self.table[range(kept), range(kept)] = values
        self.count = self.first = kept
        self.whole = False

    def beyond(self, magnitude: bool, doubt: float) -> float:
        """Bound the outermost eigenvalue of the operator across the rows before the run."""
        stop = self.ended or self.count
        upper = np.triu(self.table[self.first : stop, self.first : stop])
        values = np.linalg.eigvalsh(upper + np.triu(upper, 1).T)
        lengths = np.array(self.lengths[: stop - self.first])
        if not magnitude:
            return reach(values, lengths, self.start, doubt)
        return max(reach(side, lengths, self.start, doubt / 2) for side in (values, -values))


@dataclass(frozen=True)
class Rules:
    """What a search stops at.

    Attributes:
        count: k.
        magnitude: Whether both ends count, by size.
        tolerance: Of each value, as a share of the operator's norm.
        doubt: Probability with which the limits may fail; 1 for none.
        restarts: Most restarts of a basis without room, and most checks.
    """

    count: int
    magnitude: bool
    tolerance: float
    doubt: float
    restarts: int


class _Search:
    """The outermost values, by Lanczos runs in what is left by those before."""

    def __init__(
        self, multiply: Vector, n: int, draw: Callable[[], np.ndarray], rules: Rules, unit: float
    ) -> None:
        k = rules.count
        capacity = min(n, max(2 * k + 20, min(_MOST, _MEMORY // n)))
        self.space, self.draw, self.rules = _Space(multiply, unit, capacity, n), draw, rules
        self.values, self.found = np.zeros(0), np.zeros(0)
        self.restarts = 0

    @property
    def allowed(self) -> float:
        """How far off a value may be; products that are rounded more allow no less."""
        return max(self.rules.tolerance * self.space.scale, _UNITS * self.space.noise)

    def _due(self) -> bool:
        # A look costs the decomposition of a small matrix: rarer as that grows.
        space = self.space
        return space.count in {space.n, space.capacity} or (
            space.count >= self.rules.count and space.count % max(1, space.count // 20) == 0
        )

    def _look(self) -> tuple[np.ndarray, np.ndarray, bool]:
        """Return Ritz values, their coefficients, and whether the k outermost have converged."""
        k, space = self.rules.count, self.space
        values, columns = space.ritz(self.rules.magnitude)
        left = space.residuals(columns[:, :k])
        # A value is off by at most the residual, and by its square over the gap (Kato 1949,
        # Temple 1928); the gap is that to the nearest other Ritz value.
        gaps = np.abs(values[:k, None] - values)
        gaps[range(len(left)), range(len(left))] = math.inf
        room = np.maximum(gaps.min(axis=1) - left, 0) if len(values) > 1 else 0 * left
        errors = np.divide(left**2, room, out=left.copy(), where=room > left)
        done = space.count == space.n or bool((errors <= self.allowed).all())
        return values, columns, len(values) >= k and done

    def _take(self, values: np.ndarray, columns: np.ndarray) -> None:
        k = self.rules.count
        self.found = self.space.residuals(columns[:, :k])
        self.space.keep(columns[:, :k])
        self.values = values[:k]

    def _room(self, values: np.ndarray, columns: np.ndarray) -> None:
        """Make room in a basis that is full.

        Raises:
            CheckFailed: It was done too often.
        """
        space, k = self.space, self.rules.count
        if space.count < space.capacity:
            return
        self.restarts += 1
        if self.restarts > self.rules.restarts:
            raise CheckFailed(
                f"{k} eigenvalues are not found to {self.rules.tolerance:g} after "
                f"{self.rules.restarts} restarts; raise max_restarts or tolerance"
            )
        kept = k + (space.capacity - k) // 3
        space.restart(values[:kept], columns[:, :kept])

    def find(self) -> np.ndarray:
        """Search, and bound what is beyond.

        Returns:
            The limits.
        """
        space, rules = self.space, self.rules
        space.begin(self.draw(), np.zeros(0), np.zeros(0))
        alone, limit, spent = rules.count == 1 and rules.doubt < 1, math.inf, 0
        while True:
            space.extend(self.draw)
            if not self._due():
                continue
            values, columns, done = self._look()
            if done and (not alone or not space.whole):
                break
            if done:
                spent = spent or space.count
                limit = space.beyond(rules.magnitude, rules.doubt)
                enough = limit - abs_if(values, rules.magnitude)[0] <= self.allowed
                if enough or space.ended or space.count >= min(space.capacity, 2 * spent + _CHECK):
                    break
            self._room(values, columns)
        self._take(values, columns)
        if alone and space.whole:
            return np.array([max(limit, abs_if(values, rules.magnitude)[0])])
        return self._checked(space.count) if rules.doubt < 1 else np.full(rules.count, math.inf)

    def _checked(self, spent: int) -> np.ndarray:
        """Search across what was found, from new vectors, until nothing more is found."""
        space, rules, doubt = self.space, self.rules, self.rules.doubt
        for _ in range(rules.restarts):
            doubt /= 2  # of all checks together it is at most the whole
            if len(self.values) == space.n:
                return abs_if(self.values, rules.magnitude)
            old = abs_if(self.values, rules.magnitude)
            space.begin(self.draw(), self.values, self.found)
            limits, risen, reached = old, False, False
            across, most = float(np.linalg.norm(self.found)), space.count + spent + _CHECK
            while True:
                space.extend(self.draw)
                if not self._due():
                    continue
                values, columns, done = self._look()
                risen = bool(
                    (abs_if(values[: len(old)], rules.magnitude) > old + self.allowed).any()
                )
                if space.whole:
                    rest = space.beyond(rules.magnitude, doubt)
                    half = (old - rest) / 2
                    limits = old - half + np.hypot(half, across)
                    reached = bool((limits - old <= self.allowed).all())
                over = reached or space.ended or space.count >= min(most, space.capacity)
                if (done and (risen or over)) or (over and not risen):
                    break
                self._room(values, columns)
            self._take(values, columns)
            if not risen:
                return np.asarray(np.maximum(limits, abs_if(self.values, rules.magnitude)))
        raise CheckFailed(
            f"every one of {rules.restarts} checks found eigenvalues beyond those before; raise "
            "max_restarts"
        )


def abs_if(values: np.ndarray, magnitude: bool) -> np.ndarray:
    """Return sizes where sizes count."""
    return np.abs(values) if magnitude else values


def find_ends(
    multiply: Vector, n: int, draw: Callable[[], np.ndarray], rules: Rules, unit: float
) -> Ends:
    """Find the outermost values of a symmetric operator, and how far out they can lie.

    Args:
        multiply: The operator, on vectors of shape ``(n,)``.
        n: Its size.
        draw: Returns a new Gaussian vector at each call.
        rules: How many, which, and when to stop.
        unit: Of roundoff of the products.

    Returns:
        The values.

    Raises:
        CheckFailed: They do not converge.
    """
    search = _Search(multiply, n, draw, rules, unit)
    limits = search.find()
    complete = bool((limits - abs_if(search.values, rules.magnitude) <= search.allowed).all())
    rounded = limits + _UNITS * search.space.noise
    vectors = search.space.rows[: rules.count].copy()
    return Ends(search.values, vectors, search.found, rounded, complete)
