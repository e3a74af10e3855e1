"""Attacks find the false claims that the ledger once held, and refuse to be vacuous."""

from dataclasses import replace

import pytest

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.verification.evidence.falsifier import attack_of, attacks, hunt
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.statement import Statement
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.topics import vocabulary
from whichmin.verification.topics.cyclic import words
from whichmin.verification.topics.sgd import data_words
from whichmin.words import Verdict

assert vocabulary
assert data_words
assert words  # the language of the statements below

DIRECTION_KEPT = Statement(
    (("w", "starts(1, 2, 1)"), ("eta", "step_sizes()")),
    (("step size <= 1/5", "eta <= 1/5"), ("some correlation", "C(w) > 0")),
    (("", "all(near(c(gd_limit(w, eta))[i]*sqrt(C(w)), c(w)[i]) for i in upto(m(w)))"),),
)
# As these claims were once worded.
TWO_POINTS_RULE = Statement(
    (("w", "starts(2, 2)"), ("eta", "step_sizes()"), ("a", "activations()")),
    (("", "C(w, a) > 0"), ("", "eta <= 1/5"), ("", "N(w) <= 1")),
    (("", "near(abs(cyclic_end(w, eta, a)[first_leader(w, eta)]), 1)"),),
)
CORRELATED_FIXED_POINTS = Statement(
    (("s", "fractions(-3, 3)"), ("t", "plane_angles(s)"), ("a", "activations()")),
    (),
    (("", "plane_gradient(plane_point(s), plane_point(t), a)[0] != 0"
          " or plane_gradient(plane_point(s), plane_point(t), a)[1] != 0"
          " or plane_product(plane_point(s), plane_point(t)) == 0"
          " or plane_product(plane_point(s), plane_point(t))**2 == 1"),),
)  # fmt: skip
LEADER = Statement(
    (("w", "starts(1, 3)"), ("eta", "step_sizes()")),
    (("it leads", "leads(w, 0)"), ("|w0| <= 1", "N(w) <= 1"), ("eta <= 1/5", "eta <= 1/5")),
    (("", "near(cyclic_end(w, eta)[0], sign(c(w)[0]))"),),
)
SQUARE = Statement((("x", "fractions(0, 1)"),), (), (("", "x**2 <= x"),))


def ran(formal, examples=None, **more):
    claim = Claim("topic.x", "A statement.", ("whichmin",), Verdict.ARGUED, formal=formal, **more)
    return run_check(attack_of(claim), default_subject(), Settings(examples=examples))


@pytest.mark.parametrize(
    "false",
    [
        DIRECTION_KEPT,
        TWO_POINTS_RULE,
        CORRELATED_FIXED_POINTS,
        replace(LEADER, given=LEADER.given[1:]),
        replace(LEADER, given=LEADER.given[:1] + LEADER.given[2:]),
        replace(LEADER, given=LEADER.given[:2]),
        replace(SQUARE, then=(("", "x**2 < x"),)),
        replace(SQUARE, then=(("", "sqrt(x) <= x + 1/8"),)),
        Statement((), (), (("", "1 == 2"),)),
    ],
)
def test_a_false_statement_is_refuted(false):
    found = ran(false, 200)
    assert not found.holds
    assert "counterexample: " in found.message


@pytest.mark.parametrize("true", [LEADER, SQUARE, Statement((), (), (("", "1 < 2"),))])
def test_a_true_statement_is_not(true):
    found = ran(true)
    assert found.holds, found.message
    assert "cases drawn met the hypotheses" in found.found[0]
    assert found.found[1:] == ()


def test_hypotheses_that_nothing_meets_are_refused():
    found = ran(replace(SQUARE, given=(("", "x > 1"),)))
    assert not found.holds
    assert "only 0 of" in found.message


def test_the_search_goes_where_little_is_missing():
    """Near 1/2 the sides of the conclusion are close, and the hunt says so."""
    closest = hunt(replace(SQUARE, then=(("", "x*(1 - x) <= 1/4 + 1/1000"),)), 100, 0)
    assert closest.closest < 0.05
    assert not closest.counterexample


@pytest.mark.parametrize(
    ("case", "holds"),
    [
        ({"w": "start(2, 1/4, 1/2)", "eta": "1/5"}, True),
        ({"w": "start(2, 1/2, 1/4)", "eta": "1/5"}, False),  # meets the hypothesis
        ({"w": "start(2, 1/4, 1/2)", "eta": "1/2"}, False),  # violates another one as well
    ],
)
def test_a_case_must_show_that_a_hypothesis_is_needed(case, holds):
    found = ran(replace(LEADER, needed=(("it leads", tuple(case.items())),)))
    assert found.holds is holds
    assert ("needed: 'it leads'" in "".join(found.found)) is holds


@pytest.mark.parametrize(("at", "holds"), [("1/2", True), ("1", False)])
def test_the_case_of_a_refuted_claim_is_decided(at, holds):
    example = Counterexample("x = 1/2", "", print, at=(("x", at),))
    found = ran(replace(SQUARE, then=(("", "x**2 == x"),)), counterexample=example)
    assert found.holds is holds


def test_only_formal_statements_are_attacked():
    bare = Claim("topic.x", "A statement.", ("whichmin",), Verdict.OPEN)
    assert bare.attack == ""
    assert attack_of(bare) is None
    assert attacks((bare,)) == ()
