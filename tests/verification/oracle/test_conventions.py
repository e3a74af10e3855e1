from fractions import Fraction

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle.conventions import Conventions, Stochastic


def test_nothing_declared_means_the_defaults():
    assert Conventions.parse(None) == Conventions.parse({}) == Conventions()
    assert Conventions().record() == {}


def test_everything_can_be_declared():
    found = Conventions.parse(
        {
            "name": "tool", "version": 2, "arrays": "jax", "dtype": "float32", "kink": "1/2",
            "activations": "relu", "loss": "sum", "gradient": "sum", "hessian": "sum",
            "loss_scale": 2, "sampling": "cyclic", "top_eigenvalue": "largest magnitude",
            "noise": "sample", "expected_failures": {"loss.values": "known"},
            "stochastic": {"hessian_trace": {"method": "hutchinson", "samples": 10}},
        }
    )  # fmt: skip
    assert found.kink == Fraction(1, 2)
    assert found.activations == ("relu",)
    assert found.stochastic["hessian_trace"] == Stochastic("hutchinson", 10)
    record = found.record()
    assert record["kink"] == "1/2"
    assert record["stochastic"] == {"hessian_trace": {"method": "hutchinson", "samples": 10}}
    assert "expected_failures" not in record


@pytest.mark.parametrize("kink", [0, 0.5, 1, "1/2", "0.25"])
def test_kinks_are_numbers_from_0_to_1(kink):
    assert Conventions.parse({"kink": kink}).kink == Fraction(str(kink))


@pytest.mark.parametrize(
    ("declared", "argument"),
    [
        (3, "WHICHMIN"),
        ({"kinks": 0}, "WHICHMIN key"),
        ({"kink": 2}, "WHICHMIN['kink']"),
        ({"kink": "left"}, "WHICHMIN['kink']"),
        ({"kink": "1/0"}, "WHICHMIN['kink']"),
        ({"loss_scale": 0}, "WHICHMIN['loss_scale']"),
        ({"dtype": "float16"}, "WHICHMIN['dtype']"),
        ({"loss": "total"}, "WHICHMIN['loss']"),
        ({"activations": []}, "WHICHMIN['activations']"),
        ({"activations": ["gelu"]}, "WHICHMIN['activations']"),
        ({"expected_failures": ["loss.values"]}, "WHICHMIN['expected_failures']"),
        ({"stochastic": "yes"}, "WHICHMIN['stochastic']"),
        ({"stochastic": {"loss": {}}}, "WHICHMIN['stochastic'] key"),
        ({"stochastic": {"hessian_trace": 10}}, "WHICHMIN['stochastic']['hessian_trace']"),
        (
            {"stochastic": {"hessian_trace": {"method": "guess", "samples": 1}}},
            "WHICHMIN['stochastic']['hessian_trace']",
        ),
        (
            {"stochastic": {"hessian_trace": {"method": "hutchinson", "samples": 0}}},
            "WHICHMIN['stochastic']['hessian_trace']",
        ),
    ],
)
def test_what_is_not_allowed_is_named(declared, argument):
    with pytest.raises(InputError) as caught:
        Conventions.parse(declared)
    assert caught.value.argument == argument


def test_an_unknown_key_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'kinks', but must be one of: name, .*kink"):
        Conventions.parse({"kinks": 0})


def test_factors():
    plain = Conventions()
    assert {plain.factor(f, 4) for f in ("loss", "step", "train", "spectrum")} == {Fraction(1, 4)}
    summed = Conventions.parse({"loss": "sum", "loss_scale": "2"})
    assert summed.factor("loss", 4) == 2
    assert summed.factor("gradient", 4) == Fraction(1, 2)
    assert Conventions.parse({"gradient": "sum"}).factor("train", 4) == 1
    assert Conventions.parse({"hessian": "sum"}).factor("hessian_trace", 4) == 1
