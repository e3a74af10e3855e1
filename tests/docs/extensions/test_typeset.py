"""Sentences of claims and checks with their formulas set."""

import pytest
from typeset import typeset

MARKS = {"superscript": "^", "subscript": "_", "literal": "`", "math": "$"}


def flat(text):
    """Nodes as text: ``^[2]`` for a superscript, and so on."""
    return "".join(
        f"{MARKS[n.tagname]}[{n.astext()}]" if n.tagname in MARKS else n.astext()
        for n in typeset(text)
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("|w|^2 <= 21/20 is kept", "|w|^[2] ≤ 21/20 is kept"),
        ("alpha = eta/b is at most 1/5", "\u03b1 = η/b is at most 1/5"),
        ("b(m - b)/(m(m - 1)) log(1 - alpha^2)", "b(m − b)/(m(m − 1)) log(1 − \u03b1^[2])"),
        ("<w, a_i> of the sign of <w0, a_i>", "⟨w, a_[i]⟩ of the sign of ⟨w0, a_[i]⟩"),
        ("c_i(0) != 0 and a_*", "c_[i](0) ≠ 0 and a_[*]"),
        ("B_noise = tr(H Sigma)/(G^T H G)", "B_[noise] = tr(H Σ)/(G^[T] H G)"),
        ("sqrt(eta/B) Sigma^(1/2) dW", "√(η/B) Σ^[(1/2)] dW"),
        ("x^{-1} and 2^-m", "x^[−1] and 2^[−m]"),
        ("tends to infinity -> 1", "tends to ∞ → 1"),
    ],
)
def test_formulas(written, shown):
    assert flat(written) == shown


@pytest.mark.parametrize(
    "text",
    [
        "raise max_steps, or loosen the tolerance",
        "sharpness.trace_at_minimum",
        "mini-batches of single points",
        "the beta.version of it",
        "in [0, 1]",
    ],
)
def test_words_stay_as_they_are(text):
    assert flat(text) == text


def test_code_and_mathematics_are_left_alone():
    assert flat("see `a_i <= b` and $c_i \\le 1$") == "see `[a_i <= b] and $[c_i \\le 1]"
