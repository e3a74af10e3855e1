"""Settings of the documentation site: ``python -m sphinx -W -n -b html docs docs/_build/html``.

The build reads the installed package; it runs no training and needs no network.
"""

from __future__ import annotations

import importlib.metadata
import sys
from typing import Any

from docutils import nodes

import whichmin.core  # noqa: F401 - autodoc looks names up in it
import whichmin.noise  # noqa: F401 - autodoc looks names up in it
import whichmin.sharpness  # noqa: F401 - autodoc looks names up in it
import whichmin.symbolic  # noqa: F401 - autodoc looks names up in it
import whichmin.verification  # noqa: F401 - autodoc looks names up in it

project = "whichmin"
author = copyright = "The whichmin developers"  # noqa: A001 - Sphinx's name
release = version = importlib.metadata.version("whichmin")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"whichmin {release}"
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "native"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

add_module_names = False
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
# "Attributes:" sections become fields of the class, so a dataclass's attributes appear once.
napoleon_use_ivar = True

nitpicky = True
# The engines and the oracle each have a class Problem; an annotation shows the short name only.
suppress_warnings = ["ref.python"]
# Names of other packages: their inventories are on the web, and the build uses no network.
_OTHERS = (
    "abc", "click", "collections", "contextlib", "enum", "fractions", "hypothesis", "matplotlib",
    "numpy", "np", "os", "pandas", "pathlib", "sp", "sympy", "torch", "types", "typing", "NDArray",
    "SearchStrategy", "nn", "multiprocessing", "_pytest", "pytest",
)  # fmt: skip
nitpick_ignore_regex = [
    ("py:.*", rf"(?:{'|'.join(_OTHERS)})(?:\..*)?"),
    ("py:class", r".*\._[A-Z]\w*"),  # type variables
    ("py:class", r"tuple\[.*"),  # an annotation that Sphinx cut in two at its "|"
    ("py:class", "Axes"),  # Matplotlib's, imported for type checkers only
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
