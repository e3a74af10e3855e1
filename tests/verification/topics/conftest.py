"""What tests of checks share: a check of something wrong fails, by deciding and not by crashing."""

import dataclasses

import pytest

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject


@pytest.fixture
def caught():
    """Run a check that must fail; ``says`` is a part of the message."""

    def run(check, subject=None, says="", examples=8):
        settings = Settings(examples=examples if check.cases else None)
        evidence = run_check(check, subject or Subject(), settings)
        assert not evidence.holds
        assert evidence.message.startswith(check.id)
        assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
        assert says in evidence.message

    return run


@pytest.fixture
def altered():
    """Build a subject one of whose closed forms is wrong."""

    def build(name, change):
        form = Subject().forms[name]
        return Subject().with_form(dataclasses.replace(form, expression=change(form.expression)))

    return build
