"""A changed statement, or a statement about a changed definition, is not proved by the same proofs.

Each mutant changes one thing in ``Statements.v`` or ``Definitions.v``; the proofs stay as they are.
The place where Coq stops is part of the table, so that a mutant that fails for another reason, a
misprint in it, say, is noticed: the changed file itself compiles. A changed statement is false for
some data, and a changed definition makes the named theorem or, if an early proof breaks, some other
theorem false; where that is not known a comment says so.

Three ways keep this quick. A changed statement needs its own file of theorems compiled again, the
rest comes from the cache. A changed definition that is used early is compiled until the first proof
that breaks. One that is used late would need almost everything compiled again; instead, statements
are made about a changed copy of its section. The control is the unchanged copy, about which they
are proved.
"""

import re
from dataclasses import dataclass

import pytest
from toy import needs_coq

from whichmin.verification.provers.coq import require_coq
from whichmin.verification.provers.kernel import prove
from whichmin.verification.provers.proof_builds import compiled
from whichmin.verification.provers.proof_sources import Library, library

TEXTS = library().texts
# Where statements can be made about copies of definitions.
PLACE = "Local Open Scope ring_scope.\n"


@dataclass(frozen=True)
class Mutant:
    """A change of one thing.

    Attributes:
        place: The statement; for a change of a definition, where the first proof breaks,
            ``File.lemma``, or the theorem that is not proved of its changed copy.
        old: What stands there, once.
        new: What is put there.
        sections: Sections of definitions that are copied, the changed one first.
    """

    place: str
    old: str
    new: str
    sections: tuple[str, ...] = ()

    @property
    def name(self):
        return f"{self.place}: {self.new.strip() or 'nothing'}"


STATEMENTS = (
    # The landscape
    Mutant("loss_closed", "(2%:R * m%:R)", "(4%:R * m%:R)"),
    Mutant("loss_closed", "2%:R^-1 + ", ""),
    Mutant("loss_closed", "orthonormal a", "True"),
    Mutant("loss_closed", "(0 < m)%N", "True"),
    Mutant("gap", "^+ 2 + energy", "^+ 2 - energy"),
    Mutant("global_minimum", "min_loss R m <= loss", "min_loss R m < loss"),
    Mutant("minima", "sqnorm w = 1", "sqnorm w = 2%:R"),
    Mutant("minima_linear", "k i ^+ 2 = 1", "k i = 1"),
    Mutant("minima_relu", "0 <= k i", "k i <= 0"),
    Mutant("not_convex", "then (4%:R * m%:R)^-1", "then (2%:R * m%:R)^-1"),
    # Critical points
    Mutant("local_minima", "2%:R < sqnorm w", "2%:R <= sqnorm w"),
    Mutant("saddle_points", "sqnorm w = 2%:R", "sqnorm w = 1"),
    Mutant("no_bad_minimum_in_trap", r" \/ dead kind a w", ""),
    Mutant("bad_minimum_exists", "(1 < n)%N", "(0 < n)%N"),
    # One step
    Mutant("one_step", "2%:R * s * g", "s * g"),
    Mutant("trap", "5%:R^-1", "4%:R^-1"),
    Mutant("trap", "sqnorm w <= 21%:R / 20%:R ->", "sqnorm w <= 22%:R / 20%:R ->"),
    Mutant("energy_level_kept", "9%:R / 10%:R", "21%:R / 20%:R"),
    Mutant("batch_fixed_points", "eta != 0", "True"),
    Mutant("common_fixed_points", "(b < m)%N", "(b <= m)%N"),
    # Gradient descent
    Mutant("gd_energy_grows", "m%:R / 4%:R", "m%:R / 2%:R"),
    Mutant("gd_energy_grows", "w0 t) <=", "w0 t) <"),
    Mutant("gd_ratios_kept", "1 <= k", "1 < k"),
    # SGD; with a larger step size or ball than the trap's its end is not known
    Mutant("sgd_single_point", "(b < m)%N", "(b <= m)%N"),
    Mutant("sgd_single_point", "5%:R^-1", "4%:R^-1"),
    Mutant("sgd_single_point", "21%:R / 20%:R", "22%:R / 20%:R"),
    Mutant("sgd_single_point", "0 < eta", "0 <= eta"),
    Mutant("sgd_single_point", "archimedean R", "True"),
    Mutant("sgd_single_point", "orthonormal a", "True"),
    Mutant("sgd_single_point", "(exists i, eligible kind a w0 i)", "True"),
    Mutant("full_batch_fails", "2%:R^-1 <= sqnorm (w - a i)", "1 <= sqnorm (w - a i)"),
    Mutant("sgd_with_replacement", "(0 < b)%N", "True"),
    # Hessian and noise
    Mutant("hessian_trace", "4%:R * energy", "2%:R * energy"),
    Mutant("hessian_trace_at_minima", "4%:R", "3%:R"),
    Mutant("hessian_trace_at_minima", "loss Linear a w = min_loss", "loss Linear a w >= min_loss"),
    Mutant("noise_trace", "1 - ", "1 + "),
    Mutant("noise_zero", r" \/ (kind = Linear /\ w = - a i)", ""),
    Mutant("batch_covariance_factor", "(m%:R - 1)", "m%:R"),
    Mutant("batch_covariance_factor", "(b <= m)%N", "True"),
    # Programs
    Mutant("programs_correct", "2%:R^-1 m%:R^-1", "1 m%:R^-1"),
    Mutant("programs_correct", "uniq batch", "True"),
)  # fmt: skip

