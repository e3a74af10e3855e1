"""Run the training that figures show: one start, gradient descent and mini-batches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.data import Data, make_data
from whichmin.core.frames import random_frame, random_start
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.core.validation import check_integer, check_seed, check_weights
from whichmin.errors import InputError
from whichmin.words import Activation, Status, parse

__all__ = [
    "active_start",
    "check_batch",
    "check_data",
    "check_start",
    "check_status",
    "gradient_descent",
    "log_steps",
    "mini_batches",
    "settings_text",
    "unfinished",
]


def check_data(data: Any, seed: int, *, correlated: bool = False) -> Data:
    """Validate the data of a figure, or make a random frame of 8 points in R^32.

    Args:
        data: Rows, validated data, or None.
        seed: Seed of the default.
        correlated: Whether rows that are not orthonormal are allowed.

    Returns:
        The data.

    Raises:
        InputError: The data are not usable, or not orthonormal.
    """
    check_seed(seed)
    if data is None:
        data = random_frame(8, 32, seed)
    if not isinstance(data, Data):
        return make_data(data, handling="as-is" if correlated else "require")
    if not (correlated or data.orthonormal):
        raise InputError(
            "data",
            f"{data.m} points in {data.n} dimensions, deviation from orthonormality "
            f"{data.deviation:.3g}",
            "must be orthonormal here: the figure shows theory that holds for such data only; "
            "orthonormalise them",
        )
    return data


def check_start(w0: Any, data: Data, seed: int) -> NDArray[np.float64]:
    """Validate one start, or make that of :func:`~whichmin.core.training.trainer.train`.

    Args:
        w0: Weights, shape ``(n,)``, or None.
        data: The data.
        seed: Seed of the default.

    Returns:
        The weights, shape ``(n,)``.

    Raises:
        InputError: Wrong shape, or not finite.
    """
    if w0 is None:
        w0 = random_start(data.n, seed=check_seed(seed))
    weights = check_weights(w0, data.n, "w0", torch.float64, torch.device("cpu"))
    if len(weights) != 1:
        raise InputError("w0", f"{len(weights)} rows", "must be one start, shape (n,)")
    return np.asarray(weights[0].numpy())


def active_start(w0: Any, data: Data, seed: int, activation: Any) -> NDArray[np.float64]:
    """Validate one start, and require that at least two data points take part.

    Args:
        w0: Weights, shape ``(n,)``, or None.
        data: The data.
        seed: Seed of the default.
        activation: ``linear`` or ``relu``.

    Returns:
        The weights, shape ``(n,)``.

    Raises:
        InputError: Fewer than two points take part, so there is no choice to show.
    """
    start = check_start(w0, data, seed)
    correlations = data.points.double().cpu().numpy() @ start
    relu = parse(Activation, activation, "activation") is Activation.RELU
    taking_part = int((correlations > 0).sum() if relu else (correlations != 0).sum())
    if taking_part < 2:
        kind = "positive" if relu else "non-zero"
        raise InputError(
            "w0",
            f"a start with {taking_part} {kind} correlation(s) of {data.m}",
            f"must have at least 2 {kind} ones, or nothing is left to choose (another start or "
            "seed, or more points)",
        )
    return start


def check_batch(batch_size: Any, data: Data, argument: str = "batch_size") -> int:
    """Validate the batch size of a figure's mini-batches.

    Args:
        batch_size: Points per batch.
        data: The data.
        argument: Name of the caller's argument, for the message.

    Returns:
        The batch size.

    Raises:
        InputError: It is not between 1 and m.
    """
    size = check_integer(batch_size, argument, 1)
    if size > data.m:
        raise InputError(argument, batch_size, f"must be at most m = {data.m}")
    return size


def gradient_descent(data: Data, starts: Any, **settings: Any) -> TrainResult:
    """Train with the full batch.

    Args:
        data: The data.
        starts: Shape ``(n,)`` or ``(R, n)``.
        **settings: For :func:`~whichmin.core.training.trainer.train`.

    Returns:
        The outcome.
    """
    return train(data, starts, batch_size=None, **settings)


def mini_batches(data: Data, start: Any, replicas: Any, **settings: Any) -> TrainResult:
    """Train replicas from one start, each with its own batches.

    Args:
        data: The data.
        start: Shape ``(n,)``.
        replicas: How many.
        **settings: For :func:`~whichmin.core.training.trainer.train`.

    Returns:
        The outcome.
    """
    count = check_integer(replicas, "replicas", 1)
    return train(data, np.tile(start, (count, 1)), **settings)


def check_status(results: Mapping[str, TrainResult], allowed: Collection[Status]) -> None:
    """Refuse a start from which a run ends in a way that the figure cannot show.

    Args:
        results: Outcomes, by name of the method.
        allowed: How they may end.

    Raises:
        InputError: The first replica of one of them ended otherwise.
    """
    for name, result in results.items():
        if result.status[0] not in allowed:
            raise InputError(
                "w0",
                f"a start from which {name} ended as '{result.status[0]}'",
                f"must lead to a minimum ({result.advice(0)})",
            )


def log_steps(per_decade: int) -> NDArray[np.int64]:
    """Choose steps to record for a logarithmic axis: 0, and about ``per_decade`` per decade."""
    # Runs longer than 10^9 steps are not made: a default limit is below 2 * 10^7.
    grid = np.rint(np.geomspace(1, 1e9, 9 * per_decade + 1)).astype(np.int64)
    return np.unique(np.concatenate([[0], grid]))


def unfinished(*results: TrainResult, what: str = "drawn as far as they went") -> str:
    """Count the runs that ended in no global minimum, as text for the footnote.

    Args:
        *results: Outcomes.
        what: What the figure does with them.

    Returns:
        One clause that begins with a semicolon, or nothing.
    """
    statuses = [s for result in results for s in result.status]
    odd = [s for s in statuses if s is not Status.CONVERGED]
    if not odd:
        return ""
    kinds = ", ".join(map(str, dict.fromkeys(odd)))
    return f"; {len(odd)} of {len(statuses)} runs reached no minimum ({kinds}): {what}"


def settings_text(data: Data, activation: Any, **settings: Any) -> str:
    """Write the settings of a figure in one line.

    Args:
        data: The data.
        activation: ``linear`` or ``relu``.
        **settings: More, by name; underscores become spaces.

    Returns:
        The line.
    """
    name = {"relu": "ReLU"}.get(str(activation), str(activation))
    more = [f"{key.replace('_', ' ')} {value}" for key, value in settings.items()]
    points = f"{data.m} data point{'s' * (data.m > 1)}"
    space = f"{data.n} dimension{'s' * (data.n > 1)}"
    return ", ".join([f"{name}, {points} in {space}", *more])
