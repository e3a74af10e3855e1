"""Parts of pages that the program says of itself: the directive ``generated NAME``.

What stands inside the directive is for whoever reads the page without building it, and says which
command gives the same; on the site the part stands there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from docutils import nodes
from mathml import expression
from sphinx.util.docutils import SphinxDirective

from whichmin.symbolic import ClosedForm, closed_forms
from whichmin.symbolic.printing import as_latex
from whichmin.symbolic.rescaling.layers import reparameterisation_forms
from whichmin.symbolic.rescaling.layerwise import layerwise_forms
from whichmin.symbolic.selection.law import selection_forms
from whichmin.tables.sharpness import sharpness_table
from whichmin.tables.sharpness_measures import evaluated
from whichmin.verification.oracle import described
from whichmin.verification.oracle.checks import all_checks as oracle_list
from whichmin.verification.oracle.compliance import Compliance, Result
from whichmin.verification.oracle.protocol import FUNCTIONS
from whichmin.verification.topics.landscape.equivariance import COUNTEREXAMPLES, ETA, START
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import TOPICS, Status

__all__ = ["PARTS", "setup"]


def _rows(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(columns)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(x.replace("|", r"\|") for x in y) + " |" for y in lines)


def _math(latex: str) -> str:
    """A formula that may stand in a Markdown table."""
    return f"${latex.replace('|', chr(92) + 'vert ')}$"


def statuses() -> str:
    """How a run can end."""
    return _rows(("status", "meaning and advice"), ((s.label, s.advice) for s in Status))


def sharpness() -> str:
    """The symbolic table of sharpness, with its formulas typeset."""
    table = sharpness_table().tables[0]
    rows = [
        [c.latex.replace(r"\,(\times", r"\;(\times") if "$" in c.latex else c.text for c in row]
        for row in table.rows
    ]
    return _rows(table.columns, rows)


def measures() -> str:
    """Every measure at both minima: numbers, and which is sharper."""
    found: dict[str, list[str]] = {}
    for name, _, gd, sgd in evaluated(8, 32, 5, 1e-3, 0.05):
        sharper = "equal" if abs(gd - sgd) <= 1e-12 * abs(gd) else "GD" if gd > sgd else "SGD"
        found.setdefault(name, [name]).extend([f"{gd:.4g}", f"{sgd:.4g}", sharper])
    return _rows(
        ("measure", "linear: GD", "SGD", "sharper", "ReLU: GD", "SGD", "sharper"), found.values()
    )


def _forms(chosen: Iterable[ClosedForm]) -> str:
    return _rows(
        ("closed form", "what it is", "value"),
        (
            (f"`{f.id}`", f"{{set}}`{f.statement}`{_supposed(f)}", _math(expression(f.expression)))
            for f in chosen
        ),
    )


def _supposed(form: ClosedForm) -> str:
    """Under which conditions a form holds, and whether steps of it are argued."""
    equations = (f"${as_latex(e.lhs)} = {as_latex(e.rhs)}$" for e in form.conditions)
    under = ", where " + ", ".join(equations) if form.conditions else ""
    return under + (" (argued)" if form.argued else "")


def selection() -> str:
    """The closed forms of the selection law."""
    return _forms(selection_forms())


def rescaling() -> str:
    """The closed forms on rescaled layers, and on steps per layer."""
    return _forms((*reparameterisation_forms(), *layerwise_forms()))


def forms() -> str:
    """Every closed form, by topic."""
    topics: dict[str, list[ClosedForm]] = {}
    for form in closed_forms().values():
        topics.setdefault(form.topic, []).append(form)
    return "\n\n".join(
        f"**{topic}**\n\n{_forms(topics[topic])}" for topic in sorted(topics, key=TOPICS.index)
    )


def counterexamples() -> str:
    """Where symmetries hold and fail: one exact step on each side."""
    rows = []
    for what, activation, left, right, _ in COUNTEREXAMPLES:
        ends = [exact_step(START, batch, ETA, activation) for batch in (left, right)]
        rows.append([what, *(f"({', '.join(map(str, end))})" for end in ends)])
    return _rows(("statement", "one step gives", "and on the other side"), rows)


def protocol() -> str:
    """The functions that a target may provide."""
    return _rows(
        ("function", "returns", "expected unless declared otherwise"),
        (
            (f"`{f.signature}`", f"{{set}}`{f.meaning}`; {f.returns}", f"{{set}}`{f.convention}`")
            for f in FUNCTIONS.values()
        ),
    )


def oracle_checks() -> str:
    """The checks of the oracle."""
    return _rows(
        ("check", "needs", "says"),
        (
            (f"`{c.id}`", ", ".join(f"`{name}`" for name in c.functions), f"{{set}}`{c.statement}`")
            for c in oracle_list()
        ),
    )


def declarations() -> str:
    """What a target may declare."""
    keys = _rows(("key", "allowed", "default", "meaning"), described.declarations())
    methods = _rows(("stochastic function", "methods"), described.methods())
    optimisers = _rows(("optimiser", "parameters"), described.optimisers())
    schedules = _rows(("schedule", "parameters"), described.schedules())
    return f"{keys}\n\n{methods}\n\n{optimisers}\n\n{schedules}"


def results() -> str:
    """What the oracle's JSON file holds."""
    columns = ("member", "type", "meaning")
    whole, one = (_rows(columns, described.schema(kind)) for kind in (Compliance, Result))
    return f"{whole}\n\nEach of the `results`:\n\n{one}"


PARTS: dict[str, Callable[[], str]] = {
    "counterexamples": counterexamples,
    "declarations": declarations,
    "forms": forms,
    "measures": measures,
    "oracle-checks": oracle_checks,
    "protocol": protocol,
    "rescaling": rescaling,
    "results": results,
    "selection": selection,
    "sharpness": sharpness,
    "statuses": statuses,
}


class Generated(SphinxDirective):
    """A part that the program says of itself."""

    required_arguments = 1
    has_content = True  # for readers of the page's source

    def run(self) -> list[nodes.Node]:
        """Parse the part as Markdown.

        Returns:
            What it says.
        """
        return self.parse_text_to_nodes(PARTS[self.arguments[0]]())


def setup(app: Any) -> dict[str, bool]:
    """Register the directive.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
