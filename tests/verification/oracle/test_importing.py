"""How a snippet gets hold of the function that was judged."""

import functools
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.importing import fetched

ADAPTER = """
from types import SimpleNamespace

class Tool:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, w, data, activation):
        return self.scale

def loss(w, data, activation):
    return 1.0

tool = Tool(2.0)
inner = SimpleNamespace(tool=tool)
"""


@pytest.fixture
def adapter(tmp_path, monkeypatch):
    """A module in a folder that only this process has on its path."""
    (tmp_path / "an_adapter.py").write_text(ADAPTER)
    monkeypatch.syspath_prepend(tmp_path)
    import an_adapter

    yield an_adapter
    del sys.modules["an_adapter"]


def value(lines):
    """What the function returns in a process of its own, in another folder."""
    code = "\n".join([*lines, "print(loss(0, 0, 0))"])
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True,
                          timeout=600, check=False, env=clean)  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().split("\n")[-1]


def test_an_object_with_a_name_in_a_module(adapter):
    assert value(fetched(adapter.tool, "loss")) == "2.0"
    assert "from an_adapter import tool" in fetched(adapter.tool, "loss")


def test_a_function_with_a_name_in_a_module(adapter):
    assert value(fetched(SimpleNamespace(loss=adapter.loss), "loss")) == "1.0"


def test_an_object_that_pickles(adapter):
    assert value(fetched(adapter.Tool(3.0), "loss")) == "3.0"


def test_what_cannot_be_imported_says_so(adapter):
    lines = fetched(SimpleNamespace(loss=lambda w, data, activation: 4.0), "loss")
    assert lines[0].startswith("# The object that was judged cannot be imported")
    assert value(lines) == "NameError: name 'target' is not defined"
    bound = SimpleNamespace(loss=functools.partial(adapter.loss))
    assert "target.loss" in fetched(bound, "loss")[-1]


def test_names_are_imported_as_they_are():
    assert fetched("pkg.mod", "loss") == ["from pkg.mod import loss"]
    assert fetched("pkg.mod:a.b", "loss") == ["from pkg.mod import a", "loss = a.b.loss"]


def test_a_snippet_for_an_object_runs_by_itself(adapter):
    (result,) = judge(
        adapter.Tool(3.0), quick=True, only=lambda name: name == "loss.values"
    ).results
    done = subprocess.run([sys.executable, "-c", result.snippet], cwd="/", capture_output=True,
                          text=True, timeout=600, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
