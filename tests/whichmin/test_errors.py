import copy
import pickle

import pytest

from whichmin.errors import CheckFailed, InputError, MissingDependency, WhichminError, nearest


def test_input_error_names_argument_value_and_what_is_allowed():
    error = InputError("step_size", -1.0, "must be positive")
    assert str(error) == "step_size = -1.0, but must be positive"
    assert (error.argument, error.value, error.allowed) == ("step_size", "-1.0", "must be positive")


def test_strings_are_quoted_so_that_the_empty_one_shows():
    assert str(InputError("select", "", "must match")) == "select = '', but must match"


@pytest.mark.parametrize("length", [117, 118, 119, 500])
def test_long_values_are_shortened_to_120_characters(length):
    error = InputError("data", "x" * length, "must be short")
    if length + 2 <= 120:  # two quotes
        assert error.value == "'" + "x" * length + "'"
    else:
        assert error.value == "'" + "x" * 116 + "..."
    assert len(error.value) <= 120
    assert str(error).endswith(", but must be short")


@pytest.mark.parametrize("value", ["text", 3, "y" * 300, (1, None)])
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda e: pickle.loads(
    pickle.dumps(e))])  # fmt: skip
def test_input_error_survives_copying_and_pickling(value, duplicate):
    error = InputError("name", value, "must be otherwise")
    twin = duplicate(error)
    assert type(twin) is InputError
    assert str(twin) == str(error)
    assert (twin.argument, twin.value, twin.allowed) == ("name", error.value, "must be otherwise")


def test_missing_dependency_says_what_why_and_what_to_do():
    error = MissingDependency("pandas", "a data frame was asked for", "pip install pandas")
    assert str(error) == "pandas is missing: a data frame was asked for; pip install pandas"


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(InputError, ValueError), (MissingDependency, ImportError), (CheckFailed, AssertionError)],
)
def test_every_error_is_ours_and_the_builtin_that_callers_expect(kind, builtin):
    assert issubclass(kind, WhichminError)
    assert issubclass(kind, builtin)
    others = {ValueError, ImportError, AssertionError} - {builtin}
    assert not any(issubclass(kind, other) for other in others)


def test_check_failed_carries_its_message():
    with pytest.raises(AssertionError, match="deviation 2, allowed 1"):
        raise CheckFailed("deviation 2, allowed 1")


def test_nearest_names_those_with_the_same_beginning_first():
    names = ["noise.gd", "gd.limit", "gd.rates", "sgd.limit", "gd.ratios"]
    assert nearest("gd", names) == "the nearest are gd.limit, gd.rates, gd.ratios"
    assert nearest("sgd.limits", names, shown=1) == "the nearest are sgd.limit"
