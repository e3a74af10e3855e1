"""What the reference lists is public: importable, described, and all that pages import."""

import importlib
import re

import pytest
from fronts import PAGE, Reference, fronts

ROOT = PAGE.parents[1]
REFERENCE = Reference()
IMPORT = re.compile(
    r"^(?:>>> )?from (whichmin[\w.]*) import (\([^)]*\)|[^(\n]*)$", flags=re.MULTILINE
)
USERS = [ROOT / "README.md", *sorted(PAGE.parent.glob("*.md")), *sorted(ROOT.glob("examples/*.py"))]


def test_fronts_are_the_entries_of_the_tables():
    page = "whichmin.a\n```{fronts}\nwhichmin\nwhichmin.b\n```\n```\nc\n```\n```{fronts}\nd\n```\n"
    assert fronts(page) == ["whichmin", "whichmin.b", "d"]


def test_every_front_stands_on_the_page_once():
    assert len(set(REFERENCE.fronts)) == len(REFERENCE.fronts) > 20


@pytest.mark.parametrize("front", REFERENCE.fronts)
def test_every_name_can_be_imported_and_is_described(front):
    names = REFERENCE.names(front)
    module = importlib.import_module(front)
    assert names
    assert module.__doc__
    assert len(set(names)) == len(names)
    for name in names:
        thing = getattr(module, name)
        place = REFERENCE.described_by(thing, name)
        assert getattr(importlib.import_module(place), name) is thing
        assert REFERENCE.description(place, name).strip(), f"{place}.{name} is not described"
        assert not name.startswith("_")


def test_everything_is_described_once():
    definitions = REFERENCE.definitions()
    assert len(definitions) == len(set(definitions))
    own = [(front, name) for front in REFERENCE.fronts for name in REFERENCE.own(front)]
    assert sorted(own) == sorted(definitions)
    assert {front for front, _ in own} <= set(REFERENCE.fronts)
    assert ("whichmin", "train") in own
    assert ("whichmin.core", "train") not in own
    assert REFERENCE.shown("whichmin.core", "train") == "~whichmin.train"
    assert REFERENCE.shown("whichmin", "train") == "train"
    # Relative to a front above it, as Sphinx wants it.
    assert REFERENCE.shown("whichmin.core", "Data") == "~data.Data"


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("whichmin.core.training.result.TrainResult.weights", "whichmin.TrainResult.weights"),
        ("whichmin.core.instruments.sam.sam_step", "whichmin.sharpness.sam_step"),
        ("whichmin.core.validation.check_integer", None),
        ("torch.Tensor", None),
        ("whichmin", None),
    ],
)
def test_a_definition_is_found_by_its_home(target, found):
    assert REFERENCE.found(target) == found


def test_comments_describe_constants():
    assert REFERENCE.directive("whichmin.core.training", "QUANTILES") == "autodata"
    assert REFERENCE.description("whichmin.core.training", "QUANTILES").startswith(
        "Which quantiles"
    )
    assert REFERENCE.description("whichmin.datasets", "__all__") == ""


@pytest.mark.parametrize(
    ("front", "name", "directive"),
    [
        ("whichmin", "TrainResult", "autoclass"),
        ("whichmin", "InputError", "autoexception"),
        ("whichmin", "train", "autofunction"),
        ("whichmin.verification.topics", "all_checks", "autofunction"),
    ],
)
def test_directives(front, name, directive):
    assert REFERENCE.directive(front, name) == directive


@pytest.mark.parametrize("path", USERS, ids=lambda path: path.name)
def test_pages_and_examples_import_what_is_public(path):
    for module, names in IMPORT.findall(path.read_text(encoding="utf-8")):
        for name in re.findall(r"\w+", names):
            full = f"{module}.{name}"
            listed = module in REFERENCE.fronts and name in REFERENCE.names(module)
            assert listed or full in REFERENCE.fronts, f"{path.name} imports {full}"


def test_there_are_imports_to_look_at():
    assert sum(len(IMPORT.findall(path.read_text(encoding="utf-8"))) for path in USERS) > 20


def test_the_promise_is_about_the_reference():
    promise = (PAGE.parent / "stability.md").read_text(encoding="utf-8")
    assert "| public names | the names that [Python](api.md) lists" in promise
    assert "[how](stability.md)" in PAGE.read_text(encoding="utf-8")
