"""What is right once and wrong later fails and is named; what repeats passes."""

from types import SimpleNamespace

import numpy as np

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import base_estimates, reference
from whichmin.verification.oracle.protocol import FUNCTIONS

SETTINGS = {"isolation": "inline", "quick": True}


def repeated(name, only=None, **made):
    wanted = only or f"{name}.repeat"
    found = judge(SimpleNamespace(**made), only=lambda c: c == wanted, **SETTINGS)
    return found.results[0]


def test_every_function_is_repeated_and_right_ones_pass():
    for name in FUNCTIONS:
        other = "loss" if name != "loss" else "gradient"
        assert repeated(name, **{other: getattr(reference, other)}).verdict == "not provided"
    for name in ("loss", "gradient", "step", "hessian", "sample_batches", "gradient_noise"):
        result = repeated(name, **{name: getattr(reference, name)})
        assert result.verdict == "passed"
        assert result.cases >= 3


def test_a_result_that_changes_when_repeated_is_named():
    seen = set()

    def hessian(w, data, activation):
        key = (w.tobytes(), data.tobytes(), activation)
        again = key in seen
        seen.add(key)
        return reference.hessian(w, data, activation) * (0.5 if again else 1.0)

    result = repeated("hessian", hessian=hessian)
    assert result.verdict == "failed"
    assert result.diagnosis.startswith("right at first, wrong when the same call is repeated")
    assert "for _ in range(2):" in result.snippet


def test_a_random_result_is_named():
    rng = np.random.default_rng(0)

    def loss(w, data, activation):
        return reference.loss(w, data, activation) + rng.normal()

    result = repeated("loss", loss=loss)
    assert result.diagnosis.startswith("the same call gives another value")


def test_batches_that_depend_on_the_calls_before_fail():
    rng = np.random.default_rng(0)

    def sample_batches(m, b, steps, seed):
        return reference.sample_batches(m, b, steps, int(rng.integers(100)))

    assert repeated("sample_batches", sample_batches=sample_batches).verdict == "failed"


def test_an_estimate_must_repeat_for_the_same_seed():
    declared = {k: v for k, v in base_estimates.WHICHMIN.items() if k != "sam_share"}
    declared["stochastic"] = {"noise_scale": declared["stochastic"]["noise_scale"]}
    right = repeated("noise_scale", noise_scale=base_estimates.noise_scale, WHICHMIN=declared)
    assert right.verdict == "passed"
    rng = np.random.default_rng(0)

    def noise_scale(w, data, activation, seed):
        return base_estimates.noise_scale(w, data, activation, int(rng.integers(2**30)))

    wrong = repeated("noise_scale", noise_scale=noise_scale, WHICHMIN=declared)
    assert wrong.diagnosis.startswith("the same call gives another value")


def test_a_search_may_find_another_value_near_the_maximum():
    rng = np.random.default_rng(0)

    def keskar_sharpness(loss, w, eps):
        return base_estimates.keskar_sharpness(loss, w, eps) * (1 - 0.005 * rng.random())

    assert repeated("keskar_sharpness", keskar_sharpness=keskar_sharpness).verdict == "passed"


def test_what_repeats_but_no_check_judges_is_inconclusive():
    """A call that repeats says nothing of the value."""
    declared = {"stochastic": {"hessian_trace": {"method": "hutch++", "samples": 600}}}
    found = judge(
        SimpleNamespace(hessian_trace=lambda w, data, activation, seed: 1.0, WHICHMIN=declared),
        **SETTINGS,
    )
    verdicts = {r.check: r.verdict for r in found.results}
    assert verdicts["hessian_trace.repeat"] == "passed"
    assert verdicts["hessian_trace.sketches"] == "inconclusive"
