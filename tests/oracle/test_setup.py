"""The oracle alone: what its wheel holds is what it imports, and it needs NumPy and pytest only."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "oracle/setup.py"
pytest.importorskip("setuptools")
spec = importlib.util.spec_from_file_location("oracle_setup", FILE)
light = importlib.util.module_from_spec(spec)
spec.loader.exec_module(light)

# Runs with a finder, asked first, that refuses every package but those that pip installs with it.
ALONE = """
import sys
allowed = {"numpy", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "mpmath",
           "whichmin", "py", "verification", "trainer", "wrong"}  # verification: editable installs
class Refusing:
    def find_spec(self, name, *_):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names | allowed and not top.startswith("__editable__"):
            raise ImportError(f"REFUSED: {name}")
sys.meta_path.insert(0, Refusing())
"""
JUDGING = """
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import reference
import whichmin.pytest_plugin
found = judge(reference, quick=True, isolation="inline", seed=1)
assert found.holds, found.markdown()
assert found.counts()["passed"] > 30, found.counts()
"""


def alone(code, folder):
    return subprocess.run(
        [sys.executable, "-c", ALONE + code], capture_output=True, text=True, timeout=600,
        check=False, cwd=folder,
    )  # fmt: skip


def modules():
    """Modules of the wheel, with their files; adapters need the tools that they adapt."""
    for name, file in light.members().items():
        if name.endswith(".py") and "/adapters/" not in name:
            yield name.removesuffix(".py").removesuffix("/__init__").replace("/", "."), file


def test_every_module_imports_alone(tmp_path):
    names = [name for name, _ in modules()]
    assert "whichmin.verification.oracle.judge" in names
    done = alone(f"import importlib\nfor n in {names}: importlib.import_module(n)", tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_whole_target_is_judged_alone(tmp_path):
    done = alone(JUDGING, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_suite_runs_and_writes_its_files_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "trainer.py").write_text((ROOT / "examples/trainer_numpy.py").read_text())
    (tmp_path / "wrong.py").write_text(
        (tmp_path / "trainer.py").read_text().replace("* w) / len(data)", "* w)")
    )
    done = alone(
        "import pytest\nsys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-p',"
        "'whichmin.pytest_plugin', '--pyargs', 'whichmin.verification.suite', '--whichmin-quick',"
        "'--whichmin-target=trainer', '--whichmin-target=wrong', '--whichmin-json=x.json',"
        "'--whichmin-markdown=x.md']))", tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^trainer: \d+ passed, \d+ not provided", done.stdout, re.MULTILINE)
    assert "off by exactly a factor m" in done.stdout
    assert (tmp_path / "x.md").exists()
    assert "REFUSED" not in done.stdout + done.stderr


def test_what_is_refused_is_seen(tmp_path):
    for name in ("scipy", "torch", "sympy", "numba", "tabulate"):
        done = alone(f"import {name}", tmp_path)
        assert f"REFUSED: {name}" in done.stderr


def imported(file):
    """Modules of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("whichmin"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("whichmin"))


def is_module(name):
    """Whether the whole package has a module of this name: an import may also take a function."""
    parent = name.rpartition(".")[0]
    inside = not parent or importlib.util.find_spec(parent).submodule_search_locations
    return bool(inside) and importlib.util.find_spec(name) is not None


def test_the_wheel_holds_what_it_imports():
    held = dict(modules())
    adapters = "whichmin.verification.oracle.adapters"
    for name, file in held.items():
        for wanted in imported(file):
            if is_module(wanted):
                assert wanted in held or wanted.startswith(adapters), f"{name} imports {wanted}"


def test_the_wheel_holds_no_more():
    held = dict(modules())
    reached = {"whichmin.pytest_plugin", "whichmin.verification.suite.test_target"}
    inside = "whichmin.verification.oracle"
    reached |= {name for name in held if name.startswith(inside)}
    todo = list(reached)
    while todo:
        name = todo.pop()
        found = {w for w in imported(held[name]) if w in held}
        parts = name.split(".")
        found |= {".".join(parts[:i]) for i in range(1, len(parts))}
        todo += found - reached
        reached |= found
    assert set(held) == reached


def test_it_is_of_the_same_version_and_ranges():
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = tomllib.loads((FILE.parent / "pyproject.toml").read_text())["project"]
    assert light.whole() == whole
    names = {r.split(">")[0] for r in light.requirements(whole)}
    assert {"numpy", "pytest"} <= names <= {"numpy", "pytest", "mpmath"}
    assert own["entry-points"] == whole["entry-points"]
    assert own["license"] == whole["license"]


def test_no_source_archive_is_built(monkeypatch, tmp_path):
    monkeypatch.setattr(light, "ROOT", tmp_path)
    with pytest.raises(light.SetupError, match="in a checkout"):
        light.whole()
