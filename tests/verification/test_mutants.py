"""Every wrong closed form and every wrong engine must be caught, by name and place."""

import pytest

from whichmin.symbolic import closed_forms
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.mutants import coefficient_mutants, implementation_mutants
from whichmin.verification.topics import all_checks

FORMS = closed_forms()
NUMERIC = [c for c in all_checks() if c.forms and not c.id.startswith("derivations.")]


def numeric_checks(form_id):
    """Checks of a form against numbers; the fast ones first."""
    return sorted((c for c in NUMERIC if form_id in c.forms), key=lambda c: -c.examples)


@pytest.mark.parametrize("form_id", FORMS)
def test_every_coefficient_of_every_closed_form_is_checked_twice(form_id):
    chains = next(c for c in all_checks() if c.id == "derivations.chains")
    mutants = list(coefficient_mutants(FORMS[form_id]))
    assert mutants
    for mutant in mutants:
        subject = Subject(forms={form_id: mutant})
        evidence = run_check(chains, subject, Settings())
        assert not evidence.holds, f"symbolically unnoticed: {mutant.expression}"
        assert form_id in evidence.message

        caught = []
        for check in numeric_checks(form_id):
            evidence = run_check(check, Subject().with_form(mutant), Settings(examples=25))
            caught.append(not evidence.holds and form_id in evidence.message)
            if caught[-1]:
                break
        assert any(caught), f"numerically unnoticed: {mutant.expression}"


@pytest.mark.parametrize("mutant", implementation_mutants(), ids=lambda m: m.name)
def test_wrong_implementation_is_caught_with_its_place(mutant):
    check = next(c for c in all_checks() if c.id == mutant.caught_by)
    evidence = run_check(check, mutant.subject, Settings())
    assert not evidence.holds
    assert check.id in evidence.message
    assert mutant.says in evidence.message


@pytest.mark.parametrize("check_id", sorted({m.caught_by for m in implementation_mutants()}))
def test_the_product_passes_the_checks_that_catch_mutants(check_id):
    check = next(c for c in all_checks() if c.id == check_id)
    assert run_check(check, Subject(), Settings(examples=5)).holds
