"""The formula that a docstring displays is the one that its function derives."""

import inspect
import re

import pytest
import sympy as sp

from whichmin.symbolic import closed_forms
from whichmin.symbolic.derivation import vanishes
from whichmin.symbolic.registry import _FORMS

FORMS = closed_forms()

# How symbols are displayed, where that is not their own name: by the group of the form, "" for all.
DISPLAYED = {
    "": {
        r"\varepsilon": ("eps", "epsilon"),
        r"B_{\mathrm{noise}}": ("B_noise",),
        **{f"{x}_{i}": (f"{x}{i}",) for x in "TQn" for i in "12"},
    },
    "keskar": {"q": ("q_max",)},
    "selection": {"x": ("cosine",)},
    "quadratic": {r"v_\infty": ("rest",)},
    "critical": {
        r"L_{\max}": ("L_max",),
        r"S_{\min}": ("S_min",),
        r"E_{\min}": ("E_min",),
        "S": ("steps",),
    },
    "stationary": {
        "L'": ("slope",),
        "D'": ("diffusion_slope",),
        "D": ("diffusion",),
        "g": ("gap",),
        r"\rho": ("ratio",),
        "L_0": ("lowest",),
        r"\Lambda": ("logdet",),
        r"\Delta_1": ("depth",),
        r"\Delta_2": ("other_depth",),
        "D_1": ("noise",),
        "D_2": ("other_noise",),
        "h_1": ("h",),
        "h_2": ("other_h",),
        "D_{12}": ("cross_diffusion",),
        r"\varsigma": ("curvature_spread",),
        "t_1": ("unit_time",),
    },
    "reparameterisation": {
        "g": ("slope",),
        "H_0": ("second",),
        r"\Lambda": ("logdet",),
        r"\omega": ("weight",),
        "t": ("total",),
    },
    "layerwise": {
        "a": ("adam",),
        r"\vartheta": ("trust",),
        r"\delta": ("decay",),
        "V": ("variance",),
    },
    "noise": {
        "T": ("sixth_powers",),
        r"\tau": ("trace_sigma",),
        r"\gamma": ("signal",),
        "s": ("tangential",),
        "r": ("radial",),
    },
}
FUNCTIONS = {
    r"\log": sp.log, r"\sin": sp.sin, r"\cos": sp.cos, r"\cosh": sp.cosh, r"\arcsin": sp.asin,
}  # fmt: skip
TOKEN = re.compile(
    r"\s+|\\,|\\left|\\right|"
    r"(?P<symbol>(?!\\(?:frac|sqrt|log|sin|cos|cosh|arcsin|pi)\b)"
    r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\{(?:\\\w+\{\w+\}|[^{}]*)\}|\\[a-z]+|\w))?'?)|"
    r"(?P<other>\\[a-z]+|\d+|[-+/^(){}|])"
)


class Formula:
    """Recursive descent through the LaTeX of one formula."""

    def __init__(self, text, symbols):
        self.symbols = symbols
        self.tokens = []
        place = 0
        while place < len(text):
            found = TOKEN.match(text, place)
            assert found, text[place:]
            if found["symbol"] or found["other"]:
                self.tokens.append(found["symbol"] or found["other"])
            place = found.end()

    def value(self):
        result = self.sum()
        assert not self.tokens, self.tokens
        return result

    def next(self, *expected):
        return bool(self.tokens) and self.tokens[0] in expected and bool(self.tokens.pop(0))

    def sum(self):
        result = -self.product() if self.next("-") else self.product()
        while self.tokens and self.tokens[0] in "+-":
            result += self.product() if self.tokens.pop(0) == "+" else -self.product()
        return result

    def product(self):
        result = self.power()
        while self.tokens and self.tokens[0] not in {"+", "-", ")", "}", "|"}:
            result = result / self.power() if self.next("/") else result * self.power()
        return result

    def power(self):
        base = self.atom()
        return base ** self.group() if self.next("^") else base

    def group(self):
        """What stands in braces, or the next token."""
        if not self.next("{"):
            return self.atom()
        result = self.sum()
        assert self.next("}")
        return result

    def atom(self):
        token = self.tokens.pop(0)
        if token in {"(", "{", "|"}:
            result = self.sum()
            assert self.next({"(": ")", "{": "}", "|": "|"}[token])
            return sp.Abs(result) if token == "|" else result
        if token == r"\frac":
            top = self.group()
            return top / self.group()
        if token == r"\sqrt":
            return sp.sqrt(self.group())
        if token in FUNCTIONS:
            return FUNCTIONS[token](self.argument())
        if token == r"\pi":
            return sp.pi
        if token == "e" and "e" not in self.symbols:
            return sp.E
        return sp.Integer(token) if token.isdigit() else self.symbols[token]

    def argument(self):
        """A function takes what is in parentheses, or the next factor or function."""
        return self.atom() if self.tokens[0] in FUNCTIONS else self.power()


def displayed(name):
    """LaTeX right of the last equals sign of the displayed formula."""
    document = inspect.getdoc(_FORMS[name])
    block = document.partition(".. math::")[2].partition("\n\n")[0]
    return " ".join(block.split()).rpartition(" = ")[2]


def symbols_of(form):
    named = DISPLAYED[""] | DISPLAYED.get(form.id.partition(".")[0], {})
    own = {symbol.name: symbol for symbol in form.expression.free_symbols}
    shown = {sp.latex(symbol): symbol for symbol in own.values()}
    return shown | {
        latex: own[name] for latex, names in named.items() for name in names if name in own
    }


@pytest.mark.parametrize("name", FORMS)
def test_the_docstring_displays_what_is_derived(name):
    form = FORMS[name]
    shown = Formula(displayed(name), symbols_of(form)).value()
    assert vanishes(sp.sympify(shown) - form.expression)


def test_another_formula_is_noticed():
    form = FORMS["sharpness.trace_at_minimum"]
    text = displayed(form.id)
    assert "n + 4 - k" in text
    wrong = Formula(text.replace("n + 4 - k", "n + 4 + k"), symbols_of(form)).value()
    assert not vanishes(wrong - form.expression)


@pytest.mark.parametrize("name", FORMS)
def test_the_docstring_is_the_statement(name):
    summary, _, rest = inspect.getdoc(_FORMS[name]).partition("\n")
    assert summary.startswith("Derive ")
    said = summary.replace("``", "").removeprefix("Derive ").removeprefix("the ")
    assert FORMS[name].statement.startswith(said.removesuffix("."))
    assert f"Id ``{name}``" in rest
    assert FORMS[name].source in rest.replace("\\", "")
