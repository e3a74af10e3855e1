"""A cause that the other checks of a function contradict is not named."""

from types import SimpleNamespace

import pytest

from whichmin.verification.oracle.checks import all_checks
from whichmin.verification.oracle.diagnosis import SINGLE
from whichmin.verification.oracle.elsewhere import others_hold
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants import reference

(KINKS,) = (c for c in all_checks() if c.id == "hessian.kinks")


def target(change):
    def hessian(w, data, activation):
        return change(reference.hessian(w, data, activation), w, activation)

    return SimpleNamespace(hessian=hessian)


def judged(change):
    with Judge(target(change), quick=True, isolation="inline") as found:
        return others_hold(KINKS, found.session), others_hold(KINKS, found.session, SINGLE)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda h, *_: h, (True, True)),
        (lambda h, *_: h * (1 + 1e-9), (False, True)),
        (lambda h, *_: 2 * h, (False, False)),
    ],
)
def test_whether_the_others_hold_and_within_which_rounding(change, expected):
    assert judged(change) == expected


def test_remarks_are_those_of_the_check_that_failed():
    with Judge(target(lambda h, *_: h), quick=True, isolation="inline") as found:
        found.session.note("a remark")
        assert others_hold(KINKS, found.session)
        assert found.session.notes == ["a remark"]


def test_another_kappa_is_the_cause_at_kinks_alone():
    def without_relu(w, data, activation):
        return reference.hessian(w, data, "linear")

    wrong = SimpleNamespace(hessian=without_relu, WHICHMIN={"kink": "0"})
    with Judge(wrong, quick=True, isolation="inline") as found:
        told = {c.id: found.result(c).diagnosis for c in found.checks if c.id[:8] == "hessian."}
    assert told["hessian.kinks"] == "the Hessian of the other activation"
    assert told["hessian.values"] == "for relu: the Hessian of the other activation"
