"""A resumed run is the whole run; what goes wrong after the stop is named."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import base_samplers, build, mutants
from whichmin.verification.oracle.mutants.variants import variants


def resumed(target):
    found = judge(
        target, isolation="inline", quick=True, only=lambda n: n == "resumed_batches.same"
    )
    return found.results[0]


@pytest.mark.parametrize("variant", variants("resumed_batches."), ids=lambda v: v.id)
def test_right_passes(variant):
    assert resumed(build(variant)).verdict == "passed"


@pytest.mark.parametrize("mutant", mutants("resumed_batches."), ids=lambda m: m.id)
def test_wrong_is_named(mutant):
    target = build(mutant)
    result = resumed(target)
    assert (result.verdict, result.diagnosis.count(";")) == ("failed", 0)
    assert mutant.cause in result.diagnosis
    with pytest.raises(AssertionError):
        exec(result.snippet, {"target": target})


def test_another_order_within_batches_is_no_fault():
    def again(m, b, steps, seed, stop):
        return np.sort(base_samplers.sample_batches(m, b, steps, seed), axis=1)

    target = SimpleNamespace(
        sample_batches=base_samplers.sample_batches, resumed_batches=again,
        WHICHMIN=base_samplers.WHICHMIN,
    )  # fmt: skip
    assert resumed(target).verdict == "passed"


def test_without_a_sampler_there_is_nothing_to_compare_with():
    target = SimpleNamespace(resumed_batches=base_samplers.resumed_batches)
    assert resumed(target).message == "no sample_batches"
