"""Adapter for traceax: Hutchinson's trace, Hutch++ and XTrace, in float64."""

from __future__ import annotations

import functools
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.jax_target import gradient

try:
    import jax
    import lineax
    import traceax
except ImportError as error:
    raise MissingDependency(
        "traceax", "this target is traceax", "pip install 'whichmin[tools]'"
    ) from error

__all__ = ["hutch_plus_plus", "hutchinson", "xtrace"]


def _target(name: str, method: str, estimator: Any, samples: int) -> SimpleNamespace:
    @functools.partial(jax.jit, static_argnames="activation")
    def hessian_trace(w: Any, data: Any, activation: str, seed: int) -> Any:
        def product(v: Any) -> Any:
            return jax.jvp(lambda u: gradient(u, data, activation=activation), (w,), (v,))[1]

        operator = lineax.FunctionLinearOperator(product, jax.eval_shape(lambda: w))
        return estimator.estimate(jax.random.PRNGKey(seed), operator, samples)[0]

    return SimpleNamespace(
        WHICHMIN={
            "name": f"traceax, {name}", "version": version("traceax"), "arrays": "jax", "kink": 0,
            "stochastic": {"hessian_trace": {"method": method, "samples": samples}},
        },
        hessian_trace=hessian_trace,
    )  # fmt: skip


_SIGNS = traceax.RademacherSampler(dtype=float)
hutchinson = _target("Hutchinson", "hutchinson", traceax.HutchinsonEstimator(_SIGNS), 20)
hutch_plus_plus = _target("Hutch++", "hutch++", traceax.HutchPlusPlusEstimator(_SIGNS), 6)
xtrace = _target("XTrace", "xtrace", traceax.XTraceEstimator(), 4)
