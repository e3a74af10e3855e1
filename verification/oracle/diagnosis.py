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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Candidate, Finding
from whichmin.verification.oracle.references import floats

__all__ = ["Diagnosis", "diagnose"]

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
# float32 rounds 2^29 times as coarsely as float64.
_SINGLE = 2.0**29
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


@dataclass(frozen=True)
class _Suspect:
    """A cause, and what it would give in place of the finding's expected value.

    ``named`` marks a mistake that the check itself thinks of: it says more than a factor does.
    """

    text: str
    finding: Finding
    scale: float = 1.0
    declare: str = ""
    named: bool = False

    @property
    def holds(self) -> bool:
        return self.finding.distance(self.finding.nearest, max(1.0, self.scale)) <= 1


# Which convention decides between a mean and a sum.
_REDUCTION = {
    "loss": "loss",
    "gradient": "gradient",
    "step": "gradient",
    "train": "gradient",
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


def _times(finding: Finding, factor: Fraction, text: str, declare: str = "") -> _Suspect:
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
    return _Suspect(f"off by exactly a factor {text}", wrong, scale, declare)


def _candidate(finding: Finding, candidate: Candidate) -> _Suspect:
    wrong = dataclasses.replace(finding, expected=candidate.value, upper=None, parts=())
    size, own = (np.abs(floats(v)).max(initial=0.0) for v in (candidate.value, finding.nearest))
    scale = float(size / own) if own > 0 else 1.0
    return _Suspect(candidate.text, wrong, scale, candidate.declare, named=True)


def _tight(finding: Finding) -> bool:
    """Whether an interval of accepted values is so short that a factor can be read off."""
    low, high = np.abs(floats(finding.expected)), np.abs(floats(finding.upper))
    return bool((low >= _TIGHT * high).all())


def _covariance(finding: Finding) -> bool:
    """Whether the value may be a covariance, or a function of one."""
    calls = (finding.call,) if finding.call is not None else finding.calls[:1]
    return all(c.function in _COVARIANCES for c in calls)


def _suspects(finding: Finding) -> Iterator[_Suspect]:
    """All suspects of a finding, the most specific first."""
    given = finding.candidates
    for candidate in given() if callable(given) else given:
        yield _candidate(finding, candidate)
    low = floats(finding.expected)
    nothing = dataclasses.replace(finding, expected=np.zeros_like(low), upper=None, parts=())
    yield _Suspect(_ZERO, nothing)
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
        yield _Suspect("the transpose of what is expected", flipped)
    absolute = dataclasses.replace(finding, expected=np.abs(low), upper=None, parts=())
    yield _Suspect("the absolute value of what is expected", absolute)


def _fits(suspect: _Suspect, finding: Finding, statistic: bool) -> bool:
    """Whether a suspect explains a finding."""
    if not suspect.holds:
        return False
    return not statistic or finding.holds or _NEARER * suspect.finding.ratio <= finding.ratio


def _one_place(met: Sequence[_Suspect]) -> bool:
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


def _causes(findings: Sequence[Finding], statistic: bool = False) -> list[_Suspect]:
    """Suspects that explain all findings; one that a finding does not have must not be needed."""
    alive: dict[str, list[_Suspect]] = {}
    first = True
    for finding in sorted(findings, key=lambda f: f.holds):  # failures first: they have suspects
        failed, present = not finding.holds, {s.text: s for s in _suspects(finding)}
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
    causes = [s for s in causes if s.text.startswith("kappa = ")] or causes
    return causes if len(causes) <= _NAMED else []


def _told(causes: Sequence[_Suspect], where: str = "") -> Diagnosis:
    text = "; or ".join(c.text for c in causes)
    if len(causes) > 1:
        text += " (these cases do not tell the two apart)"
    return Diagnosis(where + text, next((c.declare for c in causes if c.declare), ""))


def _constant(findings: Sequence[Finding]) -> Diagnosis | None:
    """The same unnamed factor everywhere."""
    failed = [f for f in findings if not f.holds]
    if len(failed) < 2 or any(f.interval and not _tight(f) for f in findings):
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
    # Rounding in single precision has no such order; of two cases it may have by chance.
    if (len(failed) > 2 or not near) and all(s.holds for s in met) and _one_place(met):
        return Diagnosis(f"off by the same factor {text}")
    return None


def _coarse(finding: Finding) -> bool:
    size = float(np.abs(finding.nearest).max(initial=0.0))
    return 0 < size < _SINGLE * float(np.max(finding.bound, initial=0.0))


def _single(findings: Sequence[Finding]) -> Diagnosis | None:
    """All deviations are those of float32, whose rounding leaves digits of what is right."""
    if any(_coarse(f) for f in findings if not f.holds):
        return None
    if all(f.distance(f.nearest, _SINGLE) <= 1 for f in findings):
        return Diagnosis(
            "right up to the rounding of float32, not of float64: single precision somewhere, or "
            "a small constant is added, or differences stand for derivatives",
            "'dtype': 'float32'",
        )
    return None


def diagnose(findings: Sequence[Finding], dtype: str = "float64") -> Diagnosis | None:
    """Find the cause that explains all findings of a check.

    Tried on all findings together; then on each group that has failures (one activation, say); then
    on the failures alone, if there are several. Last, in float64, whether it is float32. In a
    statistic only on all findings together.

    Args:
        findings: All findings of the check, passed ones too.
        dtype: Precision that the target is judged by; empty for a statistic; any other text where
            an estimate or differences are judged.

    Returns:
        The cause; None if nothing failed or no suspect explains the failures.
    """
    failed = [f for f in findings if not f.holds]
    if not failed:
        return None
    statistic = not dtype
    causes = _causes(findings, statistic)
    if causes:
        found = _told(causes)
        return dataclasses.replace(found, text=_about(found.text)) if statistic else found
    if statistic:
        return None  # parts of a statistic are too few to tell a cause from chance
    told: list[Diagnosis] = []
    for group in dict.fromkeys(f.group for f in failed):
        causes = _causes([f for f in findings if f.group == group])
        if not causes or not group:
            told = []
            break
        told.append(_told(causes, f"for {group}: "))
    if told:
        return Diagnosis("; ".join(d.text for d in told), next((d.declare for d in told), ""))
    constant = _constant(findings)
    if constant is not None:
        return constant
    causes = _causes(failed) if len(failed) > 1 else []
    if causes:
        return _told(causes, "where it differs: ")
    return _single(findings) if dtype == "float64" else None


def _about(text: str) -> str:
    """What a statistic can say of a factor."""
    return text.replace("off by exactly a factor", "off by about a factor")