EARLY = (
    Mutant("Vectors.phi_hom", "(if 0 <= t then t else 0)", "(if t <= 0 then t else 0)"),
    Mutant("Vectors.phi_self", "(if 0 <= t then t else 0)", "t"),
    Mutant("Landscape.dot_comb", "(i == j)%:R", "(i != j)%:R"),
    Mutant("Landscape.sample_loss_closed", "2%:R^-1 * sqnorm (a i - model", "sqnorm (a i - model"),
    Mutant("Landscape.sample_loss_closed", "phi (dot w x) *: w", "phi (dot w x) *: x"),
    Mutant("Landscape.loss_closed", "m%:R^-1 * \\sum_i sample_loss", "\\sum_i sample_loss"),
    Mutant("Landscape.gap", "2%:R^-1 - (2%:R * m%:R)^-1", "2%:R^-1 - m%:R^-1"),
    Mutant("Landscape.dot_gradient", "(sqnorm w - 2%:R) * phi", "(sqnorm w - 1) * phi"),
    Mutant("Landscape.dot_gradient", "^+ 2 *: w.", "^+ 1 *: w."),
    Mutant("Landscape.hessian_trace", "(outer w (active_part Linear a w) + ", "("),
)  # fmt: skip

_ENDS, _NOISE = ("OnePoint", "MiniBatch"), ("Covariance",)
LATE = (
    Mutant("sgd_single_point", "w - Num.sg", "w + Num.sg", _ENDS),
    Mutant("sgd_single_point", "[exists i, eligible kind", "[forall i, eligible kind", _ENDS),
    Mutant("sgd_single_point", "~~ settled_at_one", "settled_at_one", _ENDS),
    Mutant("sgd_single_point", "exists T0, forall T,", "forall T0 T,", _ENDS),
    Mutant("sgd_single_point", "then 0 < corr", "then 0 <= corr", ("Silent", *_ENDS)),
    Mutant("sgd_single_point", "| P s]|", "| ~~ P s]|", ("Chance", *_ENDS)),
    Mutant("sgd_single_point", "w - (eta", "w + (eta", ("MiniBatch",)),
    Mutant("noise_trace", "m%:R^-1 *: \\sum_i outer", "(m%:R - 1)^-1 *: \\sum_i outer", _NOISE),
)  # fmt: skip


@pytest.fixture
def coq():
    needs_coq()


def put(text, old, new):
    """The text with a change in the one place where it can be made."""
    assert text.count(old) == 1, f"{text.count(old)} times {old!r}"
    return text.replace(old, new)


