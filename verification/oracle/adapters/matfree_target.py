"""Adapter for matfree: Hutchinson's trace, XTrace, top eigenvalue by Lanczos, in float64."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.jax_target import gradient

try:
    import jax
    from matfree import decomp, eig, stochtrace
except ImportError as error:
    raise MissingDependency(
        "matfree", "this target is matfree", "pip install 'whichmin[tools]'"
    ) from error

__all__ = ["hutchinson", "xtrace"]

SAMPLES = 20
_compiled = functools.partial(jax.jit, static_argnames="activation")


def _product(w: Any, data: Any, activation: str) -> Callable[[Any], Any]:
    def product(v: Any) -> Any:
        return jax.jvp(lambda u: gradient(u, data, activation=activation), (w,), (v,))[1]

    return product


@_compiled
def _hutchinson(w: Any, data: Any, activation: str, seed: int) -> Any:
    """Average over vectors of signs."""
    sampler = stochtrace.sampler_signs(w, num=SAMPLES)
    estimate = stochtrace.estimator_monte_carlo(stochtrace.monte_carlo_trace(), sampler)
    return estimate(_product(w, data, activation), jax.random.PRNGKey(seed))


@_compiled
def _xtrace(w: Any, data: Any, activation: str, seed: int) -> Any:
    """Call its XTrace, whose vectors lie on a sphere; it takes at most as many as there are."""
    sampler = stochtrace.sampler_sphere(w, num=min(SAMPLES // 2, len(w)))
    estimate = stochtrace.estimator_leave_one_out(stochtrace.leave_one_out_xtrace(), sampler)
    return estimate(_product(w, data, activation), jax.random.PRNGKey(seed))


@_compiled
def _top(w: Any, data: Any, activation: str) -> Any:
    """Call ``eigh_partial`` on as many steps of Lanczos as there are weights."""
    start = jax.random.normal(jax.random.PRNGKey(0), w.shape)
    lanczos = decomp.tridiag_sym(len(w))
    return eig.eigh_partial(lanczos)(_product(w, data, activation), start)[0].max()


def _target(name: str, method: str, trace: Callable[..., Any], **more: Any) -> SimpleNamespace:
    return SimpleNamespace(
        WHICHMIN={
            "name": f"matfree, {name}", "version": version("matfree"), "arrays": "jax", "kink": 0,
            "stochastic": {"hessian_trace": {"method": method, "samples": SAMPLES}},
        },
        hessian_trace=trace, **more,
    )  # fmt: skip


hutchinson = _target("Hutchinson and Lanczos", "hutchinson", _hutchinson, top_eigenvalue=_top)
xtrace = _target("XTrace", "xtrace", _xtrace)
