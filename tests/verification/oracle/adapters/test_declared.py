"""How many arguments a function takes."""

import pytest

from whichmin.verification.oracle.adapters.declared import positional


class Model:
    def __init__(self, n, activation="relu", *, bias=False):
        pass


@pytest.mark.parametrize(("function", "count"), [
    (Model, 2), (lambda n: n, 1), (lambda *a: a, 2), (lambda a, b, c: a, 2), (lambda: 0, 0),
    (getattr, 2),
])  # fmt: skip
def test_the_number_of_arguments(function, count):
    assert positional(function, 2) == count
