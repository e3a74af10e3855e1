import importlib.metadata
import re
import sys
import tomllib
import types
import warnings
from pathlib import Path

import pytest
import torch
from packaging.requirements import Requirement

from whichmin import doctor as module
from whichmin.doctor import UNLOCKS, devices, extras, parts, programs
from whichmin.verification.provers.coq import INSTALL, Coq

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
OPTIONAL = PROJECT["optional-dependencies"]
# As an installed package describes itself.
REQUIRES = [
    "alpha>=2.1",
    'beta>=3; extra == "plot"',
    'gamma; extra == "plot"',
    "delta>=1,<2 ; extra == 'test'",
    'whichmin[plot,test]; extra == "all"',
    'alpha>=2.1; extra == "test"',
]
HAVE = {"whichmin": "0.1.0", "alpha": "2.2", "beta": "3.0.1", "gamma": "0", "delta": "1.5"}


class Metadata(dict):
    def get_all(self, name):
        return self.get(name)


@pytest.fixture
def described(monkeypatch):
    content = Metadata({
        "Requires-Dist": REQUIRES,
        "Provides-Extra": ["plot", "test", "all"],
        "Requires-Python": [">=3.11"],
    })
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: content)
    monkeypatch.setitem(sys.modules, "alpha", types.ModuleType("alpha"))
    return content


def by_name(listed):
    return {p.name: p for p in listed}


@pytest.mark.parametrize(
    ("version", "needs", "holds"),
    [
        ("2.13.0+cpu", ">=2.2", True),
        ("2.10", ">=2.9", True),
        ("2.2", ">=2.2.0", True),
        ("2.1.9", ">=2.2", False),
        ("3.0rc1", ">=2,<3", False),
        ("1.5", ">=1,<2", True),
        ("unreadable", ">=1", False),
        ("unreadable", "", True),
    ],
)
def test_versions_known_beforehand(described, version, needs, holds):
    described["Requires-Dist"] = [f"alpha{needs}"]
    assert by_name(parts({"alpha": version}.get))["alpha"].usable == holds


def test_a_requirement_for_another_system_is_no_part(described):
    described["Requires-Dist"] = ['alpha; python_version < "3.0"', 'Some_Name>=1; extra == "plot"']
    assert {p.name for p in parts(HAVE.get)[4:]} == {"some-name"}


def test_every_extra_has_a_phrase_and_every_phrase_an_extra():
    assert set(UNLOCKS) == set(OPTIONAL), "say in whichmin/doctor.py what a new extra unlocks"
    assert all(phrase and len(phrase) <= 50 for phrase in UNLOCKS.values())
    assert len(set(UNLOCKS.values())) == len(UNLOCKS)


def test_the_installed_metadata_are_read():
    listed = by_name(parts())
    for line in PROJECT["dependencies"]:
        name = Requirement(line).name
        assert listed[name].usable
        assert listed[name].version == importlib.metadata.version(name)
        assert "whichmin" in listed[name].wanted_by
        assert listed[name].needs == str(Requirement(line).specifier)
    assert [p.name for p in parts()[:4]] == ["whichmin", "commit", "Python", "platform"]
    assert listed["whichmin"].version == importlib.metadata.version("whichmin")
    assert listed["Python"].needs == PROJECT["requires-python"]
    names = importlib.metadata.metadata("whichmin").get_all("Provides-Extra")
    assert [e.name for e in extras()] == names


def test_all_is_well(described):
    listed = parts(HAVE.get)
    assert all(p.usable for p in listed)
    assert by_name(listed)["alpha"].wanted_by == ("whichmin", "test")
    assert [(e.lacking, e.install) for e in extras(HAVE.get)] == [((), "")] * 3


