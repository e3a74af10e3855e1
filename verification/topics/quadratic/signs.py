"""What grows and what falls with the batch size and the step size, from the closed forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import sympy as sp

from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin
from whichmin.verification.evidence.exact import vanishing
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.intervals import Inequality, enclosed, inequalities
from whichmin.verification.provers.signs import by_name, sign_lemma
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.sgd.logarithms import TANGENT

__all__: list[str] = []

Forms = Mapping[str, ClosedForm]

B, R, E, S, L, d = sp.symbols("B B_noise E_min S_min L_max d", positive=True)
POSITIVE = ("B > 0", "B_noise > 0", "d > 0")


def _plain(form: ClosedForm) -> sp.Expr:
    return by_name(form.expression)


def _grown(form: ClosedForm, by: sp.Symbol) -> sp.Expr:
    """Return what a form gains if the batch size grows from B to B + d."""
    plain = _plain(form)
    return plain.subs(by, by + d) - plain


def trade_off(forms: Forms) -> tuple[Lemma, ...]:
    """State how steps and samples depend on the batch size at a constant noise scale.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    steps, samples, doubling, cost, slope = (
        forms[f"critical.{name}"]
        for name in ("steps", "samples", "doubling", "doubling_cost", "elasticity")
    )
    shrinks = Variant("a batch size that shrinks", ("d > 0",), ("-B < d < 0",))
    sizes = POSITIVE[:2]
    dead = Variant("a noise scale below 0", (sizes[1],), ("-B < B_noise < 0",))
    none = Variant("B may be 0", (sizes[0],), ("B >= 0",))
    quarter = _plain(doubling) - sp.Rational(4, 3)
    return (
        sign_lemma("samples rise with B", _grown(samples, B), "> 0",
                   (*POSITIVE, "E_min > 0"), shrinks),
        sign_lemma("steps fall with B", _grown(steps, B), "< 0",
                   (*POSITIVE, "S_min > 0"), shrinks),
        sign_lemma("more samples than E_min", _plain(samples) - E, "> 0",
                   (*sizes, "E_min > 0"), dead),
        sign_lemma("more steps than S_min", _plain(steps) - S, "> 0",
                   (*sizes, "S_min > 0"), dead),
        sign_lemma("doubling B saves steps", _plain(doubling) - 1, "> 0", sizes, dead),
        sign_lemma("but not half of them", _plain(doubling) - 2, "< 0", sizes, none),
        sign_lemma("doubling B costs samples", _plain(cost) - 1, "> 0", sizes, none),
        sign_lemma("but not twice as many", _plain(cost) - 2, "< 0", sizes, dead),
        sign_lemma("it saves more than a quarter of the steps for B < B_noise", quarter, "> 0",
                   ("0 < B < B_noise",),
                   Variant("at B_noise, too", ("0 < B < B_noise",), ("0 < B <= B_noise",))),
        sign_lemma("and less for B > B_noise", quarter, "< 0", ("B > B_noise > 0",),
                   Variant("at B_noise, too", ("B > B_noise > 0",), ("B >= B_noise > 0",))),
        sign_lemma("the slope of log steps is negative", _plain(slope), "< 0", sizes, dead),
        sign_lemma("and above -1", _plain(slope) + 1, "> 0", sizes, none),
    )  # fmt: skip


def finite(forms: Forms) -> tuple[Lemma, ...]:
    """State how samples depend on the size of batches without replacement, for b up to m.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    grown = _grown(forms["critical.finite_samples"], sp.Symbol("b", positive=True))
    given = ("m > 1", "S_min > 0", "d > 0")

    def lemma(what: str, scale: str, turned: str) -> Lemma:
        wrong = Variant("at m - 1, too", (f"B_noise {scale} m - 1",), (f"B_noise {scale}= m - 1",))
        name = f"samples {what} with b for B_noise {scale} m - 1"
        return sign_lemma(name, grown, turned, (*given, f"B_noise {scale} m - 1"), wrong)

    return lemma("rise", "<", "> 0"), lemma("fall", ">", "< 0")


def best(forms: Forms) -> tuple[Lemma, ...]:
    """State that the best step size is best, and what it and its progress do with B.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    progress, step, most, share = (
        _plain(forms[f"critical.{name}"])
        for name in ("progress", "best_step", "best_progress", "rule_share")
    )
    eta = sp.Symbol("eta", positive=True)
    given = ("U > 0", "Q > 0", "W >= 0", "B > 0")
    lost = sp.factor(progress.subs(eta, step) - progress)
    sizes = POSITIVE[:2]
    return (
        sign_lemma("no step size makes more progress than the best one", lost, ">= 0", given,
                   Variant("a curvature along G below 0", ("Q > 0",), ("Q < 0",))),
        sign_lemma("the best step size is positive", step, "> 0", given,
                   Variant("a curvature along G below 0", ("Q > 0",), ("Q < 0",))),
        sign_lemma("it grows with B", step.subs(B, B + d) - step, ">= 0", (*given, "d > 0"),
                   Variant("a batch size that shrinks", ("d > 0",), ("-B < d < 0",))),
        sign_lemma("noise costs progress", L - most, "> 0", (*sizes, "L_max > 0"),
                   Variant("none", (sizes[1],), ("B_noise >= 0",))),
        sign_lemma("the best step size is below the rule's", 1 - share, "> 0", sizes,
                   Variant("B may be 0", (sizes[0],), ("B >= 0",))),
    )  # fmt: skip


