"""Settings of the documentation site: ``python -m sphinx -W -n -b html docs docs/_build/html``.

The build reads the installed package, draws the figures of the pages, and needs no network. What it
writes beside the pages (``api``, ``ledger``, ``figures``) is not in git.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path
from typing import Any

from docutils import nodes

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "extensions")]

REFERENCE = importlib.import_module("reference").REFERENCE

project = "whichmin"
author = copyright = "The whichmin developers"  # noqa: A001 - Sphinx's name
release = version = importlib.metadata.version("whichmin")

extensions = [
    "myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon",
    "sphinx_click", "commands", "mathml", "folded", "typeset", "sources", "program", "ledger",
    "reference", "figures", "imports", "proofs", "second_derivatives",
]  # fmt: skip
exclude_patterns = ["_build"]
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

autosummary_generate = False  # its tables are used; docs/extensions/reference.py writes the pages

nitpicky = True
# The engines and the oracle each have a class Problem; an annotation shows the short name only.
suppress_warnings = ["ref.python"]
# Names of other packages: their inventories are on the web, and the build uses no network.
_OTHERS = (
    "abc", "click", "collections", "contextlib", "decimal", "enum", "fractions", "hypothesis",
    "matplotlib", "importlib", "numpy", "np", "os", "pandas", "pathlib", "sp", "sympy", "torch",
    "types", "typing", "NDArray", "SearchStrategy", "nn", "multiprocessing", "_pytest", "pytest",
)  # fmt: skip
nitpick_ignore_regex = [
    ("py:.*", rf"(?:{'|'.join(_OTHERS)})(?:\..*)?"),
    ("py:class", r"(?:.*\.)?_[A-Z]\w*"),  # type variables
    ("py:class", r"tuple\[.*"),  # an annotation that Sphinx cut in two at its "|"
    # Types of parameters that users of these functions leave out or get, not make.
    (
        "py:class",
        r"whichmin\.symbolic\.rules\.(?:Rule|Past)"
        r"|whichmin\.verification\.evidence\.(?:statement\.Truth|source_files\.Sources)"
        r"|whichmin\.verification\.provers\.(?:proof_sources\.Library|proof_builds\.Compiled)"
        r"|whichmin\.core\.instruments\.(?:batches\.Fields|results\.Result)"
        r"|whichmin\.verification\.oracle\.(?:derivatives\.Differences|optimisers\.Optimiser"
        r"|schedules\.Schedule)",
    ),
    ("py:class", "Axes"),  # Matplotlib's, imported for type checkers only
    ("py:class", "Fraction|Floats"),  # in annotations that Sphinx shows as they are written
]


def _by_last_name(app: Any, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Resolve a name that is short (``InputError``) or that of the module which defines a thing.

    A short name must be that of one function or class only, or of one attribute.

    Returns:
        A link; None if there is no such object.
    """
    if node.get("refdomain") != "py":
        return None
    target = str(node.get("reftarget", ""))
    target = REFERENCE.found(target) or target
    described = {f"{front}.{name}" for front, name in REFERENCE.definitions()}
    domain = env.domains.python_domain
    found = [full for full in domain.objects if full == target or full.endswith(f".{target}")]
    # A function or class before an attribute, or a module, of the same name.
    found = [full for full in found if full in described] or found
    if len(found) != 1:
        return None
    resolved: nodes.reference | None = domain.resolve_xref(
        env, node["refdoc"], app.builder, "obj", found[0], node, content
    )
    return resolved


def _of_constant(_app: Any, what: str, full: str, _thing: Any, _how: Any, lines: list[str]) -> None:
    """Give a constant the comment that stands above it where it is assigned."""
    if what == "data":
        lines[:] = REFERENCE.description(*full.rsplit(".", 1)).splitlines()


def setup(app: Any) -> None:
    """Register the resolver, and who describes constants."""
    app.connect("missing-reference", _by_last_name)
    app.connect("autodoc-process-docstring", _of_constant)
