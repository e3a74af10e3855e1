"""Of every certificate a version with a changed coefficient, sign or statement is caught."""

import inspect
from dataclasses import replace
from fractions import Fraction

import pytest

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.certificates import Term
from whichmin.verification.topics import all_checks

# A stronger statement that is not certified: a part of the target, and what replaces it.
STRONGER = {
    "certificates.gd_descent": ("- a*C*M", "- 2*a*C*M"),
    "certificates.gd_region": ("2 - 2*nextC", "1 - 2*nextC"),
    "certificates.trap_norm": ("21/20 -", "1 -"),
}
CHECKS = {c.id: c for c in all_checks() if c.id in STRONGER}


def certificate(name):
    return inspect.signature(CHECKS[name].measure).parameters["certificate"].default


def outcome(name, **changes):
    changed = replace(certificate(name), **changes)
    return run_check(CHECKS[name].changed(certificate=changed), Subject(), Settings())


@pytest.mark.parametrize("name", STRONGER)
def test_every_coefficient_matters(name):
    terms = certificate(name).terms
    for place, term in enumerate(terms):
        more = replace(term, coefficient=str(Fraction(term.coefficient) + Fraction(1, 10**9)))
        evidence = outcome(name, terms=(*terms[:place], more, *terms[place + 1 :]))
        assert not evidence.holds
        assert evidence.message.startswith(name)


@pytest.mark.parametrize("name", STRONGER)
def test_a_negative_coefficient_is_no_certificate(name):
    # The sum is still the target.
    variable = certificate(name).constraints[0][0]
    terms = (*certificate(name).terms, Term("1", variable), Term("-1", variable))
    assert f"may be negative: -1 * {variable}" in outcome(name, terms=terms).message


@pytest.mark.parametrize("name", STRONGER)
def test_a_stronger_statement_is_not_certified(name):
    old, new = STRONGER[name]
    target = certificate(name).target
    assert old in target
    assert not outcome(name, target=target.replace(old, new)).holds
