"""Names of a stub are found at their homes when asked for, not before."""

import sys

import pytest

from whichmin.lazy import attach_stub


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "lazily"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from whichmin.lazy import attach_stub\n"
        "__getattr__, __all__ = attach_stub(__name__, __file__)\n"
    )
    (folder / "__init__.pyi").write_text(
        "import elsewhere\nfrom . import module as module\n"
        "from .inner.home import thing as thing\n\nx = elsewhere.x\n"
    )
    (folder / "module.py").write_text("value = 1\n")
    (folder / "inner/__init__.py").write_text("")
    (folder / "inner/home.py").write_text("thing = object()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("lazily")
    for name in [n for n in sys.modules if n.split(".")[0] == "lazily"]:
        del sys.modules[name]


def test_a_name_is_loaded_when_asked_for(package):
    assert package.__all__ == ["module", "thing"]
    assert "lazily.inner" not in sys.modules
    thing = package.thing
    assert thing is sys.modules["lazily.inner.home"].thing
    assert vars(package)["thing"] is thing
    assert package.module.value == 1


def test_an_unknown_name_is_no_attribute(package):
    with pytest.raises(AttributeError, match=r"module 'lazily' has no attribute 'x'"):
        _ = package.x


def test_a_stub_must_exist(tmp_path):
    with pytest.raises(FileNotFoundError):
        attach_stub("nowhere", str(tmp_path / "__init__.py"))