def test_missing_and_old_are_told_apart_and_extras_of_extras_are_followed(described):
    have = {**HAVE, "beta": "2.9", "delta": "2.0"}
    del have["gamma"]
    listed = by_name(parts(have.get))
    assert {n: listed[n].status for n in ("alpha", "beta", "gamma", "delta")} == {
        "alpha": "present",
        "beta": "wrong version",
        "gamma": "missing",
        "delta": "wrong version",
    }
    plot = ("beta>=3: wrong version (2.9)", "gamma: missing")
    test = ("delta<2,>=1: wrong version (2.0)",)
    assert {e.name: e.lacking for e in extras(have.get)} == {
        "plot": plot, "test": test, "all": (*plot, *test),
    }  # fmt: skip
    assert extras(have.get)[0].install == "pip install 'whichmin[plot]'"


def test_what_is_always_needed_is_imported_and_extras_are_not(described, monkeypatch):
    asked = []

    def load(name):
        asked.append(name)
        raise OSError("libalpha.so:\n  cannot open")

    monkeypatch.setattr(module.importlib, "import_module", load)
    listed = by_name(parts(HAVE.get))
    assert asked == ["alpha"]
    assert listed["alpha"].status == "broken: OSError: libalpha.so: cannot open"
    assert not listed["alpha"].usable
    assert listed["beta"].usable


def test_a_python_that_is_too_old_is_told(described, monkeypatch):
    monkeypatch.setattr(module.platform, "python_version", lambda: "3.10.4")
    assert by_name(parts(HAVE.get))["Python"].status == "wrong version"


def test_a_package_without_metadata_is_missing_not_a_traceback(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", absent)
    monkeypatch.setattr(importlib.metadata, "version", absent)
    listed = by_name(parts())
    assert (listed["whichmin"].version, listed["whichmin"].status) == (None, "missing")
    assert extras() == []


@pytest.fixture
def gpus(monkeypatch):
    def fake(count, error=None, warning=None, built="12.8"):
        def available():
            if warning:
                warnings.warn(warning, stacklevel=1)
            if error:
                raise error
            return count > 0

        monkeypatch.setattr(torch.cuda, "is_available", available)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.version, "cuda", built)
        monkeypatch.setattr(
            torch.cuda,
            "get_device_properties",
            lambda index: types.SimpleNamespace(name=f"GPU {index}", total_memory=80 * 2**30),
        )
        return devices()

    return fake


def test_devices(gpus, monkeypatch):
    (cpu, what), *rest = gpus(2)
    assert cpu == "cpu"
    assert re.fullmatch(r"\d+ cores, \d+ threads in use", what)
    assert rest == [("cuda:0", "GPU 0, 80 GiB"), ("cuda:1", "GPU 1, 80 GiB")]
    assert gpus(0)[1:] == [("cuda", "none seen (torch is built for CUDA 12.8)")]
    assert gpus(0, built=None)[1:] == [("cuda", "none: a CPU build of torch")]


def test_a_driver_that_complains_is_quoted_and_does_not_end_the_report(gpus):
    assert gpus(0, warning="driver is\ntoo old")[1:] == [
        ("cuda", "none seen (torch is built for CUDA 12.8); driver is too old")
    ]
    assert gpus(1, error=RuntimeError("no NVML"))[1:] == [("cuda", "broken: RuntimeError: no NVML")]


def test_devices_without_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    assert devices()[1] == ("cuda", "unknown: torch cannot be imported")
    assert "torch" not in sys.modules


@pytest.mark.parametrize(
    ("found", "name", "lacking"),
    [
        (None, "Coq", ("coqc: missing",)),
        (Coq("coqc", "8.20.0", "2.3.0", ""), "Coq 8.20.0", ()),
        (Coq("coqc", "8.20.0", "", ""), "Coq 8.20.0", ("MathComp with algebra-tactics: missing",)),
    ],
)
def test_coq_is_optional_and_what_installs_it_is_said(monkeypatch, found, name, lacking):
    monkeypatch.setattr("whichmin.verification.provers.coq.find_coq", lambda: found)
    (coq,) = programs()
    assert (coq.name, coq.lacking) == (name, lacking)
    assert coq.install == (INSTALL if lacking else "")
