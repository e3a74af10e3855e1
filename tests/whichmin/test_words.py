from fractions import Fraction

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.words import (
    Activation,
    EngineName,
    EvidenceKind,
    Kink,
    Sampling,
    Status,
    Verdict,
    parse,
)

SPELLINGS = {
    Activation: ["linear", "relu"],
    Sampling: ["without-replacement", "with-replacement", "reshuffled", "cyclic", "custom"],
    EngineName: ["auto", "autograd", "compiled", "dense", "reduced"],
    Kink: ["left", "mean", "right"],
    Status: [
        "converged", "stationary", "step_limit", "diverged", "dead_neuron",
        "non_minimal_critical_point",
    ],
    EvidenceKind: [
        "kernel proof", "symbolic identity", "SMT proof", "exact certificate", "counterexample",
        "enumeration", "random cases", "attack", "statistics",
    ],
    Verdict: ["CHECKED", "PROVED", "ARGUED", "VERIFIED", "SUPPORTED", "REFUTED", "OPEN"],
}  # fmt: skip


@pytest.mark.parametrize("kind", SPELLINGS)
def test_every_member_parses_by_its_spelling_and_as_itself(kind):
    assert [parse(kind, text, "word") for text in SPELLINGS[kind]] == list(kind)
    assert all(parse(kind, member, "word") is member for member in kind)


@pytest.mark.parametrize("kind", SPELLINGS)
def test_a_wrong_word_gets_the_list_of_right_ones(kind):
    with pytest.raises(InputError) as caught:
        parse(kind, "nonsense", "word")
    allowed = ", ".join(SPELLINGS[kind])
    assert str(caught.value) == f"word = 'nonsense', but must be one of: {allowed}"


@pytest.mark.parametrize("value", ["ReLU", "RELU", " relu", "", None, 1, True, ["relu"]])
def test_near_misses_are_refused(value):
    with pytest.raises(InputError, match="must be one of: linear, relu") as caught:
        parse(Activation, value, "activation")
    assert caught.value.argument == "activation"
    assert caught.value.value == repr(value)


def test_an_array_in_place_of_a_word_is_refused_like_any_other_value():
    with pytest.raises(InputError, match="must be one of: linear, relu"):
        parse(Activation, np.array([0.5, 0.4]), "activation")


@pytest.mark.parametrize("value", ["MEAN", Fraction(1, 2), 0.5, 0, "½"])
def test_kinks_go_by_name_and_not_by_number(value):
    with pytest.raises(InputError, match=r"kink = .*must be one of: left, mean, right"):
        parse(Kink, value, "kink")


def test_a_member_of_another_enumeration_is_refused():
    with pytest.raises(InputError, match="engine = "):
        parse(EngineName, Activation.RELU, "engine")


def test_kinks_carry_the_slope_at_zero():
    assert [k.value for k in Kink] == [0, Fraction(1, 2), 1]


def test_words_print_as_they_are_spelled():
    assert f"{Activation.RELU} {Sampling.WITH_REPLACEMENT}" == "relu with-replacement"
    assert str(Status.DEAD_NEURON) == "dead neuron"
    assert repr(Status.DEAD_NEURON) == "<Status.DEAD_NEURON>"


def test_statuses_are_distinct_and_each_says_what_it_means():
    assert len({s.label for s in Status}) == len(Status) == 6
    assert "raise max_steps" in Status.STEP_LIMIT.advice
    assert "lower the step size" in Status.DIVERGED.advice
    assert "2**-m" in Status.DEAD_NEURON.advice
    assert "norm below 1" in Status.NON_MINIMAL_CRITICAL_POINT.advice
