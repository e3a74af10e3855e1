"""What is killed, noted and named is told, and what survives is said."""

import dataclasses
import json

from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants import Mutant, build, kill_matrix, mutants
from whichmin.verification.oracle.mutants.matrix import kill

HARMLESS = Mutant(
    "loss.harmless", "nothing is wrong", (("0.5 * np.sum", "1.0 * 0.5 * np.sum"),), "some cause",
    ("loss.values",),
)  # fmt: skip


def test_a_survivor_is_said():
    matrix = kill_matrix([HARMLESS])
    assert matrix.survivors == ("loss.harmless",)
    assert not matrix.holds
    text = matrix.document().render()
    assert "SURVIVED" in text
    assert "0 of 1 killed, the cause named for 0 (0 %)" in text
    assert matrix.kills[0].profile == "full"


def test_what_the_suite_passes_is_not_killed():
    (mutant,) = mutants("train.prints")
    matrix = kill_matrix([mutant])
    assert (matrix.killed, matrix.noted, matrix.survivors) == (0, 1, ())
    text = matrix.document().render()
    assert "noted by" in text
    assert "0 of 0 killed" in text
    assert "Noted, which is no failure: 1." in text
    with Judge(build(mutant), quick=True, isolation="fork") as judged:
        (check,) = [c for c in judged.checks if c.id == "train.values"]
        result = judged.result(check)
    assert result.good
    assert result.notes == ("train printed: 'step'",)


def test_a_wrong_cause_is_no_named_cause():
    (mutant,) = mutants("loss.sum")
    assert kill(mutant).named
    other = kill(dataclasses.replace(mutant, cause="the sign"))
    assert other.killed
    assert not other.named


def test_killed_by_another_check_than_expected_is_not_killed():
    (mutant,) = mutants("loss.sum")
    found = kill(dataclasses.replace(mutant, checks=("step.values",)))
    assert found.killed_by == ("loss.values",)
    assert not found.killed


def test_json_has_totals():
    content = json.loads(kill_matrix(mutants("loss.s"), seed=3).document().render("json"))
    assert content["schema"] == "whichmin.mutants/1"
    assert (content["total"], content["killed"], content["named"]) == (2, 2, 2)
    assert content["provenance"]["seed"] == 3
    assert content["tables"][0]["rows"][0]["cause_named"] == "yes"


def test_progress_is_told():
    told = []
    kill_matrix(mutants("loss.s"), told=lambda done, name: told.append((done, name)))
    assert told == [(0, "loss.sum"), (1, "loss.single")]
