"""Adapters for our own engines, one target each, together with functions of ``whichmin.core``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from whichmin.core import landscape
from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import ENGINES, Problem
from whichmin.core.hessian import hessian, hessian_spectrum, hessian_trace, top_eigenvalue
from whichmin.provenance import version
from whichmin.words import Activation, EngineName

__all__ = ["TARGETS", "autograd", "compiled", "dense", "reduced"]


def sample_batches(m: int, b: int, steps: int, seed: int) -> Any:
    """Draw batches without replacement; for a full batch, return all points in every step."""
    rows = make_stream(m, b, seed=seed).indices(0, steps)
    return np.tile(np.arange(m), (steps, 1)) if rows is None else rows[:, 0]


def _engine(name: EngineName, **declared: Any) -> SimpleNamespace:
    def train(w0: Any, data: Any, batches: Any, step_size: float, activation: str) -> Any:
        valid = make_data(data, handling="as-is", dtype=torch.float64)
        problem = Problem(valid, Activation(activation), step_size)
        engine = ENGINES[name](problem, torch.as_tensor(w0)[None])
        for rows in batches:
            engine.step(torch.as_tensor(rows)[None])
        return engine.weights()[0]

    return SimpleNamespace(
        WHICHMIN={
            "name": f"whichmin, engine {name.value}", "version": version(), "arrays": "torch",
            "kink": 0, **declared,
        },
        loss=landscape.loss, gradient=landscape.gradient, train=train,
        sample_batches=sample_batches, hessian=hessian, hessian_trace=hessian_trace,
        spectrum=hessian_spectrum, top_eigenvalue=top_eigenvalue,
    )  # fmt: skip


autograd = _engine(EngineName.AUTOGRAD)
compiled = _engine(
    EngineName.COMPILED,
    expected_failures=dict.fromkeys(
        ("train.values", "train.long_runs"), "takes orthonormal data only, and says so"
    ),
)
dense = _engine(EngineName.DENSE)
reduced = _engine(EngineName.REDUCED)
TARGETS = ("autograd", "compiled", "dense", "reduced")
