"""The page on compliance says by which version its table was made."""

import re

import compliance

from whichmin.provenance import version
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.fact_sheet import Judged
from whichmin.verification.oracle.mutants import build, mutants


def test_a_new_table_has_its_version():
    (mutant,) = mutants("loss.sum")
    table = compliance.dated([Judged("x", judge(build(mutant), quick=True, isolation="inline"))])
    assert table.startswith("| tool ")
    assert table.endswith(f"\n\nAs of whichmin {version()}.")


def test_the_version_is_that_of_the_rows():
    page = (compliance.Path(compliance.__file__).parent / "compliance.md").read_text("utf-8")
    (told,) = re.findall(r"^As of whichmin (\S+)\.$", page, re.MULTILINE)
    rows = re.findall(r"^\| whichmin, [^|]+\| (\S+) ", page, re.MULTILINE)
    assert len(rows) > 3
    assert set(rows) == {told}
