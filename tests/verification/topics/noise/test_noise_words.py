"""Words of claims on gradient noise, against second routes."""

from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.oracle import noise as oracle
from whichmin.verification.topics.noise import words
from whichmin.verification.topics.vocabulary import C, N, Start, start

W = start(2, Fraction(4, 5), Fraction(2, 5), Fraction(1, 3))
G = words.sample_gradients(W)


def test_trace_signal_and_scale_are_those_of_the_oracle():
    assert (words.gradient_trace(G), words.gradient_signal(G)) == oracle.trace_and_square(G)
    assert words.noise_simple(W) == oracle.noise_scale(G)
    with pytest.raises(Undecided):
        words.noise_simple(start(2, Fraction(3, 5), Fraction(4, 5)))


@pytest.mark.parametrize("mode", ["with", "without"])
def test_batches_are_those_of_the_oracle(mode):
    rows = ((Fraction(1), Fraction(2)), (Fraction(0), Fraction(-1)), (Fraction(3), Fraction(1)))
    told = oracle.mean_and_covariance(rows, 2, f"{mode}-replacement")
    assert (words.batch_mean(rows, 2, mode), words.batch_covariance(rows, 2, mode)) == told
    with pytest.raises(Undecided):
        words.batch_mean(rows, 12, "with")


def test_rates_along_the_flow_are_derivatives():
    # A difference over 10^-9 is off by a multiple of that.
    h = Fraction(1, 10**9)
    mean = words.gradient_mean(G)
    moved = Start(tuple(v - h * g for v, g in zip(W.w, mean, strict=True)), 2)
    for rate, value in (
        (words.noise_flow_rate, words.noise_simple), (words.flow_norm_rate, N),
        (words.flow_energy_rate, C),
    ):  # fmt: skip
        found = float((value(moved) - value(W)) / h)
        assert float(rate(W)) == pytest.approx(found, abs=1e-6)


def test_matrices():
    one = ((Fraction(2), Fraction(0)), (Fraction(0), Fraction(2)))
    assert words.acts_as_number(one, ((Fraction(1), Fraction(3)), (Fraction(2), Fraction(0))))
    assert words.is_multiple(one, ((1, 0), (0, 1)))
    assert not words.is_multiple(one, ((1, 0), (0, 2)))
    assert not words.acts_as_number(
        ((Fraction(2), Fraction(0)), (Fraction(0), Fraction(1))),
        ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))),
    )
    assert words.product_size(one, ((Fraction(0), Fraction(0)), (Fraction(0), Fraction(3)))) == 36
    assert words.product_size(((1, 0), (0, 0)), ((0, 0), (0, 1))) == 0


def test_late_runs():
    w = start(2, Fraction(2, 5), Fraction(3, 10), Fraction(1, 5))
    assert words.late_power(w, Fraction(1, 5), 2) == pytest.approx(1)
    assert words.late_simple(w, Fraction(1, 5)) > 10**6
    late = words.late_sgd(start(2, Fraction(2, 5), Fraction(3, 10)), Fraction(1, 5), 0)
    assert 0 < words.losing_energy(late) <= 1e-7
    for run in (lambda: words.late_simple(w, 40), lambda: words.late_sgd(w, 40, 0)):
        with pytest.raises(Undecided):
            run()


def test_two_numbers_agree_up_to_a_share():
    assert words.agrees(101, 100, Fraction(1, 50))
    assert not words.agrees(103, 100, Fraction(1, 50))
