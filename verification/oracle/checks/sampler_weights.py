"""Check weighted sampling: points come in proportion to weights that are given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import draws
from whichmin.verification.oracle.chances import frequency_bounds
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.sampler_law import FALSE_ALARM, frequencies
from whichmin.verification.oracle.sampler_runs import seeds
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]

Weights = tuple[Fraction, ...]
# One is 0, none adds up to 1, and no two orders of them are alike.
_WEIGHTS: tuple[tuple[Fraction, ...], ...] = (
    tuple(map(Fraction, (3, 1, 0, 4, 2))),
    tuple(Fraction(k, 16) for k in (1, 6, 2, 3)),
)


def _explains(
    law: draws.Law, cells: Sequence[draws.Batch], counts: Sequence[int], total: int
) -> bool:
    """Whether counts are what a law gives, by bounds of its own."""
    chances = np.array([float(law.get(cell, 0)) for cell in cells])
    bounds = frequency_bounds(counts, total, chances, FALSE_ALARM)
    return bool((np.abs(np.array(counts) / total - chances) <= bounds).all())


def _changed(weights: Weights) -> Iterator[tuple[str, Weights]]:
    """What mistakes make of weights."""
    one = Fraction(1)
    yield "the weights are ignored", (one,) * len(weights)
    yield (
        "the weights are ignored, but points of weight 0 left out",
        tuple(one if w else Fraction(0) for w in weights),
    )
    yield "the weights are squared", tuple(w * w for w in weights)
    yield (
        "the square roots of the weights are taken",
        tuple(Fraction(float(w) ** 0.5) for w in weights),
    )
    yield "the inverses of the weights are taken", tuple(1 / w if w else w for w in weights)
    yield (
        "the exponentials of the weights are taken (softmax)",
        tuple(Fraction(float(np.exp(float(w)))) for w in weights),
    )
    yield "each point has the weight of the one before it: off by one", (
        weights[-1], *weights[:-1]
    )  # fmt: skip
    yield "each point has the weight of the next one: off by one", (*weights[1:], weights[0])
    yield "the weights are in the reverse order", weights[::-1]
    total = sum(weights)
    yield "1 - p in place of p", tuple(total - w for w in weights)


def _weights(session: Session) -> Iterator[Finding]:
    sampling = session.conventions.sampling
    if not sampling.startswith("weighted"):
        return
    replaced = sampling == "weighted"
    full = 20_000
    steps = (full // 4 if session.quick else 5 * full if session.deep else full) // 4
    for weights in _WEIGHTS:
        for b in (1, 2):
            m, law = len(weights), draws.weighted_law(weights, b, replaced=replaced)
            answers = [
                session.call("sample_batches", m=m, b=b, steps=steps, seed=s, weights=weights)
                for s in seeds(session, f"weights {m} {b}", 4)
            ]
            rows = np.concatenate([np.sort(a.value, axis=1) for a in answers])
            if rows.shape[1] != b:
                continue  # the other checks say so
            # All batches of the points, also those that the weights exclude.
            cells = list(draws.declared_law(m, b, "with-replacement"))
            values, counted = np.unique(rows, axis=0, return_counts=True)
            known = {tuple(v): int(c) for v, c in zip(values.tolist(), counted, strict=True)}
            counts = [known.get(c, 0) for c in cells]
            laws = [(text, draws.weighted_law(w, b, replaced=replaced), "")
                    for text, w in _changed(weights)
                    if replaced or sum(x > 0 for x in w) >= b]  # fmt: skip
            if b > 1:
                other = "weighted-without-replacement" if replaced else "weighted"
                laws.append((f"drawn {'without' if replaced else 'with'} replacement",
                             draws.weighted_law(weights, b, replaced=not replaced),
                             f"'sampling': {other!r}"))  # fmt: skip
            got = np.array(counts) / len(rows)
            causes = [Candidate(text, got, declare) for text, wrong, declare in laws
                      if _explains(wrong, cells, counts, len(rows))]  # fmt: skip
            chances = [law.get(c, Fraction(0)) for c in cells]
            yield frequencies(
                f"batches with weights {', '.join(map(str, weights))}, b = {b}",
                counts, len(rows), chances,
                FALSE_ALARM / (2 * len(_WEIGHTS)), tuple(causes), tuple(a.call for a in answers),
                f"np.array([(np.sort(got.reshape(-1, {b}), axis=1) == c).all(axis=1).mean() "
                f"for c in {[list(c) for c in cells]}])",
            )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="sample_batches.weights",
        functions=("sample_batches",),
        statement="weighted batches have the chances that the weights give, points of weight 0 "
        "never come",
        formula="w_i / sum(w) for each entry; without replacement among the points that are left",
        source="enumeration of all batches; bounds of binomial tails",
        run=_weights,
        kind="stochastic",
        false_alarm=FALSE_ALARM,
    ),
)
