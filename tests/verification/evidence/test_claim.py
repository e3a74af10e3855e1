"""Counterexamples are functions that readers see as scripts."""

import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence.claim import RUNS, Counterexample, counterexample


@counterexample("topic.claim")
def example():
    # A comment is shown, too.
    for k in (1, 2):
        print(k)


EXAMPLE = Counterexample("a case", "1\n2", example)


def test_a_counterexample_is_shown_as_a_script(capsys):
    assert RUNS["topic.claim"] is example
    assert EXAMPLE.code == ("# A comment is shown, too.\nfor k in (1, 2):\n    print(k)\n")
    with pytest.raises(InputError, match="must have one counterexample: example"):
        counterexample("topic.claim")(print)
    EXAMPLE.run()
    assert capsys.readouterr().out.strip() == EXAMPLE.prints