def section(name):
    """A section of the definitions, with its name."""
    text = TEXTS["Definitions"]
    end = f"\nEnd {name}.\n"
    return text[text.index(f"\nSection {name}.\n") + 1 : text.index(end) + len(end)]


def about_copies(sections, old="", new=""):
    """The files, with statements about copies of definitions, the first changed."""
    copies = [section(name) for name in sections]
    if old:
        copies[0] = put(copies[0], old, new)
    statements = TEXTS["Statements"]
    assert statements.count(PLACE) == 1
    inserted = PLACE + "\n".join((*copies, ""))
    return Library({**TEXTS, "Statements": statements.replace(PLACE, inserted)})


def broken(message, proofs):
    """The file that an error of Coq's is in, and the theorem or lemma in whose proof it is."""
    found = re.match(r'File "(\w+)\.v", line (\d+)', message)
    assert found, message
    lines = proofs.codes[found[1]].split("\n")[: int(found[2])]
    named = re.findall(
        r"^\s*(?:Theorem|Lemma|Corollary)\s+([\w']+)", "\n".join(lines), re.MULTILINE
    )
    return found[1], named[-1] if named else ""


def refused(theorem, proofs):
    """Ask for a theorem, which must fail at its own proof."""
    (proof,) = prove(theorem, proofs=proofs).proofs
    assert not proof.proved
    assert broken(proof.message, proofs) == (proofs.homes[theorem], theorem), proof.message


def stating(mutant):
    """The files with a changed statement."""
    text = library().statements[mutant.place].text
    changed = put(TEXTS["Statements"], text, put(text, mutant.old, mutant.new))
    return Library({**TEXTS, "Statements": changed})


def defining(mutant):
    """The files with a changed definition."""
    return Library({**TEXTS, "Definitions": put(TEXTS["Definitions"], mutant.old, mutant.new)})


def test_mutants_are_many_and_apart():
    made = [
        *map(stating, STATEMENTS),
        *map(defining, EARLY),
        *(about_copies(m.sections, m.old, m.new) for m in LATE),
    ]
    texts = {(proofs.texts["Definitions"], proofs.texts["Statements"]) for proofs in made}
    assert len(texts) == len(made) >= 50
    assert (TEXTS["Definitions"], TEXTS["Statements"]) not in texts


@pytest.mark.parametrize("mutant", STATEMENTS, ids=lambda m: m.name)
def test_changed_statement_is_not_proved(mutant, coq):
    refused(mutant.place, stating(mutant))


@pytest.mark.parametrize("mutant", EARLY, ids=lambda m: m.name)
def test_changed_definition_breaks_the_first_proof_that_rests_on_it(mutant, coq):
    proofs = defining(mutant)
    file, _, lemma = mutant.place.partition(".")
    with compiled(proofs, [file], require_coq()) as (_, files):
        messages = {name: told.message for name, told in files.items() if told.message}
    assert list(messages) == [file]
    assert broken(messages[file], proofs) == (file, lemma), messages
    # So no theorem of the landscape is proved.
    assert file in proofs.needed([proofs.homes["loss_closed"]])


@pytest.mark.parametrize("mutant", LATE, ids=lambda m: m.name)
def test_statement_about_a_changed_definition_is_not_proved(mutant, coq):
    refused(mutant.place, about_copies(mutant.sections, mutant.old, mutant.new))


def test_harmless_changes_are_proved(coq):
    statements = TEXTS["Statements"]
    text = library().statements["gap"].text
    renamed = put(statements, text, re.sub(r"\bw\b", "weights", text))
    commented = f"{renamed}\n(* A remark (* in a remark *), which changes nothing. *)\n"
    found = prove("gap", proofs=Library({**TEXTS, "Statements": commented}))
    assert found.holds


@pytest.mark.parametrize("theorem", sorted({mutant.place for mutant in LATE}))
def test_statements_about_copies_of_definitions_are_proved(theorem, coq):
    sections = {name for mutant in LATE if mutant.place == theorem for name in mutant.sections}
    in_order = sorted(sections, key=lambda name: TEXTS["Definitions"].index(section(name)))
    assert prove(theorem, proofs=about_copies(in_order)).holds
