"""What differs from call to call is noticed, and not taken for anything else."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import reference


def told(function, **declared):
    target = SimpleNamespace(gradient=function, WHICHMIN=declared)
    (found,) = judge(target, quick=True, isolation="inline", only="gradient.values".__eq__).results
    return found


@pytest.mark.parametrize("size", [1e-9, 1e-2])
def test_noise_is_noticed_with_its_size(size):
    rng = np.random.default_rng(0)

    def noisy(w, data, activation):
        return reference.gradient(w, data, activation) + size * rng.standard_normal(len(w))

    found = told(noisy)
    assert found.diagnosis.startswith("gradient gives other values when it is called again")
    spread = float(found.diagnosis.partition("spread by about ")[2].partition(")")[0])
    assert 0.3 * size < spread < 3 * size
    assert found.declare == ""


def test_what_is_kept_from_call_to_call_is_noticed():
    kept = [0.0]

    def growing(w, data, activation):
        kept[0] = kept[0] + reference.gradient(w, data, activation).sum()
        return reference.gradient(w, data, activation) + kept[0]

    assert "kept from call to call" in told(growing).diagnosis


def test_what_repeats_is_not():
    found = told(lambda w, data, activation: -reference.gradient(w, data, activation))
    assert found.diagnosis == "off by exactly a factor -1: the sign"
    assert told(reference.gradient).verdict == "passed"
