"""The front door offers the instruments, and loads nothing before it is used."""

import importlib

import whichmin
from whichmin import sharpness
from whichmin.core import instruments as measures


def test_every_name_is_the_one_in_core():
    assert sharpness.__all__ == sorted(sharpness.__all__)
    for name in sharpness.__all__:
        assert getattr(sharpness, name) is getattr(measures, name)


def test_it_is_reached_from_the_package():
    assert whichmin.sharpness is importlib.import_module("whichmin.sharpness")
    assert "sharpness" in dir(whichmin)
