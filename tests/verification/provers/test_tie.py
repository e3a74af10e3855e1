"""A formula that changes, in the proofs or in the derivations, is noticed."""

import contextlib
import dataclasses

import pytest
import sympy as sp

from whichmin.errors import InputError
from whichmin.symbolic import closed_forms
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.proof_sources import Library, library
from whichmin.verification.provers.tie import Tie, residual, untied
from whichmin.verification.provers.tie_table import FREE, TIES
from whichmin.verification.topics import all_checks

CHECK = next(check for check in all_checks() if check.id == "proofs.closed_forms")
TEXTS = library().texts


def put(text, old, new):
    assert text.count(old) == 1, f"{text.count(old)} times {old!r}"
    return text.replace(old, new)


def changed(place, old, new):
    """The files with another text in a statement, or in the definitions."""
    if place == "Definitions":
        return Library({**TEXTS, place: put(TEXTS[place], old, new)})
    text = library().statements[place].text
    return Library({**TEXTS, "Statements": put(TEXTS["Statements"], text, put(text, old, new))})


def run(subject=None, **values):
    """Run the check, which must decide and not crash."""
    evidence = run_check(CHECK.changed(**values), subject or Subject(), Settings())
    assert "Error" not in evidence.message.split("\n")[0]
    return evidence


def test_the_product_agrees_in_every_formula():
    evidence = run()
    assert evidence.holds, evidence.message
    assert evidence.cases == len(TIES) + 1


