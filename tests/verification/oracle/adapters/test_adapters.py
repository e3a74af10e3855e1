"""Each adapter is judged; one whose library is absent skips."""

import importlib
import sys
import warnings

import pytest

from whichmin.errors import MissingDependency
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.checks import hessian_trace

PACKAGE = "whichmin.verification.oracle.adapters"
# What is known to fail, and what the oracle says of it.
_NORM = "vectors are divided by their norm + 1e-6"
FAILS = {
    "pyhessian_target": {"hessian_trace.estimates": "a stopping rule ends too early"},
    **{
        name: {
            "top_eigenvalue.values": _NORM, "top_eigenvalue.kinks": _NORM,
            "top_eigenvalue.iterations": "",
        }
        for name in ("asdl_target", "landscaper_target")
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine makes no estimate inconclusive."""
    monkeypatch.setattr(hessian_trace, "_SECONDS", dict.fromkeys(hessian_trace._SECONDS, 1e6))


def judged(name, **settings):
    try:
        with warnings.catch_warnings():  # curvlinops' dependencies use what torch deprecates
            warnings.simplefilter("ignore")
            importlib.import_module(f"{PACKAGE}.{name.partition(':')[0]}")
    except MissingDependency as error:
        pytest.skip(str(error))
    return judge(f"{PACKAGE}.{name}", quick=True, **settings)


@pytest.mark.parametrize("name", [
    "whichmin_engines:dense", "whichmin_engines:compiled", "whichmin_instruments", "torch_sgd",
    "curvlinops_target", "eigenthings_target", "pyhessian_target", "backpack_target",
    "landscaper_target", "asdl_target", "sam_target",
])  # fmt: skip
def test_it_fares_as_known(name):
    found = judged(name)
    assert found.version
    failed = {r.check: r.diagnosis for r in found.failures}
    known = FAILS.get(name, {})
    assert set(failed) == set(known), found.markdown()
    assert all(text in failed[check] for check, text in known.items())


def test_jax():
    # The trainer is judged with the example; JAX compiles anew for every shape.
    names = ("loss", "gradient", "hessian.", "relative_flatness.k", "hessian_noise_scale.u")
    found = judged("jax_target", only=lambda i: i.startswith(names))
    assert not found.failures, found.markdown()


# What JAX compiles for one of these takes seconds: one check each.
@pytest.mark.parametrize(("name", "check"), [
    ("optax_target:sgd", "step.values"), ("optax_target:adamw", "step.values"),
    ("optax_target:lamb", "step.values"), ("optax_target:lars", "step.values"),
    ("matfree_target:hutchinson", "hessian_trace.estimates"),
    ("matfree_target:xtrace", "hessian_trace.sketches"),
    ("traceax_target:hutchinson", "hessian_trace.estimates"),
    ("traceax_target:hutch_plus_plus", "hessian_trace.sketches"),
    ("traceax_target:xtrace", "hessian_trace.sketches"),
])  # fmt: skip
def test_tools_in_jax(name, check):
    found = judged(name, only=lambda i: i == check, limit=600)  # JAX compiles on a busy machine
    assert found.holds, found.markdown()


@pytest.mark.parametrize(("module", "library"), [
    ("jax_target", "jax"), ("curvlinops_target", "curvlinops"), ("pyhessian_target", "pyhessian"),
    ("eigenthings_target", "hessian_eigenthings"), ("backpack_target", "backpack"),
    ("landscaper_target", "landscaper"), ("asdl_target", "asdl"), ("matfree_target", "matfree"),
    ("sam_target", "pytorch_optimizer"), ("gns_target", "gns_pytorch"),
    ("traceax_target", "traceax"), ("optax_target", "optax"),
])  # fmt: skip
def test_an_absent_library_is_said_with_a_remedy(monkeypatch, module, library):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.{module}", raising=False)
    with pytest.raises(MissingDependency, match="pip install"):
        importlib.import_module(f"{PACKAGE}.{module}")
