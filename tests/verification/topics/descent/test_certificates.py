from dataclasses import replace
from fractions import Fraction

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.certificates import Term
from whichmin.verification.topics.descent import certificates

NAMES = {"certificates.gd_descent": "DESCENT", "certificates.gd_region": "INVARIANT",
         "certificates.trap_norm": "TRAP"}  # fmt: skip
CHECKS = {c.id: c for c in checks_of(certificates)}


def outcome(check):
    return run_check(check, Subject(), Settings())


@pytest.mark.parametrize("check", [CHECKS[n] for n in NAMES], ids=lambda c: c.id)
def test_every_coefficient_matters(check, monkeypatch):
    name = NAMES[check.id]
    right = getattr(certificates, name)
    for place, term in enumerate(right.terms):
        changed = replace(term, coefficient=str(Fraction(term.coefficient) + Fraction(1, 10**9)))
        terms = (*right.terms[:place], changed, *right.terms[place + 1 :])
        monkeypatch.setattr(certificates, name, replace(right, terms=terms))
        evidence = outcome(check)
        assert not evidence.holds
        assert evidence.message.startswith(check.id)


def test_a_negative_coefficient_is_no_certificate(monkeypatch):
    right = certificates.INVARIANT
    # The sum is still the target.
    terms = (*right.terms, Term("1", "a"), Term("-1", "a"))
    monkeypatch.setattr(certificates, "INVARIANT", replace(right, terms=terms))
    evidence = outcome(CHECKS["certificates.gd_region"])
    assert "may be negative: -1 * a" in evidence.message


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        ("certificates.gd_descent", "- a*C*M", "- 2*a*C*M"),
        ("certificates.gd_region", "2 - 2*nextC", "1 - 2*nextC"),
        ("certificates.trap_norm", "21/20 -", "1 -"),
    ],
)
def test_a_stronger_statement_is_not_certified(check, old, new, monkeypatch):
    right = getattr(certificates, NAMES[check])
    assert old in right.target
    wrong = replace(right, target=right.target.replace(old, new))
    monkeypatch.setattr(certificates, NAMES[check], wrong)
    assert not outcome(CHECKS[check]).holds


def test_another_excess_over_the_mean_fails():
    assert not outcome(CHECKS["certificates.not_convex"].changed(share="2")).holds
