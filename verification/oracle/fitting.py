"""Fit the parameters of known mistakes to some answers, and hold them against all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from whichmin.verification.oracle.check import Candidate, Finding
from whichmin.verification.oracle.solving import Family, Known, solve
from whichmin.verification.oracle.suspects import Suspect, allowed, suspected

__all__ = ["fitted", "of_family"]


def fitted(findings: Sequence[Finding]) -> list[Suspect]:
    """Find mistakes with parameters that explain all findings.

    Args:
        findings: All findings of a check, or of a group.

    Returns:
        The first of those with the fewest parameters; nothing if there is none.
    """
    failed = [f for f in findings if not f.holds]
    if any(f.families is None for f in failed):
        return []
    # The cheapest cases first, and some from the whole list: one case may not show a parameter.
    told = {id(f): dict(f.families()) for f in failed if f.families is not None}
    cases = [f for f in failed if told[id(f)]]
    cheap = sorted(cases, key=lambda f: _cost(told[id(f)]))
    if not cheap:
        return []
    spread = _telling(cheap, [_cost(told[id(f)]) for f in cheap])
    # Those with the fewest parameters come first, so the first one that explains all is it.
    families = told[id(spread[0])]
    for name in sorted(families, key=lambda name: len(families[name].starts[0])):
        own = [f for f in spread if name in told[id(f)]]
        parameters = solve([Known(told[id(f)][name], f.got, partial(allowed, f)) for f in own])
        if parameters is None:
            continue
        suspects = [of_family(f, name, parameters) for f in findings]
        met = [s for s in suspects if s is not None]
        missing = any(s is None and not f.holds for s, f in zip(suspects, findings, strict=True))
        if not missing and all(s.holds for s in met):
            return [met[0]]
    return []


def _cost(told: Mapping[str, Family]) -> int:
    return max(family.cost for family in told.values())


def _telling(cases: Sequence[Finding], costs: Sequence[int]) -> list[Finding]:
    """Some cases of each length of run, up to three: the first, and those that are furthest off."""
    chosen: list[Finding] = []
    for cost in sorted(set(costs))[:3]:
        own = [f for f, c in zip(cases, costs, strict=True) if c == cost]
        far = sorted(own[1:], key=lambda f: -f.ratio)
        chosen += [own[0], *far[: 1 if len(set(costs)) > 1 else 3]]
    return chosen


def of_family(finding: Finding, name: str, parameters: tuple[float, ...]) -> Suspect | None:
    """Return the suspect that a family gives in a case; None if the case does not have it."""
    family: Family | None = dict(finding.families() if finding.families else ()).get(name)
    if family is None:
        return None
    text, declare = family.text(*parameters), family.declare(*parameters)
    slack = None if family.slack is None else partial(family.slack, *parameters)
    return suspected(finding, Candidate(text, partial(family.value, *parameters), declare, slack))
