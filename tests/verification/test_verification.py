"""The package itself: it loads nothing, and its names mean the same in any order of imports."""

import json
import subprocess
import sys

import pytest

import whichmin.verification


def test_importing_the_package_loads_nothing():
    code = "import json, sys, whichmin.verification; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"numpy", "torch", "sympy", "scipy"}


def test_every_name_is_there():
    for name in whichmin.verification.__all__:
        assert callable(getattr(whichmin.verification, name))
        assert name in dir(whichmin.verification)
    with pytest.raises(AttributeError, match="has no attribute 'verity'"):
        whichmin.verification.verity  # noqa: B018


@pytest.mark.parametrize(
    "first",
    ["import whichmin.tables.sharpness", "from whichmin.verification import verify"],
)
def test_the_function_and_the_module_of_one_name_stay_apart(first):
    code = f"{first}\nfrom whichmin.verification import sharpness_table\nsharpness_table.__code__"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)
