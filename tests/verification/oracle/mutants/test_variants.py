"""Correct but unusual implementations pass every check of their function."""

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants.mutant import build
from whichmin.verification.oracle.mutants.variants import variants


@pytest.mark.parametrize("variant", variants(), ids=lambda v: v.id)
def test_no_check_fails_a_correct_target(variant):
    verdict = judge(build(variant), isolation=variant.isolation)
    judged = [r for r in verdict.results if r.verdict not in {"not provided", "not applicable"}]
    assert judged
    assert [r.text() for r in judged if not r.good] == []


def test_a_part_is_selected():
    assert {v.function for v in variants("sample_batches.")} == {"sample_batches"}
    with pytest.raises(InputError, match="select = 'nothing'"):
        variants("nothing")
