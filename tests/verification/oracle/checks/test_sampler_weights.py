"""Weighted sampling: by several methods right, and wrong in known ways."""

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import build, mutants
from whichmin.verification.oracle.mutants.reference import sample_batches
from whichmin.verification.oracle.mutants.variants import variants
from whichmin.verification.oracle.target import make_target


def weights(target):
    found = judge(target, isolation="inline", quick=True, only=lambda name: "weights" in name)
    return found.results[0]


@pytest.mark.parametrize("variant", variants("sample_batches.weighted"), ids=lambda v: v.id)
def test_right_passes(variant):
    assert weights(build(variant)).verdict == "passed"


@pytest.mark.parametrize("mutant", mutants("sample_batches.weights-"), ids=lambda m: m.id)
def test_wrong_weights_are_named(mutant):
    target = build(mutant)
    result = weights(target)
    assert result.verdict == "failed"
    assert mutant.cause in result.diagnosis
    with pytest.raises(AssertionError):
        exec(result.snippet, {"target": target})


def test_where_no_weights_are_declared_nothing_is_compared():
    target = type("Plain", (), {"sample_batches": staticmethod(sample_batches)})
    assert weights(target).verdict == "not applicable"


def test_a_sampler_without_the_argument_is_refused():
    target = type("Plain", (), {"sample_batches": staticmethod(sample_batches),
                                "WHICHMIN": {"sampling": "weighted"}})  # fmt: skip
    with pytest.raises(InputError, match="must take an argument 'weights'"):
        make_target(target)
