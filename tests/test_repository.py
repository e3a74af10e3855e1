"""Layout, layers and packaging of the repository itself."""

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from whichmin.verification import topics

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = {
    "whichmin": ROOT / "src/whichmin",
    "whichmin.core": ROOT / "core",
    "whichmin.symbolic": ROOT / "symbolic",
    "whichmin.verification": ROOT / "verification",
}
SHARED = {
    "errors", "words", "reporting", "files", "lazy", "moved", "progress", "provenance", "terminal",
    "text_tables",
}  # fmt: skip
# Products of the front door that the checks judge like any other number, and the plugin, whose
# options the suite reads.
JUDGED = {"prediction", "pytest_plugin", "tables"}
ALLOWED = {
    "core": {"core", *SHARED},
    "symbolic": {"symbolic", *SHARED},
    "verification": {"verification", "core", "symbolic", *SHARED, *JUDGED},
}
WORKSHOPS = ("verification/evidence", "verification/provers", "core/instruments")


def sources(folder):
    return [f for f in sorted(folder.rglob("*.py")) if "__pycache__" not in f.parts]


def imported(file):
    """Names of our own modules that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names = [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        yield from (n for n in names if n.split(".")[0] == "whichmin")


def layer(name):
    return name.split(".")[1]


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_go_one_way(folder):
    files = sources(ROOT / folder)
    assert files
    for file in files:
        for name in imported(file):
            assert layer(name) in ALLOWED[folder], f"{file} imports {name}"


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_words_import_no_layer(name):
    assert {layer(n) for n in imported(ROOT / f"src/whichmin/{name}.py")} <= SHARED


@pytest.mark.parametrize("folder", WORKSHOPS)
def test_workshops_know_no_topic(folder):
    """They may ask for the list of topics; what a topic says is not theirs to know."""
    for file in sources(ROOT / folder):
        inside = [n for n in imported(file) if n.startswith("whichmin.verification.topics.")]
        lists = {f"whichmin.verification.topics.{name}" for name in topics.__all__}
        assert set(inside) <= lists, f"{file} imports {inside}"


@pytest.mark.parametrize("topic", topics.TOPICS)
def test_a_topic_has_one_name_in_all_rooms(topic):
    assert (ROOT / "verification/topics" / topic / "__init__.py").exists()
    for room in ("core", "symbolic"):
        single, package = ROOT / room / f"{topic}.py", ROOT / room / topic
        assert not (single.exists() and package.exists())


def test_rooms_hold_topics_and_workshops_only():
    """A new file of a room is a topic, or belongs to the machinery that is named here."""
    workshop = {
        "symbolic": {
            "certificates", "closed_form", "derivation", "operator_rules", "operators", "printing",
            "registry", "rules", "symbols",
        },
        "core": {
            "data", "engines", "frames", "instruments", "philox", "scales", "summation", "threads",
            "training", "validation",
        },
    }  # fmt: skip
    for room, machinery in workshop.items():
        names = {f.stem for f in (ROOT / room).iterdir() if not f.name.startswith("__")}
        assert names - machinery <= set(topics.TOPICS), names - machinery - set(topics.TOPICS)


def test_core_runs_without_symbolic_and_the_other_way_round():
    code = (
        "import sys, whichmin.{}; assert not any(m.startswith('whichmin.{}') for m in sys.modules)"
    )
    for pair in (("core", "symbolic"), ("symbolic", "core")):
        subprocess.run([sys.executable, "-W", "error", "-c", code.format(*pair)], check=True)


def test_the_package_list_is_that_on_disk():
    on_disk = set()
    for package, folder in FOLDERS.items():
        for file in folder.rglob("__init__.py"):
            inner = file.parent.relative_to(folder).parts
            on_disk.add(".".join([package, *inner]))
    assert set(CONFIG["tool"]["setuptools"]["packages"]) == on_disk


def test_every_module_has_a_home_in_a_listed_package():
    for folder in FOLDERS.values():
        for file in sources(folder):
            assert (file.parent / "__init__.py").exists(), file


def every_module():
    """Names of all modules, found package by package: an editable install has no common folder."""
    for package in CONFIG["tool"]["setuptools"]["packages"]:
        yield package
        if package.endswith(".adapters"):  # import other people's tools, which need not be there
            continue
        for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
            if not found.ispkg and found.name != "__main__":
                yield f"{package}.{found.name}"


def test_only_one_copy_of_each_module_is_loaded():
    for name in every_module():
        importlib.import_module(name)
    homes = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.split(".")[0] in {"whichmin", "core", "symbolic", "verification"}:
            assert name.startswith("whichmin"), f"{name} is loaded from {file}"
            homes.setdefault(os.path.realpath(file), []).append(name)
    assert homes
    assert {f: n for f, n in homes.items() if len(n) > 1} == {}


def test_no_top_level_core_is_published():
    code = (
        "import importlib.util as u\n"
        "for n in ('core', 'symbolic', 'verification'):\n"
        "    spec = u.find_spec(n)\n"
        "    assert spec is None or 'whichmin' not in str(spec.origin), spec"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, cwd="/")


def test_modules_stay_below_400_lines():
    others = [ROOT / name for name in ("benchmarks", "docs", "examples", "tests")]
    for folder in (*FOLDERS.values(), *others):
        for file in sources(folder):
            assert len(file.read_text().splitlines()) <= 400, file


def test_tests_mirror_sources():
    names = {"whichmin": "src/whichmin", "core": "core", "symbolic": "symbolic",
             "verification": "verification"}  # fmt: skip
    known_alone = {
        "test_all_evidence.py",
        "test_bad_input.py",
        "test_every_check_can_fail.py",
        "test_every_option.py",
        "test_mutants_end_to_end.py",
    }
    for folder, source in names.items():
        for test in sources(ROOT / "tests" / folder):
            if test.name in known_alone or not test.name.startswith("test_"):
                continue
            mirrored = ROOT / source / test.parent.relative_to(ROOT / "tests" / folder)
            stem = test.stem.removeprefix("test_")
            # A long test file is split by suffix: test_files_refused.py belongs to files.py.
            sources_here = {f.stem.strip("_") for f in mirrored.iterdir()} | {mirrored.name}
            assert any(stem == name or stem.startswith(f"{name}_") for name in sources_here), (
                f"{test} mirrors no source"
            )


def test_constraints_pin_every_requirement():
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    project = CONFIG["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["docs"], *extras["test"]]
    for requirement in wanted:
        name = requirement.split(">")[0].split("[")[0].lower()
        assert name in {*pinned, "whichmin"}, f"{name} is not pinned"


def test_all_public_names_are_documented():
    for name in every_module():
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            thing = getattr(module, public)
            if callable(thing) and getattr(thing, "__module__", "").startswith("whichmin"):
                assert thing.__doc__, f"{name}.{public}"
