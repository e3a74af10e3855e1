import pytest

from whichmin.reporting import Cell

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (None, ""),
        (3, "3"),
        (1 / 3, "0.333333"),
        (1e-20, "1e-20"),
        (NAN, "nan"),
        ("as it is", "as it is"),
        ((), "none"),
        ([1, 0.25, True], "1, 0.25, yes"),
    ],
)
def test_cells_write_plain_values_for_people(value, text):
    cell = Cell(value)
    assert cell.text == text
    assert cell.value is value


def test_cells_escape_for_latex_unless_told():
    assert Cell("a_b & 5% #1 {x} ~ ^ $ \\").latex == (
        r"a\_b \& 5\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \$ \textbackslash{}"
    )
    assert Cell("κ=½ ×2 ≤ −1").latex == r"$\kappa$=$\frac{1}{2}$ $\times$2 $\leq$ $-$1"
    assert Cell("β in Σ c²/λ, |x| > 1").latex == (
        r"$\beta$ in $\Sigma$ c$^2$/$\lambda$, $|$x$|$ $>$ 1"
    )
    assert Cell(0.5, "half").latex == "half"
    assert Cell(0.5, "half", r"$\frac12$").latex == r"$\frac12$"
