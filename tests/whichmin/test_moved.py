"""Old names of modules: the error says where to find them now."""

import importlib

import pytest

from whichmin.moved import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_fails_with_the_new_one(old):
    new = f"whichmin.{MOVED[old]}"
    with pytest.raises(ModuleNotFoundError, match=rf"import {new}$"):
        importlib.import_module(f"whichmin.{old}")
    assert importlib.util.find_spec(new) is not None


def test_a_name_that_never_was_fails_as_ever():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'whichmin\.core\.nowhere'"):
        importlib.import_module("whichmin.core.nowhere")
