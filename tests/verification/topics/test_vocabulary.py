"""What words remember is computed from numbers of the same kind."""

from fractions import Fraction

from whichmin.ledger import one_claim
from whichmin.verification.topics.hessian import words
from whichmin.verification.topics.vocabulary import Start, remembered


def test_equal_numbers_of_another_type_are_another_argument():
    calls = []

    @remembered(4)
    def half(value):
        calls.append(value)
        return value / 2

    assert isinstance(half(Fraction(1)), Fraction)
    assert isinstance(half(1.0), float)
    assert isinstance(half(Fraction(1)), Fraction)
    assert len(calls) == 2
    assert half.__name__ == "half"


def test_a_run_in_floats_leaves_exact_answers_exact():
    claim = one_claim("measures.log_determinant").formal
    exact, rounded = ((Fraction(1), Fraction(0), Fraction(0)), (1.0, 0.0, 0.0))
    for i in range(2):
        assert isinstance(words._sample_hessian(Start(rounded, 2), i)[0][0], float)
        assert isinstance(words._sample_hessian(Start(exact, 2), i)[0][0], Fraction)
    other = Start((Fraction(-1), *(Fraction(0),) * 3), 4)
    case = {"w": Start(exact, 2), "i": 1, "v": other, "j": 0, "kappa": Fraction(1, 480)}
    assert claim.applies(case)
    assert claim.concluded(case)
