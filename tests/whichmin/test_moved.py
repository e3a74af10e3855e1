"""Old names of modules and classes: the error, or a warning, says where to find them now."""

import importlib

import pytest

from whichmin.errors import MissingDependency
from whichmin.moved import MOVED, MovedModules


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_fails_with_the_new_one(old):
    new = f"whichmin.{MOVED[old]}"
    with pytest.raises(ModuleNotFoundError, match=rf"import {new}$"):
        importlib.import_module(f"whichmin.{old}")
    assert importlib.util.find_spec(new) is not None


def test_a_name_that_never_was_fails_as_ever():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'whichmin\.core\.nowhere'"):
        importlib.import_module("whichmin.core.nowhere")


RENAMED = {
    "core.training.outcome Record": "whichmin.core.training.run.Record",
    "tables.sharpness_minima trained": "whichmin.tables.sharpness.trained",
    "bench.measure Result": "BenchResult",
    "verification.mutants Mutant": "SubjectMutant",
    "verification.oracle.adapters.tied_module TiedAutoencoder": "TiedModule",
    "verification.oracle.compliance Verdict": "CheckVerdict",
    "verification.oracle.outcome Outcome": "CallOutcome",
    "verification.oracle.probes Law": "EstimateLaw",
    "verification.oracle.problems Problem": "ServedProblem",
    "verification.oracle.validation Settings": "JudgeSettings",
    "verification.topics.cyclic.certified Certificate": "LimitCertificate",
}


@pytest.mark.parametrize("old", RENAMED)
def test_a_class_is_found_by_its_old_name_with_a_warning(old):
    place, name = old.split()
    module = importlib.import_module(f"whichmin.{place}")
    with pytest.warns(DeprecationWarning, match=rf"{name} is called {RENAMED[old]} since"):
        found = getattr(module, name)
    home, _, new = RENAMED[old].rpartition(".")
    where = importlib.import_module(home) if home else module
    assert found is vars(where)[new]
    assert new in where.__all__


def test_other_names_of_a_module_with_renamed_classes_fail_as_ever():
    module, never = importlib.import_module("whichmin.verification.oracle.outcome"), "nowhere"
    with pytest.raises(AttributeError, match="no attribute 'nowhere'"):
        getattr(module, never)


def test_what_the_oracle_alone_lacks_is_said_with_what_to_install(monkeypatch):
    monkeypatch.setattr("whichmin.provenance.oracle_alone", lambda: True)
    with pytest.raises(MissingDependency, match=r"whichmin\.nowhere is missing: .* pip install"):
        importlib.import_module("whichmin.nowhere")
    # pytest asks all finders for modules that are there.
    assert MovedModules().find_spec("whichmin.errors") is None
    assert MovedModules().find_spec("whichmin.cli") is None