# What is changed, and what the check says of it.
CHANGES = [
    ("loss_closed", "(2%:R * m%:R)", "(4%:R * m%:R)", "remainder"),
    ("loss_closed", "(sqnorm w - 2%:R)", "(sqnorm w + 2%:R)", "remainder"),
    ("loss_closed", "loss kind a w", "loss kind a (a i)", "left side of an equation"),
    ("gap", "energy kind a w * rest", "2%:R * energy kind a w * rest", "remainder"),
    ("gap", "energy kind a w * rest kind a w", "energy kind a w * rest kind a v", "a symbol"),
    ("critical_values", "loss kind a w = 2%:R^-1", "loss kind a w = 3%:R^-1", "remainder"),
    ("critical_values", "v = 2%:R^-1", "v = 3%:R^-1", "remainder"),
    ("critical_values", "loss kind a w = 2%:R^-1", "loss kind a w = v", "left side of an equation"),
    ("not_convex", "4%:R * m", "2%:R * m", "kind is Relu: remainder"),
    ("not_convex", "else (2%:R", "else (4%:R", "not kind is Relu: remainder"),
    ("one_step", "1 - alpha * S", "1 + alpha * S", "remainder"),
    ("one_step", "then g *", "then alpha *", "remainder"),
    ("one_step", "else 0", "else 1", r"not j \in B: remainder"),
    ("one_step", "2%:R * s * g", "s * g", "remainder"),
    ("one_step", "eta / #|B|%:R", "eta", "remainder"),
    ("replacement_step_closed_form", "%:R * (2%:R", "%:R * (1", "remainder"),
    ("replacement_step_closed_form", "(1 - eta", "(1 + eta", "remainder"),
    ("replacement_needs_ball", "1 + (2%:R", "1 + (3%:R", "remainder"),
    ("hessian_trace", "4%:R *", "3%:R *", "remainder"),
    ("hessian_trace", "* n%:R", "* b%:R", "remainder"),
    ("hessian_trace_at_minima", "- m%:R", "+ m%:R", "remainder"),
    ("sample_gradient_sqnorm", "- 2%:R) ^+ 2", "- 2%:R) ^+ 3", "remainder"),
    ("sample_gradient_sqnorm", "- 4%:R", "- 3%:R", "remainder"),
    ("sample_gradient_sqnorm", "phi kind (corr a w i) ^+ 2 *", "1 *", "remainder"),
    ("noise_trace", "1 - ", "2%:R - ", "remainder"),
    ("noise_trace", "^+ 4", "^+ 3", "a symbol"),
    ("batch_covariance_factor", "(m%:R - 1)", "m%:R", "remainder"),
    ("noise_elsewhere", "(1 - phi", "(1 + phi", "remainder"),
    ("replacement_covariance", "b%:R^-1", "m%:R^-1", "remainder"),
    ("replacement_noise_at_minimum", "(m%:R * b%:R)", "m%:R", "remainder"),
    ("hessian_kappa_trace", "4%:R - k", "4%:R + k", "remainder"),
    ("hessian_kappa_spectrum", "^+ (k - 1)", "^+ k", "remainder"),
    ("hessian_kappa_spectrum", "(1 / m%:R)", "(2%:R / m%:R)", "remainder"),
    ("hessian_kappa_spectrum", "let k := active_count kind a w", "let k := m", "remainder"),
    ("top_eigenvalue", "w *m H = (4%:R", "w *m H = (3%:R", "remainder"),
    ("top_eigenvalue", "l = 4%:R", "l = 3%:R", "remainder"),
    ("sharpness_gap", "Relu then (1 -", "Relu then (2%:R -", "remainder"),
    ("mean_hessian_trace", "8%:R", "7%:R", "remainder"),
    ("mean_hessian_trace", "7%:R", "8%:R", "remainder"),
    ("mean_hessian_trace", "0 < corr a w j", "0 <= corr a w j", "a symbol"),
    ("gd_limit_trace", "(n%:R + 4%:R", "(n%:R + 5%:R", "remainder"),
    ("data_point_trace", "3%:R - kappa", "3%:R + kappa", "kind is Relu: remainder"),
    ("data_point_trace", "else (n%:R + 4%:R", "else (n%:R + 3%:R", "not kind is Relu: remainder"),
    ("sharpness_theorem", "kappa * (m%:R - k%:R)", "kappa * m%:R", "kind is Relu: remainder"),
    ("sharpness_theorem", "(n%:R + 3%:R", "(n%:R + 2%:R", "kind is Relu: remainder"),
    ("sharpness_theorem", "(1 - kappa) * (k", "(1 + kappa) * (k", "kind is Relu: remainder"),
    ("sharpness_theorem", "else trace kappa v = (n", "else trace kappa v = (m", "remainder"),
    ("sharpness_theorem", "(v' i) = (n%:R + 4", "(v' i) = (n%:R + 5", "not kind is Relu"),
    ("gd_silent_start", "w0 = 2%:R^-1", "w0 = 1 + 1", "remainder"),
    ("relu_falls_silent", "2%:R^-1]", "3%:R^-1]", "remainder"),
    ("relu_falls_silent_from_ball", "2%:R^-1]", "3%:R^-1]", "remainder"),
    ("relu_falls_silent_from_ball", "(3%:R * p)", "(4%:R * p)", "left side of an equation"),
    ("all_or_nothing_loss", "/ (2%:R * m%:R)", "/ m%:R", "remainder"),
    ("gd_cosines", "w0 i) / Num.sqrt (energy kind a w0)", "w0 i) / vnorm w0", "remainder"),
    ("gd_cosines", "vnorm (active_part kind a w0) / vnorm w0", "1 / vnorm w0", "remainder"),
    ("gd_limit_cosines", "w0 i) / Num.sqrt (energy kind a w0)", "w0 i) / vnorm w0", "remainder"),
    ("gd_limit_cosines", "Num.sqrt (energy kind a w0) / vnorm w0", "energy kind a w0 / vnorm w0",
     "remainder"),
    ("gd_period_two", "(if odd t then r' else r)", "(if odd t then r else r')", "remainder"),
    ("gd_period_two", "(if odd t then r else r')", "(if odd t then r' else r)", "remainder"),
    ("gd_period_two", "let p := 2%:R", "let p := 3%:R", "left side of an equation"),
    ("gd_ratios", "- 2%:R)", "- 1)", "eligible kind a w i: remainder"),
    ("gd_ratios", "else 1 -", "else 1 +", "not eligible kind a w i: remainder"),
    ("gd_radial_rate", "(1 - 4%:R", "(1 - 3%:R", "remainder"),
    ("gd_radial_rate", "6%:R", "5%:R", "remainder"),
    ("gd_off_span_rate", "(1 - al) *: h", "(1 + al) *: h", "remainder"),
    ("gd_off_span_rate", "(1 - al * sqnorm h)", "(1 - al)", "remainder"),
    ("gd_alternates", "(-1) ^+ t", "(-1) ^+ t.+1", "a symbol"),
    ("gd_alternates", "(-1) ^+ t", "1 ^+ t", "remainder"),
    ("gd_boundary_start", "w0 = 2%:R + m", "w0 = 3%:R + m", "remainder"),
    ("minima", "sqnorm w = 1", "sqnorm w = 1 + 1", "no closed form: minima: sqnorm w"),
    ("trap", "0 <= eta", "0 $ eta", "known notation"),
    ("Definitions", "(2%:R * m%:R)^-1", "m%:R^-1", "Definitions.min_loss: remainder"),
    ("Definitions", "sqnorm w - energy w", "sqnorm w + energy w", "rest: remainder"),
    ("Definitions", "(sqnorm w - 2%:R) * phi", "(sqnorm w - 1) * phi", "gradient: remainder"),
    ("Definitions", "(outer w (active_part Linear a w) + ", "(", "Definitions.hessian: remainder"),
    ("Definitions", "(outer w (active_part kind a w) + ", "(", "weighted_hessian: remainder"),
    ("Definitions", "split_pair : R := 2%:R", "split_pair : R := 3%:R", "split_pair: remainder"),
    ("Definitions", "Definition min_loss", "Definition least_loss", "must be defined there"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "old", "new", "says"), CHANGES)
