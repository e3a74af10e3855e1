import pytest

from whichmin.errors import InputError
from whichmin.tables.sizes import check_sizes


def test_none_and_all():
    assert check_sizes(None, None, None, {"seed": None, "frame": None}) is None
    assert check_sizes(2, 3, 1, {"seed": 0, "frame": "random"}) == (2, 3, 1)


@pytest.mark.parametrize(
    ("numbers", "options", "argument", "allowed"),
    [
        (
            (None, None, None),
            {"frame": None, "epsilon": 0.1},
            "epsilon",
            "needs m=M, n=N and positive=K",
        ),
        ((2, None, 1), {}, "m", "needs n=N as well"),
        ((2, 1, 1), {}, "n", ">= 2"),
        ((2, 3, 3), {}, "positive", "<= 2"),
        ((2, 3, 1), {"frame": "hexagonal"}, "frame", "standard, random"),
    ],
)
def test_what_is_refused(numbers, options, argument, allowed):
    with pytest.raises(InputError, match=allowed) as caught:
        check_sizes(*numbers, options)
    assert caught.value.argument == argument
