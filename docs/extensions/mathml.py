"""Typeset formulas as MathML when the site is built: readers need neither scripts nor fonts.

Sphinx offers MathJax, which the page fetches from the network or which would be two megabytes of
ours to ship, and pictures, which need LaTeX. ``latex2mathml`` writes what every browser of today
renders by itself.
"""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError

from whichmin.symbolic.printing import as_latex

__all__ = ["expression", "mathml", "setup"]


def expression(value: sp.Expr) -> str:
    r"""Write an expression of SymPy in LaTeX, symbols of several letters upright: ``slope``.

    Args:
        value: The expression.

    Returns:
        LaTeX without dollar signs, its fractions at full size.
    """
    word = r"(?<!operatorname\{)(?<![\\A-Za-z])([A-Za-z]{3,})(?![A-Za-z])"
    return r"\displaystyle " + re.sub(word, r"\\operatorname{\1}\\,", as_latex(value))


def mathml(latex: str, *, block: bool = False) -> str:
    r"""Convert a formula.

    Args:
        latex: The formula, without dollar signs.
        block: Whether it stands on lines of its own.

    Returns:
        A ``<math>`` element.

    Raises:
        ExtensionError: The formula has a command that the converter does not know.
    """
    # Bars of a pair that say which is which; names of functions without an operator's spaces.
    paired = latex.replace(r"\lvert", r"\left|").replace(r"\rvert", r"\right|")
    text = convert(paired, display="block" if block else "inline")
    text = re.sub(r"<mo>([A-Za-z]{2,})</mo>", r"<mi>\1</mi>", text)
    if "\\" in text:
        raise ExtensionError(f"this formula cannot be converted to MathML: {latex}")
    return text


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(mathml(node.astext(), block=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Offer the renderer to Sphinx.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
