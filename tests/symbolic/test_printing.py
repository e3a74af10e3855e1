import sympy as sp

from whichmin.symbolic.printing import as_latex, as_text

k, m, n, kappa = sp.symbols("k m n kappa")


def test_negative_terms_come_last():
    assert as_text((n + 4 - k) / m) == "(n + 4 - k)/m"
    assert as_text((2 * n + 8 - m - k) / (2 * m)) == "(2*n + 8 - k - m)/(2*m)"
    assert as_text((1 - kappa) / m) == "(1 - κ)/m"


def test_latex():
    assert as_latex((n + 4 - k) / m) == r"\frac{n + 4 - k}{m}"
    assert as_latex(1 - kappa) == r"1 - \kappa"