def stationary(forms: Forms) -> tuple[Lemma, ...]:
    """State where the stationary noise scale lies, and how the rule changes the variance.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    scale, ratio, chain, limit = (
        _plain(forms[name])
        for name in (
            "critical.stationary_scale",
            "scaling.stationary_ratio",
            "quadratic.stationary_covariance",
            "quadratic.sde_covariance",
        )
    )
    sgd = ("B > 0", "eta > 0", "g > 0", "h > 0", "eta*g < 2", "eta*h < 2")
    given = ("B > 0", "eta > 0", "h > 0")
    rule = ("eta > 0", "h > 0", "K > 1", "K*eta*h < 2")
    return (
        sign_lemma("the stationary noise scale is above B for eta h < 1", scale - B, "> 0",
                   (*given, "eta*h < 1"), Variant("at 1, too", ("eta*h < 1",), ("eta*h <= 1",))),
        sign_lemma("and below B for eta h > 1", scale - B, "< 0",
                   (*given, "eta*h > 1"), Variant("at 1, too", ("eta*h > 1",), ("eta*h >= 1",))),
        sign_lemma("the rule makes the stationary variance larger", ratio - 1, "> 0", rule,
                   Variant("K = 1", ("K > 1",), ("K >= 1",)),
                   Variant("beyond 2", ("K*eta*h < 2",), ("K*eta*h > 2",))),
        sign_lemma("SGD's stationary covariance is larger than the diffusion's", chain - limit,
                   "> 0", (*sgd, "s > 0"), Variant("beyond 2", sgd[4:], ("eta*h > 3",))),
    )  # fmt: skip


def signs(forms: Forms) -> tuple[Lemma, ...]:
    """State all of these.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    return (*trade_off(forms), *finite(forms), *best(forms), *stationary(forms))


@smt("critical_batch.signs")
def critical_batch_signs(
    subject: Subject, among: Callable[[Forms], Sequence[Lemma]] = signs
) -> Iterator[Margin]:
    """At a constant noise scale more of B takes fewer steps and more samples; doubling B divides
    the steps by 1 to 2, by more than 4/3 exactly for B < B_noise; without replacement samples rise
    with b for B_noise < m - 1 and fall for B_noise > m - 1; the best step size is best, grows with
    B and is below the rule's; the stationary noise scale is above B for eta h < 1, below for more;
    covariances are larger than the diffusion's, and the rule makes variances larger.
    """
    return lemmas(among(subject.forms))


# l and k: logarithms of r = (1 - K y)/(1 - y) and of q = 1/(1 - y), below their tangents at 1.
MEANS = (
    Lemma(
        "l + (K - 1) k, the logarithm of the ratio of the means, is not positive",
        "K y r q l k",
        ("K > 1", "y > 0", "K*y < 1", "r*(1 - y) == 1 - K*y", "q*(1 - y) == 1",
         "l <= r - 1", "k <= q - 1"),
        ("l + (K - 1)*k <= 0", "0 < r < 1", "q > 1"),
        variants=(
            Variant("K below 1", ("K > 1",), ("0 < K < 1",)),
            Variant("logarithms above the tangents", ("l <= r - 1",), ("l <= (r - 1)/2",)),
        ),
    ),
    Lemma(
        "it is negative, as the tangent is met at 1 alone",
        "K y r q l k",
        ("K > 1", "y > 0", "K*y < 1", "r*(1 - y) == 1 - K*y", "q*(1 - y) == 1",
         "l < r - 1", "k < q - 1"),
        ("l + (K - 1)*k < 0",),
        variants=(Variant("met elsewhere, too", ("l < r - 1", "k < q - 1"),
                          ("l <= r - 1", "k <= q - 1")),),
    ),
)  # fmt: skip
STRICT = tuple(
    Inequality(
        f"a logarithm lies below its tangent at 1, {where}",
        "r",
        (where,),
        ("log(r) < r - 1",),
        variants=(Variant("at 1, too", (where,), (closed,)),),
    )
    for where, closed in (("0 < r < 1", "0 < r <= 1"), ("r > 1", "r >= 1"))
)


@enclosed("scaling.mean_falls", needs=("flint", "z3"))
def mean_falls(
    subject: Subject,
    statements: Sequence[Lemma] = MEANS,
    tangents: Sequence[Inequality] = (TANGENT, *STRICT),
) -> Iterator[Margin]:
    """For K > 1 and K eta h < 1 the ratio of the means of (K eta, K B) and (eta, B) after the same
    samples has a negative logarithm, in proportion to t: it falls to 0.
    """
    yield from inequalities(tangents)
    yield from lemmas(statements)
    y, K, t = sp.symbols("y K t", positive=True)  # y = eta h
    found = _plain(subject.forms["scaling.mean_ratio"])
    found = found.subs({sp.Symbol("eta", positive=True): y, sp.Symbol("h", positive=True): 1})
    log = sp.log(1 - K * y) - K * sp.log(1 - y)
    split = sp.log((1 - K * y) / (1 - y)) + (K - 1) * sp.log(1 / (1 - y))
    means = (1 - y, 1 - K * y)
    yield vanishing("the logarithm in l and k", split - log, positive=means)
    told = "the logarithm of scaling.mean_ratio"
    yield vanishing(told, sp.log(found) - t * log, positive=means)
