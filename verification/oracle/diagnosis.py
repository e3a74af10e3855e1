"""Name the cause of a mismatch: the known mistake that explains all cases of a check, or none.

A suspect is a value that a mistake would give. It is the cause only if it explains every finding
that failed and contradicts none that passed, each within its rounding bound; a factor 2 on one
problem with two points is no evidence for anything, on ten problems it is. Where a segment of
values is accepted, as at a kink, a mistake must meet it at the same place in all cases: there is
one kappa. In a statistic, whose bounds are wide, it must also be nearer than what is expected.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.fitting import fitted
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.suspects import Suspect, suspected

__all__ = ["KAPPA", "SINGLE", "SINGLE_TEXT", "Diagnosis", "diagnose"]

# What a wrong factor means: the scalar of a finding by name, and its power.
_MEANING = {
    ("m", 1): "a sum over the points where a mean is expected",
    ("m", -1): "a mean over the points where a sum is expected, or divided by m twice",
    ("b", 1): "a sum over the batch where a mean is expected",
    ("b", -1): "a mean over the batch where a sum is expected, or divided by b twice",
    ("n", 1): "a sum over the coordinates where a mean is expected",
    ("n", -1): "a mean over the coordinates where a sum is expected",
    ("batches", 1): "the batches' means are added up, not averaged",
    ("batches", -1): "averaged over the batches once too often",
    ("eta", 1): "multiplied by the step size once too often",
    ("eta", -1): "the step size is not applied, or divided out",
    ("ranks", 1): "the ranks' gradients are added up, not averaged",
    ("ranks", -1): "divided by the number of ranks once too often",
    ("samples", 1): "not divided by the number of samples",
    ("samples", -1): "divided by the number of samples twice",
}
_CONSTANTS = (
    (Fraction(-1), "-1: the sign"),
    (Fraction(2), "2: the 1/2 of the definition is missing, or a term counts twice"),
    (Fraction(1, 2), "1/2: halved once too often"),
    (Fraction(-2), "-2: the sign, and the 1/2 of the definition"),
    (Fraction(4), "4: the square of 2"),
    (Fraction(1, 4), "1/4: the square of 1/2"),
    (Fraction(1, 100), "1/100: a fraction where a percentage is expected"),
    (Fraction(100), "100: a percentage where a fraction is expected"),
)
# Products of two: the scalar, the factor, and its meaning.
_PRODUCTS: tuple[tuple[str, Callable[[Fraction], Fraction], str], ...] = (
    ("n", lambda n: 2 / n, "2/n: the mean over the coordinates too, without the 1/2 (MSELoss)"),
    ("n", lambda n: 1 / (2 * n), "1/(2n): the mean over the coordinates too, halved once more"),
    ("m", lambda m: 2 * m, "2m: a sum over the points where a mean is expected, without the 1/2"),
    ("m", lambda m: 2 / m, "2/m: divided by m twice, without the 1/2"),
    ("b", lambda b: 2 * b, "2b: a sum over the batch where a mean is expected, without the 1/2"),
)
_ZERO = "always 0"
# How the causes begin that are another second derivative at kinks.
KAPPA = "kappa = "
# float32 rounds 2^29 times as coarsely as float64.
SINGLE = 2.0**29
SINGLE_TEXT = (
    "right up to the rounding of float32, not of float64: single precision somewhere, or a small "
    "constant is added, or differences stand for derivatives"
)
# Failures from which on a deviation that always has the same sign is no rounding: by chance one in
# 2^11.
_ONE_SIDED = 12
# Of causes that the cases cannot tell apart, more than this many are no knowledge: none is named.
_NAMED = 2
# In a statistic a mistake must be this many times nearer to what was found than the right value.
_NEARER = 2
# Functions whose value is a covariance, so that a divisor of one less may be wrong.
_COVARIANCES = {"gradient_noise", "noise_scale", "hessian_noise_scale"}
# The least part of the largest accepted value that an interval may reach down to for a factor to
# say anything: a mistake of a fifth would be lost in it.
_TIGHT = 0.9


@dataclass(frozen=True)
class Diagnosis:
    """The cause of a failure.

    Attributes:
        text: One sentence without a full stop.
        declare: What the target may declare if this is intended; empty if nothing.
    """

    text: str
    declare: str = ""


# Which convention decides between a mean and a sum.
_REDUCTION = {
    "loss": "loss",
    "gradient": "gradient",
    "step": "gradient",
    "train": "gradient",
    "accumulated_gradient": "gradient",
    "ranked_gradient": "gradient",
    "hessian": "hessian",
    "hessian_vector_product": "hessian",
    "hessian_trace": "hessian",
    "top_eigenvalue": "hessian",
    "spectrum": "hessian",
    "relative_flatness": "hessian",
}


def _declaration(finding: Finding, name: str, power: int) -> str:
    """What to declare if a target adds up where a mean is expected, or the other way round."""
    if finding.call is None or name not in {"m", "b"}:
        return ""
    key = _REDUCTION.get(finding.call.function)
    return f"'{key}': '{'sum' if power > 0 else 'mean'}'" if key else ""


def _times(finding: Finding, factor: Fraction, text: str, declare: str = "") -> Suspect:
    """The expected value, its distance from the origin multiplied by a factor."""
    origin, number = floats(finding.origin), float(factor)

    def moved(value: Any) -> Any:
        return None if value is None else origin + number * (floats(value) - origin)

    wrong = dataclasses.replace(
        finding, expected=moved(finding.expected), upper=moved(finding.upper),
        parts=tuple(number * floats(part) for part in finding.parts),
    )  # fmt: skip
    # Where nothing is multiplied, nothing is rounded more.
    scale = abs(number) if np.any(floats(finding.nearest) - origin) else 1.0
    return Suspect(f"off by exactly a factor {text}", wrong, scale, declare)


def _tight(finding: Finding) -> bool:
    """Whether an interval of accepted values is so short that a factor can be read off."""
    low, high = np.abs(floats(finding.expected)), np.abs(floats(finding.upper))
    return bool((low >= _TIGHT * high).all())


def _covariance(finding: Finding) -> bool:
    """Whether the value may be a covariance, or a function of one."""
    calls = (finding.call,) if finding.call is not None else finding.calls[:1]
    return all(c.function in _COVARIANCES for c in calls)


def _counted(finding: Finding) -> bool:
    """Whether the finding counts batches: a factor of a count or of a frequency means nothing."""
    calls = (finding.call,) if finding.call is not None else finding.calls[:1]
    return any(c.function in {"sample_batches", "resumed_batches"} for c in calls)


def _suspects(finding: Finding, wanted: Container[str] | None = None) -> Iterator[Suspect]:
    """All suspects of a finding, the most specific first; of the candidates those wanted."""
    given = finding.candidates
    for candidate in given() if callable(given) else given:
        if wanted is None or candidate.text in wanted:
            yield suspected(finding, candidate)
    if _counted(finding):
        return
    low = floats(finding.expected)
    nothing = dataclasses.replace(finding, expected=np.zeros_like(low), upper=None, parts=())
    yield Suspect(_ZERO, nothing)
    if finding.interval and not _tight(finding):
        return
    for name, value in finding.scalars.items():
        number = Fraction(value)
        if number == 0:
            continue
        for power, spelled in ((1, name), (-1, f"1/{name}")):
            meaning = _MEANING.get((name, power))
            text = f"{spelled}: {meaning}" if meaning else spelled
            yield _times(finding, number**power, text, _declaration(finding, name, power))
        if name in {"m", "n", "b", "samples"} and number > 1 and _covariance(finding):
            less = f"{name}/({name}-1)"
            yield _times(finding, number / (number - 1), f"{less}: the sample covariance")
            text = f"({name}-1)/{name}: the covariance divided by {name}"
            yield _times(finding, (number - 1) / number, text)
    for name, product, text in _PRODUCTS:
        if finding.scalars.get(name):
            yield _times(finding, product(Fraction(finding.scalars[name])), text)
    for factor, text in _CONSTANTS:
        yield _times(finding, factor, text)
    if low.ndim == 2 and low.shape[0] == low.shape[1]:
        flipped = dataclasses.replace(finding, expected=low.T, upper=None, parts=())
        yield Suspect("the transpose of what is expected", flipped)
    absolute = dataclasses.replace(finding, expected=np.abs(low), upper=None, parts=())
    yield Suspect("the absolute value of what is expected", absolute)


def _fits(suspect: Suspect, finding: Finding, statistic: bool) -> bool:
    """Whether a suspect explains a finding."""
    if not suspect.holds:
        return False
    return not statistic or finding.holds or _NEARER * suspect.finding.ratio <= finding.ratio


def _one_place(met: Sequence[Suspect]) -> bool:
    """Whether a mistake meets the segments of accepted values at the same place in all cases."""
    low, high = 0.0, 1.0
    for suspect in met:
        finding = suspect.finding
        if finding.interval or finding.place is None:
            continue
        length = np.abs(floats(finding.upper) - floats(finding.expected))
        bound = np.broadcast_to(np.asarray(finding.bound) * max(1.0, suspect.scale), length.shape)
        # The place is known up to the bound over the length, entry by entry.
        known = float((bound / length.max(initial=0.0)).max(initial=0.0))
        low, high = max(low, finding.place - known), min(high, finding.place + known)
    return low <= high


def _causes(
    findings: Sequence[Finding], statistic: bool = False, kinks: bool = True
) -> list[Suspect]:
    """Suspects that explain all findings; one that a finding does not have must not be needed."""
    alive: dict[str, list[Suspect]] = {}
    first = True
    for finding in sorted(findings, key=lambda f: f.holds):  # failures first: they have suspects
        failed = not finding.holds
        present = {s.text: s for s in _suspects(finding, None if first else alive)}
        if first:
            alive = {t: [s] for t, s in present.items() if _fits(s, finding, statistic)}
            first = False
            continue
        alive = {
            t: [*met, *([present[t]] if t in present else [])]
            for t, met in alive.items()
            if (_fits(present[t], finding, statistic) if t in present else not failed)
        }
        if not alive:
            break
    worst = {t: max(s.finding.ratio for s in met) for t, met in alive.items()}
    # In a statistic a cause is also held against the best one: a tenth of the bound is chance.
    most = 2 * min(worst.values(), default=0.0) + 0.1 if statistic else math.inf
    causes = [met[0] for t, met in alive.items() if worst[t] <= most and _one_place(met)]
    zero = [s for s in causes if s.text == _ZERO]
    if zero and not any(np.any(f.got) for f in findings if not f.holds):
        return zero  # that is what was seen; why is not known, whatever else may be 0
    causes = [s for s in causes if s.named] or causes
    # Another kappa shows at kinks alone; whatever else explains them would show elsewhere too.
    if kinks:
        causes = [s for s in causes if s.text.startswith(KAPPA)] or causes
    else:
        causes = [s for s in causes if not s.text.startswith(KAPPA)]
    return causes if len(causes) <= _NAMED else []


def _told(causes: Sequence[Suspect], where: str = "") -> Diagnosis:
    text = "; or ".join(c.text for c in causes)
    if len(causes) > 1:
        text += " (these cases do not tell the two apart)"
    return Diagnosis(where + text, next((c.declare for c in causes if c.declare), ""))


def _constant(findings: Sequence[Finding]) -> Diagnosis | None:
    """The same unnamed factor everywhere."""
    failed = [f for f in findings if not f.holds]
    # Two cases may have the same factor by chance.
    if len(failed) < 3 or any(f.interval and not _tight(f) for f in findings):
        return None
    first = failed[0]
    away = floats(first.expected) - floats(first.origin)
    square = float((away * away).sum())
    if square == 0:
        return None
    factor = float(((np.asarray(first.got) - floats(first.origin)) * away).sum()) / square
    if not np.isfinite(factor):
        return None
    # Nearer to 1 than 9 digits can tell, what differs is said.
    near = abs(factor - 1) < 1e-6
    text = f"{f'1 {factor - 1:+.3g}' if near else f'{factor:.9g}'} everywhere"
    met = [_times(f, Fraction(factor), text) for f in findings]
    if all(s.holds for s in met) and _one_place(met):
        return Diagnosis(f"off by the same factor {text}")
    return None


def _at_rest(finding: Finding) -> bool:
    """Whether the exact value is the origin, which float32 holds exactly."""
    origin = floats(finding.origin) + 0 * finding.nearest
    exact = np.array_equal(origin, origin.astype(np.float32))
    return exact and np.array_equal(floats(finding.expected), origin)


def _lost(finding: Finding) -> bool:
    """Whether the rounding of float32 leaves no digit of the value."""
    size = float(np.abs(finding.nearest).max(initial=0.0))
    return 0 < size < SINGLE * float(np.max(finding.bound, initial=0.0))


def _single(findings: Sequence[Finding]) -> Diagnosis | None:
    """All deviations are those of float32, in size and in sign."""
    # Rounding has no direction: where all values move the same way along what is expected,
    # something systematic is at work, such as a step size that changes. And where the exact value
    # is its origin, at a critical point, float32 is exact as well: the data there are dyadic.
    failed = [f for f in findings if not f.holds]
    if not all(f.coarse and f.distance(f.nearest, SINGLE) <= 1 for f in findings):
        return None
    if any(_at_rest(f) or _lost(f) for f in failed):
        return None
    along = [
        float(((np.asarray(f.got) - f.nearest) * (f.nearest - floats(f.origin))).sum())
        for f in failed
    ]
    if len(failed) >= _ONE_SIDED and (min(along) > 0 or max(along) < 0):
        return None
    # Nor has it the same size everywhere, as what is added to every value has.
    sizes = [float(np.abs(np.asarray(f.got) - f.nearest).max()) for f in failed]
    if len(failed) > 2 and max(sizes) < 1.05 * min(sizes):
        return None
    return Diagnosis(SINGLE_TEXT, "'dtype': 'float32'")


def diagnose(
    findings: Sequence[Finding], dtype: str = "float64", *, steady: bool = True, kinks: bool = True
) -> Diagnosis | None:
    """Find the cause that explains all findings of a check.

    A cause must give every answer: of the findings that failed and of those that passed. Tried on
    all findings together, mistakes without a parameter first; then, if one group alone has failures
    (one activation, say), on that group. Last, in float64, whether it is float32. In a statistic
    only mistakes without a parameter.

    Args:
        findings: All findings of the check, passed ones too.
        dtype: Precision that the target is judged by; empty for a statistic; any other text where
            an estimate or differences are judged.
        steady: Whether repeated calls give the same; if not, a factor and rounding say nothing.
        kinks: Whether the target is right elsewhere, so that another kappa may be the cause.

    Returns:
        The cause; None if nothing failed or no suspect explains the failures.
    """
    failed = [f for f in findings if not f.holds]
    if not failed:
        return None
    statistic = not dtype
    causes = _causes(findings, statistic, kinks)
    if causes:
        found = _told(causes)
        return dataclasses.replace(found, text=_about(found.text)) if statistic else found
    if statistic:
        return None  # parts of a statistic are too few to tell a cause from chance
    solved = fitted(findings)
    if solved:
        return _told(solved)
    groups = dict.fromkeys(f.group for f in failed)
    if len(groups) == 1 and any(f.group not in groups for f in findings):
        (group,) = groups
        own = [f for f in findings if f.group == group]
        causes = (_causes(own, kinks=kinks) or fitted(own)) if group else []
        if causes:
            return _told(causes, f"for {group}: ")
    if not steady:
        return None
    constant = _constant(findings)
    if constant is None and dtype == "float64":
        return _single(findings)
    return constant


def _about(text: str) -> str:
    """What a statistic can say of a factor."""
    return text.replace("off by exactly a factor", "off by about a factor")
