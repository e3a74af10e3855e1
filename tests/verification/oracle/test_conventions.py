import re
from fractions import Fraction

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import described
from whichmin.verification.oracle.conventions import (
    METHODS,
    MOST_POINTS,
    Conventions,
    Stochastic,
)
from whichmin.verification.oracle.problems import problems
from whichmin.verification.oracle.protocol import FUNCTIONS


def estimates(function, method, samples=10):
    return {"stochastic": {function: {"method": method, "samples": samples}}}


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


TRACE = "WHICHMIN['stochastic']['hessian_trace']"


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
        (estimates("hessian_trace", "guess"), f"{TRACE}['method']"),
        (estimates("hessian_trace", ["hutchinson"]), f"{TRACE}['method']"),
        (estimates("hessian_trace", "hutchinson", 0), f"{TRACE}['samples']"),
        (estimates("hessian_trace", "hutchinson", True), f"{TRACE}['samples']"),
        (estimates("hessian_trace", "hutchinson", 1.5), f"{TRACE}['samples']"),
        (estimates("hessian_trace", "hutchinson", 2**43 + 1), f"{TRACE}['samples']"),
        (
            {"dtype": "float32", **estimates("hessian_trace", "hutch++", 2**14 + 1)},
            f"{TRACE}['samples']",
        ),
        ({"activations": 3}, "WHICHMIN['activations']"),
        ({"activations": ["relu", "relu"]}, "WHICHMIN['activations']"),
        ({"arrays": ["numpy"]}, "WHICHMIN['arrays']"),
        ({"loss_scale": "1e400000000"}, "WHICHMIN['loss_scale']"),
        ({"loss_scale": True}, "WHICHMIN['loss_scale']"),
        ({"loss_scale": 1e300}, "WHICHMIN['loss_scale']"),
        (
            {"expected_failures": {"loss.values": " "}},
            "WHICHMIN['expected_failures']['loss.values']",
        ),
        (
            {"noise_batches": (1, 8), **estimates("noise_scale", "two batch sizes")},
            "WHICHMIN['noise_batches']",
        ),
        (
            {
                "noise_batches": (1, 17),
                "sampling": "with-replacement",
                **estimates("noise_scale", "two batch sizes"),
            },
            "WHICHMIN['noise_batches']",
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


def test_the_functions_that_may_estimate_are_those_that_get_a_seed_by_name():
    assert set(METHODS) == {n for n, f in FUNCTIONS.items() if "seed" in f.keywords}


EVERY = {m for methods in METHODS.values() for m in methods}


@pytest.mark.parametrize("function", METHODS)
def test_a_method_by_which_a_function_cannot_be_judged_is_refused(function):
    for method in EVERY:
        declared = estimates(function, method)
        if method in METHODS[function]:
            assert Conventions.parse(declared).stochastic[function] == Stochastic(method, 10)
        else:
            with pytest.raises(InputError) as caught:
                Conventions.parse(declared)
            assert caught.value.allowed == f"must be one of: {', '.join(METHODS[function])}"


def test_the_largest_batch_without_replacement_fits_the_problems_served():
    judged = [p.m for p in problems() if "generic" in p.tags and not p.tags & {"scaled", "wide"}]
    assert max(judged) == MOST_POINTS


def test_large_batches_are_allowed_where_they_are_judged():
    made = {"noise_batches": (2, 16), "sampling": "with-replacement"}
    both = {**made, **estimates("noise_scale", "two batch sizes")}
    assert Conventions.parse(both).noise_batches == (2, 16)
    # Not read by this method.
    points = {"noise_batches": (1, 8), **estimates("noise_scale", "samples")}
    assert Conventions.parse(points).noise_batches == (1, 8)


def test_equal_texts_of_another_class_become_plain_ones():
    """Another process may not know their class."""

    class Text(str):
        __slots__ = ()

    found = Conventions.parse({
        "name": Text("tool"), "arrays": Text("torch"), "activations": [Text("relu")],
        "expected_failures": {Text("loss.values"): Text("known")},
        **estimates(Text("hessian_trace"), Text("hutchinson")),
    })  # fmt: skip
    texts = [
        found.name, found.arrays, *found.activations, *found.expected_failures,
        *found.expected_failures.values(), *found.stochastic,
        found.stochastic["hessian_trace"].method,
    ]  # fmt: skip
    assert {type(t) for t in texts} == {str}


def test_the_page_lists_the_methods_of_each_function():
    """The table of the page is made of these rows; every method in it can be declared."""
    listed = {
        name.strip("`"): tuple(re.findall(r"`([^`]+)`", methods))
        for name, methods in described.methods()
    }
    assert listed == METHODS
    for function, methods in listed.items():
        for method in methods:
            found = Conventions.parse(estimates(function, method))
            assert found.stochastic[function].method == method
