"""The base of the faulty samplers passes every check that it is judged by."""

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import base_samplers


def test_it_passes():
    found = judge(base_samplers, isolation="inline", quick=True)
    judged = {r.check: r.verdict for r in found.results if r.verdict != "not provided"}
    assert found.holds
    assert judged.pop("sample_batches.cyclic") == "not applicable"
    assert judged.pop("sample_batches.weights") == "not applicable"
    assert set(judged.values()) - {"not applicable"} == {"passed"}
    assert {"sample_batches.order", "resumed_batches.same"} <= set(judged)
