"""Predict a training run: its end, the candidates with their chances, the hypotheses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.data import Data, Handling, make_data
from whichmin.core.descent import settling_time
from whichmin.core.hessian import hessian_trace, top_eigenvalue
from whichmin.core.landscape import minimum_loss
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.validation import check_weights
from whichmin.errors import InputError
from whichmin.prediction.full_batch import follow_full_batch
from whichmin.prediction.guarantee import Guarantee, guarantee
from whichmin.prediction.hypotheses import Hypothesis, StartFacts, hypotheses
from whichmin.prediction.mini_batch import Choice, choose, describe
from whichmin.symbolic import closed_form
from whichmin.words import Activation, Kink, Sampling, Status

if TYPE_CHECKING:
    from whichmin.core.engines import Problem

__all__ = ["Prediction", "predict"]

Floats = NDArray[np.float64]
_LOG_10 = math.log(10)


@dataclass(frozen=True)
class Prediction:
    r"""The prediction for one run; an attribute is None where theory says nothing.

    Attributes:
        statement: Where the run ends, in a few words.
        reason: Why.
        status: How the run ends.
        candidates: Sets of data points; the run ends at the mixture of one of them.
        limits: Limits that belong to them, shape ``(len(candidates), n)``.
        chances: Their probabilities, shape ``(len(candidates),)``.
        chance_errors: Standard errors of simulated probabilities; 0 where they are closed forms.
        chance_bounds: Upper bounds of the probabilities, the mean of
            :math:`(2/\pi) \arcsin(c_i / |c|)` where the weights reach the unit sphere.
        chances_from: Where the probabilities come from.
        favourite: Index of the candidate that is expected to win, if only that is known.
        steps: Expected number of steps until the run is recognised as settled.
        loss: Loss at the end.
        sharpness: Measures at the minimum, by name.
        hypotheses: What the theorems ask for, decided for this input.
        correlations: Starting correlations, shape ``(m,)``.
        batch_size: Points per batch.
        full_batch: Whether this is gradient descent.
        guarantee: What a theorem guarantees of a mini-batch run, or which of its hypotheses fails;
            None for gradient descent.
        precision: A run of this tolerance has ended at the latest at this distance from its limit.
    """

    statement: str
    status: Status | None
    hypotheses: tuple[Hypothesis, ...]
    correlations: Floats = field(repr=False)
    batch_size: int
    full_batch: bool
    reason: str = ""
    candidates: tuple[tuple[int, ...], ...] = ()
    limits: Floats | None = field(default=None, repr=False)
    chances: Floats | None = None
    chance_errors: Floats | None = None
    chance_bounds: Floats | None = None
    chances_from: str = ""
    favourite: int | None = None
    steps: float | None = None
    loss: float | None = None
    sharpness: Mapping[str, float] = field(default_factory=dict)
    guarantee: Guarantee | None = None
    precision: float = math.inf

    @property
    def covered(self) -> bool:
        """Whether every hypothesis of the theorems holds."""
        return all(h.holds for h in self.hypotheses)


def predict(
    w0: Any,
    data: Any,
    batch_size: int | None = 1,
    step_size: float = 0.1,
    *,
    activation: Any = Activation.RELU,
    sampling: Any = Sampling.WITHOUT_REPLACEMENT,
    batches: Any = None,
    tolerance: float = 1e-12,
    check_every: int | None = None,
    handling: Handling = "require",
    seed: int = 0,
    simulate: bool = True,
) -> Prediction:
    """Predict what training will find, without training.

    Gradient descent on orthonormal data is computed exactly, for every start and step size.
    For mini-batches the candidates follow from the theorems (Ghosh et al. 2025, Theorems 1 and 2)
    and from a region that norm and signs do not leave; the probabilities follow from the diffusion
    limit, by a closed form for two active points (averaged over the growth of the weights) and by
    simulation for more. What is left out is of second order in ``step_size / batch_size``. Beside
    these estimates stands what a theorem guarantees.

    Args:
        w0: Starting weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``, or validated data.
        batch_size: Points per batch; None for the full batch.
        step_size: Step size.
        activation: ``linear`` or ``relu``.
        sampling: How batches are drawn; see :func:`~whichmin.core.training.trainer.train`.
        batches: Indices of every step, for ``custom``.
        tolerance: Tolerance of the run that is predicted.
        check_every: Steps between its tests for convergence; by default those of ``train``.
        handling: What to do with raw data that are not orthonormal.
        seed: Seed of the simulated selection process.
        simulate: Whether to simulate it where there is no closed form.

    Returns:
        The prediction, with every hypothesis decided for this input.

    Raises:
        InputError: An argument is not allowed.

    Example:
        >>> import numpy as np
        >>> predict([0.4, 0.3], np.eye(2), batch_size=None).limits.round(6).tolist()
        [[0.8, 0.6]]
        >>> predict([0.4, 0.3], np.eye(2), batch_size=1, step_size=0.01).chances.round(2).tolist()
        [0.59, 0.41]
    """
    valid = data if isinstance(data, Data) else make_data(data, handling=handling)
    kind, place = torch.float64, torch.device("cpu")
    weights = check_weights(w0, valid.n, "w0", kind, place)
    if len(weights) != 1:
        raise InputError("w0", f"{len(weights)} rows", "must be one start, shape (n,)")
    settings = TrainingSettings(
        activation=activation, batch_size=batch_size, step_size=step_size, sampling=sampling,
        batches=batches, tolerance=tolerance, check_every=check_every, seed=seed,
    )  # fmt: skip
    problem, stream = settings.fit(valid)
    tolerance, every = settings.tolerance, settings.check_every or 1
    if settings.check_every is None and problem.step_size / stream.batch_size < 0.5:
        every = max(1, settling_time(problem, stream, tolerance) // 500)
    start = StartFacts.of(problem, weights[0].numpy())
    asked = hypotheses(problem, stream, start)
    common: dict[str, Any] = {
        "hypotheses": asked,
        "correlations": start.correlations,
        "batch_size": stream.batch_size,
        "full_batch": stream.is_full_batch,
        "guarantee": (
            None if stream.is_full_batch else guarantee(problem, stream, start, tolerance)
        ),
        # |w - limit| <= sqrt(rivals' mass) + sqrt(2 m gap); ten times that, as in kink_width.
        "precision": 10 * (math.sqrt(tolerance) + math.sqrt(2 * valid.m * tolerance)),
    }
    relu = problem.activation is Activation.RELU
    if not start.active.any():
        status = Status.DEAD_NEURON if relu else Status.NON_MINIMAL_CRITICAL_POINT
        return Prediction(
            "nowhere: nothing moves", status, **common,
            reason="every gradient is zero at the start", steps=0.0,
            loss=float(valid.gram.diagonal().mean()) / 2,
        )  # fmt: skip
    if not valid.orthonormal:
        return _correlated(problem, start, tolerance, common)
    if stream.is_full_batch:
        return _full_batch(problem, start, tolerance, every, common)
    choice = choose(problem, stream, start, tolerance, every, simulate)
    return _mini_batch(problem, start, choice, common)


def _full_batch(
    problem: Problem, start: StartFacts, tolerance: float, every: int, common: dict[str, Any]
) -> Prediction:
    path = follow_full_batch(
        start.correlations, start.off_span, problem.activation, problem.step_size, tolerance
    )
    alpha = problem.step_size / problem.data.m
    # From 1/2 on a radial deviation from a minimum grows by |1 - 4 alpha| a step. Bounded runs are
    # chaotic then, and after a factor of 1e12 rounding decides where they are.
    chaotic = alpha >= 0.5 and path.steps * math.log(max(2.0, abs(1 - 4 * alpha))) > 12 * _LOG_10
    if path.status is Status.STEP_LIMIT or chaotic:
        repel = "the minima repel (step size / m is at least 1/2) and the run is chaotic"
        reason = repel if alpha >= 0.5 else "it takes very long"
        return Prediction("no minimum is reached", None, **common, reason=reason)
    steps = float(-(-path.steps // every) * every)
    if path.status is not Status.CONVERGED:
        # Overflow is doubly exponential and the judge sees it late; the others end at loss 1/2.
        loss = None if path.status is Status.DIVERGED else 0.5
        return Prediction(
            "no minimum is reached", path.status, **common, steps=steps, loss=loss,
            reason="gradient descent was followed in its three numbers",
        )  # fmt: skip
    first, second, _ = path.factors
    c = np.where(start.correlations > 0, first, second) * start.correlations
    if problem.activation is Activation.RELU:
        c = np.maximum(c, 0.0)
    points = problem.data.points.double().cpu().numpy()
    limit = c @ points / np.linalg.norm(c)
    chosen = tuple(int(i) for i in np.flatnonzero(c))
    reason = "the normalised projection of the start"
    if problem.activation is Activation.RELU and not path.turned:
        reason += " on the points that started positive"
    if path.turned:
        reason = "gradient descent was followed in its three numbers; signs turn on the way"
    return Prediction(
        describe((chosen,), c),
        Status.CONVERGED,
        **common,
        reason=reason,
        candidates=(chosen,),
        limits=limit[None],
        chances=np.ones(1),
        chance_errors=np.zeros(1),
        chances_from="certain",
        steps=steps,
        loss=closed_form("landscape.minimum")(m=problem.data.m),
        sharpness=_sharpness(problem, len(chosen), len(chosen)),
    )


def _mini_batch(
    problem: Problem, start: StartFacts, choice: Choice, common: dict[str, Any]
) -> Prediction:
    if not choice.candidates:
        return Prediction("not predicted", None, **common, reason=choice.reason)
    points = problem.data.points.double().cpu().numpy()
    c = start.correlations
    limits = np.stack([
        c[list(group)] @ points[list(group)] / np.linalg.norm(c[list(group)])
        for group in choice.candidates
    ])
    sizes = {len(group) for group in choice.candidates}
    return Prediction(
        describe(choice.candidates, c),
        Status.CONVERGED,
        **common,
        reason=choice.reason,
        candidates=choice.candidates,
        limits=limits,
        chances=choice.chances,
        chance_errors=choice.errors,
        chance_bounds=choice.bounds,
        chances_from=choice.source,
        favourite=choice.favourite,
        steps=choice.steps,
        loss=closed_form("landscape.minimum")(m=problem.data.m),
        # Mixtures of different sizes differ in their trace, and nothing is said then.
        sharpness=(
            _sharpness(problem, sizes.pop(), int(start.active.sum())) if len(sizes) == 1 else {}
        ),
    )


def _correlated(
    problem: Problem, start: StartFacts, tolerance: float, common: dict[str, Any]
) -> Prediction:
    data = problem.data
    if problem.activation is Activation.RELU or not common["full_batch"]:
        reason = (
            "ReLU on correlated data has no closed form"
            if problem.activation is Activation.RELU
            else "mini-batches on correlated data need not settle at a constant step size"
        )
        return Prediction("not predicted", None, **common, reason=reason)
    values, vectors = (x.double().cpu().numpy() for x in data.gram_spectrum)
    points = data.points.double().cpu().numpy()
    # Eigenvalues that rounding cannot tell apart share an eigenspace (Weyl).
    top = values >= values[-1] * (1 - 8 * data.m * np.finfo(np.float64).eps)
    basis = (vectors[:, top] / np.sqrt(values[top])).T @ points
    inner = basis @ start.weights
    size = float(np.linalg.norm(inner))
    if size <= float(start.noise.max()) or start.squared_norm >= 2 or problem.step_size > 0.2:
        return Prediction(
            "not predicted", None, **common, reason="outside what is known for correlated data"
        )
    limit = inner @ basis / size
    dimension = int(top.sum())
    # The gap's smallest curvature is the difference to the next eigenvalue of A^T A / m (0 off
    # the span), and the run's tolerance is relative to the mean squared length.
    below = [*values[~top], *([0.0] if data.n > data.m else [])]
    curvature = (values[-1] - max(below)) / data.m if below else values[-1] / data.m
    scale = float(data.gram.diagonal().mean())
    common = {**common, "precision": 10 * math.sqrt(4 * tolerance * scale / curvature)}
    return Prediction(
        "the top eigenvector" if dimension == 1 else f"in the span of {dimension} eigenvectors",
        Status.CONVERGED,
        **common,
        reason="the normalised projection of the start on the top eigenspace of A^T A",
        limits=limit[None],
        candidates=(tuple(range(data.m)),),
        chances=np.ones(1),
        chance_errors=np.zeros(1),
        chances_from="certain",
        loss=minimum_loss(data, Activation.LINEAR),
        sharpness={
            "Hessian trace": float(hessian_trace(limit, data, activation="linear")),
            "top eigenvalue": float(top_eigenvalue(limit, data, activation="linear")),
        },
    )


def _sharpness(problem: Problem, k: int, resolved: int) -> dict[str, float]:
    """Closed forms at a minimum with k active points.

    Args:
        problem: What is trained.
        k: Number of active points of the minimum.
        resolved: Number of points whose signs a finite iterate keeps on the active side.

    Returns:
        Values by name.
    """
    m, n = problem.data.m, problem.data.n
    relu = problem.activation is Activation.RELU
    values = {}
    for kink, name in ((Kink.LEFT, "0"), (Kink.MEAN, "½"), (Kink.RIGHT, "1")):
        values[f"trace κ={name}"] = (
            closed_form("sharpness.trace_at_minimum")(m=m, n=n, k=k, kappa=float(kink.value))
            if relu
            else closed_form("sharpness.linear_trace_at_minimum")(m=m, n=n)
        )
    values["plain autograd at the iterate"] = (
        closed_form("sharpness.autograd_trace_at_iterate")(m=m, n=n, k=resolved)
        if relu
        else values["trace κ=0"]
    )
    values["top eigenvalue"] = closed_form("sharpness.minimum_top")(m=m)
    return {name: float(value) for name, value in values.items()}
