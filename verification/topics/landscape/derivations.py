"""Exact evidence on the loss: every derivation, its reduction to scalars, minima, critical points.

Notation of the lemma: ``C`` is the active energy, ``R = N - C``, ``u = 2 - N - C``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import sympy as sp

from whichmin.symbolic import descent
from whichmin.symbolic.hessian import spectrum
from whichmin.symbolic.landscape import minima, reduction
from whichmin.symbolic.selection import law
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import follows, truth, vanishing
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.signs import sign_lemma
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.descent.steps import FULL_STEP
from whichmin.words import EvidenceKind

__all__: list[str] = []

identity = functools.partial(
    check, kind=EvidenceKind.IDENTITY, bound="exact: the difference must be identically zero"
)


@identity(
    "derivations.reduction_lemma",
    forms=(
        "model.sample_loss",
        "model.sample_derivative",
        "model.sample_second_derivative",
        "landscape.loss",
        "landscape.derivative",
        "sharpness.second_derivative",
        "sharpness.trace",
    ),
)
def reduction_lemma(subject: Subject) -> Iterator[Margin]:
    """Written out in R^n, loss, gradient, Hessian and trace equal the reduced forms, identically,
    for all m <= n <= 5 and every activation pattern.
    """
    forms = dict(subject.forms)
    for n in range(1, reduction.LARGEST + 1):
        residuals = list(reduction.confirm_sample(n, forms))
        for m in range(1, n + 1):
            residuals += reduction.confirm_full_batch(m, n, forms)
        for what, residual in residuals:
            yield truth(f"{what}: residual {residual}", residual == 0)


@identity("derivations.chains", forms=("*",))
def chains(subject: Subject) -> Iterator[Margin]:
    """Every closed form follows from the definition of the loss, step by step, for symbolic m, n, b
    and step size.
    """
    for form in subject.forms.values():
        yield follows(f"closed form {form.id}", form, len(form.derivation.steps))


@identity("derivations.certificate")
def certificate() -> Iterator[Margin]:
    """Written out in up to 5 coordinates, the loss above 1/2 - 1/(2m) is a sum of squares."""
    for n in range(1, reduction.LARGEST + 1):
        for k in range(1, n + 1):
            polynomial, terms, variables = minima.squares(k, n - k)
            rest = sp.Poly(polynomial, *variables, domain="QQ")
            for term in terms:
                rest -= sp.Poly(term, *variables, domain="QQ") ** 2
            what = f"loss gap as a sum of {len(terms)} squares, {k} active of {n} coordinates"
            yield truth(what, rest.is_zero)


@identity("derivations.critical_points", forms=("landscape.gradient_energy",))
def critical_points(subject: Subject) -> Iterator[Margin]:
    """The gradient's energy vanishes at the minima and where C = 0, and SymPy's solver finds no
    other energies; where C = 0 the loss is constant.
    """
    C, R = sp.symbols("C R", nonnegative=True)
    energy = subject.forms["landscape.gradient_energy"].expression
    found = minima.critical_solutions()
    families = {(s.get(C), s.get(R)) for s in found}
    yield truth(
        f"gradient = 0 has the solutions {found}",
        {(0, None), (1, 0)} <= families <= {(0, None), (0, 0), (1, 0)},
    )
    for solution in found:
        at = energy.subs(sp.Symbol("N", nonnegative=True), C + R).subs(solution)
        yield vanishing(f"gradient energy at {solution}", at)
    for critical, fact in _facts():
        if fact.sign == "zero":
            yield vanishing(f"{critical.name}: {fact.reason}", fact.expression)


def _facts() -> Iterator[tuple[minima.CriticalSet, minima.SignFact]]:
    for critical in minima.critical_points():
        for fact in critical.facts:
            yield critical, fact


SIGNS = {"positive": "> 0", "nonnegative": ">= 0", "negative": "< 0", "nonpositive": "<= 0"}


def kinds() -> tuple[Lemma, ...]:
    """State the signs that decide the kinds of critical points.

    Symbols are positive or not negative, as SymPy is told; for z3 that is a hypothesis.

    Returns:
        One lemma per sign.
    """
    found = []
    for critical, fact in _facts():
        if fact.sign == "zero":
            continue
        symbols = sorted(fact.expression.free_symbols, key=str)
        given = tuple(f"{s} > 0" if s.is_positive else f"{s} >= 0" for s in symbols)
        other = next(text for text in given if text.split()[0] in "dRm")
        wrong = Variant(f"not {other}", (other,), (f"{other.split()[0]} < 0",))
        name = f"{critical.name}: {fact.reason}"
        found.append(sign_lemma(name, fact.expression, SIGNS[fact.sign], given, wrong))
    return tuple(found)


@smt("smt.critical_kinds")
def critical_kinds(among: Callable[[], Sequence[Lemma]] = kinds) -> Iterator[Margin]:
    """Where C = 0 no loss nearby is above that there for |w|^2 < 2, none is below it for |w|^2 > 2,
    both occur at |w|^2 = 2; the loss gap is not negative, and C = 0 is above the minimum.
    """
    return lemmas(among())


@identity("derivations.consistency")
def consistency() -> Iterator[Margin]:
    """Eigenvalues add up to the trace, multiplicities to n; the full-batch step is minus eta times
    the gradient and keeps the ratios of active correlations; lemmas on the generator of the
    selection process, for 2, 3 and 4 points.
    """
    for chain in (
        *spectrum.spectrum_consistency(),
        descent.gradient_matches_step(),
        *descent.ratios_are_kept(),
        *law.generator_lemmas().values(),
    ):
        yield follows(chain.steps[0].reason, chain)


@identity(
    "certificates.not_convex",
    forms=("landscape.loss",),
    shows=tuple(
        f'loss(along_first(w, 0), "{name}") - (loss(along_first(w, 1), "{name}")'
        f' + loss(along_first(w, -1), "{name}")) / 2 == 1 / ({twice} * m(w))'
        for name, twice in (("linear", 2), ("relu", 4))
    ),
)
def not_convex(subject: Subject, share: str = "1") -> Iterator[Margin]:
    """The loss at 0 is above the mean of the losses at a_1 and -a_1, by 1/(2m) (linear) and 1/(4m)
    (ReLU), for all m and n.
    """
    form = subject.forms["landscape.loss"]
    m = sp.Symbol("m", positive=True)

    def loss(norm: int, active: int) -> sp.Expr:
        plain = {"N": norm, "C": active, "m": m}
        return form.expression.subs({v: plain[v.name] for v in form.expression.free_symbols})

    for name, energy, excess in (("linear", 1, 1 / (2 * m)), ("ReLU", 0, 1 / (4 * m))):
        above = loss(0, 0) - (loss(1, 1) + loss(1, energy)) / 2
        found = f"{name}: L(0) - [L(a_1) + L(-a_1)]/2 = {sp.simplify(above)}"
        yield vanishing(found, above - sp.Rational(share) * excess, found)


LANDSCAPE = (
    Lemma(
        # m^2 |grad L|^2 = C M.
        "critical points with C > 0",
        "C R",
        ("C > 0", "R >= 0", "C*M == 0"),
        ("C == 1", "R == 0"),
        FULL_STEP[:2],
        (Variant("C = 0 allowed", ("C > 0",), ("C >= 0",)),),
    ),
    Lemma(
        # 2m (L - L*) with L = 1/2 + (N - 2) C / (2m) and L* = 1/2 - 1/(2m).
        "loss gap",
        "C R",
        ("C >= 0", "R >= 0"),
        (
            "(C + R - 2)*C + 1 == (1 - C)**2 + C*R",
            "(C + R - 2)*C + 1 >= 0",
            "not (C + R - 2)*C + 1 == 0 or (C == 1 and R == 0)",
        ),
        variants=(Variant("R may be negative", ("R >= 0",)),),
    ),
)


@smt("smt.landscape")
def landscape(statements: Sequence[Lemma] = LANDSCAPE) -> Iterator[Margin]:
    """The gradient is zero with C > 0 only where C = N = 1, and the loss gap is 0 only there."""
    return lemmas(statements)
