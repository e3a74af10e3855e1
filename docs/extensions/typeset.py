"""Set the formulas in a claim's or a check's sentence: ``|w|^2 <= 21/20`` as |w|² ≤ 21/20.

Claims and checks are data that a terminal shows too, so they are written in ASCII. On the site
Greek letters, signs, subscripts and superscripts take their usual form; text between dollar signs
becomes mathematics, and between backticks code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxRole

__all__ = ["setup", "typeset"]

_GREEK = {
    name: unicodedata.lookup(
        f"GREEK {'SMALL' if name.islower() else 'CAPITAL'} LETTER "
        + {"lambda": "LAMDA", "eps": "EPSILON"}.get(name, name).upper()
    )
    for name in (
        "alpha", "beta", "gamma", "delta", "epsilon", "eps", "eta", "theta", "kappa", "lambda",
        "rho", "sigma", "Sigma", "tau", "pi", "phi", "Phi", "psi",
    )
}  # fmt: skip
_SIGNS = (
    (r"<([^<>=]{1,20}, ?[^<>=]{1,20})>", r"⟨\1⟩"),
    (r"<=", "≤"),
    (r">=", "≥"),
    (r"!=", "≠"),
    (r"->", "→"),
    (r"\binfinity\b", "∞"),
    (r"\bsqrt(?=[(\s])", "√"),
    (r"\bsum_(?=\w)", "Σ_"),
    # Between operands; this project's prose has no dashes.
    (r"(?<=[\w)\]|]) - (?=[\w(\[|√])", " − "),
    (r"(?<![\w)\]])-(?=[\d\u03b1-\u03c9∞])", "−"),
)
_NAMES = re.compile(rf"(?<![\w.])({'|'.join(_GREEK)})(?=_|\b)(?!\.\w)")
_VERBATIM = re.compile(r"(`[^`]+`|\$[^$]+\$)")
# A superscript may follow anything; a subscript follows one letter that is no part of a word.
_SCRIPTS = re.compile(
    r"\^(?P<up>\([^()]*\)|\{[^{}]*\}|[-−]?\w+|\*)"
    r"|(?<=(?<!\w)[^\W\d_])_(?P<down>\{[^{}]*\}|[^\W_]+|\*)"
)


def typeset(text: str) -> list[nodes.Node]:
    """Turn a sentence into nodes.

    Args:
        text: The sentence, as a terminal shows it.

    Returns:
        Text, code, mathematics, subscripts and superscripts.
    """
    return [node for part in _VERBATIM.split(text) if part for node in _nodes(part)]


def _nodes(part: str) -> Iterator[nodes.Node]:
    if part.startswith("`"):
        yield nodes.literal("", part.strip("`"))
        return
    if part.startswith("$"):
        yield nodes.math("", part.strip("$"))
        return
    text = _NAMES.sub(lambda found: _GREEK[found[1]], part)
    for pattern, sign in _SIGNS:
        text = re.sub(pattern, sign, text)
    at = 0
    for found in _SCRIPTS.finditer(text):
        if found.start() > at:
            yield nodes.Text(text[at : found.start()])
        at = found.end()
        kind = nodes.superscript if found["up"] else nodes.subscript
        yield kind("", (found["up"] or found["down"]).strip("{}").replace("-", "−"))
    if at < len(text):
        yield nodes.Text(text[at:])


class Set(SphinxRole):
    """The role ``set``: a sentence with its formulas typeset."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Typeset the text.

        Returns:
            The nodes; there are no messages.
        """
        return typeset(self.text), []


def setup(app: Any) -> dict[str, bool]:
    """Register the role.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.add_role("set", Set())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
