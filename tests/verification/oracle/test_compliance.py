import json
from types import SimpleNamespace

import pytest

from whichmin.errors import InputError
from whichmin.reporting import plain_json
from whichmin.verification.oracle.checks import all_checks
from whichmin.verification.oracle.compliance import (
    SCHEMA,
    CheckVerdict,
    Compliance,
    Result,
    unloaded,
)

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


def test_the_citation_says_versions_and_what_did_not_pass():
    made = Compliance("tool", "1.0", {"dtype": "float32"}, "", (PASSED, FAILED, ABSENT), 3, "quick",
                      {"whichmin": "9.9"})  # fmt: skip
    line = made.citation()
    assert line.startswith("tool 1.0 passes 1 of 2 checks (loss, gradient) of whichmin 9.9, "
                           "quick profile, seed 3; gradient.values: failed; ")  # fmt: skip
    assert "; checks left out: " in line
    assert line.endswith("; declared: dtype = float32")
    assert "\n" not in line
    assert made.record()["citation"] == line
    assert f"To cite: {line}" in made.markdown()


def test_the_citation_of_a_whole_run_leaves_nothing_out():
    every = tuple(Result(c.id, CheckVerdict.PASSED) for c in all_checks())
    for profile, results in (("full", every), ("deep", every)):
        line = Compliance("t", "", {}, "", results, 0, profile, {"whichmin": "1"}).citation()
        assert line.startswith(f"t passes {len(every)} of {len(every)} checks (loss, ")
        assert line.endswith(f"of whichmin 1, {profile} profile, seed 0")
    quick = tuple(Result(c.id, CheckVerdict.PASSED) for c in all_checks() if c.quick)
    assert "left out" not in Compliance("t", "", {}, "", quick, 0, "quick").citation()
    assert "; checks left out: 1" in Compliance("t", "", {}, "", every[1:]).citation()


def test_the_citation_of_a_target_that_does_not_load():
    asked = SimpleNamespace(seed=0, profile="full")
    line = unloaded("t", asked, (Result("loads", CheckVerdict.FAILED, "why"),)).citation()
    assert line.startswith("t passes 0 of 1 checks (loads) of whichmin")
    assert line.endswith("loads: failed")


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
