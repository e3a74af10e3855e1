import json
import math

import pytest

from whichmin.verification.evidence.check import SCHEMA, Check, Evidence, Margin, Report
from whichmin.words import EvidenceKind


def evidence(holds):
    return Evidence(
        check="a.b", statement="s", kind=EvidenceKind.PROPERTY, bound="why", holds=holds, cases=3,
        worst=0.5, where="here", seconds=0.1, seed=7, message="" if holds else "broken",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "bound", "ratio"),
    [(0.0, 0.0, 0.0), (1.0, 2.0, 0.5), (3.0, 2.0, 1.5), (1.0, 0.0, math.inf),
     (math.nan, 1.0, math.inf), (math.inf, 1.0, math.inf)],
)  # fmt: skip
def test_ratio(error, bound, ratio):
    assert Margin("x", error, bound).ratio == ratio


def test_a_report_holds_only_if_every_check_does():
    good, bad = evidence(True), evidence(False)
    assert Report((good, good), 7).holds
    report = Report((good, bad), 7)
    assert not report.holds
    assert report.failures == (bad,)


def test_record_is_json_with_a_schema():
    record = json.loads(json.dumps(evidence(True).record()))
    assert record["schema"] == SCHEMA
    assert record["check"] == "a.b"
    assert record["kind"] == "random cases"
    assert record["seed"] == 7


def test_checks_are_immutable():
    check = Check("a.b", "s", EvidenceKind.IDENTITY, "exact", lambda subject, settings: ())
    with pytest.raises(AttributeError):
        check.id = "c"