def test_changed_text_is_refused(place, old, new, says):
    # Only what is about the place: all of it is compared in the test above.
    ties = tuple(tie for tie in TIES if place in {tie.statement, tie.file})
    others = dict.fromkeys((name for name in library().statements if name != place), "elsewhere")
    assert run(ties=ties, free=others).holds
    evidence = run(proofs=changed(place, old, new), ties=ties, free=others)
    assert not evidence.holds
    assert says in evidence.message


def differs(tie, proofs):
    """Whether an equation that can be read is another one."""
    with contextlib.suppress(InputError):
        return residual(tie, proofs, closed_forms()) != 0
    return False


def test_every_tie_is_seen_to_fail():
    seen = {
        (tie.what, tie.left)
        for place, old, new, _ in CHANGES
        for tie in TIES
        if place in {tie.statement, tie.file} and differs(tie, changed(place, old, new))
    }
    assert seen == {(tie.what, tie.left) for tie in TIES}


class Recorded(dict):
    """Closed forms, with the ids of those that were asked for."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def __missing__(self, name):
        self.asked.add(name)
        return closed_forms()[name]


def used():
    """The closed forms, each with the ties that ask for it."""
    found = {}
    for tie in TIES:
        forms = Recorded()
        residual(tie, library(), forms)
        for name in sorted(forms.asked):
            found.setdefault(name, []).append(tie)
    return found


@pytest.mark.parametrize(("name", "ties"), used().items(), ids=lambda value: str(value)[:40])
def test_changed_closed_form_is_refused(name, ties):
    form = closed_forms()[name]
    more = form.expression * sp.Rational(1001, 1000) or sp.Rational(1, 1000)
    forms = Recorded()
    forms[name] = dataclasses.replace(form, expression=more)
    assert any(residual(tie, library(), forms) != 0 for tie in ties)


def test_what_is_left_out_has_a_reason_and_is_there():
    for name, reason in FREE.items():
        assert name in library().statements
        assert len(reason) > 20
    assert untied(library(), TIES, ()) != []
    assert untied(library(), [], FREE) != []
    assert untied(library(), TIES, FREE) == []
    assert not run(free={}).holds
    assert not run(ties=TIES[1:]).holds


def test_an_equation_of_another_meaning_is_refused():
    swapped = Tie("loss_closed", "loss kind a w", lambda form: form("landscape.gap"))
    assert residual(swapped, library(), closed_forms()) != 0
    unknown = Tie("no_such", "loss kind a w", lambda form: form("landscape.gap"))
    with pytest.raises(InputError, match="must be defined there"):
        residual(unknown, library(), closed_forms())
    argument = Tie("loss_closed", "loss kind a w", lambda form: form("landscape.loss", z=0))
    with pytest.raises(InputError, match=r"landscape\.loss takes"):
        residual(argument, library(), closed_forms())
