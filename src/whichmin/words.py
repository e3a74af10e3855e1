"""Enumerations that all layers share: activations, samplings, engines, statuses, verdicts.

This module imports nothing of ours, so every layer may import it without making ``core`` and
``symbolic`` depend on each other.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from fractions import Fraction
from typing import TypeVar

from whichmin.errors import InputError

__all__ = [
    "TOPICS",
    "Activation",
    "EngineName",
    "EvidenceKind",
    "Kink",
    "Sampling",
    "Status",
    "Verdict",
    "parse",
]

#: What is derived, computed, checked and claimed, in the order of a reader.
TOPICS = (
    "landscape", "batches", "descent", "sgd", "cyclic", "selection", "starts", "hessian",
    "perturbation", "noise", "quadratic", "stationary", "rescaling",
)  # fmt: skip


class Activation(StrEnum):
    """Activation of the neuron: identity (``linear``) or ``relu``."""

    LINEAR = "linear"
    RELU = "relu"


class Kink(Enum):
    """Value kappa that the second derivative of ``relu(t)**2 / 2`` is given at ``t = 0``.

    ``LEFT`` is what automatic differentiation returns, ``MEAN`` averages the two
    one-sided values (the convention of Ghosh et al. 2025, Theorem 13), ``RIGHT``
    treats a kink as active.
    """

    LEFT = Fraction(0)
    MEAN = Fraction(1, 2)
    RIGHT = Fraction(1)


class Sampling(StrEnum):
    """How the batch of each step is chosen."""

    WITHOUT_REPLACEMENT = "without-replacement"
    WITH_REPLACEMENT = "with-replacement"
    RESHUFFLED = "reshuffled"
    CYCLIC = "cyclic"
    CUSTOM = "custom"


class EngineName(StrEnum):
    """Implementation of a training step.

    ``auto`` picks ``compiled`` on orthonormal float64 data where ``reduced`` is expected to take
    more than a second, ``reduced`` otherwise.
    """

    AUTO = "auto"
    AUTOGRAD = "autograd"
    COMPILED = "compiled"
    DENSE = "dense"
    REDUCED = "reduced"


class Status(Enum):
    """How a training run ended, with what to try next."""

    CONVERGED = "converged", "a global minimum was reached within the tolerance"
    STATIONARY = (
        "stationary",
        "the gradient is within the tolerance of zero; the global minimum of this correlated "
        "ReLU problem has no known closed form, so no loss gap can be stated",
    )
    STEP_LIMIT = (
        "step limit",
        "the step limit came first; raise max_steps, or loosen the tolerance",
    )
    DIVERGED = (
        "diverged",
        "the weights grew without bound; lower the step size (theory covers step_size / batch_size "
        "up to 1/5) or start with a norm below 1",
    )
    DEAD_NEURON = (
        "dead neuron",
        "no data point has a positive correlation with the weights, so every gradient is zero; "
        "start elsewhere (a Gaussian start is dead with probability 2**-m)",
    )
    NON_MINIMAL_CRITICAL_POINT = (
        "non-minimal critical point",
        "the weights are, or are being attracted, where no data point is represented and the loss "
        "is 1/2; start with a norm below 1 and with some correlation",
    )

    def __init__(self, label: str, advice: str) -> None:
        self.label = label
        self.advice = advice

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f"<Status.{self.name}>"


class EvidenceKind(StrEnum):
    """What kind of evidence a check produces, strongest first.

    A proof that the kernel of a proof assistant has checked; a symbolic identity; a proof of real
    algebra by an SMT solver; an exact certificate; an exact counterexample; an enumeration of all
    cases of a size; a property over random cases; a search for a counterexample that found none;
    statistics with a stated false-alarm rate.
    """

    KERNEL = "kernel proof"
    IDENTITY = "symbolic identity"
    SMT = "SMT proof"
    CERTIFICATE = "exact certificate"
    COUNTEREXAMPLE = "counterexample"
    ENUMERATION = "enumeration"
    PROPERTY = "random cases"
    ATTACK = "attack"
    STATISTICS = "statistics"


class Verdict(StrEnum):
    """The verdict on a claim, decided by evidence, the most certain first.

    CHECKED by a proof kernel; PROVED by machines alone; ARGUED: parts proved by machines, joined by
    a written argument; VERIFIED on cases; SUPPORTED by statistics; REFUTED; OPEN.
    """

    CHECKED = "CHECKED"
    PROVED = "PROVED"
    ARGUED = "ARGUED"
    VERIFIED = "VERIFIED"
    SUPPORTED = "SUPPORTED"
    REFUTED = "REFUTED"
    OPEN = "OPEN"


_E = TypeVar("_E", bound=Enum)


def parse(kind: type[_E], value: object, argument: str) -> _E:
    """Convert a name or a member to a member of an enumeration.

    Args:
        kind: The enumeration.
        value: A member, or the value of one.
        argument: Name of the caller's argument, for the message.

    Returns:
        The member.

    Raises:
        InputError: The value names no member.
    """
    if isinstance(value, kind):
        return value
    for member in kind:
        spelled = member.value if isinstance(member.value, str) else member.name.lower()
        if isinstance(value, str) and value == spelled:
            return member
    names = ", ".join(
        member.value if isinstance(member.value, str) else member.name.lower() for member in kind
    )
    raise InputError(argument, value, f"must be one of: {names}")
