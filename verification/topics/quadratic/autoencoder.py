"""Linear scaling and warm-up on the autoencoder itself, in fractions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import EXACT, exactly, value
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle.noise import batches, covariance
from whichmin.verification.oracle.references import Matrix, Vector, dot
from whichmin.verification.topics.sgd.rational_sgd import PLANE, basis, exact_step, trajectory
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

F = Fraction
MODES = ("without-replacement", "with-replacement")


def _added(w: Vector, data: Matrix, size: int, eta: Fraction, mode: str) -> Fraction:
    """Compute the variance that a step adds, from all batches and the definition of a step.

    Returns:
        Sum over the coordinates.
    """
    chances, ends = [], []
    for batch, chance in batches(len(data), size, mode):
        ends.append(exact_step(w, [data[i] for i in batch], eta, Activation.LINEAR))
        chances.append(chance)
    matrix = covariance(tuple(ends), tuple(chances))
    return sum((row[i] for i, row in enumerate(matrix)), F(0))


@check(
    "scaling.batch_noise",
    EvidenceKind.ENUMERATION,
    bound=EXACT,
    forms=("scaling.sampled_noise", "scaling.replaced_noise", "scaling.halving"),
)
def batch_noise(subject: Subject) -> Iterator[Margin]:
    """On the autoencoder with eta/b = alpha fixed, over all batches of up to 5 points, a step adds
    alpha^2 s (m - b)/(m - 1) per sample without replacement and alpha^2 s with it.
    """
    forms, alpha = subject.forms, F(1, 5)
    for m in range(2, 6):
        data = basis(m)
        w = tuple(F(3 + i, 8) for i in range(m))
        s = _added(w, data, 1, F(1), MODES[0])  # a step of size 1 is the gradient
        for size in range(1, m + 1):
            known: dict[str, Fraction | int] = {"alpha": alpha, "b": size, "m": m, "s": s}
            at = f"b = {size}, m = {m}"
            added = _added(w, data, size, alpha * size, MODES[0])
            name = "scaling.sampled_noise"
            yield exactly(f"{name}, {at}", value(forms[name], **known), added / size)
            if 2 * size <= m:
                name = "scaling.halving"
                # Of mean gradients: with one step size for both batch sizes.
                twice = _added(w, data, 2 * size, alpha * size, MODES[0])
                yield exactly(f"{name}, {at}", value(forms[name], **known), twice / added)
            if m**size <= 256:
                name = "scaling.replaced_noise"
                added = _added(w, data, size, alpha * size, MODES[1])
                yield exactly(f"{name}, {at}", value(forms[name], **known), added / size)


# Step sizes of a linear warm-up to 1/5, m = 2, from |w0| = 4.
WARM_UP = tuple(F(k, 50) for k in range(1, 11))


@check(
    "scaling.warm_up",
    EvidenceKind.COUNTEREXAMPLE,
    bound="proved thresholds of the squared norm, in fractions rounded to 1e-12",
)
def warm_up(sizes: Sequence[Fraction] = WARM_UP) -> Iterator[Margin]:
    """GD of the linear neuron from |w0| = 4 diverges with step size 1/5, and converges after a
    linear warm-up to it of 10 steps.

    The start is (12/5, 16/5), of squared norm 16 > 1 + m/eta = 11. In the span C = N. Beyond
    C = 1 + m/eta it grows for ever (``step_size.growth``); for 0 < C < 1 + m/(2 eta), eta <= m/4,
    GD converges (``step_size.radial``).

    Args:
        sizes: Step sizes of the warm-up.

    Yields:
        Where the squared norm stands against the two thresholds, exactly.
    """
    m, eta = 2, F(1, 5)
    start: Vector = (F(12, 5), F(16, 5))
    norm = dot(start, start)
    told = f"constant step size {eta}: squared norm {norm}, diverges beyond {1 + m / eta}"
    yield Margin(told, float(1 + m / eta), float(norm), 1, told)
    w = trajectory(start, [PLANE] * 2, Activation.LINEAR, eta)
    yield Margin("and is larger after 2 steps", float(norm), float(dot(w, w)))
    w = start
    for size in sizes:
        w = exact_step(w, PLANE, size, Activation.LINEAR)
        w = tuple(c.limit_denominator(10**12) for c in w)
    # The rounding to denominators of 10^12 is one of 1e-12 a step; the region is open and wide.
    limit = float(1 + m / (2 * eta))
    told = (
        f"after {len(sizes)} steps from {sizes[0]} up to {sizes[-1]}: squared norm "
        f"{float(dot(w, w)):.4f}, converges below {limit:g}"
    )
    yield Margin(told, float(dot(w, w)), limit - 1e-6, 1, told)
    yield Margin("and above 0", 1e-6, float(dot(w, w)))
    yield Margin("the last step size is that of the constant run", float(abs(sizes[-1] - eta)), 0.0)
