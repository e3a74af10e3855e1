import sys
import threading
from dataclasses import replace

import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence import record
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.source_files import Sources
from whichmin.verification.evidence.source_graph import SourceGraph, closure
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import TOPICS, all_checks

FILES = {
    "__init__.py": "import lazy_loader\n",
    "__init__.pyi": "from .core import train as train\nfrom . import noise as noise\n",
    "noise.py": "",
    "errors.py": "",
    "core/__init__.py": "from whichmin.core.training import train\n",
    "core/training.py": "",
    "core/table.toml": "a = 1",
    "core/data/sizes.npz": "",
    "core/record.json": "",
    "_commit.txt": "",
    "symbolic/__init__.py": "from whichmin.symbolic.registry import closed_form, closed_forms\n",
    "symbolic/registry.py": "import importlib\nimportlib.import_module(f'{name}')\n",
    "symbolic/trace.py": "@derives('sharpness.trace', 's')\ndef trace(): ...\n",
    "symbolic/top.py": "@derives('sharpness.minimum_top', 's')\ndef top(): ...\n",
    "verification/__init__.py": "",
    "verification/__init__.pyi": "import whichmin\nfit = whichmin.train\n",
    "verification/topics/__init__.py": "import whichmin.errors\n",
}
MODULE = "whichmin.verification.topics.one"


@pytest.fixture
def graph(tmp_path):
    """Make the graph of a small package in which one module is the given text."""

    def make(text, **others):
        files = {**FILES, "verification/topics/one.py": text, **others}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return SourceGraph(Sources({"whichmin": tmp_path}))

    return make


AROUND = {"whichmin", "whichmin.verification"}
STUB = "whichmin/__init__.pyi"


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("import math, numpy as np", set()),
        ("import whichmin.errors", {"whichmin.errors"}),
        ("from whichmin import errors", {"whichmin.errors"}),
        ("from whichmin.errors import InputError", {"whichmin.errors"}),
        ("from ...errors import InputError", {"whichmin.errors"}),
        ("from ... import errors", {"whichmin.errors"}),
        ("def f():\n    from whichmin.core.training import train", {
            "whichmin.core", "whichmin.core.training"}),
        ("class A:\n    def f(self):\n        import whichmin.errors as e", {"whichmin.errors"}),
        ("from whichmin import train", {STUB, "whichmin.core", "whichmin.core.training"}),
        ("import whichmin\nwhichmin.train()", {STUB, "whichmin.core", "whichmin.core.training"}),
        ("import whichmin as w\nw.noise.f()", {"whichmin.noise"}),
        ("import whichmin\ngetattr(whichmin, name)", {
            STUB, "whichmin.core", "whichmin.core.training", "whichmin.noise"}),
        ("from whichmin import *", {
            STUB, "whichmin.core", "whichmin.core.training", "whichmin.noise"}),
        ("from whichmin.verification import fit", {
            "whichmin.verification/__init__.pyi", STUB, "whichmin.core", "whichmin.core.training"}),
        ("run('-m', 'whichmin.errors')", {"whichmin.errors"}),
        ("judge('whichmin.errors:InputError')", {"whichmin.errors"}),
        ("import_module(f'whichmin.core.{name}')", {
            "whichmin.core.*", "whichmin.core", "whichmin.core.training"}),
        ("import_module(f'whichmin.{name}')", {
            "whichmin.*", "whichmin.core", "whichmin.core.training", "whichmin.errors",
            "whichmin.noise", "whichmin.symbolic", "whichmin.symbolic.registry",
            "whichmin.symbolic.top", "whichmin.symbolic.trace"}),
        ("form = subject.forms['sharpness.trace']", {
            "whichmin.symbolic", "whichmin.symbolic.registry", "whichmin.symbolic.trace"}),
        ("form = subject.forms[f'sharpness.minimum_{name}']", {
            "whichmin.symbolic", "whichmin.symbolic.registry", "whichmin.symbolic.top"}),
        *(
            (text, {
                "whichmin.symbolic.*", "whichmin.symbolic", "whichmin.symbolic.registry",
                "whichmin.symbolic.top", "whichmin.symbolic.trace"})
            for text in (
                "from whichmin.symbolic import closed_forms",
                "x = dict(subject.forms)",
                "for form in subject.forms.values(): pass",
                "for name in forms: pass",
                "x = {**subject.forms}",
            )
        ),
        ("open(HERE / 'table.toml')", {"whichmin.core/table.toml"}),
        ("open(HERE / 'data/sizes.npz')", {"whichmin.core.data/sizes.npz"}),
        ("open(HERE / 'record.json'), open('_commit.txt')", set()),
        ("HERE.glob('*.toml')", {"whichmin.core/table.toml"}),
        ("if TYPE_CHECKING:\n    import whichmin.errors", set()),
        ("if typing.TYPE_CHECKING:\n    x = 1\nelse:\n    import whichmin.errors", {
            "whichmin.errors"}),
        ("def f():\n    '''whichmin.errors'''", set()),
        ("from whichmin.verification.topics import all_checks", set()),
    ],
)  # fmt: skip
def test_what_a_module_reaches(graph, text, reached):
    assert set(graph(text).reach([MODULE])) - {MODULE} - AROUND == reached


