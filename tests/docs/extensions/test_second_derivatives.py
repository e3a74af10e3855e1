"""The table of layers and functions."""

import second_derivatives

from whichmin.verification.second_derivatives import Case, Outcome

CASES = [Case(group, name, lambda: None) for group, name in (
    ("torch.nn", "Tanh"), ("torch.nn", "CTCLoss"), ("torch.linalg", "qr"), ("torch.linalg", "qr"),
    ("torch.linalg", "svd"),
)]  # fmt: skip


def judged(case):
    told = "module = 'no second derivative in PyTorch', but ctc_loss in CTCLoss must have"
    return Outcome(case.name != "CTCLoss", case.name != "svd", told)


def test_rows():
    assert second_derivatives.rows(CASES, judged) == [
        ("torch.nn", ["Tanh"], ["CTCLoss (PyTorch has no second derivative)"], []),
        ("torch.linalg", ["qr"], [], ["svd"]),
    ]


def test_the_table_has_a_column_for_each_outcome():
    table = second_derivatives._table(second_derivatives.rows(CASES, judged))
    text = table.astext()
    assert all(head in text for head in second_derivatives.HEADS)
    assert "CTCLoss (PyTorch has no second derivative)" in text
    assert "none" in text
