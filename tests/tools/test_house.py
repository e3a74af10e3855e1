import subprocess
import sys
from pathlib import Path

import house
import pytest
from fronts import Reference

FILES = {
    "pyproject.toml": """
[tool.setuptools]
packages = ["whichmin", "whichmin.core", "whichmin.core.inner"]
[tool.setuptools.package-dir]
whichmin = "src/whichmin"
"whichmin.core" = "core"
""",
    "src/whichmin/__init__.py": "_, _, __all__ = attach_stub(__name__, __file__)\n",
    "src/whichmin/__init__.pyi": "from . import core\nfrom .door import opened\n"
    "from whichmin.core.second import two\n",
    "src/whichmin/door.py": """
from typing import TYPE_CHECKING
from whichmin.core.second import two
if TYPE_CHECKING:
    from whichmin.core.inner.third import three
__all__ = ["opened", "two"]
# one comment
def opened():
    text = "# none"
    from whichmin.core.inner.third import three
""",
    "core/__init__.py": "from whichmin.core.second import two\n__all__ = ['two']\n",
    "core/second.py": '''
from whichmin.core import first
__all__ = ["two"]
def two():
    r"""Add.

    .. math:: 1 + 1

    $$ hessian_trace $$
    """
''',
    "core/first.py": "import math\n__all__ = ['one']\n",
    "core/_hidden.py": "__all__ = ['nothing']\n",
    "core/inner/__init__.py": "",
    "core/inner/third.py": "from whichmin import door\nthree = 3\n",
    "tests/test_one.py": "def test_one():\n    assert True\n",
    "docs/api.md": "One table:\n\n```{fronts}\nwhichmin\nwhichmin.core\n```\n",
    "docs/cli.md": "one\ntwo\n",
    "docs/page.md": "the closed form sharpness.trace\n",
    "docs/figures/a.svg": "<svg>\n</svg>\n",
    "verification/topics/sgd/claims.toml": "a = 1\nb = 2\nc = 3\n",
}


@pytest.fixture
def checkout(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "untracked.py").write_text("\n" * 100)
    return house.Checkout(tmp_path)


def test_modules_are_found_where_packages_lie(checkout):
    assert set(checkout.modules) == {
        "whichmin", "whichmin.door", "whichmin.core", "whichmin.core.first",
        "whichmin.core.second", "whichmin.core._hidden", "whichmin.core.inner",
        "whichmin.core.inner.third",
    }  # fmt: skip


def test_the_longest_chain_is_of_what_importing_runs(checkout):
    graph = house.import_graph(checkout)
    assert graph["whichmin.door"] == {"whichmin.core.second"}
    assert house.longest_chain(graph) == [
        "whichmin.core.inner.third", "whichmin.door", "whichmin.core.second",
        "whichmin.core.first",
    ]  # fmt: skip


def test_a_circle_of_imports_ends():
    chain = house.longest_chain({"a": {"b"}, "b": {"c", "a"}, "c": set()})
    assert chain == ["a", "b", "c"]


def test_a_definition_counts_once(checkout):
    two = ("whichmin.core.second", "two")
    assert house.public_names(checkout) == {
        "whichmin": {("whichmin.door", "opened"), two},
        "whichmin.door": {("whichmin.door", "opened"), two},
        "whichmin.core": {two},
        "whichmin.core.second": {two},
        "whichmin.core.first": {("whichmin.core.first", "one")},
    }


def test_the_reference_lists_what_its_fronts_offer(checkout):
    two = ("whichmin.core.second", "two")
    assert house.in_reference(checkout) == {("whichmin.door", "opened"), two}


def test_the_reference_listed_every_module_before_it_had_fronts(checkout):
    (checkout.root / "docs/api.md").write_text("one autosummary: whichmin\n", encoding="utf-8")
    assert house.in_reference(checkout) == {
        ("whichmin.door", "opened"), ("whichmin.core.second", "two"),
        ("whichmin.core.first", "one"),
    }  # fmt: skip


def test_the_reference_of_this_project_is_counted_as_the_site_lists_it():
    listed = house.in_reference(house.Checkout(Path(house.__file__).parents[1]))
    described = Reference().definitions()
    assert sorted(name for _, name in listed) == sorted(name for _, name in described)


def test_the_table(checkout):
    code = [n for n in FILES if n.endswith(".py") and not n.startswith("tests/")]
    lines = sum(FILES[name].count("\n") for name in code)
    assert house.measures(checkout, None) == {
        "lines of Python without tests, with claims": str(lines + 3),
        "of these, claims as data": "3",
        "lines of tests": "2 in 1 files",
        "generated lines kept in git": "4",
        "public definitions, in the API reference": "2",
        "names that modules offer each other": "4",
        "longest chain of imports": "3",
        "files that the Hessian trace is met in": "2",
        "comments, share of lines": f"{100 / lines:.1f} %",
        "displayed formulas in docstrings": "2",
    }


def test_the_walk_of_a_run():
    rooms, returns = house.walk(sys.executable)
    # At least the command line, the data and the training; not more than there are.
    root = Path(house.__file__).parents[1]
    assert 3 <= rooms <= len(house.Checkout(root).modules)
    # A function counts once, so there are fewer returns than functions.
    assert 0 <= returns < 1000
