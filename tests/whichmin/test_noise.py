"""The front door offers the instruments, and loads nothing before it is used."""

import importlib
import subprocess
import sys

import whichmin
from whichmin import noise
from whichmin.core import instruments as measures


def test_every_name_is_the_one_in_core():
    assert noise.__all__ == sorted(noise.__all__)
    for name in noise.__all__:
        assert getattr(noise, name) is getattr(measures, name)


def test_it_is_reached_from_the_package():
    assert whichmin.noise is importlib.import_module("whichmin.noise")
    assert "noise" in dir(whichmin)


def test_the_package_stays_light():
    code = (
        "import sys, whichmin; assert 'torch' not in sys.modules; "
        "assert whichmin.noise.closure_objective; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_left_out():
    from whichmin import sharpness

    classes = {"ClosureObjective", "ModuleObjective", "Samples"}
    assert {*noise.__all__, *sharpness.__all__} == set(measures.__all__) - classes