def test_a_module_that_does_not_exist_is_refused(graph):
    with pytest.raises(InputError, match=r"whichmin\.lost.*in whichmin\.verification\.topics\.one"):
        graph("import whichmin.lost").reach([MODULE])


def test_forms_are_found_by_id_and_by_pattern(graph):
    made = graph("")
    assert made.deriving(["sharpness.trace"]) == ("whichmin.symbolic.trace",)
    assert made.deriving(["sharpness.*"]) == ("whichmin.symbolic.top", "whichmin.symbolic.trace")
    assert made.deriving(["*"]) == ("whichmin.symbolic.*",)
    assert made.deriving([]) == made.deriving(["other"]) == ()


def test_circles_end():
    edges = {"a": "b", "b": "c", "c": "a", "d": ""}
    assert closure(["a"], edges.__getitem__) == ("a", "b", "c")


def test_every_module_of_the_package_can_be_read():
    graph = SourceGraph(Sources())
    for name in graph.sources.modules("whichmin"):
        reached = graph.edges(name)
        assert {other.removesuffix(".*") for other in reached} <= set(graph.sources.files)
        assert "whichmin" in reached or name == "whichmin"


def test_every_closed_form_is_found_where_it_is_derived():
    from whichmin.symbolic.registry import _in_order

    graph = SourceGraph(Sources())
    assert graph.forms == {name: form.__module__ for name, form in _in_order().items()}


class Asked(dict):
    """Closed forms that remember which were asked for."""

    def __init__(self, forms):
        super().__init__(forms)
        self.names = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


@pytest.fixture(scope="module")
def whole_graph():
    return SourceGraph(Sources())


@pytest.fixture(scope="module")
def subject():
    return Subject()


def quickest(topic):
    # The one that is left out takes what another check has computed before, or half a minute.
    checks = [c for c in all_checks() if c.id != "selection_law.every_batch_size"]
    took = record.seconds_on_file()
    return min((c for c in checks if c.topic == topic), key=lambda c: took.get(c.id, 99.0))


@pytest.mark.parametrize("topic", TOPICS)
def test_no_code_runs_that_the_graph_does_not_know(topic, whole_graph, subject):
    check, forms, files = quickest(topic), Asked(subject.forms), set()
    asked = replace(subject, forms=forms)

    def note(frame, event, argument):
        files.add(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        assert run_check(check, asked, Settings(examples=2)).holds
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    modules = {str(path): name for name, path in whole_graph.sources.files.items()}
    ran = {modules[file] for file in files & modules.keys()}
    reached = set(whole_graph.reach(record._roots(check, whole_graph)))
    assert len(ran) > 1
    assert ran <= reached
    assert {whole_graph.forms[name] for name in forms.names} <= reached
