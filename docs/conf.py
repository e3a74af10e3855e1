"""Settings of the documentation site: ``python -m sphinx -W -n -b html docs docs/_build/html``.

The build reads the installed package, draws the figures of the pages, and needs no network. What it
writes beside the pages (``api``, ``ledger``, ``figures``) is not in git.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import sys
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "extensions")]

project = "whichmin"
author = copyright = "The whichmin developers"  # noqa: A001 - Sphinx's name
release = version = importlib.metadata.version("whichmin")

extensions = [
    "myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon",
    "sphinx_click", "commands", "mathml", "folded", "typeset", "sources", "program", "ledger",
    "figures", "imports",
]  # fmt: skip
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"whichmin {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("search_entries.js", {"defer": "defer"})]
html_math_renderer = "mathml"
pygments_style = "friendly"
pygments_dark_style = "native"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
# "Attributes:" sections become fields of the class, so a dataclass's attributes appear once.
napoleon_use_ivar = True

# The API: a page per package, its modules on it.
# The command line is described on a page of its own. Adapters import other people's tools, which
# need not be there.
_ELSEWHERE = ("whichmin.cli", "whichmin.verification.oracle.adapters")
_SETTINGS = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
_PACKAGES = [name for name in _SETTINGS["tool"]["setuptools"]["packages"] if name not in _ELSEWHERE]


def _modules(package: str) -> list[str]:
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return sorted(
        f"{package}.{x.name}" for x in found if not x.ispkg and not x.name.startswith("_")
    )


def _names(module: str, *, own: bool) -> list[str]:
    """Names that a module offers: its own, or those whose home is another module of ours."""
    thing = importlib.import_module(module)
    names = sorted(getattr(thing, "__all__", ()), key=str.lower)
    return [name for name in names if _elsewhere(getattr(thing, name), module) is not own]


def _elsewhere(thing: Any, module: str) -> bool:
    """Whether a function or class is defined in another module of ours; constants never are."""
    home = getattr(thing, "__module__", "") if hasattr(thing, "__qualname__") else ""
    return home.startswith("whichmin") and home != module


_ALL = [*_PACKAGES, *(module for name in _PACKAGES for module in _modules(name))]
autosummary_ignore_module_all = False
autosummary_context = {
    "modules_of": {name: _modules(name) for name in _PACKAGES},
    "packages_of": {
        name: [p for p in _PACKAGES if p.rpartition(".")[0] == name] for name in _PACKAGES
    },
    # Names of other modules are a table of links, not a second copy of everything.
    "own": {module: _names(module, own=True) for module in _ALL},
    "offered": {module: _names(module, own=False) for module in _ALL},
}

# Pages of an earlier state would be read before they are written anew.
_STATE = f"{autosummary_context}{(HERE / '_templates/autosummary/module.rst').read_text()}"
_NOTE = HERE / "_build/api.state"
if not _NOTE.exists() or _NOTE.read_text(encoding="utf-8") != _STATE:
    for _page in (HERE / "api").glob("*.rst"):
        _page.unlink()
    _NOTE.parent.mkdir(exist_ok=True)
    _NOTE.write_text(_STATE, encoding="utf-8")

nitpicky = True
# The engines and the oracle each have a class Problem; an annotation shows the short name only.
suppress_warnings = ["ref.python"]
# Names of other packages: their inventories are on the web, and the build uses no network.
_OTHERS = (
    "abc", "click", "collections", "contextlib", "enum", "fractions", "hypothesis", "matplotlib",
    "importlib", "numpy", "np", "os", "pandas", "pathlib", "sp", "sympy", "torch", "types",
    "typing", "NDArray", "SearchStrategy", "nn", "multiprocessing", "_pytest", "pytest",
)  # fmt: skip
nitpick_ignore_regex = [
    ("py:.*", rf"(?:{'|'.join(_OTHERS)})(?:\..*)?"),
    ("py:class", r"(?:.*\.)?_[A-Z]\w*"),  # type variables
    ("py:class", r"tuple\[.*"),  # an annotation that Sphinx cut in two at its "|"
    ("py:class", "Axes"),  # Matplotlib's, imported for type checkers only
    (
        "py:class",
        "Fraction",
    ),  # the standard library's, in an alias that Sphinx shows as it is written
]


def _by_last_name(app: Any, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Resolve a name that is short (``InputError``) or not its home's (``whichmin.train``).

    Docstrings name things as their readers import them; the home is looked up here, and must be
    the only object of that name.

    Returns:
        A link; None if there is no such object.
    """
    if node.get("refdomain") != "py":
        return None
    target = str(node.get("reftarget", ""))
    package, _, name = target.rpartition(".")
    if name in getattr(sys.modules.get(package or "whichmin"), "__all__", ()):
        thing = getattr(sys.modules[package or "whichmin"], name)
        target = f"{thing.__module__}.{name}"
    domain = env.domains.python_domain
    found = [full for full in domain.objects if full == target or full.endswith(f".{target}")]
    if len(found) != 1:
        return None
    resolved: nodes.reference | None = domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", found[0], node, content
    )
    return resolved


def setup(app: Any) -> None:
    """Register the resolver."""
    app.connect("missing-reference", _by_last_name)
