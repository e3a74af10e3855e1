import json

import pytest

from whichmin.errors import InputError
from whichmin.reporting import plain_json
from whichmin.verification.oracle.compliance import SCHEMA, CheckVerdict, Compliance, Result

PASSED = Result(
    "loss.values", CheckVerdict.PASSED, margin=0.25, cases=3, notes=("it printed | 'x'",)
)
FAILED = Result(
    "gradient.values", CheckVerdict.FAILED, "2 of 3 comparisons fail", "off by exactly a factor m",
    "'gradient': 'sum'", "print(1)", float("inf"), "generic", 3, 2, ("a note",), 0.5, "Traceback",
)  # fmt: skip
ABSENT = Result("step.values", CheckVerdict.NOT_PROVIDED, "no step")


def verdict(*results):
    return Compliance("tool", "1.0", {"dtype": "float32"}, "its own process", results, 3, "quick")


def test_what_counts():
    assert verdict(PASSED, ABSENT).holds
    assert not verdict(PASSED, FAILED).holds
    assert not verdict(ABSENT).holds, "nothing was judged"
    assert not Result("x", CheckVerdict.UNEXPECTED_PASS).good
    assert not Result("x", CheckVerdict.INCONCLUSIVE).good
    assert Result("x", CheckVerdict.EXPECTED_FAILURE).good
    assert verdict(PASSED, FAILED).failures == (FAILED,)


def test_the_summary():
    assert verdict(PASSED, FAILED, ABSENT).summary() == (
        "tool 1.0: 1 passed, 1 failed, 1 not provided (quick)"
    )


def test_json_round_trip():
    made = verdict(PASSED, FAILED)
    content = json.loads(plain_json(made.record()))
    assert content["schema"] == SCHEMA
    assert content["holds"] is False
    assert content["counts"] == {"passed": 1, "failed": 1}
    assert content["results"][1]["margin"] is None, "JSON has no infinity"
    record = made.record()
    assert Compliance.gather(record, record["results"]) == made
    with pytest.raises(InputError, match="must be of schema"):
        Compliance.gather({"schema": "other"}, [])


def test_markdown():
    lines = verdict(PASSED, FAILED, ABSENT).markdown().splitlines()
    assert lines[0] == "**whichmin compliance of tool 1.0**"
    assert any("off by exactly a factor m" in line for line in lines)
    assert any(r"it printed \| 'x'" in line for line in lines)
    assert "Declared: dtype = float32" in lines


def test_a_failure_says_everything():
    text = FAILED.text()
    for part in (
        "gradient.values: 2 of 3 comparisons fail", "diagnosis: off by exactly a factor m",
        "declare it: WHICHMIN = {'gradient': 'sum'}", "note: a note", "Traceback", "print(1)",
    ):  # fmt: skip
        assert part in text
