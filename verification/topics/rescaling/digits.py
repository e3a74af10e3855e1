"""A trained two-layer network on images of digits: rescaled, one function of any sharpness."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import torch
from scipy import optimize

from whichmin.core.rescaling.layers import (
    curvature,
    gradients,
    network,
    network_loss,
    rescale,
)
from whichmin.core.threads import single_threaded
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.rounding import spectrum_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.words import EvidenceKind

__all__ = ["Trained", "digits", "trained"]

HIDDEN, TRAINING, ITERATIONS = 10, 300, 200
FACTORS = (1 / 8, 8.0)

Split = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
Trained = tuple[torch.Tensor, torch.Tensor]


@functools.cache
def digits() -> Split:
    """Load handwritten digits: inputs and one-hot targets, for training and held out."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # Grey levels 0 to 16, means of 2 x 2 pixels, each minus its mean over the training images.
    inputs = bunch.images.reshape(-1, 4, 2, 4, 2).mean((2, 4)).reshape(-1, 16) / 16
    inputs = inputs - inputs[:TRAINING].mean(0)
    targets = np.eye(10)[bunch.target]
    parts = (inputs[:TRAINING], targets[:TRAINING], inputs[TRAINING:], targets[TRAINING:])
    one, two, three, four = (torch.from_numpy(np.ascontiguousarray(p)) for p in parts)
    return one, two, three, four


@functools.cache
def trained(seed: int) -> Trained:
    """Fit 16 x 10 x 10 weights by L-BFGS to near a minimum, which nothing below depends on."""
    inputs, targets, _, _ = digits()
    pixels, classes = inputs.shape[1], targets.shape[1]
    cut = HIDDEN * pixels
    rng = np.random.default_rng(seed)
    start = np.concatenate([
        rng.standard_normal(cut) / 8,
        rng.standard_normal(HIDDEN * classes) / np.sqrt(HIDDEN),
    ])

    def layers(flat: np.ndarray) -> Trained:
        whole = torch.from_numpy(np.array(flat))
        return whole[:cut].reshape(HIDDEN, pixels), whole[cut:].reshape(classes, HIDDEN)

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        both = layers(flat)
        slopes = torch.cat([g.flatten() for g in gradients(*both, inputs, targets)])
        return network_loss(*both, inputs, targets), slopes.numpy()

    # Once for all steps: to change the number of threads at each takes longer than the step.
    with single_threaded():
        found = optimize.minimize(
            value, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}
        )
    return layers(found.x)


@check(
    "reparameterisation.digits",
    EvidenceKind.PROPERTY,
    bound="none for outputs (powers of 2); rounding of a dense Hessian",
    forms=("reparameterisation.trace",),
    needs=("sklearn",),
)
def reparameterisation_digits(
    subject: Subject, settings: Settings, second_power: float = 1.0
) -> Iterator[Margin]:
    """A two-layer network trained on digits has, after rescaling, the same outputs on 1,497
    held-out images bit for bit, and the trace and top eigenvalue that the laws say.

    Args:
        subject: What is judged.
        settings: Seed; the long version tries more starts.
        second_power: Layer 2 is divided by ``factor ** second_power``; 1 is the symmetry.

    Yields:
        Outputs, losses and correct answers on held-out images, which may not differ in one bit for
        powers of 2; trace and top eigenvalue against the laws.
    """
    inputs, targets, held, wanted = digits()
    form = subject.forms["reparameterisation.trace"]
    for seed in range(settings.seed, settings.seed + (5 if settings.deep else 1)):
        first, second = trained(seed)
        here = curvature(first, second, inputs, targets)
        T1, T2 = here.traces
        n = len(here.hessian)
        outputs = network(first, second, held)
        right = int((outputs.argmax(1) == wanted.argmax(1)).sum())
        told = [f"r = 1: trace {here.trace:.4g}, top {float(here.spectrum[-1]):.4g}"]
        for r in FACTORS:
            one, other = rescale(first, second, r)
            other = other * r / r**second_power
            after = network(one, other, held)
            yield Margin(f"outputs on held-out digits, r = {r:g}",
                         float((after - outputs).abs().max()), 0.0, len(held))  # fmt: skip
            correct = int((after.argmax(1) == wanted.argmax(1)).sum())
            yield Margin("held-out digits told right", abs(correct - right), 0.0, len(held))
            there = curvature(one, other, inputs, targets)
            size = float(there.spectrum.abs().max())
            rounding = spectrum_bound(n, size)
            law = form(T1=T1, T2=T2, r=r)
            yield Margin(f"trace, r = {r:g}", abs(there.trace - law), rounding)
            top = float(there.spectrum[-1])
            # The largest eigenvalue is at least the mean of any diagonal block.
            least = max(T1 / here.first / r**2, T2 * r**2 / (n - here.first))
            yield Margin(
                f"top eigenvalue below its bound, r = {r:g}", max(0.0, least - top), rounding
            )
            yield differs(f"trace at r = {r:g} and at 1", here.trace, there.trace, rounding)
            told.append(f"r = {r:g}: trace {there.trace:.4g}, top {top:.4g}")
        shown = f"digits, 16 x {HIDDEN} x 10, {right} of {len(held)} held out right for every r; "
        error = abs(there.relative_flatness - here.relative_flatness)
        rounding = spectrum_bound(n, here.relative_flatness)
        yield Margin(
            f"relative flatness, r = {FACTORS[-1]:g}", error, rounding, 1, shown + "; ".join(told)
        )
