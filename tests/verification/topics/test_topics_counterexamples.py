"""What ``whichmin claims show`` shows of a counterexample is a script that prints what it says."""

import contextlib
import io
import re

import pytest

from whichmin.verification.evidence.claim import RUNS
from whichmin.verification.topics import all_claims

SHOWN = [claim for claim in all_claims() if claim.counterexample]
NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:e[+-]?\d+)?")


def unit(number):
    """One unit of the last digit shown; 0 for whole numbers and for a single decimal."""
    digits, _, power = number.partition("e")
    decimals = len(digits.partition(".")[2])
    return 10.0 ** (int(power or 0) - decimals) if decimals > 1 or power else 0.0


def same(printed, said):
    """Whether two texts agree, the last digit of a number up to one unit.

    Processors round differently. A number of six decimals may end in 9s instead of 0s, which are
    not shown, so the finer of the two units counts.
    """
    one, two = ("".join(NUMBER.sub("#", text).split()) for text in (printed, said))
    pairs = list(zip(NUMBER.findall(printed), NUMBER.findall(said), strict=False))
    return one == two and all(
        abs(float(a) - float(b)) <= 1.01 * min((u for u in map(unit, (a, b)) if u), default=0.0)
        for a, b in pairs
    )


@pytest.mark.parametrize(
    ("printed", "said", "agree"),
    [
        ("[1. 0.]", "[1. 0.]", True),
        ("[0.999999 0.]", "[1. 0.]", True),
        ("[ 0.   -0.48]", "[0. -0.47]", True),
        ("[ 0.   -0.48]", "[ 0.   -0.46]", False),
        ("0.5352 True", "0.5353 True", True),
        ("0.5352 True", "0.5354 True", False),
        ("0.5352 True", "0.5352 False", False),
        ("2.8e-07", "2.9e-07", True),
        ("2.8e-07", "2.8e-06", False),
        ("[64, 64]", "[64, 65]", False),
        ("0.5", "0.4", False),
        ("1 2", "1", False),
        ("[1.0 -0.5]", "[ 1.   -0.5]", True),
        ("48/67", "47/67", False),
    ],
)
def test_the_comparison(printed, said, agree):
    assert same(printed, said) is agree


@pytest.mark.parametrize("claim", SHOWN, ids=lambda claim: claim.id)
def test_a_counterexample_prints_what_it_says(claim):
    example = claim.counterexample
    assert len([line for line in example.code.splitlines() if line.strip()]) <= 15
    assert len(example.text) > 40
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(example.code, claim.id, "exec"), {"__name__": "counterexample"})
    assert same(out.getvalue(), example.prints), out.getvalue()


def test_every_function_refutes_a_claim():
    ours = {name for name, run in RUNS.items() if run.__module__.startswith("whichmin.")}
    assert ours == {claim.id for claim in SHOWN}
    assert len({claim.counterexample.run for claim in SHOWN}) == len(SHOWN)
